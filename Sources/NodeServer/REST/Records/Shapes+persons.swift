import NodeCore

extension Shapes {
    /// The values of a row by column.
    private static func values(_ values: [String: Value]) -> JSONValue {
        .object(
            values.sorted { $0.key < $1.key }.map { column, value -> (String, JSONValue) in
                switch value {
                case .null: (column, .null)
                case .int(let number): (column, .int(number))
                case .text, .bytes: (column, .string(value.display))
                }
            })
    }

    static let personRow = Shape<PersonRecords.Row>(
        "PersonRow",
        [
            .text("table") { $0.table }, .text("id") { $0.id },
            .init("values", .map(.scalar)) { values($0.values) },
        ])

    static let personWrite = Shape<PersonWrite>(
        "PersonWrite",
        [
            .text("table") { $0.table }, .text("id") { $0.row },
            .init("values", .nullable(.map(.scalar))) { $0.values.map(values) ?? .null },
            .time("at") { $0.at }, .text("author") { $0.author }, .text("node") { $0.node },
            .text("delta") { $0.delta.hex },
        ])

    static let personAudit = Shape<PersonRecords.AuditMention>(
        "PersonAudit", [.text("id") { $0.id }, .time("at") { $0.at }, .text("action") { $0.action }])

    static let person = Shape<Person>("Person", [.text("kind") { $0.kind.rawValue }, .text("id") { $0.id }])

    public static let personRecords = Shape<PersonRecords>(
        "PersonRecords",
        [
            .init("person", person.schema) { person.json($0.person) },
            .list("rows", personRow) { $0.shown }, .list("history", personWrite) { $0.history },
            .list("audit", personAudit) { $0.audit }, .count("unresolved") { $0.unresolved },
            .flag("trimmed") { $0.isTrimmed },
        ])

    public static let erasure = Shape<PersonService.Erasure>(
        "Erasure",
        [
            .text("id") { $0.orderID }, .text("kind") { $0.person.kind.rawValue }, .count("rows") { $0.rows },
            .count("unresolved") { $0.unresolved },
        ])

    public static let erasureOrder = Shape<ErasureSummary>(
        "ErasureOrder",
        [
            .text("id") { $0.id }, .text("kind") { $0.kind }, .time("at") { $0.at },
            .count("rows") { $0.rows },
        ])
}
