import NodeCore

/// Decides, row by row, what an undo writes and what it leaves alone.
struct UndoWork {
    typealias Row = (table: SyncedTable, id: String)

    private let past: ImportPast
    private let reader: ReplicaTransaction
    /// Rows to set back, with the values they get; a row that is gone is put again.
    private(set) var restores: [(row: Row, values: [String: Value], isGone: Bool)] = []
    private(set) var removals: [Row] = []
    private(set) var kept: [ImportUndo.Kept] = []

    var isEmpty: Bool { restores.isEmpty && removals.isEmpty }
    /// Rows of which something stays.
    var keptRows: Int { Set(kept.map(\.row)).count }

    init(_ past: ImportPast, _ reader: ReplicaTransaction) {
        self.past = past
        self.reader = reader
    }

    mutating func decide() throws {
        for write in past.writes {
            guard let table = Schema.table(write.table) else { continue }
            let state = try reader.loadRow(table.name, id: write.id)
            let before = try past.shown(write, in: reader)
            switch (write.change, before) {
            case (.delete, let before?): try putAgain((table, write.id), state, before)
            case (.delete, nil): break
            case (.row, nil): try takeOut((table, write.id), state)
            case (.row(let values), let before?), (.columns(let values), let before?):
                try setBack((table, write.id), state, Array(values.keys), before)
            case (.columns, nil): try keep((table, write.id), nil, .changed)
            }
        }
        try keepTeachersWhole()
    }

    private mutating func setBack(
        _ row: Row, _ state: RowState, _ columns: [String], _ before: [String: Value]
    ) throws {
        guard let shown = try reader.shown(row.table, id: row.id) else {
            return try keep(row, nil, .changed)
        }
        let covers = try reader.covering(state)
        var values: [String: Value] = [:]
        for column in columns.sorted() {
            let writers = state.siblings(of: column, covers: covers).map(\.stamp)
            let old = before[column] ?? .null
            if past.stamps.isSuperset(of: writers) {
                if shown[column] != old { values[column] = old }
            } else if shown[column] != old {
                try keep(row, column, past.stamps.isDisjoint(with: writers) ? .changed : .conflict)
            }
        }
        if !values.isEmpty { restores.append((row, values, false)) }
    }

    private mutating func takeOut(_ row: Row, _ state: RowState) throws {
        guard try reader.shown(row.table, id: row.id) != nil else { return }
        guard past.stamps.isSuperset(of: state.stamps) else { return try keep(row, nil, .changed) }
        removals.append(row)
    }

    private mutating func putAgain(_ row: Row, _ state: RowState, _ before: [String: Value]) throws {
        guard try reader.shown(row.table, id: row.id) == nil,
            past.stamps.isSuperset(of: state.deletes)
        else { return try keep(row, nil, .changed) }
        restores.append((row, before, true))
    }

    private mutating func keep(_ row: Row, _ column: String?, _ reason: ImportUndo.Kept.Reason) throws {
        kept.append(
            .init(
                table: row.table.name, row: row.id, column: column, reason: reason,
                email: try reader.teacher(of: row)?.email ?? ""))
    }

    /// A person goes with all years or stays with them.
    private mutating func keepTeachersWhole() throws {
        let people = Schema.teacher.name, years = Schema.teacherYear.name
        var leaving = Set(removals.map(\.id))
        for row in removals where row.table.name == people {
            let all = try reader.teacherYearIDs(teacher: row.id)
            if !leaving.isSuperset(of: all) { leaving.remove(row.id) }
        }
        let made = Set(past.writes.filter { $0.table == people && $0.change.isRow }.map(\.id))
        for row in removals where row.table.name == years {
            guard let teacher = try reader.shown(row.table, id: row.id)?["teacher_id"]?.text else { continue }
            // The import made the person, who stays because she was edited: so does the year.
            let isEdited = kept.contains { $0.row == teacher && $0.reason == .changed }
            if made.contains(teacher), !leaving.contains(teacher), isEdited { leaving.remove(row.id) }
        }
        for row in removals where !leaving.contains(row.id) { try keep(row, nil, .needed) }
        removals.removeAll { !leaving.contains($0.id) }
    }

    func write(in transaction: LocalTransaction) throws {
        // Years before persons, so that each is a row of somebody while it is written.
        for row in removals.sorted(by: { $0.table.name > $1.table.name }) {
            try transaction.delete(row.table, id: row.id)
        }
        for (row, values, isGone) in restores {
            if isGone {
                try transaction.put(row.table, id: row.id, values)
            } else {
                try transaction.edit(row.table, id: row.id, values)
            }
        }
    }
}

extension Change {
    fileprivate var isRow: Bool { if case .row = self { true } else { false } }
}

extension StoreReader {
    /// Whose row it is.
    fileprivate func teacher(of row: UndoWork.Row) throws -> (id: String, email: String)? {
        let shown = try shown(row.table, id: row.id)
        guard let id = row.table.name == Schema.teacher.name ? row.id : shown?["teacher_id"]?.text else {
            return nil
        }
        return (id, try self.shown(Schema.teacher, id: id)?["email"]?.text ?? "")
    }
}
