import NodeCore

/// The one object that `--json` prints (CONTRACT section 1).
struct Envelope: Sendable {
    /// The version of this form; only a breaking change raises it.
    static let schema: Int64 = 1
    /// The exits whose data is shown: all of it, or what was done so far.
    static let statusesWithData: Set<Int32> = [0, 3, 4, 5, 10]

    let data: JSONValue
    let warnings: [Notice]
    let errors: [NodeError]
    let exitStatus: Int32

    init(
        data: JSONValue, warnings: [Notice] = [], errors: [NodeError] = [], exitStatus: Int32 = 0
    ) {
        self.data = data
        self.warnings = warnings
        self.errors = errors
        self.exitStatus = exitStatus
    }

    /// The whole object; data is null unless the exit status shows it.
    var json: JSONValue {
        .object([
            ("schema", .int(Self.schema)),
            ("data", Self.statusesWithData.contains(exitStatus) ? data : .null),
            ("warnings", .array(warnings.map(Self.json))),
            ("errors", .array(errors.map(Self.json))),
        ])
    }

    /// The object on one line.
    var text: String { json.text + "\n" }

    private static func json(_ notice: Notice) -> JSONValue {
        object(notice.code, notice.message, notice.hint, field: nil, row: notice.row)
    }

    private static func json(_ error: NodeError) -> JSONValue {
        object(error.code.rawValue, error.message, error.hint, field: error.field, row: error.row)
    }

    private static func object(
        _ code: String, _ message: String, _ hint: String, field: String?, row: Int?
    ) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("code", .string(code)), ("message", .string(message)), ("hint", .string(hint)),
        ]
        if let field { members.append(("field", .string(field))) }
        if let row { members.append(("row", .int(Int64(row)))) }
        return .object(members)
    }
}
