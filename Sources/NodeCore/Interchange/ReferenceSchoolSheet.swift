/// A reference school as a file gives it; fields the file doesn't have are empty.
public struct ReferenceSchool: Sendable, Equatable {
    /// The row as a spreadsheet shows it: header = 1.
    public let row: Int
    /// 12 digits, or empty.
    public let ncesSchoolID: String
    /// 7 digits, or empty.
    public let ncesLEAID: String
    public let name: String
    public let districtName: String
    public let state: String
    public let level: String
}

/// A file of reference schools: `nces_school_id,nces_lea_id,school_name,…` as the NCES Common Core of
/// Data gives them, or any CSV with a `name` column. Other columns are ignored silently.
public struct ReferenceSchoolSheet: Sendable, Equatable {
    /// The good rows, in the order of the file.
    public let schools: [ReferenceSchool]
    /// The rows in error; none of them is in `schools`.
    public let rowErrors: [RowMessage]
    /// `ENCODING_ASSUMED`.
    public let notices: [Notice]

    private static let columns = [
        CSVColumn("school_name", accepted: ["school_name", "name"], required: true),
        CSVColumn("nces_school_id"), CSVColumn("nces_lea_id"), CSVColumn("district_name"),
        CSVColumn("state"), CSVColumn("level"),
    ]

    /// Reads a file. Throws the file errors of `CSVTable.parse`. A school that stands in the file twice
    /// (the same NCES id; without one the same name and district) is a row error the second time.
    public static func parse(_ bytes: [UInt8]) throws(NodeError) -> ReferenceSchoolSheet {
        let table = try CSVTable.parse(bytes, columns: columns, reportUnknown: false)
        var schools: [ReferenceSchool] = []
        var errors: [RowMessage] = []
        var firstRows: [[String]: Int] = [:]
        for row in table.rows {
            let school = ReferenceSchool(
                row: row.number, ncesSchoolID: row.cells[1], ncesLEAID: row.cells[2],
                name: row.cells[0], districtName: row.cells[3], state: row.cells[4],
                level: row.cells[5])
            var problems = row.problems + Self.problems(school)
            let key = identity(school)
            if problems.isEmpty, let first = firstRows[key] {
                problems.append(RowProblem(.duplicateRow, "The school stands in row \(first) already."))
            }
            if let error = RowMessage.joining(row: row.number, problems) {
                errors.append(error)
            } else {
                firstRows[key] = row.number
                schools.append(school)
            }
        }
        return ReferenceSchoolSheet(schools: schools, rowErrors: errors, notices: table.notices)
    }

    private static func problems(_ school: ReferenceSchool) -> [RowProblem] {
        var problems: [RowProblem] = []
        if school.name.isEmpty {
            problems.append(RowProblem(.missingValue, "school_name is empty.", column: "school_name"))
        }
        if school.name.unicodeScalars.count > RosterSheet.maxNameLength {
            problems.append(
                RowProblem(
                    .tooLong, "school_name is longer than \(RosterSheet.maxNameLength) characters.",
                    column: "school_name"))
        }
        let ids = [("nces_school_id", school.ncesSchoolID, 12), ("nces_lea_id", school.ncesLEAID, 7)]
        for (column, id, length) in ids where !id.isEmpty {
            if id.utf8.count != length || !id.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) {
                problems.append(
                    RowProblem(
                        .invalidID,
                        "\(column) must be \(length) digits; a spreadsheet may have dropped leading zeros.",
                        column: column))
            }
        }
        return problems
    }

    private static func identity(_ school: ReferenceSchool) -> [String] {
        if !school.ncesSchoolID.isEmpty { return [school.ncesSchoolID] }
        return [school.name, school.ncesLEAID, school.districtName].map(NormalForm.matchKey)
    }
}
