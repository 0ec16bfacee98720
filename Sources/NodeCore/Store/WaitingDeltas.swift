import Foundation
import GRDB

// Deltas that came early and wait for what they build on.

extension ReplicaTransaction {
    /// The most deltas, and bytes, of one origin that may wait at a time: room for the largest
    /// transaction that `LocalTransaction` seals. What is over is sent again later.
    public static let maxWaiting = LocalTransaction.maxParts
    public static let maxWaitingBytes = LocalTransaction.maxBytes + LocalTransaction.maxParts * 4096

    /// How much room an origin has left in the waiting place.
    public func waitingRoom(_ origin: OriginID) throws -> (deltas: Int, bytes: Int) {
        let sql = """
            SELECT count(*), ifnull(sum(length(envelope) + length(body)), 0) FROM sync_waiting WHERE origin = ?
            """
        guard let row = try row(sql, [Data(origin.bytes)]) else { return (0, 0) }
        return (Self.maxWaiting - (row[0] as Int), Self.maxWaitingBytes - (row[1] as Int))
    }

    /// Keeps a delta that came early; the caller has looked for room. Repeats change nothing.
    public func addWaiting(_ frame: DeltaFrame, hash: Hash, origin: OriginID, seq: Int64) throws {
        try db.cachedStatement(sql: "INSERT OR IGNORE INTO sync_waiting VALUES (?, ?, ?, ?, ?, ?, ?)")
            .execute(
                arguments: [
                    Data(hash.bytes), Data(origin.bytes), seq, Data(frame.envelope), Data(frame.body),
                    store.environment.clock.milliseconds(), frame.redaction?.statement,
                ])
    }

    public func removeWaiting(_ hash: Hash) throws {
        try db.cachedStatement(sql: "DELETE FROM sync_waiting WHERE hash = ?").execute(arguments: [
            Data(hash.bytes)
        ])
    }

    /// All that waits of an origin.
    public func removeWaiting(of origin: OriginID) throws {
        try db.execute(sql: "DELETE FROM sync_waiting WHERE origin = ?", arguments: [Data(origin.bytes)])
    }
}

/// What of one origin waits.
public struct WaitingDeltas: Sendable, Equatable {
    public let origin: OriginID
    public let deltas: Int
    /// When the first of them came, milliseconds since 1970.
    public let since: Int64
}

extension StoreReader {
    public func isWaiting(_ hash: Hash) throws -> Bool {
        try count("SELECT count(*) FROM sync_waiting WHERE hash = ?", [Data(hash.bytes)]) > 0
    }

    /// Waiting deltas with a number of an origin; more than one only when the origin was forked.
    public func waiting(origin: OriginID, seq: Int64) throws -> [DeltaFrame] {
        try rows(
            "SELECT envelope, body, statement FROM sync_waiting WHERE origin = ? AND seq = ? ORDER BY hash",
            [Data(origin.bytes), seq]
        ).map(DeltaFrame.init(waiting:))
    }

    /// All that waits of an origin, by number.
    public func waiting(of origin: OriginID) throws -> [(seq: Int64, hash: Hash, frame: DeltaFrame)] {
        let sql = """
            SELECT envelope, body, statement, seq, hash FROM sync_waiting WHERE origin = ? ORDER BY seq, hash
            """
        return try rows(sql, [Data(origin.bytes)]).compactMap { row in
            Hash(bytes: Array(row[4] as Data)).map { (row[3], $0, DeltaFrame(waiting: row)) }
        }
    }

    public func isWaiting(origin: OriginID, seq: Int64) throws -> Bool {
        try count(
            "SELECT count(*) FROM sync_waiting WHERE origin = ? AND seq = ?", [Data(origin.bytes), seq]) > 0
    }

    /// Origins of which something waits.
    public func waitingOrigins() throws -> [OriginID] {
        try rows("SELECT DISTINCT origin FROM sync_waiting ORDER BY origin").compactMap {
            OriginID(bytes: Array($0[0] as Data))
        }
    }

    /// Numbers up to one under which deltas of an origin wait: such a delta can only begin a branch.
    public func waitingNumbers(origin: OriginID, through seq: Int64) throws -> [Int64] {
        try rows(
            "SELECT DISTINCT seq FROM sync_waiting WHERE origin = ? AND seq <= ? ORDER BY seq",
            [Data(origin.bytes), seq]
        ).map { $0[0] }
    }

    /// What waits, by origin.
    public func waitingByOrigin() throws -> [WaitingDeltas] {
        try rows(
            "SELECT origin, count(*), min(received_at) FROM sync_waiting GROUP BY origin ORDER BY origin"
        ).compactMap { row in
            OriginID(bytes: Array(row[0] as Data)).map {
                WaitingDeltas(origin: $0, deltas: row[1], since: row[2])
            }
        }
    }

    /// How far an origin's chain is here without a gap, applied or waiting.
    public func heldThrough(_ origin: OriginRecord) throws -> Int64 {
        let sql = "SELECT DISTINCT seq FROM sync_waiting WHERE origin = ? AND seq > ? ORDER BY seq"
        var through = origin.headSeq
        for row in try rows(sql, [Data(origin.id.bytes), origin.headSeq]) {
            guard row[0] as Int64 == through + 1 else { break }
            through += 1
        }
        return through
    }

    public func waitingCount() throws -> Int { try count("SELECT count(*) FROM sync_waiting") }

    /// Deltas and bytes, of all origins, that wait for what they build on: most often the parts of a
    /// transaction that isn't here whole.
    public func waiting() throws -> (deltas: Int, bytes: Int) {
        let sql = "SELECT count(*), ifnull(sum(length(envelope) + length(body)), 0) FROM sync_waiting"
        guard let row = try row(sql) else { return (0, 0) }
        return (row[0], row[1])
    }
}

extension DeltaFrame {
    /// Envelope, body and statement of a waiting delta.
    fileprivate init(waiting row: Row) {
        self.init(
            envelope: Array(row[0] as Data), body: Array(row[1] as Data),
            redaction: (row[2] as Data?).map(Redaction.init(statement:)))
    }
}
