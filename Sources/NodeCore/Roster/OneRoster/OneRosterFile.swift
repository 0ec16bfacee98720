/// One file of a set, read record by record.
struct OneRosterFile {
    struct Record {
        let row: CSVTable.Row
        /// The cells of the columns asked for, after `sourcedId`, `status` and `dateLastModified`.
        let cells: ArraySlice<String>
        let sourcedID: String
        /// A delta's word that the record is gone.
        let isRemoved: Bool
        /// Faults of its form, and a status where none may be or the other way round.
        let problems: [RowProblem]
    }

    let name: String
    let mode: OneRosterManifest.Mode
    private var rows: CSVRows

    /// nil when the file is absent. Throws the file errors of `CSVRows`.
    init?(_ name: String, of set: OneRosterSet, _ manifest: OneRosterManifest, _ columns: [CSVColumn])
        throws(NodeError)
    {
        mode = manifest.mode(name)
        guard mode != .absent, let bytes = set.files[name] else { return nil }
        self.name = name
        let common = [
            CSVColumn("sourcedId", required: true), CSVColumn("status"), CSVColumn("dateLastModified"),
        ]
        rows = try OneRosterError.naming(name) { () throws(NodeError) in
            try CSVRows(bytes, columns: common + columns, reportUnknown: false)
        }
    }

    /// The next record, nil at the end.
    mutating func next() throws(NodeError) -> Record? {
        let row = try OneRosterError.naming(name) { () throws(NodeError) in try rows.next() }
        guard let row else { return nil }
        var problems = row.problems
        let (status, date) = (row.cells[1], row.cells[2])
        if row.cells[0].isEmpty {
            problems.append(RowProblem(.missingValue, "sourcedId is empty.", column: "sourcedId"))
        }
        if mode == .bulk, !status.isEmpty || !date.isEmpty {
            problems.append(
                RowProblem(
                    .invalidStatus, "status and dateLastModified are empty in a bulk file.", column: "status")
            )
        }
        if mode == .delta, !["active", "tobedeleted"].contains(status) || date.isEmpty {
            problems.append(
                RowProblem(
                    .invalidStatus,
                    "A delta file has status active or tobedeleted, and dateLastModified.", column: "status"))
        }
        return Record(
            row: row, cells: row.cells.dropFirst(3), sourcedID: row.cells[0],
            isRemoved: mode == .delta && status == "tobedeleted", problems: problems)
    }
}

extension OneRosterFile.Record {
    /// A cell by its place among the columns asked for.
    subscript(_ index: Int) -> String { cells[cells.startIndex + index] }
}
