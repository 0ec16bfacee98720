import ArgumentParser
import NodeCore

struct RosterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "roster", abstract: "Import teacher lists.",
        subcommands: [RosterImport.self, RosterApprove.self, RosterTemplate.self])
}

struct RosterImport: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Import a roster from a CSV file.",
        discussion: """
            Example: node-cli roster import roster.csv --dry-run

            Needs the columns Building, Name and Email; Grade is optional. Good rows are applied, rows in \
            error are listed (exit 3). Teachers missing from a full list become inactive unless \
            --additive. When too many would, nothing is written (exit 4) until `roster approve`.
            """)

    @Argument(help: "A CSV file, or - for standard input.") var file: String
    @Flag(help: "Deactivate nobody who is missing from the file.") var additive = false
    @Option(help: ArgumentHelp("Deactivate exactly so many.", valueName: "n")) var approveDeactivate: Int?
    @Option(help: ArgumentHelp("Academic year; today's unless told.", valueName: "2025-2026")) var year:
        String?
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, actor) = try context.tenant(tenant, to: .importRosters)
        var options = RosterService.Options()
        options.additive = additive
        options.approvedDeactivations = approveDeactivate
        options.year = year
        options.dryRun = dryRun.dryRun
        let service = RosterService(installation, open, actor: actor)
        return RosterReport.result(
            try service.importFile(try context.read(file), options), dryRun: dryRun.dryRun)
    }
}

struct RosterApprove: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Apply an import that was held.",
        discussion: """
            Example: node-cli roster approve 0193a5c2-…

            Applies it only if it would still deactivate as many teachers as when it was held.
            """)

    @Argument(help: "The import's id.") var id: String
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, actor) = try context.tenant(tenant, to: .importRosters)
        let service = RosterService(installation, open, actor: actor)
        return RosterReport.result(try service.approve(id, dryRun: dryRun.dryRun), dryRun: dryRun.dryRun)
    }
}

struct RosterTemplate: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "template", abstract: "Print an empty roster.",
        discussion: "Example: node-cli roster template > roster.csv")

    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        CommandResult(data: ["template": .string(RosterSheet.template)], body: .text(RosterSheet.template))
    }
}
