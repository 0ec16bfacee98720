import ArgumentParser
import NodeCore
import SyncEngine

struct ConflictsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conflicts", abstract: "List and settle conflicts.",
        subcommands: [ConflictsList.self, ConflictsShow.self, ConflictsResolve.self])

    static func json(_ value: Value) -> JSONValue {
        switch value {
        case .null: .null
        case .int(let number): .int(number)
        case .text(let text): .string(text)
        case .bytes(let bytes): .string(bytes.hex)
        }
    }

    /// A value for a person; one that isn't there is named.
    static func visible(_ value: Value) -> String {
        value.isNull ? "(empty)" : Escaping.visible(value.display)
    }

    static func json(_ sibling: SiblingView) -> JSONValue {
        [
            "value": json(sibling.value), "origin": .string(sibling.origin.hex),
            "node": .string(sibling.node),
            "author": .string(sibling.author), "at": JSONValue(milliseconds: sibling.at),
            "delta": .string(sibling.delta.hex),
        ]
    }

    static func json(_ conflict: ConflictView) -> JSONValue {
        [
            "id": .string(conflict.id), "table": .string(conflict.table), "row_id": .string(conflict.row),
            "label": JSONValue(conflict.label),
            "column": .string(conflict.column), "state": .string(conflict.state.rawValue),
            "shown": json(conflict.shown),
            "rule": .string(conflict.rule), "rule_place": .string(conflict.rulePlace),
            "siblings": .array(conflict.siblings.map(json)),
        ]
    }

    /// One conflict with its siblings, for a person.
    static func text(_ conflict: ConflictView, _ context: CommandContext, zone: String) -> String {
        let label = conflict.label.map { "  (\(Escaping.visible($0)))" } ?? ""
        var text = """
            \(conflict.id)  \(conflict.state.rawValue)  \(conflict.table).\(conflict.column) of \(Escaping.visible(conflict.row))\(label)
              shows: \(visible(conflict.shown))  (rule \(conflict.rule), \(conflict.rulePlace))
            """
        for (index, sibling) in conflict.siblings.enumerated() {
            text += "\n  \(index + 1). \(visible(sibling.value))"
            text += "   \(Escaping.visible(sibling.node)), \(context.time(sibling.at, in: zone))"
        }
        return text
    }
}

struct ConflictsList: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List conflicts with every sibling.",
        discussion: """
            Example: node-cli conflicts list --state open

            settled: a rule chose. open: a person must. resolved: over. refused: a write without the right \
            to it. Without --state: settled and open.
            """)

    @Option(help: "settled, open, resolved or refused.") var state: String?
    @Option(help: "At most so many.") var limit: Int?
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant)
        let wanted = try state.map { text in
            guard let state = ConflictState(rawValue: text) else {
                throw NodeError(
                    .usage, "'\(text)' is no state", hint: "Write settled, open, resolved or refused.",
                    field: "state")
            }
            return state
        }
        guard limit ?? 1 > 0 else { throw NodeError(.usage, "--limit must be at least 1", field: "limit") }
        let all = try ConflictService(open, actor: actor).list(wanted)
        let conflicts = Array(all.prefix(limit ?? .max))
        let zone = try open.store.read { try $0.tenant().timeZone }
        if context.output.format == .plain {
            var table = Table([
                .init("id"), .init("state"), .init("table"), .init("row"), .init("column"), .init("shown"),
            ])
            for one in conflicts {
                table.add([one.id, one.state.rawValue, one.table, one.row, one.column, one.shown.display])
            }
            return CommandResult(data: nil, body: .table(table))
        }
        let text =
            conflicts.isEmpty
            ? "No conflicts."
            : conflicts.map { ConflictsCommand.text($0, context, zone: zone) }.joined(separator: "\n")
        return CommandResult(
            data: ["conflicts": .array(conflicts.map(ConflictsCommand.json)), "total": JSONValue(all.count)],
            body: .text(text))
    }
}

struct ConflictsShow: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one conflict.", discussion: "Example: node-cli conflicts show ID"
    )

    @Argument var id: String
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant)
        let conflict = try ConflictService(open, actor: actor).show(id)
        let zone = try open.store.read { try $0.tenant().timeZone }
        return CommandResult(
            data: ["conflict": ConflictsCommand.json(conflict)],
            body: .text(ConflictsCommand.text(conflict, context, zone: zone)))
    }
}

struct ConflictsResolve: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "resolve", abstract: "Settle a conflict with one of its values or a new one.",
        discussion: """
            Example: node-cli conflicts resolve ID --take 2

            An ordinary write that had seen every sibling; the other side takes it with the next sync. \
            Conflicts that a rule settled can be resolved too.
            """)

    @Argument var id: String
    @Option(help: ArgumentHelp("The sibling to take, as `conflicts show` numbers them.", valueName: "n"))
    var take: Int?
    @Option(help: "A value of your own.") var value: String?
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (take == nil) != (value == nil) else {
            throw ValidationError("Give either --take N or --value V.")
        }
    }

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant)
        let conflict = try ConflictService(open, actor: actor).resolve(
            id, take: take, value: value, dryRun: dryRun.dryRun)
        let shown = ConflictsCommand.visible(conflict.shown)
        return CommandResult(
            data: ["conflict": ConflictsCommand.json(conflict)],
            body: .text(
                dryRun.dryRun
                    ? "Would settle \(conflict.table).\(conflict.column) as \(shown)."
                    : "Settled: \(conflict.table).\(conflict.column) is \(shown)."
            )
        )
    }
}
