import ArgumentParser
import NodeCore
import SyncEngine

struct ConflictsResolve: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "resolve", abstract: "Settle a conflict with one of its values or a new one.",
        discussion: """
            Example: node-cli conflicts resolve ID --take 2
                     node-cli conflicts resolve --all-by-rule --older-than 30d

            An ordinary write that had seen every sibling; the other side takes it with the next sync.
            Conflicts that a rule settled can be resolved too. --all-by-rule settles every open one that the
            filters take with what its rule's default shows; what can't be settled here stays, with a warning.
            """)

    @Argument(help: "The conflict; not with --all-by-rule.") var id: String?
    @Option(help: ArgumentHelp("The sibling to take, as `conflicts show` numbers them.", valueName: "n"))
    var take: Int?
    @Option(help: "A value of your own.") var value: String?
    @Flag(help: "Settle every open conflict with what is shown.") var allByRule = false
    @OptionGroup var filter: ConflictFilterOptions
    @Option(help: "A note that is kept with it.") var note: String?
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if allByRule {
            guard id == nil, take == nil, value == nil else {
                throw ValidationError("--all-by-rule takes neither an id nor a value.")
            }
        } else if id == nil || (take == nil) == (value == nil) {
            throw ValidationError("Give an id, and either --take N or --value V.")
        }
    }

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant, to: .resolveConflicts)
        let service = ConflictService(open, actor: actor)
        guard let id else {
            let done = try service.resolveByRule(
                filter.filter(nil, context), note: note, dryRun: dryRun.dryRun)
            let settled = done.settled
            return CommandResult(
                data: [
                    "conflicts": .array(settled.map(ConflictsCommand.json)),
                    "count": JSONValue(settled.count),
                ],
                body: .text(
                    "\(dryRun.dryRun ? "Would settle" : "Settled") \(Count.text(settled.count, "conflict")) by rule."
                ), warnings: done.refused.map(Self.left))
        }
        let conflict = try service.resolve(
            id, take: take, value: value, note: note, dryRun: dryRun.dryRun)
        let shown = ConflictsCommand.visible(conflict.shown)
        return CommandResult(
            data: ["conflict": ConflictsCommand.json(conflict)],
            body: .text(
                dryRun.dryRun
                    ? "Would settle \(conflict.table).\(conflict.column) as \(shown)."
                    : "Settled: \(conflict.table).\(conflict.column) is \(shown)."))
    }
}

extension ConflictsResolve {
    /// That a conflict stays open, and why.
    private static func left(_ one: (conflict: ConflictView, cause: NodeError)) -> Notice {
        let (conflict, cause) = one
        return Notice(
            cause.code.rawValue,
            "\(conflict.id), \(conflict.table).\(conflict.column), stays open: \(cause.message)",
            hint: cause.hint)
    }
}

struct ConflictsUndo: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "undo", abstract: "Take the settling of a conflict back.",
        discussion: """
            Example: node-cli conflicts undo ID

            Writes what was shown before it was settled here; an ordinary write. Refused (STALE) when the
            cell has been written since.
            """)

    @Argument(help: "The conflict, as `conflicts list --state resolved` shows it.") var id: String
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant, to: .resolveConflicts)
        let conflict = try ConflictService(open, actor: actor).undo(id, dryRun: dryRun.dryRun)
        return CommandResult(
            data: ["conflict": ConflictsCommand.json(conflict)],
            body: .text(
                "\(dryRun.dryRun ? "Would take back" : "Taken back"): \(conflict.table).\(conflict.column) "
                    + "\(dryRun.dryRun ? "would be" : "is") \(ConflictsCommand.visible(conflict.shown))."))
    }
}

struct ConflictsNote: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "note", abstract: "Write a note about a conflict; it is synced and stays.",
        discussion: "Example: node-cli conflicts note ID \"asked the school, answer on Monday\"")

    @Argument(help: "The conflict.") var id: String
    @Argument(help: "The note, at most 1,000 characters.") var text: String
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant, to: .resolveConflicts)
        let note = try ConflictService(open, actor: actor).note(id, text, dryRun: dryRun.dryRun)
        return CommandResult(
            data: ["id": .string(id), "note": .string(note.text), "at": JSONValue(milliseconds: note.at)],
            body: .text(dryRun.dryRun ? "Would note." : "Noted."))
    }
}
