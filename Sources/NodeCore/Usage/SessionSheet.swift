/// One record of a session export, good or in error.
public struct SessionRecord: Sendable, Equatable {
    /// The row as a spreadsheet shows it: header = 1.
    public let row: Int
    /// The session's id as the export writes it.
    public let session: String
    public let title: String
    /// `2025-09-15`; empty when the cell is no date.
    public let date: String
    public let status: String
    public let role: String
    public let name: String
    /// In `NormalForm.email`.
    public let email: String
    public let userID: String
    public let school: String
    public let organization: String
    public let duration: String
    public let careerCluster: String
    public let series: String
    /// Students registered and attended, educators registered and attended; nil for an empty cell.
    public let counts: [Int64?]
    /// What is wrong with the record itself; nil for a good one.
    public let problem: RowMessage?

    /// Only educators are matched, queued and kept by name.
    public var isEducator: Bool { NormalForm.matchKey(role) == Self.educatorRole }
    static let educatorRole = "educator"
}

/// An export of virtual sessions, read: every record that isn't blank, in the order of the file.
public struct SessionSheet: Sendable, Equatable {
    /// The most code points of a session's title and of its shorter texts.
    public static let maxTitleLength = 500
    public static let maxTextLength = 255

    public let records: [SessionRecord]
    /// `ENCODING_ASSUMED`, `UNKNOWN_COLUMN`, `ATTENDANCE_UNKNOWN`.
    public let notices: [Notice]
    /// Which optional columns the file has; others are left alone.
    let has: Set<Field>

    /// The columns of an export, in the order in which they are asked for.
    enum Field: Int, CaseIterable {
        case session, title, date, status, role, name
        case email, userID, school, organization, duration, careerCluster, series
        case studentsRegistered, studentsAttended, educatorsRegistered, educatorsAttended

        static let required: [Field] = [.session, .title, .date, .status, .role, .name]
        static let counts: [Field] = [
            .studentsRegistered, .studentsAttended, .educatorsRegistered, .educatorsAttended,
        ]

        /// How messages call it, and what else a header may say.
        var names: [String] {
            switch self {
            case .session: ["Session ID"]
            case .title: ["Title", "Session Title"]
            case .date: ["Date", "Session Date"]
            case .status: ["Status", "Session Status"]
            case .role: ["SignUp Role", "Sign Up Role", "Sign-Up Role", "Role"]
            case .name: ["Name", "Full Name"]
            case .email: ["Email", "E-mail", "Email Address", "User Email"]
            case .userID: ["User Auth Id", "Auth Id", "User Id"]
            case .school: ["School", "School Name"]
            case .organization: ["District or Company", "District", "Company"]
            case .duration: ["Duration"]
            case .careerCluster: ["Career Cluster"]
            case .series: ["Series or Event Title", "Series", "Series Title"]
            case .studentsRegistered: Self.countNames("Student", "Registered")
            case .studentsAttended: Self.countNames("Student", "Attended")
            case .educatorsRegistered: Self.countNames("Educator", "Registered")
            case .educatorsAttended: Self.countNames("Educator", "Attended")
            }
        }

        private static func countNames(_ who: String, _ what: String) -> [String] {
            [
                "\(what) \(who) Count", "\(who) \(what) Count", "\(what) \(who)s", "\(who)s \(what)",
                "\(who) \(what)", "\(what) \(who)",
            ]
        }

        var column: CSVColumn {
            let spellings = names.flatMap { [$0, $0.replacing(" ", with: "_"), $0.replacing(" ", with: "")] }
            return CSVColumn(names[0], accepted: spellings, required: Self.required.contains(self))
        }
    }

    /// Reads an export. Throws the file errors of `CSVTable.parse`; a record's faults are in it.
    public static func parse(_ bytes: [UInt8]) throws(NodeError) -> SessionSheet {
        let table = try CSVTable.parse(bytes, columns: Field.allCases.map(\.column))
        let has = Set(Field.allCases.filter { table.present[$0.rawValue] })
        var notices = table.notices
        if !has.contains(.educatorsAttended) {
            notices.append(
                Notice(
                    "ATTENDANCE_UNKNOWN",
                    "The file has no column \(Field.educatorsAttended.names[0]), so none of its sessions counts.",
                    hint: "Export it with the attended counts and import it again."))
        }
        return SessionSheet(records: table.rows.map(record), notices: notices, has: has)
    }

    private static func record(_ row: CSVTable.Row) -> SessionRecord {
        func cell(_ field: Field) -> String { row.cells[field.rawValue] }
        let date = LocalDate(written: cell(.date))
        let counts = Field.counts.map { count(cell($0)) }
        var problems = row.problems + lengths(row)
        let isKnown = !cell(.userID).isEmpty || !cell(.email).isEmpty
        let empty = Field.required.filter { cell($0).isEmpty && $0 != .title && !($0 == .name && isKnown) }
        if !empty.isEmpty {
            let names = empty.map { $0.names[0] }.joined(separator: " and ")
            problems.append(
                RowProblem(
                    .missingValue, "\(names) \(empty.count == 1 ? "is" : "are") empty.",
                    column: empty[0].names[0]))
        }
        if date == nil, !cell(.date).isEmpty {
            problems.append(
                RowProblem(
                    .invalidDate, "Date is no date: write 2025-09-15 or 9/15/2025.",
                    column: Field.date.names[0]))
        }
        for (field, count) in zip(Field.counts, counts) where count == .some(-1) {
            let name = field.names[0]
            problems.append(RowProblem(.invalidNumber, "\(name) is no whole number.", column: name))
        }
        return SessionRecord(
            row: row.number, session: cell(.session), title: cell(.title), date: date?.description ?? "",
            status: cell(.status), role: cell(.role), name: cell(.name),
            email: NormalForm.email(cell(.email)), userID: cell(.userID), school: cell(.school),
            organization: cell(.organization), duration: cell(.duration),
            careerCluster: cell(.careerCluster), series: cell(.series), counts: counts,
            problem: RowMessage.joining(row: row.number, problems))
    }

    private static func lengths(_ row: CSVTable.Row) -> [RowProblem] {
        Field.allCases.compactMap { field in
            let limit = field == .title ? maxTitleLength : maxTextLength
            guard row.cells[field.rawValue].unicodeScalars.count > limit else { return nil }
            let name = field.names[0]
            return RowProblem(.tooLong, "\(name) is longer than \(limit) characters.", column: name)
        }
    }

    /// A count of people, also as spreadsheets write it (`12.0`); nil for an empty cell, -1 for anything else.
    private static func count(_ cell: String) -> Int64? {
        if cell.isEmpty { return nil }
        let digits = cell.hasSuffix(".0") ? cell.dropLast(2) : cell[...]
        guard digits.utf8.count <= 9, digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return -1 }
        return Int64(digits) ?? -1
    }
}
