import Foundation
import GRDB

/// An entry of the hub's log of one tenant.
public enum LogEntry: Sendable, Equatable {
    /// The hub's signed word on a key: its certificate, before its first delta, or its revocation.
    case document([UInt8])
    case delta(DeltaFrame)

    /// SHA-256 over what the entry is; a node remembers the one at its cursor, so that a hub whose
    /// log was replaced is noticed.
    public var hash: Hash {
        switch self {
        case .document(let bytes): Digest.sha256([0] + bytes)
        case .delta(let frame): Digest.sha256([1] + frame.envelope)
        }
    }

    public var byteCount: Int {
        switch self {
        case .document(let bytes): bytes.count
        case .delta(let frame): frame.byteCount
        }
    }
}

/// The hub's delta log as the exchange sees it: append in causal order, read from a cursor. Narrow on
/// purpose: a hub that outgrows one machine keeps it elsewhere (DESIGN 11).
extension StoreReader {
    /// Number of entries; positions are 1...size.
    public func logSize() throws -> Int64 {
        try Int64.fetchOne(db.cachedStatement(sql: "SELECT ifnull(max(position), 0) FROM sync_log")) ?? 0
    }

    /// The writes of all deltas after a position but an origin's own, and bytes of their bodies.
    public func volume(
        after position: Int64, except origin: OriginID? = nil
    ) throws -> (writes: Int64, bytes: Int64) {
        let own = try origin.flatMap { try self.origin($0)?.number } ?? -1
        let sql = """
            SELECT ifnull(sum(d.writes), 0), ifnull(sum(d.body_bytes), 0)
            FROM sync_log l JOIN sync_delta d ON d.number = l.delta WHERE l.position > ? AND d.origin <> ?
            """
        let row = try row(sql, [position, own])
        return (row?[0] ?? 0, row?[1] ?? 0)
    }

    /// The entry at a position, or nil.
    public func logEntry(_ position: Int64) throws -> LogEntry? {
        guard let row = try row("SELECT kind, delta, entry FROM sync_log WHERE position = ?", [position])
        else {
            return nil
        }
        if row[0] as String != "delta" { return .document(Array(row[2] as Data)) }
        guard let frame = try frame(row[1]) else {
            throw NodeError(.corrupt, "\(store.fileName): log entry \(position) has no body")
        }
        return .delta(frame)
    }

    /// The hash of the entry at a position, or nil; bodies aren't read for it.
    public func logHash(_ position: Int64) throws -> Hash? {
        let sql = """
            SELECT l.entry, d.envelope FROM sync_log l LEFT JOIN sync_delta d ON d.number = l.delta
            WHERE l.position = ?
            """
        guard let row = try row(sql, [position]) else { return nil }
        if let document: Data = row[0] { return LogEntry.document(Array(document)).hash }
        guard let envelope: Data = row[1] else { return nil }
        return LogEntry.delta(DeltaFrame(envelope: Array(envelope), body: [])).hash
    }

    /// Whether a node's cursor names an entry of this very log.
    public func knows(_ cursor: Int64, _ hash: Hash?) throws -> Bool {
        guard cursor > 0 else { return cursor == 0 }
        return try hash != nil && logHash(cursor) == hash
    }

    /// Whether there are entries after a position that aren't an origin's own deltas. No more than `limit` are looked
    /// at: true as well where all these are its own.
    public func hasLogEntries(after position: Int64, except origin: OriginRecord, limit: Int = 1000) throws
        -> Bool
    {
        let sql = """
            SELECT count(*), ifnull(sum(own), 0) FROM (
              SELECT d.origin IS ? AS own FROM sync_log l LEFT JOIN sync_delta d ON d.number = l.delta
              WHERE l.position > ? ORDER BY l.position LIMIT ?)
            """
        guard let row = try row(sql, [origin.number, position, limit]) else { return false }
        let all: Int = row[0], own: Int = row[1]
        return own < all || all >= limit
    }

    /// The position before the first delta of an origin beyond a number; the log's size without any.
    public func logPosition(before origin: OriginRecord, after seq: Int64) throws -> Int64 {
        let sql = """
            SELECT min(position) - 1 FROM sync_log WHERE delta IN (
              SELECT number FROM sync_delta WHERE origin = ? AND seq > ?)
            """
        return try Int64.fetchOne(db.cachedStatement(sql: sql), arguments: [origin.number, seq]) ?? logSize()
    }

    /// Entries after `cursor`, up to position `last`, until `maxBytes` is reached, at least one if there is one; the deltas of
    /// `origin`, which has them, are passed over. `through` is the last position that was looked at. A
    /// transaction in parts may be cut: the receiver waits for the rest.
    public func log(
        after cursor: Int64, through last: Int64, except origin: OriginID, maxBytes: Int, maxEntries: Int
    ) throws -> (entries: [LogEntry], through: Int64) {
        let own = try self.origin(origin)?.number ?? -1
        let sql = """
            SELECT l.position FROM sync_log l LEFT JOIN sync_delta d ON d.number = l.delta
            WHERE l.position > ? AND l.position <= ? AND d.origin IS NOT ? ORDER BY l.position LIMIT ?
            """
        let positions = try Int64.fetchAll(
            db.cachedStatement(sql: sql), arguments: [cursor, last, own, maxEntries + 1])
        var entries: [LogEntry] = []
        var bytes = 0
        for position in positions {
            guard let entry = try logEntry(position) else {
                throw NodeError(
                    .corrupt, "\(store.fileName): log entry \(position) is missing",
                    hint: "Run `node-cli verify`.")
            }
            let isFull =
                entries.count >= maxEntries || (!entries.isEmpty && bytes + entry.byteCount > maxBytes)
            if isFull { return (entries, position - 1) }
            entries.append(entry)
            bytes += entry.byteCount
        }
        return (entries, max(cursor, last))
    }
}

extension ReplicaTransaction {
    public func appendToLog(delta stamp: RowState.Stamp) throws {
        try db.cachedStatement(
            sql: "INSERT INTO sync_log SELECT ifnull(max(position), 0) + 1, 'delta', ?, NULL FROM sync_log"
        ).execute(arguments: [stamp])
    }

    /// Certificates and revocations; the column `kind` says `certificate` for both. Throws `HUB_RECOVERING`
    /// for a new one while the log takes only what was `recalled`.
    public func appendToLog(document: [UInt8], recalled: Bool = false) throws {
        if !recalled { try requireRecovered() }
        try db.execute(
            sql:
                "INSERT INTO sync_log SELECT ifnull(max(position), 0) + 1, 'certificate', NULL, ? FROM sync_log",
            arguments: [Data(document)])
    }
}
