import Foundation
import GRDB

/// A cell (or a row's life) for which siblings with different values stand side by side. Computed
/// from the state, so every installation lists the same ones.
public struct CellConflict: Sendable, Equatable {
    /// The pseudo column that stands for the row's life: deleted on one side, edited on the other.
    public static let lifeColumn = "*"

    public let table: String
    public let row: String
    public let column: String
    /// Absent writes left out: they lose to any present one.
    public let siblings: [RowState.Sibling]

    public init(table: String, row: String, column: String, siblings: [RowState.Sibling]) {
        self.table = table
        self.row = row
        self.column = column
        self.siblings = siblings
    }

    /// A hash of the cell: the same on every installation. 32 hexadecimal digits.
    public func id(tenant: TenantID) -> String {
        Self.id(tenant: tenant, table: table, row: row, column: column)
    }

    static func id(tenant: TenantID, table: String, row: String, column: String) -> String {
        let text = "prepkc/conflict/v1\0\(tenant)\0\(table)\0\(row)\0\(column)"
        return Array(Digest.sha256(Array(text.utf8)).bytes.prefix(16)).hex
    }
}

/// The conflicts that began with a write, by who settles them.
public struct BegunConflicts: Sendable, Equatable {
    /// For a person to settle.
    public var open = 0
    /// A rule chose.
    public var settled = 0
}

extension RowState {
    /// Whether a conflict is possible at all; false for nearly every row.
    var mayConflict: Bool { !isPlain && !(writes.isEmpty && cells.isEmpty) }

    /// The columns in conflict, by name, after the row's life if that is.
    func contested(table: String, covers: (Stamp, Stamp) -> Bool) -> [String] {
        guard mayConflict else { return [] }
        let fate = fate(covers: covers)
        if fate == .dead { return [] }
        // What two sides remember apart is kept by both: nothing to choose.
        let memories = Schema.table(table)?.memoryColumns ?? []
        // Beside one row write only a column that was written apart has another write.
        let found = (writes.count > 1 ? columns : cells.columns).filter { column in
            !memories.contains(column) && standing(column, covers: covers).differ
        }
        return fate == .torn ? [CellConflict.lifeColumn] + found : found
    }

    /// The conflicts of this row, by column name.
    public func conflicts(
        table: String, id: String, covers: (Stamp, Stamp) -> Bool
    ) -> [CellConflict] {
        contested(table: table, covers: covers).map { column in
            let siblings =
                column == CellConflict.lifeColumn
                ? life(covers: covers).map { Sibling(stamp: $0.stamp, value: $0.alive ? "kept" : "deleted") }
                : siblings(of: column, covers: covers).filter { $0.value != nil }
            return .init(table: table, row: id, column: column, siblings: siblings)
        }
    }
}

extension ArraySlice<RowState.Sibling> {
    /// Whether there are different values; absent ones lose to any present one.
    fileprivate var differ: Bool {
        guard let first = first(where: { $0.value != nil })?.value else { return false }
        return contains { $0.value != nil && $0.value != first }
    }
}

extension StoreReader {
    /// Every conflict that stands now, by table, row and column; of one table only when it is named.
    public func conflicts(in table: SyncedTable? = nil) throws -> [CellConflict] {
        let sql = """
            SELECT tbl, id FROM sync_row WHERE ?1 IS NULL OR tbl = ?1
            UNION SELECT tbl, id FROM sync_cell WHERE rivals = 1 AND (?1 IS NULL OR tbl = ?1) ORDER BY 1, 2
            """
        return try rows(sql, [table?.name]).flatMap { row -> [CellConflict] in
            let state = try loadRow(row[0], id: row[1])
            return state.conflicts(table: row[0], id: row[1], covers: try covering(state))
        }
    }

    /// Conflicts of the past as this installation saw them end, since an instant of its clock (ms since 1970).
    public func conflictHistory(since: Int64 = .min) throws -> [(
        conflict: CellConflict, resolvedBy: RowState.Stamp
    )] {
        try rows(
            """
            SELECT tbl, row, col, siblings, resolved_stamp FROM sync_conflict_history WHERE resolved_at >= ?
            ORDER BY resolved_at
            """, [since]
        )
        .map { row in
            var reader = CBORReader(Array(row[3] as Data), limits: .values)
            var siblings: [RowState.Sibling] = []
            for _ in 0..<(try reader.arrayHeader() / 2) {
                let stamp = try reader.int()
                siblings.append(.init(stamp: stamp, value: try Value(from: &reader)))
            }
            return (.init(table: row[0], row: row[1], column: row[2], siblings: siblings), row[4])
        }
    }
}

extension ReplicaTransaction {
    /// Notes the conflicts of a row that a write ended, and counts those that it began. `view`: what rules make of
    /// the new state.
    func noteConflicts(
        _ table: String, id: String, from old: RowState, to new: RowState, _ view: RowView,
        covers: (RowState.Stamp, RowState.Stamp) -> Bool
    ) throws -> BegunConflicts {
        let before = old.contested(table: table, covers: covers)
        let after = new.contested(table: table, covers: covers)
        if before.contains(where: { !after.contains($0) }) {
            let tenant = try tenantID()
            // The write that ended them is the newest in the state: it has just been merged.
            let stamp = new.stamps.max() ?? 0
            for conflict in old.conflicts(table: table, id: id, covers: covers)
            where !after.contains(conflict.column) {
                endedConflicts[conflict.id(tenant: tenant)] = (conflict, stamp)
            }
        }
        var begun = BegunConflicts()
        for column in after where !before.contains(column) {
            if view.forPerson.contains(column) { begun.open += 1 } else { begun.settled += 1 }
        }
        return begun
    }

    func fileEndedConflicts() throws {
        guard !endedConflicts.isEmpty else { return }
        let now = store.environment.clock.milliseconds()
        for (id, (conflict, stamp)) in endedConflicts {
            let state = try loadRow(conflict.table, id: conflict.row)
            let standing = state.conflicts(
                table: conflict.table, id: conflict.row, covers: try covering(state))
            if standing.contains(where: { $0.column == conflict.column }) { continue }
            var writer = CBORWriter()
            writer.arrayHeader(conflict.siblings.count * 2)
            for sibling in conflict.siblings {
                writer.int(sibling.stamp)
                (sibling.value ?? .null).write(to: &writer)
            }
            try db.cachedStatement(
                sql: "INSERT OR REPLACE INTO sync_conflict_history VALUES (?, ?, ?, ?, ?, ?, ?)"
            )
            .execute(arguments: [
                id, conflict.table, conflict.row, conflict.column, Data(writer.bytes), stamp, now,
            ])
        }
    }
}
