import ArgumentParser
import NodeCore

struct TeacherMerge: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge", abstract: "Make two teachers one person, or take that back.",
        discussion: """
            Example: node-cli teacher merge ann.old@kckps.org --into ann@kckps.org
                     node-cli teacher merge ann.old@kckps.org --undo

            Years, sessions and imports of either count for the person; nothing is rewritten, so --undo \
            brings back exactly what was.
            """)

    @Argument(help: "Id or e-mail of the teacher who is merged.") var who: String
    @Option(help: ArgumentHelp("The teacher who stays.", valueName: "id|email")) var into: String?
    @Flag(help: "Take the merge back.") var undo = false
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if (into == nil) == !undo { throw ValidationError("Give either --into ID|EMAIL or --undo.") }
    }

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant)
        let service = TeacherService(open, actor: actor)
        let teacher =
            try into.map { try service.merge(who, into: $0, dryRun: dryRun.dryRun) }
            ?? service.unmerge(who, dryRun: dryRun.dryRun)
        return context.noting(dryRun, TeacherCommand.result(teacher))
    }
}
