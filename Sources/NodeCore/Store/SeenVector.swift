import Foundation
import GRDB

/// Chains of deltas as local numbers tell them apart.
///
/// Idea: an origin's deltas form one chain, whose number is the origin's. Where a machine was restored or
/// cloned, two deltas name the same predecessor; the one that comes later here begins a **branch** with a
/// negative number of its own. A delta's past within its origin is its own chain up to it and, of each
/// chain that was branched off, the part before the fork. Numbers of branches depend on the order of
/// arrival and never leave the installation; which delta had seen which doesn't.
public struct Branches: Sendable, Equatable {
    struct Branch: Sendable, Equatable {
        let origin: Int64
        /// The number of the chain that it was branched off, and the last number they share, 0 for none.
        let parent: Int64
        let forkSeq: Int64
    }
    var byChain: [Int64: Branch] = [:]

    /// The origin that a chain belongs to.
    func origin(_ chain: Int64) -> Int64 { byChain[chain]?.origin ?? chain }

    /// How far a delta's author had applied each chain: what `seen` names, and what that was branched off.
    func past(of chain: Int64, _ seen: SeenVector) -> [Int64: Int64] {
        var past = seen.heads.mapValues(\.seq)
        guard !byChain.isEmpty else { return past }
        for (chain, head) in seen.heads { follow(chain, head.seq, into: &past) }
        follow(chain, .max, into: &past)
        return past
    }

    private func follow(_ chain: Int64, _ seq: Int64, into past: inout [Int64: Int64]) {
        var chain = chain, seq = seq
        while let branch = byChain[chain] {
            (chain, seq) = (branch.parent, min(seq, branch.forkSeq))
            past[chain] = max(past[chain] ?? 0, seq)
        }
    }
}

/// The complete `seen` of a delta as `sync_delta.seen` keeps it, by local chain numbers.
public struct SeenVector: Sendable, Equatable {
    public struct Head: Sendable, Equatable {
        public let seq: Int64
        public let hashPrefix: [UInt8]
        public init(seq: Int64, hashPrefix: [UInt8]) {
            self.seq = seq
            self.hashPrefix = hashPrefix
        }
    }
    public var heads: [Int64: Head]

    public init(_ heads: [Int64: Head] = [:]) { self.heads = heads }

    init(blob: [UInt8]) throws {
        heads = [:]
        var reader = CBORReader(blob, limits: CBORLimits())
        let count = try reader.arrayHeader()
        for _ in 0..<count {
            let number = try reader.int()
            let seq = try reader.int()
            heads[number] = Head(seq: seq, hashPrefix: try reader.bytes())
        }
    }

    var blob: [UInt8] {
        var writer = CBORWriter()
        writer.arrayHeader(heads.count)
        for (number, head) in heads.sorted(by: { $0.key < $1.key }) {
            writer.int(number)
            writer.int(head.seq)
            writer.bytes(head.hashPrefix)
        }
        return writer.bytes
    }
}

extension StoreReader {
    /// The branches of forked chains; nearly always there are none.
    func branches() throws -> Branches {
        if let branchCache { return branchCache }
        var branches = Branches()
        for row in try rows("SELECT number, origin, parent, fork_seq FROM sync_branch") {
            branches.byChain[-(row[0] as Int64)] = .init(origin: row[1], parent: row[2], forkSeq: row[3])
        }
        branchCache = branches
        return branches
    }

    /// How far a delta's author had applied each chain (`Branches`).
    public func past(of chain: Int64, _ seen: SeenVector) throws -> [Int64: Int64] {
        try branches().past(of: chain, seen)
    }

    /// The end of every chain, branches included.
    func chainHeads(except own: Int64? = nil) throws -> [(chain: Int64, head: ChainHead)] {
        var heads: [(chain: Int64, head: ChainHead)] = []
        var ids: [Int64: OriginID] = [:]
        for row in try rows("SELECT number, id, head_seq, head_hash FROM sync_origin ORDER BY number")
        where row[0] as Int64 != own {
            guard let id = OriginID(bytes: Array(row[1] as Data)) else {
                throw NodeError(.corrupt, "\(store.fileName): an origin is damaged")
            }
            ids[row[0]] = id
            guard let hash = (row[3] as Data?).flatMap({ Hash(bytes: $0) }) else { continue }
            heads.append((row[0], ChainHead(origin: id, seq: row[2], hash: hash)))
        }
        for row in try rows("SELECT number, origin, head_seq, head_hash FROM sync_branch ORDER BY number") {
            guard let id = ids[row[1]], let hash = Hash(bytes: Array(row[3] as Data)) else { continue }
            heads.append((-(row[0] as Int64), ChainHead(origin: id, seq: row[2], hash: hash)))
        }
        return heads
    }

    /// The seen vector that the next local delta has: the heads of every other origin.
    func seenNow(except own: Int64) throws -> SeenVector {
        SeenVector(
            Dictionary(
                uniqueKeysWithValues: try chainHeads(except: own).map {
                    ($0.chain, .init(seq: $0.head.seq, hashPrefix: $0.head.hash.prefix8))
                }))
    }

    /// What of a vector a header names: entries of the origins that changed since another vector, or all.
    func seenEntries(_ seen: SeenVector, since previous: SeenVector?) throws -> [SeenEntry] {
        let branches = try branches()
        let changed = Set(
            seen.heads.filter { previous?.heads[$0.key] != $0.value }.map { branches.origin($0.key) })
        return try seen.heads.compactMap { chain, head in
            let number = branches.origin(chain)
            guard changed.contains(number) else { return nil }
            guard let origin = try origin(number: number) else {
                throw NodeError(.corrupt, "origin \(number) is not there")
            }
            return SeenEntry(origin: origin.id, seq: head.seq, hashPrefix: head.hashPrefix)
        }.sorted()
    }

    /// Puts a header's entries in place of those of the same origins. False, and the vector as far as it is
    /// known, when a delta that they name is not applied here.
    public func add(_ entries: [SeenEntry], to seen: inout SeenVector) throws -> Bool {
        let branches = try branches()
        var isComplete = true
        var last: Int64?
        for entry in entries {
            guard let number = try origin(entry.origin)?.number,
                let chain = try chain(origin: number, seq: entry.seq, hashPrefix: entry.hashPrefix)
            else {
                isComplete = false
                continue
            }
            if last != number {
                for known in seen.heads.keys where branches.origin(known) == number {
                    seen.heads[known] = nil
                }
            }
            last = number
            seen.heads[chain] = .init(seq: entry.seq, hashPrefix: entry.hashPrefix)
        }
        return isComplete
    }

    /// The chain on which an applied delta stands.
    private func chain(origin: Int64, seq: Int64, hashPrefix: [UInt8]) throws -> Int64? {
        let statement = try db.cachedStatement(
            sql: "SELECT branch, hash FROM sync_delta WHERE origin = ? AND seq = ?")
        let found = try Row.fetchAll(statement, arguments: [origin, seq]).first {
            ($0[1] as Data).prefix(8).elementsEqual(hashPrefix)
        }
        return found.map { ($0[0] as Int64) == 0 ? origin : -($0[0] as Int64) }
    }
}

extension ReplicaTransaction {
    /// The chain that a new delta of an origin belongs to: that whose head it follows, or a new branch. The
    /// predecessor must be applied.
    public func chain(of origin: Int64, after previous: ChainHead?) throws -> Int64 {
        guard let record = try self.origin(number: origin) else {
            throw NodeError(.corrupt, "origin \(origin) is not there")
        }
        if record.headHash == previous?.hash { return origin }
        let ends = try rows(
            "SELECT number FROM sync_branch WHERE origin = ? AND head_hash = ?",
            [origin, Data(previous?.hash.bytes ?? [])])
        if let end = ends.first { return -(end[0] as Int64) }
        let parent = try previous.flatMap { try stamp(origin: origin, seq: $0.seq, hash: $0.hash) }
            .map { try facts($0).chain }
        guard parent != nil || previous == nil else {
            throw NodeError(.corrupt, "a delta's predecessor is not there")
        }
        try db.execute(
            sql:
                "INSERT INTO sync_branch (origin, parent, fork_seq, head_seq, head_hash) VALUES (?, ?, ?, ?, ?)",
            arguments: [
                origin, parent ?? origin, previous?.seq ?? 0, previous?.seq ?? 0,
                Data(previous?.hash.bytes ?? []),
            ])
        branchCache = nil
        return -db.lastInsertedRowID
    }

    /// Moves the end of a chain.
    func moveHead(of chain: Int64, to seq: Int64, _ hash: Hash) throws {
        let sql =
            chain > 0
            ? "UPDATE sync_origin SET head_seq = ?, head_hash = ? WHERE number = ?"
            : "UPDATE sync_branch SET head_seq = ?, head_hash = ? WHERE number = ?"
        try db.cachedStatement(sql: sql).execute(arguments: [seq, Data(hash.bytes), abs(chain)])
    }
}
