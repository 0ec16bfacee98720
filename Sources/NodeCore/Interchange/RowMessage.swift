/// The codes of a row's errors and warnings. Public: adding is free, changing one breaks callers.
public enum RowCode: String, Sendable, CaseIterable {
    case missingValue = "MISSING_VALUE"
    case invalidEmail = "INVALID_EMAIL"
    case invalidID = "INVALID_ID"
    case tooLong = "TOO_LONG"
    case controlCharacter = "CONTROL_CHARACTER"
    case tooManyCells = "TOO_MANY_CELLS"
    case textAfterQuote = "TEXT_AFTER_QUOTE"
    case invalidDate = "INVALID_DATE"
    case invalidNumber = "INVALID_NUMBER"
    case duplicateRow = "DUPLICATE_ROW"
    case schoolNotFound = "SCHOOL_NOT_FOUND"
    case schoolAmbiguous = "SCHOOL_AMBIGUOUS"
    case duplicateEmail = "DUPLICATE_EMAIL"
    case staysInactive = "STAYS_INACTIVE"
    case invalidStatus = "INVALID_STATUS"
    case duplicateAttendance = "DUPLICATE_ATTENDANCE"
    case sessionDiffers = "SESSION_DIFFERS"
    case erasedPerson = "ERASED_PERSON"

    /// Whether the row was dealt with all the same.
    public var isWarning: Bool {
        switch self {
        case .duplicateEmail, .staysInactive, .duplicateAttendance, .sessionDiffers, .erasedPerson: true
        default: false
        }
    }
}

/// What there is to say about one row of a file. Of its cells only the name of a school is repeated, never
/// an e-mail address or the name of a person.
public struct RowMessage: Sendable, Equatable {
    /// The row as a spreadsheet shows it: header = 1.
    public let row: Int
    /// The column of the first fault, as the file's documentation calls it; nil where it is the whole row.
    public let column: String?
    public let code: RowCode
    /// One sentence or more; a row with several faults names all of them, the first gives the code.
    public let message: String
    /// What may have been meant, best first.
    public let suggestions: [String]

    public init(
        row: Int, column: String? = nil, code: RowCode, message: String, suggestions: [String] = []
    ) {
        self.row = row
        self.column = column
        self.code = code
        self.message = message
        self.suggestions = suggestions
    }

    /// One message for all faults of a row; nil without any.
    static func joining(row: Int, _ problems: [RowProblem]) -> RowMessage? {
        guard let first = problems.first else { return nil }
        let text = problems.map(\.message).joined(separator: " ")
        return RowMessage(row: row, column: first.column, code: first.code, message: text)
    }
}

/// One fault of a row, before it is known how many there are.
public struct RowProblem: Sendable, Equatable {
    public let code: RowCode
    public let message: String
    /// The column it is about; nil for the whole row.
    public let column: String?

    public init(_ code: RowCode, _ message: String, column: String? = nil) {
        self.code = code
        self.message = message
        self.column = column
    }
}
