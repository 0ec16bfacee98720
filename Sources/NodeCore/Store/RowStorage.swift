import Foundation
import GRDB

// How a `RowState` is kept (DESIGN 4: sparse stamps).
//
// Two shapes, chosen by the state alone:
// - lean: exactly one row write, no delete, and every separately written column has one write that
//   had seen the row write. The row's values and stamp stand in the domain table, the columns'
//   stamps and values in `sync_cell`. Nearly every row is this.
// - full: anything else. All row writes with their values and all deletes stand in `sync_row`, all
//   column writes in `sync_cell`; the domain table, if the row is alive, is only what is shown, with
//   stamp 0.
// Tables and columns that this schema doesn't know are always kept full.

extension StoreReader {
    /// The causal state of a row; empty when nothing was ever written.
    public func loadRow(_ table: String, id: String) throws -> RowState {
        var state = RowState()
        let known = schema.table(table)
        if let known, try isUntouched(known, id: id) { return state }
        try loadCells(table, id, into: &state)
        if let known, let write = try leanWrite(known, id) {
            state.writes = [write]
            return state
        }
        let statement = try db.cachedStatement(
            sql: "SELECT stamp, deleted, vals FROM sync_row WHERE tbl = ? AND id = ? ORDER BY stamp, deleted")
        let cursor = try Row.fetchCursor(statement, arguments: [table, id])
        while let row = try cursor.next() {
            if row[1] as Bool {
                state.deletes.append(row[0])
            } else {
                let blob: Data? = row[2]
                state.writes.append(.init(stamp: row[0], values: try ValueMap.decode(Array(blob ?? Data()))))
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
        try statement.each { row in
            state.cells[row.text(0), default: []].append(
                .init(stamp: row.int(1), value: row.int(3) == 0 ? row.value(2) : nil))
        }
    }

    /// The one row write of a row that is kept lean.
    private func leanWrite(_ table: SyncedTable, _ id: String) throws -> RowState.RowWrite? {
        let statement = try statements(table).select
        statement.bind(id, at: 1)
        var stamp: RowState.Stamp = 0
        var all: [Value] = []
        try statement.each { row in
            stamp = row.int(0)
            guard stamp > 0 else { return }
            all = (1...Int32(table.columns.count)).map(row.value)
        }
        guard stamp > 0 else { return nil }
        return RowState.RowWrite(stamp: stamp, values: try leanValues(table, by: stamp) { all[$0] })
    }

    /// The schema version whose columns a row write names: its author's, or the table's first one where an author
    /// wrote to a table that it didn't know.
    func namedVersion(_ table: SyncedTable, by stamp: Int64) throws -> Int {
        table.hasLaterColumns ? max(try facts(stamp).schemaVersion, table.since) : schema.version
    }

    /// The values of a lean row's one row write, of those that stand in the columns. A column added after the
    /// writer's schema is absent; a column written apart shows its own value, which the row write can no longer show.
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
    /// Stores a state and what it shows, in place of `old`. The caller has merged the write into it.
    public func saveRow(_ table: String, id: String, _ state: RowState, replacing old: RowState) throws {
        lastUntouched = nil
        if Self.ruleTables.contains(table) { rulesChanged = true }
        if table == Schema.erasure.name {
            erasureChanged = true
            ordersCache = nil
        }
        if table == Schema.auditArchive.name { archivesChanged = true }
        let known = schema.table(table)
        if let known, old.isEmpty, state.isPlain, try insertLean(known, id: id, state.writes[0]) {
            return touched.note(known, id, from: nil, to: state)
        }
        try noteEndedConflicts(table, id: id, from: old, to: state)
        let covers = try covering(state)
        let lean = try known.map { try isLean($0, state, covers: covers) } ?? false
        // `old` is what stands here when that is lean; else it may have been made again from the deltas.
        let wasLean =
            try known.map { try old.writes.count == 1 && isStoredLean($0, id, old.writes[0]) } ?? false
        if let known { touched.note(known, id, from: lean && wasLean ? old : nil, to: state) }
        if !old.isEmpty, !wasLean { try clear(table, id) }
        try saveCells(table, id, state.cells, replacing: wasLean ? old.cells : [:])
        if !lean { try insertFull(table, id, state) }
        guard let known else { return }
        let shown = try project(table, state, covers)
        try writeShown(known, id: id, shown, stamp: lean ? state.writes[0].stamp : 0)
    }

    /// What the state shows under the rules in force; nil when the row is dead.
    func project(
        _ table: String, _ state: RowState, _ covers: (RowState.Stamp, RowState.Stamp) -> Bool
    ) throws -> [String: Value]? {
        let simple =
            state.writes.count == 1 && state.deletes.isEmpty
            && state.cells.values.allSatisfy { $0.count == 1 && covers($0[0].stamp, state.writes[0].stamp) }
        guard simple else { return try ruleBook().project(table: table, state: state, causality: self) }
        var values = state.writes[0].values
        for (column, siblings) in state.cells { values[column] = siblings[0].value }
        return values
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
        return state.cells.allSatisfy { column, siblings in
            guard siblings.count == 1, let value = siblings[0].value else { return false }
            return table.column(column)?.holds(value) == true
                && covers(siblings[0].stamp, state.writes[0].stamp)
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

    private func isStoredLean(_ table: SyncedTable, _ id: String, _ write: RowState.RowWrite) throws -> Bool {
        let statement = try statements(table).select
        statement.bind(id, at: 1)
        return try statement.run() == write.stamp
    }

    private func clear(_ table: String, _ id: String) throws {
        try db.cachedStatement(sql: "DELETE FROM sync_cell WHERE tbl = ? AND id = ?")
            .execute(arguments: [table, id])
        try db.cachedStatement(sql: "DELETE FROM sync_row WHERE tbl = ? AND id = ?")
            .execute(arguments: [table, id])
    }

    /// Writes the siblings of columns that are other ones than before.
    private func saveCells(
        _ table: String, _ id: String, _ cells: [String: [RowState.Sibling]],
        replacing old: [String: [RowState.Sibling]]
    ) throws {
        let statements = try cellStatements()
        for (column, siblings) in old where cells[column] != siblings {
            statements.delete.bind(table, at: 1)
            statements.delete.bind(id, at: 2)
            statements.delete.bind(column, at: 3)
            try statements.delete.run()
        }
        for (column, siblings) in cells where old[column] != siblings {
            for sibling in siblings {
                let insert = statements.insert
                insert.bind(table, at: 1)
                insert.bind(id, at: 2)
                insert.bind(column, at: 3)
                insert.bind(.int(sibling.stamp), at: 4)
                insert.bind(sibling.value ?? .null, at: 5)
                insert.bind(.int(sibling.value == nil ? 1 : 0), at: 6)
                try insert.run()
            }
        }
    }

    private func insertFull(_ table: String, _ id: String, _ state: RowState) throws {
        let statement = try db.cachedStatement(sql: "INSERT INTO sync_row VALUES (?, ?, ?, ?, ?)")
        for write in state.writes {
            let values = Data(ValueMap.encode(write.values))
            try statement.execute(arguments: [table, id, write.stamp, false, values])
        }
        for stamp in state.deletes { try statement.execute(arguments: [table, id, stamp, true, nil]) }
    }

    func writeShown(_ table: SyncedTable, id: String, _ values: [String: Value]?, stamp: Int64) throws {
        if table.name == Schema.seat.name {
            try recountSeat(id, becoming: values)
        }
        guard let values else {
            try db.cachedStatement(sql: "DELETE FROM \"\(table.name)\" WHERE id = ?").execute(arguments: [id])
            return
        }
        let statement = try statements(table).insert
        statement.bind(id, at: 1)
        var index: Int32 = 2
        for column in table.columns {
            statement.bind(column.storable(values[column.name]), at: index)
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
            UNION SELECT tbl, id FROM sync_cell GROUP BY tbl, id, col HAVING count(*) > 1
            """
        for row in try rows(sql) {
            let name: String = row[0], id: String = row[1]
            guard let table = schema.table(name), !Self.ruleTables.contains(name) else { continue }
            let state = try loadRow(name, id: id)
            let covers = try covering(state)
            let lean = try isLean(table, state, covers: covers)
            try writeShown(
                table, id: id, project(name, state, covers), stamp: lean ? state.writes[0].stamp : 0)
        }
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

/// A column-to-value map as `sync_row.vals` keeps it: CBOR, names sorted.
enum ValueMap {
    static func encode(_ values: [String: Value]) -> [UInt8] {
        var writer = CBORWriter()
        writer.arrayHeader(values.count * 2)
        for (name, value) in values.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            writer.text(name)
            value.write(to: &writer)
        }
        return writer.bytes
    }

    static func decode(_ bytes: [UInt8]) throws -> [String: Value] {
        var reader = CBORReader(bytes, limits: CBORLimits.values)
        var values: [String: Value] = [:]
        let count = try reader.arrayHeader()
        for _ in 0..<(count / 2) {
            let name = try reader.text()
            values[name] = try Value(from: &reader)
        }
        return values
    }
}

extension CBORLimits {
    /// Stored values: wider than what a body may hold, so that whatever was applied can be read. Tag 37
    /// (UUID) is the only tag.
    public static var values: CBORLimits {
        CBORLimits(
            maxBytes: 64 << 20, maxDepth: 6, maxItems: 1 << 20, maxStringBytes: 2 << 20, allowedTags: [37])
    }
}
