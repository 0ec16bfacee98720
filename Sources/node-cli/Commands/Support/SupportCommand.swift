import ArgumentParser
import NodeCore

struct SupportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "support",
        abstract: "Work in a district's tenant as PrepKC staff, with a reason, for an hour.",
        subcommands: [SupportEnter.self, SupportLeave.self, SupportSessions.self])

    static func json(_ session: SupportSession) -> JSONValue {
        [
            "id": .string(session.id), "staff_id": .string(session.staffID),
            "staff_name": .string(session.staffName),
            "reason": .string(session.reason), "started_at": JSONValue(milliseconds: session.startedAt),
            "until": JSONValue(milliseconds: session.until),
            "left_at": JSONValue(milliseconds: session.leftAt),
        ]
    }
}

struct SupportEnter: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "enter", abstract: "Enter a tenant; the district can read who, why and what.",
        discussion: """
            Example: node-cli support enter kckps --reason "call 4711: roster" --as ada@prepkc.org

            Later commands with the same --as work in the tenant until `support leave`, or an hour is over.
            """)

    @Argument(help: "The tenant.") var slug: String
    @Option(help: "Why; the district reads it.") var reason: String
    @Option(name: .customLong("as"), help: ArgumentHelp("Who enters.", valueName: "email")) var person: String
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let installation = try context.installation()
        let session = try SupportService(installation).enter(
            slug, reason: reason, as: person, dryRun: dryRun.dryRun)
        if !dryRun.dryRun {
            context.output.message(
                "You are in \(slug). Everything you do and read here is written into its audit.")
        }
        let zone = try installation.tenant(slug).store.read { try $0.tenant().timeZone }
        return context.noting(
            dryRun,
            CommandResult(
                data: ["tenant": .string(slug), "session": SupportCommand.json(session)],
                body: .text("In \(slug) until \(context.time(session.until, in: zone)).")))
    }
}

struct SupportLeave: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "leave", abstract: "Leave the tenant that was entered.",
        discussion: "Example: node-cli support leave --as ada@prepkc.org")

    @Option(name: .customLong("as"), help: ArgumentHelp("Who leaves.", valueName: "email")) var person: String
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let service = SupportService(try context.installation())
        guard let session = try service.leave(as: person, dryRun: dryRun.dryRun) else {
            return CommandResult(data: ["session": .null], body: .text("No session was open."))
        }
        return context.noting(
            dryRun,
            CommandResult(
                data: ["session": SupportCommand.json(session)],
                body: .text(dryRun.dryRun ? "Would leave." : "You have left.")))
    }
}

struct SupportSessions: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions", abstract: "List who of PrepKC entered a tenant, when and why.",
        discussion: "Example: node-cli support sessions --tenant kckps")

    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, _) = try context.tenant(tenant, to: .readAudit)
        let (sessions, zone) = try open.store.read { (try $0.supportSessions(), try $0.tenant().timeZone) }
        var table = Table([
            .init("entered"), .init("ended or ends"), .init("who", maxWidth: 30),
            .init("reason", maxWidth: 60),
        ])
        for session in sessions {
            table.add([
                context.time(session.startedAt, in: zone), context.time(session.endsAt, in: zone),
                session.staffName, session.reason,
            ])
        }
        return CommandResult(
            data: ["sessions": .array(sessions.map(SupportCommand.json))], body: .table(table))
    }
}
