import ArgumentParser
import NodeCore
import SyncEngine

struct ConflictsList: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List conflicts with every sibling.",
        discussion: """
            Example: node-cli conflicts list --state open

            settled: a rule chose. open: a person must. resolved: over. refused: a write without the right
            to it. Without --state: settled and open. Cases between rows (two teachers with one address, a \
            seat without its school) stand below: open ones wait for a person, settled ones for the hub.
            """)

    @Option(help: "settled, open, resolved or refused.") var state: String?
    @Option(help: "At most so many.") var limit: Int?
    @OptionGroup var filter: ConflictFilterOptions
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant, to: .readConflicts)
        let wanted = try state.map { text in
            guard let state = ConflictState(rawValue: text) else {
                throw NodeError(
                    .usage, "'\(text)' is no state", hint: "Write settled, open, resolved or refused.",
                    field: "state")
            }
            return state
        }
        guard limit ?? 1 > 0 else { throw NodeError(.usage, "--limit must be at least 1", field: "limit") }
        let all = try ConflictService(open, actor: actor).list(filter.filter(wanted, context))
        let conflicts = Array(all.prefix(limit ?? .max))
        let cases = try self.cases(open, actor, wanted)
        let zone = try open.store.read { try $0.tenant().timeZone }
        if context.output.format == .plain {
            var table = Table([
                .init("id"), .init("state"), .init("table"), .init("row"), .init("column"), .init("shown"),
            ])
            for one in conflicts {
                table.add([one.id, one.state.rawValue, one.table, one.row, one.column, one.shown.display])
            }
            for one in cases {
                let rows = one.rows.joined(separator: " ")
                table.add([one.id, one.state.rawValue, one.table, rows, one.kind.rawValue, one.rows[0]])
            }
            return CommandResult(data: nil, body: .table(table))
        }
        let texts =
            conflicts.map { ConflictsCommand.text($0, context, zone: zone) }
            + cases.map(ConflictsCommand.text)
        return CommandResult(
            data: [
                "conflicts": .array(conflicts.map(ConflictsCommand.json)), "total": JSONValue(all.count),
                "cases": .array(cases.map(ConflictsCommand.json)),
            ],
            body: .text(texts.isEmpty ? "No conflicts." : texts.joined(separator: "\n")))
    }

    /// Cases have no siblings to tell their age by and are never over or refused: they are there or not.
    private func cases(_ open: OpenTenant, _ actor: Actor, _ state: ConflictState?) throws -> [RowCase] {
        guard filter.olderThan == nil, filter.newerThan == nil else { return [] }
        return try ConflictService(open, actor: actor).cases().filter { one in
            (state == nil || one.state == state) && (filter.table == nil || one.table == filter.table)
                && (filter.rule == nil || one.rule == filter.rule)
        }
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
        let (_, open, actor) = try context.tenant(tenant, to: .readConflicts)
        let service = ConflictService(open, actor: actor)
        let zone = try open.store.read { try $0.tenant().timeZone }
        if let one = try service.cases().first(where: { $0.id == id }) {
            let notes = try service.notes(of: one)
            return CommandResult(
                data: ["case": ConflictsCommand.json(one), "notes": Self.json(notes)],
                body: .text(ConflictsCommand.text(one) + Self.text(notes, context, zone: zone)))
        }
        let conflict = try service.show(id), notes = try service.notes(id)
        var text = ConflictsCommand.text(conflict, context, zone: zone)
        if conflict.state == .open {
            text += "\n  proposal: \(ConflictsCommand.visible(conflict.shown)), as the rule's default"
        }
        text += Self.text(notes, context, zone: zone)
        return CommandResult(
            data: [
                "conflict": ConflictsCommand.json(conflict), "notes": Self.json(notes),
                "proposal": conflict.state == .open ? ConflictsCommand.json(conflict.shown) : nil,
            ], body: .text(text))
    }

    private static func text(_ notes: [ConflictNote], _ context: CommandContext, zone: String) -> String {
        notes.map { note in
            "\n  note: \(Escaping.visible(note.text)) (\(note.author), \(context.time(note.at, in: zone)))"
        }.joined()
    }

    private static func json(_ notes: [ConflictNote]) -> JSONValue {
        .array(
            notes.map { note in
                [
                    "text": .string(note.text), "author": .string(note.author),
                    "at": JSONValue(milliseconds: note.at),
                ]
            })
    }
}
