import NodeCore
import SyncEngine

extension Shapes {
    /// A value of a synced cell; bytes as hexadecimal.
    public static func json(_ value: Value) -> JSONValue {
        switch value {
        case .null: .null
        case .int(let number): .int(number)
        case .text(let text): .string(text)
        case .bytes(let bytes): .string(bytes.hex)
        }
    }

    public static let sibling = Shape<SiblingView>(
        "Sibling",
        [
            .init("value", .scalar) { json($0.value) }, .text("origin") { $0.origin.hex },
            .text("node") { $0.node }, .text("author") { $0.author }, .time("at") { $0.at },
            .text("delta") { $0.delta.hex },
        ])

    public static let conflict = Shape<ConflictView>(
        "Conflict",
        [
            .text("id") { $0.id }, .text("table") { $0.table }, .text("row_id") { $0.row },
            .optional("label") { $0.label }, .text("column") { $0.column },
            .init("state", .choice(ConflictState.allCases.map(\.rawValue))) { .string($0.state.rawValue) },
            .init("shown", .scalar) { json($0.shown) }, .text("rule") { $0.rule },
            .text("rule_place") { $0.rulePlace }, .flag("locked") { $0.isLocked },
            .list("siblings", sibling) { $0.siblings },
        ])

    /// A rule between rows that merging broke.
    public static let rowCase = Shape<RowCase>(
        "Case",
        [
            .text("id") { $0.id },
            .init("kind", .choice(RowCase.Kind.allCases.map(\.rawValue))) { .string($0.kind.rawValue) },
            .text("table") { $0.table }, .texts("rows") { $0.rows }, .text("effective") { $0.rows[0] },
            .texts("subject") { $0.subject }, .text("state") { $0.state.rawValue },
            .text("rule") { $0.rule }, .text("rule_place") { $0.rulePlace }, .text("remedy") { $0.remedy },
        ])

    public static let conflictNote = Shape<ConflictNote>(
        "ConflictNote", [.text("text") { $0.text }, .text("author") { $0.author }, .time("at") { $0.at }])

    /// Which delta wrote something.
    public static let deltaName = Shape<(origin: OriginID, seq: Int64, hash: Hash, isValid: Bool)>(
        "DeltaName",
        [
            .text("origin") { $0.origin.hex }, .count("seq") { Int($0.seq) }, .text("hash") { $0.hash.hex },
            .flag("signature_valid") { $0.isValid },
        ])

    public static let receipt = Shape<Receipt>(
        "Receipt",
        [
            .count("seq") { Int($0.head.seq) }, .text("hash") { $0.head.hash.hex },
            .count("log_size") { Int($0.logSize) }, .time("issued_at") { $0.issuedAt },
        ])

    public static let explanation = Shape<Explanation>(
        "Explanation",
        [
            .init("value", .scalar) { json($0.value) }, .text("author") { $0.author }, .time("at") { $0.at },
            .text("node") { $0.node },
            .init("delta", deltaName.schema) {
                deltaName.json(($0.origin, $0.seq, $0.delta, $0.isSignatureValid))
            },
            .text("rule") { $0.rule }, .text("rule_place") { $0.rulePlace },
            .list("siblings", sibling) { $0.siblings }, .list("settled", sibling) { $0.settled },
            .init("receipt", .nullable(receipt.schema)) { $0.receipt.map(receipt.json) ?? nil },
            .flag("in_hub_log") { $0.isInHubLog },
        ])
}
