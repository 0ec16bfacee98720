import Foundation
import GRDB

// Values of dead rows go when every enrolled node has passed the delete: it applied it, and the hub holds
// everything that it wrote before saying so (DESIGN 4). A node says so with hello, which names its cursor in
// the hub's log and the end of its own chain, both read in one transaction. What is left is the row's id and
// the stamps of its deletes; the digest has no more of a dead row, so it is the same before and after, and
// installations may collect at different times.
//
// Nothing depends on it that nobody writes against such a delete any more: a copy of a key may, and then the
// row is made again from the bodies of its deltas (`Replication.replay`), which keep whatever wasn't replaced
// (`BodyRetention`).

extension StoreReader {
    /// How far in the hub's log a node had come when it last said so, and the hub held all that it had
    /// written; 0 before.
    func passedPosition(origin: Int64) throws -> Int64 {
        Int64(try count("SELECT ifnull(max(position), 0) FROM sync_passed WHERE origin = ?", [origin]))
    }

    /// Whether a node's cursor tells more than was known of it.
    public func hasPassedMore(_ node: OriginRecord, cursor: Int64) throws -> Bool {
        try transactionEnd(cursor) > passedPosition(origin: node.number)
    }

    /// How far everybody has passed each chain.
    public func passedHeads() throws -> [ChainHead] {
        let sql = """
            SELECT o.id, p.seq, d.hash FROM sync_passed p JOIN sync_origin o ON o.number = p.origin
            JOIN sync_delta d ON d.origin = p.origin AND d.seq = p.seq WHERE p.seq > 0 ORDER BY o.id
            """
        return try rows(sql).compactMap { row in
            guard let origin = OriginID(bytes: Array(row[0] as Data)),
                let hash = Hash(bytes: Array(row[2] as Data))
            else { return nil }
            return ChainHead(origin: origin, seq: row[1], hash: hash)
        }
    }

    /// Whether the values of a dead row have gone here.
    public func isCollected(_ table: String, id: String) throws -> Bool {
        try count("SELECT count(*) FROM sync_collected WHERE tbl = ? AND id = ?", [table, id]) > 0
    }

    /// A row's state with the values that were collected.
    public func wholeRow(_ table: SyncedTable, id: String) throws -> RowState {
        let state = try loadRow(table.name, id: id)
        guard state.writes.isEmpty, try isCollected(table.name, id: id) else { return state }
        return try replayed(RowID(table: table.name, id: id)) ?? state
    }

    /// A row as the author of an applied delta knew it. As costly as the tenant is old.
    public func row(_ row: RowID, seenBy author: DeltaFacts) throws -> RowState {
        try store.environment.replication.replay([row], seenBy: author, in: self)[row]?.state ?? RowState()
    }

    func replayed(_ row: RowID) throws -> RowState? {
        try store.environment.replication.replay([row], seenBy: nil, in: self)[row]?.state
    }

    /// The slowest node's position; nil where there is no node.
    func passedByAll() throws -> Int64? {
        let sql = """
            SELECT min(ifnull(p.position, 0)) FROM sync_origin o
            LEFT JOIN sync_passed p ON p.origin = o.number WHERE \(Self.stillPasses)
            """
        return try Int64.fetchOne(db.cachedStatement(sql: sql))
    }

    /// The nodes whose position counts.
    func nodesThatPass() throws -> [OriginRecord] {
        try rows("SELECT o.number FROM sync_origin o WHERE \(Self.stillPasses) ORDER BY o.number")
            .compactMap { try origin(number: $0[0]) }
    }

    /// A key that was revoked, or whose successor has handed in its tail, says nothing more.
    private static let stillPasses = """
        o.role = 'node' AND o.revocation IS NULL
        AND NOT EXISTS (SELECT 1 FROM sync_origin s WHERE s.predecessor = o.id AND s.head_seq > 0)
        """

    /// The last entry at or before a position that doesn't leave a transaction in the middle: its parts are
    /// applied together, so whoever has some of them has applied none.
    func transactionEnd(_ position: Int64) throws -> Int64 {
        let sql = """
            SELECT d.part, d.parts FROM sync_log l JOIN sync_delta d ON d.number = l.delta WHERE l.position = ?
            """
        guard let row = try row(sql, [position]) else { return position }
        let part: Int64 = row[0], parts: Int64 = row[1]
        return part + 1 < parts ? position - part - 1 : position
    }
}

extension ReplicaTransaction {
    /// At the hub: a node's hello named a cursor and the end of its chain, which the hub holds. When the
    /// slowest node has come further, dead rows are collected; returns how many.
    @discardableResult
    public func notePassed(_ node: OriginRecord, cursor: Int64) throws -> Int {
        guard try hasPassedMore(node, cursor: cursor) else { return 0 }
        let position = try transactionEnd(cursor)
        let before = try passedByAll() ?? 0
        try db.execute(
            sql: """
                INSERT INTO sync_passed (origin, position, seq) VALUES (?1, ?2, 0)
                ON CONFLICT (origin) DO UPDATE SET position = ?2
                """, arguments: [node.number, position])
        let now = try passedByAll() ?? 0
        guard now > before else { return 0 }
        let sql = """
            SELECT d.origin, max(d.seq) FROM sync_log l JOIN sync_delta d ON d.number = l.delta
            WHERE l.position > ? AND l.position <= ? GROUP BY d.origin
            """
        return try rows(sql, [before, now]).reduce(0) { try $0 + pass($1[0], through: $1[1]) }
    }

    /// At a node: how far everybody has passed each chain, as the hub says.
    @discardableResult
    public func notePassed(_ heads: [ChainHead]) throws -> Int {
        try heads.reduce(0) { sum, head in
            guard let origin = try origin(head.origin), origin.headSeq >= head.seq else { return sum }
            return try sum + pass(origin.number, through: head.seq)
        }
    }

    private func pass(_ origin: Int64, through seq: Int64) throws -> Int {
        let before = Int64(
            try count("SELECT ifnull(max(seq), 0) FROM sync_passed WHERE origin = ?", [origin]))
        guard seq > before else { return 0 }
        try db.execute(
            sql: """
                INSERT INTO sync_passed (origin, position, seq) VALUES (?1, 0, ?2)
                ON CONFLICT (origin) DO UPDATE SET seq = ?2
                """, arguments: [origin, seq])
        let sql = """
            SELECT DISTINCT r.tbl, r.id FROM sync_delta d JOIN sync_row r ON r.stamp = d.number
            WHERE r.deleted = 1 AND d.origin = ? AND d.seq > ? AND d.seq <= ?
            """
        return try rows(sql, [origin, before, seq]).reduce(0) { try $0 + (collect($1[0], id: $1[1]) ? 1 : 0) }
    }

    /// Lets the values of a row go if nothing of it is alive and all its deletes have been passed.
    private func collect(_ table: String, id: String) throws -> Bool {
        let state = try loadRow(table, id: id), covers = try covering(state)
        guard !state.writes.isEmpty,
            !state.life(covers: covers).contains(where: \.alive),
            try state.deletes.allSatisfy(isPassed)
        else { return false }
        var rest = RowState()
        rest.deletes = state.deletes
        try saveRow(table, id: id, rest, replacing: state)
        try db.execute(sql: "INSERT OR IGNORE INTO sync_collected VALUES (?, ?)", arguments: [table, id])
        return true
    }

    /// The row isn't dead any more.
    func forgetCollected(_ row: RowID) throws {
        try db.execute(
            sql: "DELETE FROM sync_collected WHERE tbl = ? AND id = ?", arguments: [row.table, row.id])
    }

    private func isPassed(_ stamp: RowState.Stamp) throws -> Bool {
        let facts = try facts(stamp)
        return try count(
            "SELECT count(*) FROM sync_passed WHERE origin = ? AND seq >= ?", [facts.origin, facts.seq]) > 0
    }

    /// The state that a write is merged into: what of it was collected is made again from the deltas when
    /// the write didn't know the delete, or brings the row back without saying what is in it.
    public func stateForMerging(
        _ change: Change, by facts: @autoclosure () -> DeltaFacts, into old: RowState, _ row: RowID
    ) throws -> RowState {
        if row.table == Schema.auditEntry.name, let whole = try archivedEntry(row) { return whole }
        guard old.writes.isEmpty, old.cells.isEmpty, !old.deletes.isEmpty, change != .delete,
            try isCollected(row.table, id: row.id)
        else { return old }
        try forgetCollected(row)
        // Who knew all deletes and writes the whole row leaves nothing of what was there before.
        let author = facts()
        if case .row = change, try old.deletes.allSatisfy({ try author.hadSeen(self.facts($0)) }) {
            return old
        }
        return try replayed(row) ?? old
    }
}

/// A row's name.
public struct RowID: Hashable, Sendable {
    public let table: String
    public let id: String
    public init(table: String, id: String) {
        self.table = table
        self.id = id
    }
}

/// A row as all applied deltas give it, and what of them its authors had no right to.
public struct ReplayedRow: Sendable {
    public var state = RowState()
    public var refused: [RefusedWrite] = []
    public init() {}
}
