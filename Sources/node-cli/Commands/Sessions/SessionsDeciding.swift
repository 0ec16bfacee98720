import ArgumentParser
import NodeCore
import NodeServer

extension SessionsCommand {
    static func json(_ decision: MatchDecision) -> JSONValue { Shapes.matchDecision.json(decision) }

    static func table(_ decisions: [MatchDecision]) -> Table {
        var table = Table([
            .init("row", isID: true), .init("name", maxWidth: 32), .init("school", maxWidth: 32), .init("is"),
        ])
        for one in decisions {
            table.add([one.id, one.name, one.school, one.isIgnored ? "ignored" : one.teacherID ?? ""])
        }
        return table
    }

    static func result(_ decision: MatchDecision) -> CommandResult {
        CommandResult(
            data: ["decision": Shapes.matchDecision.json(decision)], body: .table(table([decision])))
    }
}

struct SessionsMatch: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "match", abstract: "Say which teacher somebody of the exports is.",
        discussion: """
            Example: node-cli sessions match "Ann Lee" ann@kckps.org

            Holds for all sessions of that person, past and to come, and is synced. A wrong match is put \
            right the same way.
            """)

    @Argument(help: "A row of `sessions unmatched`, or a name.") var who: String
    @Argument(help: "Id or e-mail of the teacher.") var teacher: String
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, actor) = try context.tenant(tenant, to: .editSessions)
        let service = SessionService(installation, open, actor: actor)
        return context.noting(
            dryRun, SessionsCommand.result(try service.match(who, to: teacher, dryRun: dryRun.dryRun)))
    }
}

struct SessionsIgnore: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "ignore", abstract: "Take somebody who is no teacher here out of the queue.",
        discussion: "Example: node-cli sessions ignore \"Guest Speaker\"")

    @Argument(help: "A row of `sessions unmatched`, or a name.") var who: String
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, actor) = try context.tenant(tenant, to: .editSessions)
        let service = SessionService(installation, open, actor: actor)
        return context.noting(
            dryRun, SessionsCommand.result(try service.ignore(who, dryRun: dryRun.dryRun)))
    }
}

struct SessionsReopen: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "reopen", abstract: "Take a match or an ignored name back.",
        discussion: "Example: node-cli sessions reopen \"Ann Lee\"")

    @Argument(help: "A row of `sessions decisions`, or a name.") var who: String
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, actor) = try context.tenant(tenant, to: .editSessions)
        let service = SessionService(installation, open, actor: actor)
        return context.noting(
            dryRun, SessionsCommand.result(try service.reopen(who, dryRun: dryRun.dryRun)))
    }
}

struct SessionsDecisions: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "decisions", abstract: "List who was matched by hand, and who is ignored.",
        discussion: "Example: node-cli sessions decisions")

    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, actor) = try context.tenant(tenant, to: .readSessions)
        let decisions = try SessionService(installation, open, actor: actor).decisions()
        return CommandResult(
            data: ["decisions": .array(decisions.map(Shapes.matchDecision.json))],
            body: .table(SessionsCommand.table(decisions)))
    }
}
