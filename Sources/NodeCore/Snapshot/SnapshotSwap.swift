import Foundation
import GRDB

// A node's file takes over a verified snapshot: in one SQLite transaction every replicated table is emptied and
// filled from the snapshot's, and then what only this node had is applied again. Other processes have the same file
// open, so files are never exchanged: whoever reads sees the old state or the new one, whoever writes waits.

extension TenantStore {
    /// `path`: an unpacked, verified snapshot. `replay` applies deltas that it lacks, in the order in which they were
    /// applied here. Throws `SNAPSHOT_OLDER` when this file has come further meanwhile; then, and when anything
    /// fails, nothing has changed.
    public func adopt(
        _ path: String, _ manifest: SnapshotManifest,
        replay: ([DeltaFrame], ReplicaTransaction) throws -> Void
    ) throws {
        do {
            try queue.writeWithoutTransaction { db in
                try db.execute(sql: "ATTACH ? AS snapshot", arguments: [path])
                do {
                    try db.inTransaction(.immediate) {
                        try swap(db, manifest, replay)
                        return .commit
                    }
                } catch {
                    try db.execute(sql: "DETACH snapshot")
                    throw error
                }
                try db.execute(sql: "DETACH snapshot")
            }
        } catch { throw ConnectionSetup.translate(error, file: fileName) }
    }

    private func swap(
        _ db: Database, _ manifest: SnapshotManifest,
        _ replay: ([DeltaFrame], ReplicaTransaction) throws -> Void
    ) throws {
        let old = ReplicaTransaction(db, store: self, statements: statements)
        let mine = try OwnPart(old)
        guard mine.cursor < manifest.position else { throw NodeError.snapshotOlder }
        try SnapshotTables(db).replaceAll()
        // Nothing that was read of the file before is true any more.
        let new = ReplicaTransaction(db, store: self, statements: statements)
        try mine.putBack(new, manifest)
        try new.forgetWaitingThatIsApplied()
        try replay(mine.frames, new)
        for head in mine.heads where try !new.has(head) {
            throw NodeError(
                .corrupt, "a delta that stands here could not be applied to the hub's snapshot",
                hint: "Nothing was changed. Run `node-cli verify --deep`.")
        }
        try mine.putBackHistory(new)
        try new.finish()
    }
}

extension ReplicaTransaction {
    /// What waited here for what the snapshot brought may be in it itself.
    fileprivate func forgetWaitingThatIsApplied() throws {
        try db.execute(
            sql: """
                DELETE FROM main.sync_waiting AS w WHERE EXISTS (
                  SELECT 1 FROM main.sync_origin o JOIN main.sync_delta d ON d.origin = o.number
                  WHERE o.id = w.origin AND d.seq = w.seq AND d.hash = w.hash)
                """)
    }
}

extension NodeError {
    static let snapshotOlder = NodeError(
        .hubAnswer, "the hub's snapshot is older than what is here; nothing was changed",
        hint: "Sync again.")
}

/// The tables that a snapshot replaces: all but those that are this installation's own.
private struct SnapshotTables {
    /// What a node keeps of its own, and what only a hub has.
    static let kept: Set<String> = [
        "sync_state", "sync_waiting", "sync_log", "sync_receipt", "sync_checkpoint", "sync_evidence",
        "sync_handover", "sync_review", "grdb_migrations",
    ]

    let db: Database
    let names: [String]

    /// Throws `VERIFICATION_FAILED` when the snapshot isn't built as this file is.
    init(_ db: Database) throws {
        self.db = db
        func objects(_ schema: String) throws -> Set<[String]> {
            let sql = "SELECT type, name, tbl_name, ifnull(sql, '') FROM \(schema).sqlite_schema"
            return Set(try Row.fetchAll(db, sql: sql).map { row in (0..<4).map { row[$0] } })
        }
        let own = try objects("main")
        guard try own == objects("snapshot") else {
            throw NodeError(
                .verificationFailed, "the hub's snapshot is built otherwise than a tenant's file",
                hint: "Nothing was changed. Check that hub and node have the same version.")
        }
        names = own.filter { $0[0] == "table" && !Self.kept.contains($0[1]) && !$0[1].hasPrefix("sqlite_") }
            .map { $0[1] }.sorted()
    }

    func replaceAll() throws {
        for name in names {
            try db.execute(sql: "DELETE FROM main.\"\(name)\"")
            try db.execute(sql: "INSERT INTO main.\"\(name)\" SELECT * FROM snapshot.\"\(name)\"")
        }
        // Positions of others in the hub's log are the hub's.
        try db.execute(sql: "UPDATE main.sync_passed SET position = 0")
        try db.execute(
            sql: """
                INSERT INTO main.sync_checkpoint SELECT * FROM snapshot.sync_checkpoint WHERE 1
                ON CONFLICT(size) DO NOTHING
                """)
    }
}

/// What of a node's file is not in the hub's: read before the tables are replaced, put back after.
private struct OwnPart {
    let cursor: Int64
    let heads: [ChainHead]
    /// Deltas that the snapshot lacks, in the order in which they were applied here.
    let frames: [DeltaFrame]
    private let ownOrigin: OriginID
    private let origins: [OriginRecord]
    private let receipts: [(origin: OriginID, row: Row)]
    private let history: [Ended]
    private let hlc: Int64
    private let erasures: Int

    /// A conflict that ended here, with deltas by hash: numbers change.
    private struct Ended {
        let row: Row
        let siblings: [(hash: Hash, value: Value)]
        let resolvedBy: Hash
    }

    init(_ old: ReplicaTransaction) throws {
        guard let own = try old.ownOrigin(), own.role == .node else {
            throw NodeError(.nodeOnly, "only a node takes snapshots", hint: "Run it at a node.")
        }
        guard try old.handover(limit: 1).isEmpty else { throw NodeError.snapshotOlder }
        ownOrigin = own.id
        cursor = try old.state(.cursor)?.int ?? 0
        hlc = try old.state(.hlc)?.int ?? 0
        heads = try old.heads()
        origins = try old.origins()
        erasures = try old.count("SELECT count(*) FROM erasure")
        receipts = try old.rows(
            "SELECT o.id, r.seq, r.received_at, r.receipt FROM sync_receipt r JOIN sync_origin o ON o.number = r.origin"
        ).compactMap { row in OriginID(bytes: Array(row[0] as Data)).map { ($0, row) } }
        frames = try old.rows(
            """
            SELECT d.number FROM main.sync_delta d JOIN main.sync_origin o ON o.number = d.origin
            WHERE NOT EXISTS (
              SELECT 1 FROM snapshot.sync_origin so JOIN snapshot.sync_delta sd
              ON sd.origin = so.number AND sd.seq = d.seq AND sd.hash = d.hash WHERE so.id = o.id)
            ORDER BY d.number
            """
        ).map { row in
            guard let frame = try old.frame(row[0]) else {
                throw NodeError(.corrupt, "a delta has no body", hint: "Run `node-cli verify`.")
            }
            return frame
        }
        history = try old.rows("SELECT * FROM sync_conflict_history").map { row in
            var reader = CBORReader(Array(row["siblings"] as Data), limits: .values)
            let siblings = try (0..<(try reader.arrayHeader() / 2)).map { _ in
                (try old.facts(reader.int()).hash, try Value(from: &reader))
            }
            return Ended(
                row: row, siblings: siblings, resolvedBy: try old.facts(row["resolved_stamp"]).hash)
        }
    }

    func putBack(_ new: ReplicaTransaction, _ manifest: SnapshotManifest) throws {
        for origin in origins where try new.origin(origin.id) == nil {
            try new.addOrigin(
                publicKey: origin.publicKey, role: origin.role, nodeID: origin.nodeID, name: origin.name,
                certificate: origin.certificate, succession: origin.succession)
        }
        guard let own = try new.origin(ownOrigin) else {
            throw NodeError(.corrupt, "this node's key is lost", hint: "Nothing was changed.")
        }
        try new.setState(.ownOrigin, .int(own.number))
        try new.db.execute(sql: "DELETE FROM sync_receipt")
        for (origin, row) in receipts {
            guard let number = try new.origin(origin)?.number else { continue }
            try new.db.execute(
                sql: "INSERT INTO sync_receipt VALUES (?, ?, ?, ?)",
                arguments: [number, row[1] as Int64, row[2] as Int64, row[3] as Data])
        }
        let theirs = try Int64.fetchOne(
            new.db, sql: "SELECT value FROM snapshot.sync_state WHERE key = 'hlc'")
        // A hub whose clock is far ahead moves this one no more than its deltas would.
        let next = HLC(raw: hlc).received(
            HLC(raw: theirs ?? 0), nowMilliseconds: new.environmentClock.milliseconds())
        try new.setState(.hlc, .int(next.raw))
        try new.setState(.cursor, .int(manifest.position))
        try new.setState(.cursorHash, .bytes(manifest.entryHash.bytes))
        // What orders of erasure ask for outside the file is still to be done here.
        if try hasNewErasures(new) { try new.setState(.erasurePending, .int(1)) }
    }

    private func hasNewErasures(_ new: ReplicaTransaction) throws -> Bool {
        try new.count("SELECT count(*) FROM erasure") > erasures
    }

    /// Conflicts that this installation saw end, beside those that the hub saw. Where somebody was erased
    /// meanwhile the hub's alone are kept: from these the person is gone.
    func putBackHistory(_ new: ReplicaTransaction) throws {
        guard !history.isEmpty, try !hasNewErasures(new) else { return }
        var stamps: [Data: RowState.Stamp] = [:]
        for row in try new.rows("SELECT hash, number FROM sync_delta") { stamps[row[0]] = row[1] }
        for ended in history {
            var writer = CBORWriter()
            writer.arrayHeader(ended.siblings.count * 2)
            for sibling in ended.siblings {
                writer.int(stamps[Data(sibling.hash.bytes)] ?? 0)
                sibling.value.write(to: &writer)
            }
            guard let by = stamps[Data(ended.resolvedBy.bytes)] else { continue }
            let row = ended.row
            try new.db.execute(
                sql: "INSERT OR IGNORE INTO sync_conflict_history VALUES (?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    row["id"] as String, row["tbl"] as String, row["row"] as String, row["col"] as String,
                    Data(writer.bytes), by, row["resolved_at"] as Int64,
                ])
        }
    }
}
