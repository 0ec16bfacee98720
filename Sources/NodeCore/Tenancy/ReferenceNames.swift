import GRDB

/// Reference data that is a list of names.
public enum ReferenceNames: String, Sendable, CaseIterable {
    case skills
    case careerTypes = "career-types"

    /// The table of control.db.
    var storage: String { self == .skills ? "reference_skill" : "reference_career_type" }
    /// The table that tenants have them in.
    var table: SyncedTable { self == .skills ? Schema.skill : Schema.careerType }
    private var columns: [String] {
        self == .skills ? ["name", "skill"] : ["name", "career_type", "career type"]
    }

    /// The good names of a CSV file in its order, and its rows in error. A name that stands there twice, in
    /// any case, is a row error the second time. Throws the file errors of `CSVRows`.
    func read(_ bytes: [UInt8]) throws(NodeError) -> (names: [String], rows: [RowMessage], notices: [Notice])
    {
        let table = try CSVTable.parse(
            bytes, columns: [CSVColumn("name", accepted: columns, required: true)], reportUnknown: false)
        var names: [String] = []
        var errors: [RowMessage] = []
        var firstRows: [String: Int] = [:]
        for row in table.rows {
            let name = row.cells[0]
            var problems = row.problems
            if name.isEmpty { problems.append(RowProblem(.missingValue, "name is empty.", column: "name")) }
            if name.unicodeScalars.count > RosterSheet.maxNameLength {
                problems.append(
                    RowProblem(
                        .tooLong, "name is longer than \(RosterSheet.maxNameLength) characters.",
                        column: "name"
                    ))
            }
            let key = NormalForm.matchKey(name)
            if problems.isEmpty, let first = firstRows[key] {
                problems.append(
                    RowProblem(.duplicateRow, "The name stands in row \(first) already.", column: "name"))
            }
            if let error = RowMessage.joining(row: row.number, problems) {
                errors.append(error)
            } else {
                firstRows[key] = row.number
                names.append(name)
            }
        }
        return (names, errors, table.notices)
    }
}

extension ReferenceService {
    /// Adds the names of a CSV file with a `name` column; none is taken away. Throws the file errors of
    /// `CSVRows` and `HUB_OWNED`.
    public func importNames(_ kind: ReferenceNames, _ bytes: [UInt8], dryRun: Bool = false) throws -> Outcome
    {
        try requireHub()
        let file = try kind.read(bytes)
        var outcome = Outcome()
        outcome.rows = file.rows
        outcome.notices = file.notices
        let known = Set(try names(kind).map(NormalForm.matchKey))
        let new = file.names.filter { !known.contains(NormalForm.matchKey($0)) }
        outcome.created = new.count
        outcome.unchanged = file.names.count - new.count
        if dryRun { return outcome }
        let detail = "\(new.count) created, \(outcome.unchanged) unchanged"
        try installation.control.write { db in
            for name in new {
                try db.execute(
                    sql: "INSERT OR IGNORE INTO \(kind.storage) (name) VALUES (?)", arguments: [name])
            }
            try installation.note("reference.import.\(kind.rawValue)", detail, in: db)
        }
        return outcome
    }

    /// The hub's names of a kind, sorted; at a node, which has none of its own, empty.
    public func names(_ kind: ReferenceNames) throws -> [String] {
        try installation.control.read {
            try String.fetchAll($0, sql: "SELECT name FROM \(kind.storage) ORDER BY name")
        }
    }

    /// The hub's schools by name; with a district only that one's.
    public func schools(district: String? = nil) throws -> [ReferenceSchool] {
        let sql = "SELECT * FROM reference_school WHERE ?1 IS NULL OR nces_lea_id = ?1 ORDER BY name, number"
        return try installation.control.read { try Row.fetchAll($0, sql: sql, arguments: [district]) }
            .map { row in
                ReferenceSchool(
                    row: row["number"], ncesSchoolID: row["nces_school_id"], ncesLEAID: row["nces_lea_id"],
                    name: row["name"], districtName: row["district_name"], state: row["state"],
                    level: row["level"])
            }
    }
}

extension StoreReader {
    /// The names of a kind that the tenant has, sorted.
    public func referenceNames(_ kind: ReferenceNames) throws -> [String] {
        try rows("SELECT name FROM \"\(kind.table.name)\" ORDER BY name, id").map { $0[0] ?? "" }
    }
}
