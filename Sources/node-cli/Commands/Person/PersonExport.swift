import ArgumentParser
import NodeCore

struct PersonExport: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write everything that is kept about one person.",
        discussion: """
            Example: node-cli person export ann@kckps.org --out ann.json

            Rows as they are, every write of them that is still kept with author and time, and the audit \
            entries that name them. FILE ends with .json or .csv; without --out it goes to standard output.
            """)

    @OptionGroup var person: PersonOption
    @Option(help: ArgumentHelp("The file to write.", valueName: "file")) var out: String?
    @Flag(help: "Overwrite a file that exists.") var force = false
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, actor) = try context.tenant(tenant)
        if let out {
            guard out.hasSuffix(".json") || out.hasSuffix(".csv") else {
                throw NodeError(
                    .validation, "the file's name must end with .json or .csv", hint: "Such as person.json.",
                    field: "out")
            }
            try context.requireAbsent([out], force: force)
        }
        let records = try PersonService(installation, open, actor: actor).export(
            person.who, learner: person.learner)
        let data = Self.json(records)
        guard let out else { return CommandResult(data: data, body: .table(Self.table(records))) }
        let bytes =
            out.hasSuffix(".csv")
            ? CSVText.bytes(Self.header, Self.lines(records)) : Array((data.text + "\n").utf8)
        try DurableFile.write(bytes, to: out)
        return CommandResult(
            data: [
                "file": .string(out), "rows": JSONValue(records.shown.count),
                "writes": JSONValue(records.history.count),
            ],
            body: .text(
                "Wrote \(Escaping.visible(out)): \(Count.text(records.shown.count, "row")), "
                    + Count.text(records.history.count, "write")))
    }

    private static let header = ["what", "table", "row", "column", "value", "at", "author", "node"]

    private static func lines(_ records: PersonRecords) -> [[String]] {
        let shown = records.shown.flatMap { row in
            row.values.sorted { $0.key < $1.key }.map {
                ["value", row.table, row.id, $0.key, $0.value.display, "", "", ""]
            }
        }
        let history = records.history.flatMap { write -> [[String]] in
            let end = [RFC3339.string(milliseconds: write.at), write.author, write.node]
            guard let values = write.values else {
                return [["delete", write.table, write.row, "", ""] + end]
            }
            return values.sorted { $0.key < $1.key }.map {
                ["write", write.table, write.row, $0.key, $0.value.display] + end
            }
        }
        let audit = records.audit.map {
            ["audit", "audit_entry", $0.id, "action", $0.action, RFC3339.string(milliseconds: $0.at), "", ""]
        }
        return shown + history + audit
    }

    private static func table(_ records: PersonRecords) -> Table {
        var table = Table(header.map { .init($0, maxWidth: 40) })
        for line in lines(records) { table.add(line) }
        return table
    }

    private static func json(_ records: PersonRecords) -> JSONValue {
        func object(_ values: [String: Value]) -> JSONValue {
            .object(values.sorted { $0.key < $1.key }.map { ($0.key, ConflictsCommand.json($0.value)) })
        }
        return [
            "person": ["kind": .string(records.person.kind.rawValue), "id": .string(records.person.id)],
            "rows": .array(
                records.shown.map {
                    ["table": .string($0.table), "id": .string($0.id), "values": object($0.values)]
                }),
            "history": .array(
                records.history.map { write in
                    [
                        "table": .string(write.table), "id": .string(write.row),
                        "values": write.values.map(object) ?? .null, "at": JSONValue(milliseconds: write.at),
                        "author": .string(write.author), "node": .string(write.node),
                        "delta": .string(write.delta.hex),
                    ]
                }),
            "audit": .array(
                records.audit.map {
                    [
                        "id": .string($0.id), "at": JSONValue(milliseconds: $0.at),
                        "action": .string($0.action),
                    ]
                }),
            "unresolved": JSONValue(records.unresolved),
        ]
    }
}
