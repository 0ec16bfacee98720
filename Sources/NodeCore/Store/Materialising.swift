import GRDB

// An older version keeps what it doesn't know in `sync_row` and `sync_cell` and forwards it. Once the file
// has the tables and columns, those rows are shown, without a delta: their state is what it was.

extension ReplicaTransaction {
    /// Brings rows that were kept by an older version into the shape that they have in tables and columns
    /// made since a version. Where only the newer version knows who may write, the writes are judged now,
    /// as every installation that knew judged them when they came.
    func materialise(since version: Int) throws {
        rulesChanged = true
        try keepUnnamedColumnsAbsent(since: version)
        var unjudged: Set<RowID> = []
        for row in try rows("SELECT tbl, id FROM sync_row UNION SELECT tbl, id FROM sync_cell") {
            let name: String = row[0], id: String = row[1]
            guard let table = schema.table(name) else { continue }
            if table.restricts(since: version) {
                unjudged.insert(RowID(table: name, id: id))
            } else {
                let state = try loadRow(name, id: id)
                try saveRow(name, id: id, state, replacing: state)
            }
        }
        if unjudged.isEmpty { return }
        let replayed = try store.environment.replication.replay(unjudged, seenBy: nil, in: self)
        for (row, made) in replayed.sorted(by: { ($0.key.table, $0.key.id) < ($1.key.table, $1.key.id) }) {
            try saveRow(row.table, id: row.id, made.state, replacing: loadRow(row.table, id: row.id))
            for one in made.refused {
                try addRefused(
                    one.stamp, table: one.table, row: one.row, column: one.column, value: one.value,
                    reason: one.reason)
            }
        }
    }
}

extension ReplicaTransaction {
    /// A row write names every column of its writer's schema; where it doesn't, the column is absent. A row
    /// that looked complete to the older version would now seem to have null there.
    private func keepUnnamedColumnsAbsent(since version: Int) throws {
        for table in schema.tables where table.since < version {
            let later = table.columns.filter { $0.since >= version }
            guard let first = later.map(\.since).min() else { continue }
            let sql = """
                SELECT t.id FROM "\(table.name)" t JOIN sync_delta d ON d.number = t.sync_stamp
                WHERE d.schema_version >= ?
                """
            for row in try rows(sql, [first]) {
                let old = try loadRow(table.name, id: row[0])
                var state = old
                for column in later { state.writes[0].values[column.name] = nil }
                try saveRow(table.name, id: row[0], state, replacing: old)
            }
        }
    }
}

extension SyncedTable {
    /// Whether something of it that came with a version, or after it, isn't everybody's to write.
    fileprivate func restricts(since version: Int) -> Bool {
        if since >= version, owner != .either || isAppendOnly || isHeld || !hubValues.isEmpty { return true }
        return columns.contains { $0.since >= version && $0.owner != .either }
    }
}
