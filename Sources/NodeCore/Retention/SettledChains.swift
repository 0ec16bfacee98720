import Foundation
import GRDB

// Up to where a chain is settled: every enrolled node has passed it (`Tombstones`), it has been in the hub's log for
// as long as bodies are kept, and every backup of the hub that is still kept has it. So nobody will ask for its
// bodies: no node reads the log from before, and a hub that is restored from any of its backups has it itself. The
// hub finds out and tells the nodes; neither goes back.

extension StoreReader {
    /// How far the hub's bodies may be trimmed, of each chain that isn't forked.
    public func settledHeads() throws -> [ChainHead] {
        let sql = """
            SELECT o.id, r.settled, d.hash FROM sync_retention r JOIN sync_origin o ON o.number = r.origin
            JOIN sync_delta d ON d.origin = r.origin AND d.seq = r.settled
            WHERE NOT EXISTS (SELECT 1 FROM sync_branch b WHERE b.origin = r.origin) ORDER BY o.id
            """
        return try rows(sql).compactMap { row in
            guard let origin = OriginID(bytes: Array(row[0] as Data)),
                let hash = Hash(bytes: Array(row[2] as Data))
            else { return nil }
            return ChainHead(origin: origin, seq: row[1], hash: hash)
        }
    }

    /// Hub: up to where its log is settled.
    public func settledPosition() throws -> Int64 { try state(.settledPosition)?.int ?? 0 }

    /// Hub: what bounds the settled part of its log, as positions in it.
    func settlementBounds(before instant: Int64, backups: [Int]) throws -> SettlementBounds {
        let settled = try settledPosition(), size = try logSize()
        let sql = """
            SELECT l.position FROM sync_log l JOIN sync_delta d ON d.number = l.delta
            WHERE l.position > ? AND ifnull(d.received_at, d.wall) > ? ORDER BY l.position LIMIT 1
            """
        let young = try Int64.fetchOne(db.cachedStatement(sql: sql), arguments: [settled, instant])
        let held = try backups.map { deltas -> Int64 in
            let last = try count("SELECT ifnull(max(number), 0) FROM sync_delta")
            return deltas >= last ? size : try logPosition(ofDelta: Int64(deltas)) ?? 0
        }
        return SettlementBounds(
            passed: try passedByAll() ?? size, aged: young.map { $0 - 1 } ?? size,
            backedUp: held.min() ?? size)
    }

    /// Up to where each chain's writes are to be looked at as replacing older ones: settled, and kept here for long
    /// enough. Of a chain that was forked, or that is still to be handed in, nothing.
    func sweepable(before instant: Int64) throws -> [SweepableChain] {
        let own = try ownOrigin()
        let sql = """
            SELECT r.origin, r.settled, r.swept FROM sync_retention r
            WHERE NOT EXISTS (SELECT 1 FROM sync_branch b WHERE b.origin = r.origin)
              AND NOT EXISTS (SELECT 1 FROM sync_handover h WHERE h.origin = r.origin) ORDER BY r.origin
            """
        let young = """
            SELECT seq FROM sync_delta WHERE origin = ? AND seq > ? AND ifnull(received_at, wall) > ?
            ORDER BY seq LIMIT 1
            """
        return try rows(sql).map { row in
            let origin: Int64 = row[0], swept: Int64 = row[2]
            var through: Int64 = row[1]
            // What the hub has signed no receipt for is sent again.
            if let own, own.number == origin, own.role == .node {
                through = min(through, try state(.receiptSeq)?.int ?? 0)
            }
            let first = try Int64.fetchOne(
                db.cachedStatement(sql: young), arguments: [origin, swept, instant])
            return SweepableChain(
                origin: origin, swept: swept,
                through: max(swept, min(through, first.map { $0 - 1 } ?? through)))
        }
    }
}

/// Positions of the hub's log up to which it is passed by every node, old enough, and in every backup.
struct SettlementBounds {
    let passed: Int64
    let aged: Int64
    let backedUp: Int64
    var position: Int64 { min(passed, aged, backedUp) }
}

struct SweepableChain {
    let origin: Int64
    let swept: Int64
    let through: Int64
}

extension ReplicaTransaction {
    /// Hub: moves on what is settled. `backups`: how many deltas of the tenant each backup has that is still kept.
    func settle(before instant: Int64, backups: [Int]) throws {
        guard try ownOrigin()?.role == .hub, try !isRecovering() else { return }
        let before = try settledPosition()
        let position = try transactionEnd(settlementBounds(before: instant, backups: backups).position)
        guard position > before else { return }
        let sql = """
            SELECT d.origin, max(d.seq) FROM sync_log l JOIN sync_delta d ON d.number = l.delta
            WHERE l.position > ? AND l.position <= ? GROUP BY d.origin
            """
        for row in try rows(sql, [before, position]) { try settle(row[0], through: row[1]) }
        try setState(.settledPosition, .int(position))
    }

    /// Node: what the hub says is settled, as far as it is known here.
    public func noteSettled(_ heads: [ChainHead]) throws {
        for head in heads where try has(head) {
            guard let origin = try origin(head.origin), try !isForked(origin) else { continue }
            try settle(origin.number, through: head.seq)
        }
    }

    private func settle(_ origin: Int64, through seq: Int64) throws {
        try db.execute(
            sql: """
                INSERT INTO sync_retention VALUES (?1, ?2, 0, 0)
                ON CONFLICT (origin) DO UPDATE SET settled = max(settled, ?2)
                """, arguments: [origin, seq])
    }

    /// What came after this instant, by a clock that was wrong, has come now.
    func ageFrom(_ now: Int64) throws {
        try db.execute(
            sql: "UPDATE sync_delta SET received_at = ?1 WHERE ifnull(received_at, wall) > ?1",
            arguments: [now])
    }

    /// What the writes of a chain up to a number replaced is about to be let go.
    func noteSweeping(_ origin: Int64, through seq: Int64) throws {
        try db.execute(
            sql: "UPDATE sync_retention SET sweeping = max(sweeping, ?) WHERE origin = ?",
            arguments: [seq, origin])
    }

    /// What the writes of a chain up to a number replaced was let go.
    func noteSwept(_ origin: Int64, through seq: Int64) throws {
        try db.execute(
            sql: "UPDATE sync_retention SET swept = max(swept, ?) WHERE origin = ?", arguments: [seq, origin])
    }
}
