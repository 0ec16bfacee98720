import Foundation
import GRDB

// A trimmed body is a delta's body without the writes that were replaced long ago: locally what a substitute is by an
// order of erasure, but nobody's word. It has the form of a body, and its hash stands beside it, so that damage shows.
// It is never given away: whoever still needs the delta takes a snapshot.

extension DeltaFrame {
    /// The salt hides what was dropped from a body that is given away; nobody gets this one.
    private static let noSalt = [UInt8](repeating: 0, count: 32)

    /// What is kept of the frame when only some of its writes stay.
    func trimmed(to kept: [RecordedWrite], by replication: any Replication) throws -> DeltaFrame {
        let body = try replication.encodeBody(kept, salt: Self.noSalt)
        return DeltaFrame(envelope: envelope, body: body, redaction: .trimmed(Digest.sha256(body)))
    }
}

extension NodeError {
    /// A delta was to be given away of which writes were let go.
    public static let bodyTrimmed = NodeError(
        .deltaNotFound, "writes of this change that were replaced long ago are not kept any more",
        hint: "Whoever lacks it takes a snapshot of the hub's file; docs/RECOVERY.md says more.")
}

extension StoreReader {
    /// Up to where in the hub's log deltas can't be given away any more; 0 when all can.
    public func trimmedThrough() throws -> Int64 {
        guard let last = try Int64.fetchOne(db.cachedStatement(sql: "SELECT max(number) FROM sync_trimmed"))
        else { return 0 }
        return try logPosition(ofDelta: last) ?? logSize()
    }

    /// Where a delta stands in the hub's log; nil when it isn't in it. Numbers are given in the order of the log, and
    /// documents stand between, so that no delta stands before its number.
    func logPosition(ofDelta number: RowState.Stamp) throws -> Int64? {
        let sql =
            "SELECT position FROM sync_log WHERE position >= ?1 AND delta = ?1 ORDER BY position LIMIT 1"
        return try Int64.fetchOne(db.cachedStatement(sql: sql), arguments: [number])
    }

    /// Deltas of whose bodies writes were let go here.
    public func trimmedCount() throws -> Int { try count("SELECT count(*) FROM sync_trimmed") }

    /// Whether what a delta replaced may have been let go, wholly or so far in part: what was there before it can't be
    /// told for sure.
    public func isSwept(_ facts: DeltaFacts) throws -> Bool {
        try count(
            "SELECT count(*) FROM sync_retention WHERE origin = ? AND sweeping >= ?",
            [facts.origin, facts.seq])
            > 0
    }

    /// Whether a delta's body may be trimmed at all: everybody has it, by the hub's word.
    public func isSettled(_ facts: DeltaFacts) throws -> Bool {
        let sql = "SELECT count(*) FROM sync_retention WHERE origin = ? AND settled >= ?"
        return try count(sql, [facts.origin, facts.seq]) > 0
    }
}

extension ReplicaTransaction {
    /// Notes that writes of a delta's body were let go, and what the hash of the rest is.
    func setTrimmed(_ stamp: RowState.Stamp, _ left: Hash) throws {
        try db.cachedStatement(sql: "DELETE FROM sync_redaction WHERE number = ?").execute(arguments: [stamp])
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO sync_trimmed VALUES (?, ?)")
            .execute(arguments: [stamp, Data(left.bytes)])
    }

    /// Keeps only some writes of a delta; the bytes that were saved. Nil, with nothing changed, where there are none.
    func trim(_ stamp: RowState.Stamp, _ frame: DeltaFrame, to kept: [RecordedWrite]) throws -> Int? {
        let rest = try frame.trimmed(to: kept, by: store.environment.replication)
        guard rest.body.count < frame.body.count, let mark = rest.redaction else { return nil }
        // Not updated in its place: SQLite joins pages that have become empty when a row is deleted, not when one shrinks.
        try db.cachedStatement(sql: "DELETE FROM sync_body WHERE number = ?").execute(arguments: [stamp])
        try db.cachedStatement(sql: "INSERT INTO sync_body (number, body) VALUES (?, ?)")
            .execute(arguments: [stamp, Data(rest.body)])
        try setRedaction(stamp, mark)
        return frame.body.count - rest.body.count
    }
}
