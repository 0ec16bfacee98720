import Foundation
import GRDB

/// A signing key that writes to this tenant, as its certificate names it.
public struct OriginRecord: Sendable, Equatable {
    public let number: Int64
    public let id: OriginID
    public let publicKey: PublicKey
    public let role: Role
    public let nodeID: String
    public let name: String
    public let certificate: [UInt8]
    /// The end of its chain; of the one that came first here, where it was forked.
    public let headSeq: Int64
    public let headHash: Hash?
    /// The origin that it follows, and why.
    public let succession: Succession?
    /// The first origin of its life: its own id, or where keys were only rotated, that of the first key.
    /// Seats are held by a life (DESIGN 8).
    public let life: OriginID
    /// Whether the hub has revoked the key: nothing of it is taken beyond what the hub had then.
    public let isRevoked: Bool

    /// Whether the hub's certificate is there: not yet for an origin that was begun without a line.
    public var isCertified: Bool { !certificate.isEmpty }
}

extension StoreReader {
    private static let originColumns =
        "number, id, public_key, role, node_id, name, certificate, head_seq, head_hash, predecessor, reason, life, revocation"

    public func origins() throws -> [OriginRecord] {
        try rows("SELECT \(Self.originColumns) FROM sync_origin ORDER BY number").map(originRecord)
    }

    public func origin(_ id: OriginID) throws -> OriginRecord? {
        if let known = originCache, known.id == id { return known }
        let found = try row("SELECT \(Self.originColumns) FROM sync_origin WHERE id = ?", [Data(id.bytes)])
            .map(originRecord)
        if isReadOnly { originCache = found }
        return found
    }

    public func origin(number: Int64) throws -> OriginRecord? {
        try row("SELECT \(Self.originColumns) FROM sync_origin WHERE number = ?", [number]).map(originRecord)
    }

    public func origins(keyID: [UInt8]) throws -> [OriginRecord] {
        try rows("SELECT \(Self.originColumns) FROM sync_origin WHERE key_id = ?", [Data(keyID)])
            .map(originRecord)
    }

    /// The hub's signed revocation of an origin; nil while there is none.
    public func revocation(of id: OriginID) throws -> [UInt8]? {
        try row("SELECT revocation FROM sync_origin WHERE id = ?", [Data(id.bytes)]).flatMap {
            ($0[0] as Data?).map { Array($0) }
        }
    }

    /// This installation's own origin, once it is enrolled.
    public func ownOrigin() throws -> OriginRecord? {
        guard let number = try state(.ownOrigin)?.int else { return nil }
        return try origin(number: number)
    }

    private func originRecord(_ row: Row) throws -> OriginRecord {
        let headHash: Data? = row[8], predecessor: Data? = row[9], life: Data? = row[11]
        let reason = (row[10] as String?).flatMap(Succession.Reason.init)
        guard let id = OriginID(bytes: Array(row[1] as Data)),
            let key = PublicKey(bytes: Array(row[2] as Data)), let role = Role(rawValue: row[3])
        else { throw NodeError(.corrupt, "\(store.fileName): an origin is damaged") }
        return OriginRecord(
            number: row[0], id: id, publicKey: key, role: role, nodeID: row[4], name: row[5],
            certificate: Array(row[6] as Data), headSeq: row[7],
            headHash: headHash.flatMap { Hash(bytes: Array($0)) },
            succession: predecessor.flatMap { OriginID(bytes: Array($0)) }.flatMap { predecessor in
                reason.map { Succession(predecessor: predecessor, reason: $0) }
            }, life: life.flatMap { OriginID(bytes: Array($0)) } ?? id, isRevoked: row[12] as Data? != nil)
    }

    /// The heads of every chain that has begun, by origin id, number and hash: several of a forked origin.
    public func heads() throws -> [ChainHead] { try chainHeads().map(\.head).sorted() }

    /// The heads of one origin.
    public func heads(of origin: OriginRecord) throws -> [ChainHead] {
        guard try isForked(origin) else {
            return origin.headHash.map { [ChainHead(origin: origin.id, seq: origin.headSeq, hash: $0)] } ?? []
        }
        return try heads().filter { $0.origin == origin.id }
    }

    /// Whether two deltas of an origin follow the same one.
    public func isForked(_ origin: OriginRecord) throws -> Bool {
        try branches().byChain.values.contains { $0.origin == origin.number }
    }

    /// One hash over all heads: equal on two installations that have applied the same deltas.
    public func headsHash() throws -> Hash {
        var writer = CBORWriter()
        let heads = try heads()
        writer.arrayHeader(heads.count)
        for head in heads {
            writer.arrayHeader(3)
            writer.bytes(head.origin.bytes)
            writer.int(head.seq)
            writer.bytes(head.hash.bytes)
        }
        return Digest.sha256(writer.bytes)
    }
}

extension ReplicaTransaction {
    /// Adds an origin; its certificate has been verified by the caller. Repeats change nothing.
    @discardableResult
    public func addOrigin(
        publicKey: PublicKey, role: Role, nodeID: String, name: String, certificate: [UInt8],
        succession: Succession? = nil
    ) throws -> OriginRecord {
        let id = OriginID(publicKey: publicKey, tenant: try tenantID())
        if let known = try origin(id), known.isCertified || certificate.isEmpty { return known }
        let life = succession?.reason == .rotation ? try life(of: succession!.predecessor) : nil
        try db.execute(
            sql: """
                INSERT INTO sync_origin (id, key_id, public_key, role, node_id, name, certificate, predecessor,
                  reason, life) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT(id) DO UPDATE SET node_id = excluded.node_id, name = excluded.name,
                  certificate = excluded.certificate, predecessor = excluded.predecessor,
                  reason = excluded.reason, life = excluded.life
                """,
            arguments: [
                Data(id.bytes), Data(publicKey.keyID), Data(publicKey.bytes), role.rawValue, nodeID, name,
                Data(certificate), succession.map { Data($0.predecessor.bytes) },
                succession?.reason.rawValue, life.map { Data($0.bytes) },
            ])
        guard let added = try origin(id) else { throw NodeError(.storage, "an origin could not be added") }
        return added
    }
}

extension ReplicaTransaction {
    /// Takes a verified revocation: from now on nothing more of the origin is applied, and what waited for
    /// something goes. Repeats change nothing.
    public func revoke(_ id: OriginID, document: [UInt8]) throws {
        try db.execute(
            sql: "UPDATE sync_origin SET revocation = ? WHERE id = ? AND revocation IS NULL",
            arguments: [Data(document), Data(id.bytes)])
        try removeWaiting(of: id)
    }

    /// Gives an origin another name, by a newer certificate for the same key. Rules may ask for names, so
    /// rows with siblings are shown anew.
    public func rename(_ id: OriginID, _ name: String, certificate: [UInt8]) throws {
        try db.execute(
            sql: "UPDATE sync_origin SET name = ?, certificate = ? WHERE id = ?",
            arguments: [name, Data(certificate), Data(id.bytes)])
        rulesChanged = true
    }
}

/// The last delta of one origin's chain.
public struct ChainHead: Sendable, Hashable, Comparable {
    public let origin: OriginID
    public let seq: Int64
    public let hash: Hash
    public init(origin: OriginID, seq: Int64, hash: Hash) {
        self.origin = origin
        self.seq = seq
        self.hash = hash
    }

    public static func < (left: ChainHead, right: ChainHead) -> Bool {
        if left.origin != right.origin { return left.origin < right.origin }
        return (left.seq, left.hash) < (right.seq, right.hash)
    }
}
