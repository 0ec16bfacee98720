import Foundation
import GRDB

/// A signed checkpoint as it is kept.
public struct StoredCheckpoint: Sendable, Equatable {
    public let size: Int64
    public let root: Hash
    public let bytes: [UInt8]
}

/// A contradiction in what the hub signed, as it is kept.
public struct LogEvidence: Sendable, Equatable {
    public let at: Int64
    public let reason: String
    /// The newest checkpoint that fitted before, if any, and the one that doesn't.
    public let known: [UInt8]?
    public let found: [UInt8]
}

/// The tree over the hub's log: at the hub made from the log, at a node from what it was given.
extension StoreReader {
    /// Leaves in the tree.
    public func treeSize() throws -> Int64 {
        try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT ifnull(max(idx) + 1, 0) FROM sync_tree WHERE level = 0")) ?? 0
    }

    public func treeNode(_ level: Int, _ index: Int64) throws -> Hash? {
        let statement = try db.cachedStatement(sql: "SELECT hash FROM sync_tree WHERE level = ? AND idx = ?")
        return try Data.fetchOne(statement, arguments: [level, index]).flatMap { Hash(bytes: Array($0)) }
    }

    public func treeRoot(size: Int64) throws -> Hash { try MerkleTree.root(size: size, nodes: treeNode) }

    public func newestCheckpoint() throws -> StoredCheckpoint? {
        try checkpoints("ORDER BY size DESC LIMIT 1").first
    }

    /// All that are kept, by size.
    public func checkpoints() throws -> [StoredCheckpoint] { try checkpoints("ORDER BY size") }

    private func checkpoints(_ rest: String) throws -> [StoredCheckpoint] {
        try rows("SELECT size, root, checkpoint FROM sync_checkpoint \(rest)").compactMap { row in
            Hash(bytes: Array(row[1] as Data)).map {
                StoredCheckpoint(size: row[0], root: $0, bytes: Array(row[2] as Data))
            }
        }
    }

    /// The positions of an origin's deltas after a cursor, up to a position, as runs of consecutive ones:
    /// where the first stands, its number, and how many.
    public func runs(of id: OriginID, after cursor: Int64, through last: Int64) throws -> [LogRun] {
        guard let origin = try origin(id) else { return [] }
        let sql = """
            SELECT l.position, d.seq FROM sync_log l JOIN sync_delta d ON d.number = l.delta
            WHERE l.position > ? AND l.position <= ? AND d.origin = ? ORDER BY l.position
            """
        var runs: [LogRun] = []
        let found = try Row.fetchCursor(
            db.cachedStatement(sql: sql), arguments: [cursor, last, origin.number])
        while let row = try found.next() {
            let position: Int64 = row[0], seq: Int64 = row[1]
            if let run = runs.last, run.position + run.count == position, run.seq + run.count == seq {
                runs[runs.count - 1].count += 1
            } else {
                runs.append(LogRun(position: position, seq: seq, count: 1))
            }
        }
        return runs
    }

    /// Level and index of every node above the leaves.
    public func innerNodes() throws -> [(level: Int, index: Int64)] {
        try rows("SELECT level, idx FROM sync_tree WHERE level > 0").map { ($0[0], $0[1]) }
    }

    public func evidence() throws -> [LogEvidence] {
        try rows("SELECT at, reason, known, found FROM sync_evidence ORDER BY number").map { row in
            LogEvidence(
                at: row[0], reason: row[1], known: (row[2] as Data?).map { Array($0) },
                found: Array(row[3] as Data))
        }
    }

    /// The leaf of an entry of the hub's log, hashed from the file; it must be what was accepted.
    public func leafFromLog(_ position: Int64) throws -> Hash {
        let sql = """
            SELECT ifnull(l.entry, d.envelope) FROM sync_log l LEFT JOIN sync_delta d ON d.number = l.delta
            WHERE l.position = ?
            """
        guard let entry = try row(sql, [position])?[0] as Data? else {
            throw NodeError(
                .corrupt, "\(store.fileName): log entry \(position) is missing", hint: "Restore a backup.")
        }
        return MerkleTree.leaf(Array(entry))
    }
}

/// Deltas of one chain that stand one after the other in the log.
public struct LogRun: Sendable, Equatable {
    public let position: Int64
    public let seq: Int64
    public var count: Int64
    public init(position: Int64, seq: Int64, count: Int64) {
        self.position = position
        self.seq = seq
        self.count = count
    }
}

extension ReplicaTransaction {
    /// Hub: brings the tree up to the end of the log.
    public func growTree() throws {
        for position in try treeSize()..<(try logSize()) { try addLeaf(leafFromLog(position + 1)) }
    }

    public func addLeaf(_ leaf: Hash) throws {
        let size = try treeSize()
        let insert = try db.cachedStatement(sql: "INSERT INTO sync_tree VALUES (?, ?, ?)")
        for (level, hash) in try MerkleTree.append(leaf, to: size, nodes: treeNode) {
            try insert.execute(arguments: [level, size >> level, Data(hash.bytes)])
        }
    }

    public func addCheckpoint(size: Int64, root: Hash, _ bytes: [UInt8]) throws {
        // The same root may be signed again, by a key that followed.
        try db.execute(
            sql: """
                INSERT INTO sync_checkpoint VALUES (?, ?, ?, ?)
                ON CONFLICT(size) DO UPDATE SET checkpoint = excluded.checkpoint WHERE root = excluded.root
                """,
            arguments: [size, Data(root.bytes), store.environment.clock.milliseconds(), Data(bytes)])
        guard db.changesCount == 1 else {
            throw NodeError(
                .corrupt, "the log of \(size) entries was signed with another root before",
                hint: "Run `node-cli audit verify`.")
        }
    }

    /// Keeps what contradicts each other; from then on the hub's log is not trusted.
    public func addEvidence(_ reason: String, known: [UInt8]?, found: [UInt8]) throws {
        try db.execute(
            sql: "INSERT INTO sync_evidence (at, reason, known, found) VALUES (?, ?, ?, ?)",
            arguments: [
                store.environment.clock.milliseconds(), reason, known.map { Data($0) }, Data(found),
            ])
    }
}

extension TenantStore {
    /// Lets go of what SQLite keeps in memory of the file, so that the next read is one of the file.
    public func forgetPages() throws {
        do {
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA shrink_memory") }
        } catch { throw ConnectionSetup.translate(error, file: fileName) }
    }
}
