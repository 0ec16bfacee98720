/// One record of a roster file, good or in error.
public struct RosterRecord: Sendable, Equatable {
    /// The row as a spreadsheet shows it: header = 1.
    public let row: Int
    public let building: String
    /// A number of the school that goes before its name where it is an NCES number; empty in a CSV file.
    public let schoolNumber: String
    public let name: String
    /// In `NormalForm.email`; may be unusable when there is a problem.
    public let email: String
    /// Empty when the cell is, or the file has no such column.
    public let grade: String
    /// What is wrong with the record itself; nil for a good one.
    public let problem: RowMessage?
    /// Whom the record may be about; used to keep a row in error from deactivating its teacher.
    public let mentions: RosterMentions
    /// Whether the record takes the teacher out of the year (a delta of OneRoster).
    public let removes: Bool

    /// An empty `building` in a record without a problem says nothing about the school.
    init(
        row: Int, building: String, schoolNumber: String = "", name: String, email: String, grade: String,
        problem: RowMessage?, mentions: RosterMentions, removes: Bool = false
    ) {
        self.row = row
        self.building = building
        self.schoolNumber = schoolNumber
        self.name = name
        self.email = email
        self.grade = grade
        self.problem = problem
        self.mentions = mentions
        self.removes = removes
    }
}

/// The people that a record may be about.
public struct RosterMentions: Sendable, Equatable {
    /// Addresses in `NormalForm.email`.
    public let emails: [String]
    /// Names as `NormalForm.matchKey`; only when the record's own e-mail cell is unusable.
    public let names: [String]
}

/// A roster file, read: every record that isn't blank, in the order of the file.
public struct RosterSheet: Sendable, Equatable {
    /// The most code points in a name.
    public static let maxNameLength = 255
    /// The most code points in a grade.
    public static let maxGradeLength = 20
    /// An empty roster to fill in.
    public static let template = "Building,Name,Email,Grade\n"

    public let records: [RosterRecord]
    /// `ENCODING_ASSUMED`, `UNKNOWN_COLUMN`.
    public let notices: [Notice]
    /// Whether the file says anything about grades; if not, grades are left alone.
    public let hasGrade: Bool

    static let columns = [
        CSVColumn("Building", required: true), CSVColumn("Name", required: true),
        CSVColumn("Email", required: true), CSVColumn("Grade"),
    ]

    /// Reads a whole CSV file. Throws the file errors of `CSVRows`; a record's faults are in it.
    public static func parse(_ bytes: [UInt8]) throws(NodeError) -> RosterSheet {
        var rows = try CSVRows(bytes, columns: columns)
        var records: [RosterRecord] = []
        while let row = try rows.next() { records.append(record(row)) }
        return RosterSheet(records: records, notices: rows.notices, hasGrade: rows.present[3])
    }

    static func record(_ row: CSVTable.Row) -> RosterRecord {
        let email = NormalForm.email(row.cells[2])
        var problems = row.problems
        let empty = (0..<3).filter { row.cells[$0].isEmpty }.map { columns[$0].name }
        if !empty.isEmpty {
            let verb = empty.count == 1 ? "is" : "are"
            problems.append(
                RowProblem(
                    .missingValue, "\(empty.joined(separator: " and ")) \(verb) empty.", column: empty[0]))
        }
        problems += Self.problems(name: row.cells[1], email: email, grade: row.cells[3])
        return RosterRecord(
            row: row.number, building: row.cells[0], name: row.cells[1], email: email,
            grade: row.cells[3], problem: RowMessage.joining(row: row.number, problems),
            mentions: mentions(row, email: email))
    }

    /// What is wrong with the values of a record that aren't empty.
    static func problems(name: String, email: String, grade: String) -> [RowProblem] {
        var problems: [RowProblem] = []
        func limit(_ column: String, _ text: String, _ limit: Int) {
            guard text.utf8.count > limit, text.unicodeScalars.count > limit else { return }
            problems.append(
                RowProblem(.tooLong, "\(column) is longer than \(limit) characters.", column: column))
        }
        limit("Name", name, maxNameLength)
        limit("Grade", grade, maxGradeLength)
        if !email.isEmpty, let problem = EmailAddress.problem(email) { problems.append(problem) }
        return problems
    }

    /// A record of the right form with a usable address is about that address. Otherwise cells may have
    /// moved, so every one is looked at, for addresses and for names.
    static func mentions(_ row: CSVTable.Row, email: String) -> RosterMentions {
        if row.problems.isEmpty, EmailAddress.isValid(email) {
            return RosterMentions(emails: [email], names: [])
        }
        let cells = row.raw.prefix(256)
        let names = cells.map { cell in
            let visible = cell.unicodeScalars.filter { !NormalForm.isControl($0) }
            return NormalForm.matchKey(String(String.UnicodeScalarView(visible)))
        }
        return RosterMentions(
            emails: cells.flatMap(EmailAddress.candidates), names: names.filter { !$0.isEmpty })
    }
}
