import Foundation
import GRDB

/// A delta as it travels: the signed envelope and the body bytes it names.
public struct DeltaFrame: Sendable, Equatable {
    public let envelope: [UInt8]
    public let body: [UInt8]
    /// The body stands for the one that was signed: a person was erased from it, or it was trimmed; nil for that
    /// one itself.
    public let redaction: Redaction?

    /// By whose word a body stands for another.
    public enum Redaction: Sendable, Equatable {
        /// This installation's, in its own file.
        case here
        /// A signed statement.
        case signed([UInt8])
        /// Nobody's: writes that were replaced long ago were let go here (`BodyRetention`). With the hash of what is
        /// left, which never leaves the file.
        case trimmed(Hash)

        init(statement: Data) { self = statement.isEmpty ? .here : .signed(Array(statement)) }

        /// As it is kept beside a body that waits.
        var statement: Data {
            switch self {
            case .here, .trimmed: Data()
            case .signed(let bytes): Data(bytes)
            }
        }
    }

    /// Whether writes were let go of the body that is kept.
    public var isTrimmed: Bool {
        if case .trimmed = redaction { true } else { false }
    }

    public init(envelope: [UInt8], body: [UInt8], redaction: Redaction? = nil) {
        self.envelope = envelope
        self.body = body
        self.redaction = redaction
    }
    /// What it weighs on the wire, without framing.
    public var byteCount: Int { envelope.count + body.count }
}

/// An applied delta for listings.
public struct DeltaSummary: Sendable {
    public let facts: DeltaFacts
    public let part: Int
    public let parts: Int
    public let writes: Int
    public let bodyBytes: Int
    public let envelopeBytes: Int
}

extension StoreReader {
    /// The frame of an applied delta; nil when it isn't there, or the file is damaged.
    public func frame(_ stamp: RowState.Stamp) throws -> DeltaFrame? {
        let sql = """
            SELECT d.envelope, b.body, t.hash, r.number, r.statement
            FROM sync_delta d JOIN sync_body b ON b.number = d.number
            LEFT JOIN sync_trimmed t ON t.number = d.number LEFT JOIN sync_redaction r ON r.number = d.number
            WHERE d.number = ?
            """
        return try row(sql, [stamp]).map {
            DeltaFrame(
                envelope: Array($0[0] as Data), body: Array($0[1] as Data), redaction: try redaction($0))
        }
    }

    private func redaction(_ row: Row) throws -> DeltaFrame.Redaction? {
        if let left = row[2] as Data? {
            guard let hash = Hash(bytes: Array(left)) else {
                throw NodeError(.corrupt, "\(store.fileName): the mark of a trimmed body is damaged")
            }
            return .trimmed(hash)
        }
        guard row[3] as Int64? != nil else { return nil }
        return (row[4] as Data?).map { .signed(Array($0)) } ?? .here
    }

    /// The stamp of the delta of an origin with a sequence number, if it is applied: the first one here,
    /// where the origin was forked.
    public func stamp(origin: Int64, seq: Int64) throws -> RowState.Stamp? {
        try stamps(origin: origin, seq: seq).first
    }

    /// The stamps of the deltas of an origin with a sequence number: several only of a forked origin.
    public func stamps(origin: Int64, seq: Int64) throws -> [RowState.Stamp] {
        let statement = try db.cachedStatement(
            sql: "SELECT number FROM sync_delta WHERE origin = ? AND seq = ? ORDER BY number")
        return try Int64.fetchAll(statement, arguments: [origin, seq])
    }

    /// The stamp of one very delta, if it is applied.
    public func stamp(origin: Int64, seq: Int64, hash: Hash) throws -> RowState.Stamp? {
        let statement = try db.cachedStatement(
            sql: "SELECT number FROM sync_delta WHERE origin = ? AND seq = ? AND hash = ?")
        return try Int64.fetchOne(statement, arguments: [origin, seq, Data(hash.bytes)])
    }

    /// Whether the delta that a head names is applied.
    public func has(_ head: ChainHead) throws -> Bool {
        guard let origin = try origin(head.origin) else { return false }
        return try stamp(origin: origin.number, seq: head.seq, hash: head.hash) != nil
    }

    /// The stamps of an origin's chain after `seq`, in chain order.
    public func stamps(origin: Int64, after seq: Int64, limit: Int = .max) throws -> [RowState.Stamp] {
        try Int64.fetchAll(
            db.cachedStatement(
                sql: "SELECT number FROM sync_delta WHERE origin = ? AND seq > ? ORDER BY seq LIMIT ?"),
            arguments: [origin, seq, limit])
    }

    /// Applied deltas after a stamp, in the order in which they were applied here, newest last; with
    /// `newest` only so many of the newest.
    public func deltas(
        origin: Int64? = nil, after: RowState.Stamp = 0, newest: Int? = nil
    ) throws -> [DeltaSummary] {
        let sql = """
            SELECT * FROM (
              SELECT number, part, parts, writes, body_bytes, length(envelope) FROM sync_delta
              WHERE number > ?3 AND (?1 IS NULL OR origin = ?1) ORDER BY number DESC LIMIT ?2
            ) ORDER BY number
            """
        return try rows(sql, [origin, newest ?? -1, after]).map(summary)
    }

    /// One applied delta.
    public func delta(_ stamp: RowState.Stamp) throws -> DeltaSummary? {
        let sql = """
            SELECT number, part, parts, writes, body_bytes, length(envelope) FROM sync_delta WHERE number = ?
            """
        return try row(sql, [stamp]).map(summary)
    }

    private func summary(_ row: Row) throws -> DeltaSummary {
        DeltaSummary(
            facts: try facts(row[0]), part: row[1], parts: row[2], writes: row[3], bodyBytes: row[4],
            envelopeBytes: row[5])
    }

    /// Number and bytes of own deltas that the hub hasn't signed a receipt for.
    public func pending() throws -> (deltas: Int, bytes: Int) {
        guard let own = try ownOrigin() else { return (0, 0) }
        let acknowledged = try state(.receiptSeq)?.int ?? 0
        let sql = """
            SELECT count(*), ifnull(sum(length(envelope) + body_bytes), 0) FROM sync_delta
            WHERE origin = ?1 AND seq > ?2 OR number IN (
              SELECT d.number FROM sync_handover h JOIN sync_delta d
              ON d.origin = h.origin AND d.number > h.after_stamp AND d.number <= h.through_stamp)
            """
        guard let row = try row(sql, [own.number, acknowledged]) else { return (0, 0) }
        return (row[0], row[1])
    }

    /// Writes of own deltas after a number that the hub has signed receipts for since.
    public func acknowledgedWrites(after seq: Int64) throws -> Int {
        try ownWrites(after: seq, through: try state(.receiptSeq)?.int ?? 0)
    }

    /// Writes of own deltas after a number, up to another.
    public func ownWrites(after seq: Int64, through last: Int64) throws -> Int {
        guard let own = try ownOrigin() else { return 0 }
        return try count(
            "SELECT ifnull(sum(writes), 0) FROM sync_delta WHERE origin = ? AND seq > ? AND seq <= ?",
            [own.number, seq, last])
    }

    /// The complete seen vector that an applied delta had.
    public func seenVector(_ stamp: RowState.Stamp) throws -> SeenVector {
        guard let row = try row("SELECT seen FROM sync_delta WHERE number = ?", [stamp]) else {
            return SeenVector()
        }
        return try SeenVector(blob: Array(row[0] as Data))
    }
}

// MARK: Receipts

extension StoreReader {
    /// The oldest receipt that covers a delta of an origin.
    public func receipt(origin: Int64, seq: Int64) throws -> [UInt8]? {
        try row(
            "SELECT receipt FROM sync_receipt WHERE origin = ? AND seq >= ? ORDER BY seq LIMIT 1",
            [origin, seq]
        ).map { Array($0[0] as Data) }
    }
}

extension ReplicaTransaction {
    /// Stores a verified receipt for the own chain up to `seq`.
    public func addReceipt(origin: Int64, seq: Int64, _ bytes: [UInt8]) throws {
        try db.execute(
            sql: "INSERT OR IGNORE INTO sync_receipt VALUES (?, ?, ?, ?)",
            arguments: [origin, seq, store.environment.clock.milliseconds(), Data(bytes)])
        if seq > (try state(.receiptSeq)?.int ?? 0) { try setState(.receiptSeq, .int(seq)) }
    }
}

// MARK: Refused writes

/// A write whose author had no right to it.
public struct RefusedWrite: Sendable, Equatable {
    public let stamp: RowState.Stamp
    public let table: String
    public let row: String
    public let column: String
    public let value: Value
    public let reason: String

    public init(
        stamp: RowState.Stamp, table: String, row: String, column: String, value: Value, reason: String
    ) {
        self.stamp = stamp
        self.table = table
        self.row = row
        self.column = column
        self.value = value
        self.reason = reason
    }
}

extension StoreReader {
    public func refusedWrites() throws -> [RefusedWrite] {
        try rows("SELECT stamp, tbl, id, col, value, reason FROM sync_refused ORDER BY tbl, id, col, stamp")
            .map {
                RefusedWrite(
                    stamp: $0[0], table: $0[1], row: $0[2], column: $0[3], value: $0[4], reason: $0[5])
            }
    }
}

extension ReplicaTransaction {
    public func addRefused(
        _ stamp: RowState.Stamp, table: String, row: String, column: String, value: Value, reason: String
    ) throws {
        try db.cachedStatement(sql: "INSERT OR IGNORE INTO sync_refused VALUES (?, ?, ?, ?, ?, ?)")
            .execute(arguments: [stamp, table, row, column, value, reason])
    }
}
