/// The one error that crosses module borders: what happened, with the value seen, and what to do.
///
/// No secret and no personal data may stand in `message`, `hint` or `cause`: they reach logs.
public struct NodeError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The public code; decides exit status, HTTP status and whether to retry.
    public let code: ErrorCode
    /// One sentence: the operation and the cause.
    public let message: String
    /// One sentence that names the next command or step.
    public let hint: String
    /// The input field that is wrong, where there is one.
    public let field: String?
    /// The row of a file as a spreadsheet shows it, where there is one.
    public let row: Int?

    public init(
        _ code: ErrorCode, _ message: String, hint: String = "", field: String? = nil,
        row: Int? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.field = field
        self.row = row
    }

    /// The way on for a data directory that can't be used any more, as a hint or the end of one.
    public static let enrolElsewhere = """
        Keep this folder, it may hold work that isn't synced; run `node-cli init` and `join` with a new token \
        in another one.
        """

    /// The same for damaged files, of which there may be a backup.
    public static let restoreOrEnrol = """
        Keep this folder, it may hold work that isn't synced. `node-cli backup restore FILE` puts a backup in its \
        place; without one run `node-cli init` and `join` with a new token in another folder.
        """

    public var description: String {
        hint.isEmpty ? "\(code.rawValue): \(message)" : "\(code.rawValue): \(message) (\(hint))"
    }
}

/// A remark about something that was done all the same.
public struct Notice: Sendable, Equatable {
    public let code: String
    public let message: String
    public let hint: String
    public let row: Int?

    public init(_ code: String, _ message: String, hint: String = "", row: Int? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.row = row
    }
}
