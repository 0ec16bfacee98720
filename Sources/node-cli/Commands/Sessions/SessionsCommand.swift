import ArgumentParser
import NodeCore
import NodeServer

struct SessionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions", abstract: "Import virtual sessions and say who attended them.",
        subcommands: [
            SessionsImport.self, SessionsUnmatched.self, SessionsMatch.self, SessionsIgnore.self,
            SessionsReopen.self, SessionsDecisions.self,
        ])
}

struct SessionsImport: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Import sessions from a Pathful export.",
        discussion: """
            Example: node-cli sessions import export.csv --dry-run

            A CSV file with the columns Session ID, Title, Date, Status, SignUp Role and Name; others are \
            optional. Good records are taken, those in error are listed (exit 3). The same file again \
            changes nothing. Educators are matched to teachers by user id, e-mail and name; \
            `sessions unmatched` lists those who couldn't be.
            """)

    @Argument(help: "A CSV file, or - for standard input.") var file: String
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, actor) = try context.tenant(tenant, to: .editSessions)
        let bytes = try context.read(file)
        let bar = context.progress("Importing", unit: "rows")
        defer { bar.finish() }
        let outcome = try SessionService(installation, open, actor: actor).importFile(
            bytes, dryRun: dryRun.dryRun
        ) { bar.update($0, of: $1) }
        return Self.result(outcome, dryRun: dryRun.dryRun)
    }

    static func result(_ outcome: SessionService.Outcome, dryRun: Bool) -> CommandResult {
        let plan = outcome.plan
        let next = outcome.unmatched > 0 ? "\nWho are the unmatched? node-cli sessions unmatched" : ""
        let text = """
            \(dryRun ? "Would import" : "Imported"): \(plan.records) records: \(plan.imported) new or changed, \
            \(plan.duplicates) known before, \(plan.rowErrors) in error. Educators: \(outcome.matched) matched, \
            \(outcome.unmatched) unmatched, \(outcome.ignored) ignored.
            """
        return CommandResult(
            data: Shapes.sessionImport.json(outcome),
            body: .text(text + RosterReport.lines(plan.rows) + next), warnings: outcome.notices,
            status: plan.rowErrors > 0 ? 3 : 0)
    }
}

struct SessionsUnmatched: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "unmatched", abstract: "List educators whom nobody could match to a teacher.",
        discussion: """
            Example: node-cli sessions unmatched

            Of every year, the same at hub and node. Settle each with `sessions match ROW TEACHER` or \
            `sessions ignore ROW`; ROW is the first column.
            """)

    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, actor) = try context.tenant(tenant, to: .readSessions)
        let queue = try SessionService(installation, open, actor: actor).unmatched()
        var table = Table([
            .init("row", isID: true), .init("name", maxWidth: 32), .init("school", maxWidth: 32),
            .init("sessions", .right), .init("last"), .init("may be", maxWidth: 60),
        ])
        for one in queue {
            table.add([
                one.id, one.name, one.school, "\(one.sessions)", one.dates.upperBound,
                one.candidates.map { "\($0.name) <\($0.email)>" }.joined(separator: ", "),
            ])
        }
        return CommandResult(data: ["unmatched": .array(queue.map(Self.json))], body: .table(table))
    }

    private static func json(_ one: UnmatchedEducator) -> JSONValue { Shapes.unmatchedEducator.json(one) }
}
