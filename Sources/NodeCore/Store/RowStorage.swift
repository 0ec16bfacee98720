import GRDB

// How a `RowState` is kept (DESIGN 4: sparse stamps).
//
// Two shapes; whatever writes a row's state chooses by the state alone. (Files of earlier versions have full rows that
// would be lean now, until they are written.)
// - lean: exactly one row write, no delete, and of every separately written column a write that had
//   seen the row write, so that the row write's own value there is never shown again. The row's other
//   values and its stamp stand in the domain table, the columns' stamps and values, siblings too, in
//   `sync_cell`. Nearly every row is this.
// - full: anything else. All row writes with their values and all deletes stand in `sync_row`, all
//   column writes in `sync_cell`; the domain table, if the row is alive, is only what is shown, with
//   stamp 0.
// Tables and columns that this schema doesn't know are always kept full.

extension StoreReader {
    /// The causal state of a row; empty when nothing was ever written.
    public func loadRow(_ table: String, id: String) throws -> RowState {
        var state = RowState()
        if let known = schema.table(table) {
            // Rows that come one after the other are mostly alike: what the last one was is asked first.
            if !lastWasLean, try isUntouched(known, id: id) { return state }
            if let write = try leanWrite(known, id) {
                lastWasLean = true
                state.writes = [write]
                try loadCells(table, id, into: &state)
                return state
            }
            if lastWasLean {
                lastWasLean = false
                if try isUntouched(known, id: id) { return state }
            }
        }
        try loadCells(table, id, into: &state)
        let statement = try fullStatements().select
        statement.bind(table, at: 1)
        statement.bind(id, at: 2)
        try statement.each { row in
            if row.int(1) != 0 {
                state.deletes.append(row.int(0))
            } else {
                let values = try undamaged(table, id) { try ValueMap.decode(row.bytes(2)) }
                state.writes.append(.init(stamp: row.int(0), values: values))
            }
        }
        return state
    }

    /// Whether nothing was ever written of a row: one question for what imports ask most.
    func isUntouched(_ table: SyncedTable, id: String) throws -> Bool {
        if let last = lastUntouched, last.table == table.name, NormalForm.same(last.id, id) { return true }
        let statement = try statements(table).exists
        statement.bind(id, at: 1)
        guard try statement.run() == 0 else { return false }
        lastUntouched = (table.name, id)
        return true
    }

    private func loadCells(_ table: String, _ id: String, into state: inout RowState) throws {
        let statement = try cellStatements().select
        statement.bind(table, at: 1)
        statement.bind(id, at: 2)
        guard case .bytes(let cells)? = try statement.value() else { return }
        state.cells = try undamaged(table, id) { try CellMap(encoded: cells) }
    }

    /// What stands in the file in our own encoding. Throws `CORRUPT` where it doesn't.
    private func undamaged<T>(_ table: String, _ id: String, _ decode: () throws -> T) throws -> T {
        do {
            return try decode()
        } catch is CBORError {
            throw NodeError(
                .corrupt, "\(store.fileName): \(table) \(id) is damaged",
                hint: "Run `node-cli verify`; then restore a backup or enrol again.")
        }
    }

    /// The one row write of a row that is kept lean.
    private func leanWrite(_ table: SyncedTable, _ id: String) throws -> RowState.RowWrite? {
        guard let row = try standingRow(table, id), row.stamp > 0 else { return nil }
        return RowState.RowWrite(
            stamp: row.stamp, values: try leanValues(table, by: row.stamp) { row.values[$0] })
    }

    /// What stands of a row in its domain table; nil for nothing.
    func standingRow(_ table: SyncedTable, _ id: String) throws -> StandingRow? {
        if let last = lastStanding, last.table == table.name, NormalForm.same(last.id, id) { return last.row }
        let statement = try statements(table).select
        statement.bind(id, at: 1)
        var found: StandingRow?
        try statement.each { row in
            found = StandingRow(
                stamp: row.int(0), values: (1...Int32(table.columns.count)).map(row.value))
        }
        lastStanding = (table.name, id, found)
        return found
    }

    /// The schema version whose columns a row write names: its author's, or the table's first one where an author
    /// wrote to a table that it didn't know.
    func namedVersion(_ table: SyncedTable, by stamp: Int64) throws -> Int {
        table.hasLaterColumns ? max(try facts(stamp).schemaVersion, table.since) : schema.version
    }

    /// The values of a lean row's one row write, of those that stand in the columns. A column added after the
    /// writer's schema is absent; a column written apart shows what its own writes give, and the row write no longer
    /// shows there.
    func leanValues(_ table: SyncedTable, by stamp: Int64, _ standing: (Int) -> Value) throws
        -> [String: Value]
    {
        var values = [String: Value](minimumCapacity: table.columns.count)
        let version = try namedVersion(table, by: stamp)
        for (index, column) in table.columns.enumerated() where column.since <= version {
            values[column.name] = standing(index)
        }
        return values
    }
}

extension ReplicaTransaction {
    /// Stores a state and what it shows, in place of `old`, and tells which conflicts began. The caller has merged
    /// the write into it.
    @discardableResult
    public func saveRow(
        _ table: String, id: String, _ state: RowState, replacing old: RowState
    ) throws -> BegunConflicts {
        lastUntouched = nil
        if Self.ruleTables.contains(table) { rulesChanged = true }
        if table == Schema.erasure.name {
            erasureChanged = true
            ordersCache = nil
        }
        if table == Schema.auditArchive.name { archivesChanged = true }
        let known = schema.table(table)
        if let known, old.isEmpty, state.isPlain, try insertLean(known, id: id, state.writes[0]) {
            lastStanding = nil
            touched.note(known, id, from: nil, to: state)
            return BegunConflicts()
        }
        let covers = try Writers(of: old, state, from: self).covers
        let lean = try known.map { try isLean($0, state, covers: covers) } ?? false
        let standing = try known.flatMap { try standingRow($0, id) }
        // `old` is what stands here when that is lean; else it may have been made again from the deltas.
        let wasLean = old.writes.count == 1 && old.writes[0].stamp == standing?.stamp
        if let known {
            let isUncontested = lean && wasLean && !old.cells.hasRivals && !state.cells.hasRivals
            touched.note(known, id, from: isUncontested ? old : nil, to: state)
        }
        if state.cells != old.cells || !(old.isEmpty || wasLean) { try saveCells(table, id, state.cells) }
        if !old.isEmpty, !wasLean { try delete(from: fullStatements().delete, table, id) }
        if !lean { try insertFull(table, id, state) }
        let view = try view(of: state, table, covers)
        if let known {
            try writeShown(
                known, id: id, view.shown, stamp: lean ? state.writes[0].stamp : 0, over: standing)
        }
        return try noteConflicts(table, id: id, from: old, to: state, view, covers: covers)
    }

    /// What the rules in force make of a state. Where no column has two writes, none is asked.
    private func view(
        of state: RowState, _ table: String,
        _ covers: @escaping (RowState.Stamp, RowState.Stamp) -> Bool
    ) throws -> RowView {
        let simple =
            state.writes.count == 1 && state.deletes.isEmpty
            && !state.cells.hasRivals
            && state.cells.siblings.allSatisfy { covers($0.stamp, state.writes[0].stamp) }
        guard simple else {
            return try ruleBook().view(of: state, table: table, covers: covers, causality: self)
        }
        var values = state.writes[0].values
        for (column, siblings) in state.cells { values[column] = siblings.first?.value }
        return RowView(shown: values)
    }

    /// Columns that came later are absent where the writer's schema is older, and only there: by that
    /// `leanValues` tells.
    private func isLean(_ table: SyncedTable, _ state: RowState) throws -> Bool {
        let write = state.writes[0]
        let version = try namedVersion(table, by: write.stamp)
        var known = 0
        for column in table.columns where column.since <= version {
            guard let value = write.values[column.name], column.holds(value) else { return false }
            known += 1
        }
        return known == write.values.count
    }

    private func isLean(
        _ table: SyncedTable, _ state: RowState, covers: (RowState.Stamp, RowState.Stamp) -> Bool
    ) throws -> Bool {
        guard state.writes.count == 1, state.deletes.isEmpty, try isLean(table, state) else { return false }
        return state.cells.allSatisfy { name, siblings in
            guard let column = table.column(name) else { return false }
            return siblings.allSatisfy { $0.value.map(column.holds) ?? false }
                && siblings.contains { covers($0.stamp, state.writes[0].stamp) }
        }
    }

    /// Puts a new row as its one write has it, and nothing beside it; false, and nothing done, when the domain
    /// table can't hold that (`isLean`). Judged and bound in one pass: imports and merges do little else.
    private func insertLean(_ table: SyncedTable, id: String, _ write: RowState.RowWrite) throws -> Bool {
        let version = try namedVersion(table, by: write.stamp)
        let statement = try statements(table).insert
        statement.bind(id, at: 1)
        var index: Int32 = 2
        var named = 0
        for column in table.columns {
            if column.since <= version {
                guard let value = write.values[column.name], column.holds(value) else { return false }
                statement.bind(value, at: index)
                named += 1
            } else {
                statement.bind(.null, at: index)
            }
            index += 1
        }
        guard named == write.values.count else { return false }
        if table.name == Schema.seat.name { try recountSeat(id, becoming: write.values) }
        statement.bind(.int(write.stamp), at: index)
        try statement.run()
        return true
    }

    /// Puts the columns that were written apart in place of those that stand there.
    private func saveCells(_ table: String, _ id: String, _ cells: CellMap) throws {
        if cells.isEmpty { return try delete(from: cellStatements().delete, table, id) }
        let statement = try cellStatements().put
        statement.bind(table, at: 1)
        statement.bind(id, at: 2)
        statement.bind(.bool(cells.hasRivals), at: 3)
        statement.bind(.bytes(cells.encoded()), at: 4)
        try statement.run()
    }

    private func delete(from statement: RowStatement, _ table: String, _ id: String) throws {
        statement.bind(table, at: 1)
        statement.bind(id, at: 2)
        try statement.run()
    }

    private func insertFull(_ table: String, _ id: String, _ state: RowState) throws {
        let statement = try fullStatements().insert
        statement.bind(table, at: 1)
        statement.bind(id, at: 2)
        func insert(_ stamp: RowState.Stamp, deleted: Bool, _ values: Value) throws {
            statement.bind(.int(stamp), at: 3)
            statement.bind(.bool(deleted), at: 4)
            statement.bind(values, at: 5)
            try statement.run()
        }
        for write in state.writes {
            try insert(write.stamp, deleted: false, .bytes(ValueMap.encode(write.values)))
        }
        for stamp in state.deletes { try insert(stamp, deleted: true, .null) }
    }

    /// Puts what a row shows into its domain table, over what stands there: only the columns that change, so that
    /// indexes of others aren't touched.
    private func writeShown(
        _ table: SyncedTable, id: String, _ values: [String: Value]?, stamp: Int64,
        over standing: StandingRow?
    ) throws {
        lastStanding = nil
        if table.name == Schema.seat.name { try recountSeat(id, becoming: values) }
        guard let values else {
            guard standing != nil else { return }
            let statement = try statements(table).delete
            statement.bind(id, at: 1)
            try statement.run()
            return
        }
        let shown = StandingRow(stamp: stamp, values: table.columns.map { $0.storable(values[$0.name]) })
        let changed = standing.map(shown.columns(changedSince:)) ?? Array(shown.values.indices)
        if let standing, changed.isEmpty, standing.stamp == stamp { return }
        let prepared = try statements(table)
        let statement = try standing == nil ? prepared.insert : prepared.updates.of(changed, in: db)
        statement.bind(id, at: 1)
        var index: Int32 = 2
        for column in changed {
            statement.bind(shown.values[column], at: index)
            index += 1
        }
        statement.bind(.int(stamp), at: index)
        try statement.run()
    }

    private static let ruleTables: Set<String> = [Schema.ruleSet.name, Schema.rulePolicy.name]

    /// Projects every row that is kept full or has siblings; the others show what was written.
    func reprojectRowsWithSiblings() throws {
        let sql = """
            SELECT tbl, id FROM sync_row
            UNION SELECT tbl, id FROM sync_cell WHERE rivals = 1
            """
        for row in try rows(sql) {
            let name: String = row[0], id: String = row[1]
            guard let table = schema.table(name), !Self.ruleTables.contains(name) else { continue }
            // What is shown may be another value; how the row is kept stays as it is.
            let state = try loadRow(name, id: id), standing = try standingRow(table, id)
            try writeShown(
                table, id: id, view(of: state, name, covering(state)).shown, stamp: standing?.stamp ?? 0,
                over: standing)
        }
    }
}

/// What stands of a row in its domain table.
struct StandingRow {
    /// The delta of its one row write when it is kept lean, else 0.
    let stamp: RowState.Stamp
    /// In the order of the table's columns.
    let values: [Value]

    /// Positions of the columns that are other ones than in the same row before.
    func columns(changedSince former: StandingRow) -> [Int] {
        values.indices.filter { values[$0] != former.values[$0] }
    }
}

extension Column {
    /// What the STRICT column can hold. A foreign delta may carry a value of another type: the cell
    /// keeps it as it was signed, the domain column shows null rather than something converted.
    public func storable(_ value: Value?) -> Value {
        if let value, holds(value) { value } else { .null }
    }

    /// Whether the STRICT column can hold the value as it is.
    func holds(_ value: Value) -> Bool {
        switch (value, kind) {
        case (.null, _), (.text, .text), (.int, .int), (.bytes, .bytes): true
        default: false
        }
    }
}
