import ArgumentParser
import NodeCore

struct RosterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "roster", abstract: "Import teacher lists, look at what they did, take them back.",
        subcommands: [
            RosterImportCommand.self, RosterPreview.self, RosterApprove.self, RosterHeld.self,
            RosterUndo.self, RosterImports.self, RosterExportCommand.self, RosterRolloverCommand.self,
            RosterTemplate.self,
        ])
}

/// What roster commands are told about a file.
struct RosterOptionGroup: ParsableArguments {
    @Argument(help: "A CSV file, a OneRoster zip or folder, a Google Sheet's link, or - for standard input.")
    var file: String
    @Flag(help: "Deactivate nobody who is missing from the file.") var additive = false
    @Option(help: ArgumentHelp("Academic year; today's unless told.", valueName: "2025-2026")) var year:
        String?
    @OptionGroup var report: ReportOption

    func options(_ progress: RosterProgress) -> RosterService.Options {
        var options = RosterService.Options()
        options.additive = additive
        options.year = year
        options.progress = { progress.update($0, $1, $2) }
        return options
    }
}

struct RosterImportCommand: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Import a roster.",
        discussion: """
            Example: node-cli roster import roster.csv --dry-run

            Needs the columns Building, Name and Email; Grade is optional. A OneRoster 1.1 or 1.2 set is \
            taken as zip or folder. Good rows are applied, rows in error are listed (exit 3). Teachers \
            missing from a full list become inactive unless --additive. When too many would, nothing is \
            written (exit 4) until `roster approve`; `roster undo` takes an import back.
            """)

    @OptionGroup var roster: RosterOptionGroup
    @Option(help: ArgumentHelp("Deactivate exactly so many.", valueName: "n")) var approveDeactivate: Int?
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, actor) = try context.tenant(tenant)
        try roster.report.requireFree()
        let progress = RosterProgress(context)
        defer { progress.finish() }
        var options = roster.options(progress)
        options.approvedDeactivations = approveDeactivate
        options.dryRun = dryRun.dryRun
        let outcome = try RosterService(installation, open, actor: actor)
            .importFile(try RosterInput.open(roster.file, context), options)
        try roster.report.write(outcome)
        return RosterReport.result(outcome, dryRun: dryRun.dryRun)
    }
}

struct RosterPreview: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview", abstract: "Show what an import would do with every row.",
        discussion: """
            Example: node-cli roster preview roster.csv

            Reads only. Exits as the import would: 3 with rows in error, 4 when it would be held.
            """)

    @OptionGroup var roster: RosterOptionGroup
    @Flag(help: "List rows that change nothing too.") var all = false
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, actor) = try context.tenant(tenant)
        try roster.report.requireFree()
        let progress = RosterProgress(context)
        defer { progress.finish() }
        let outcome = try RosterService(installation, open, actor: actor)
            .preview(try RosterInput.open(roster.file, context), roster.options(progress))
        try roster.report.write(outcome)
        return RosterReport.preview(outcome, all: all)
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
    @OptionGroup var report: ReportOption
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, actor) = try context.tenant(tenant)
        try report.requireFree()
        let progress = RosterProgress(context)
        defer { progress.finish() }
        let outcome = try RosterService(installation, open, actor: actor)
            .approve(id, dryRun: dryRun.dryRun) { progress.update($0, $1, $2) }
        try report.write(outcome)
        return RosterReport.result(outcome, dryRun: dryRun.dryRun)
    }
}

struct RosterTemplate: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "template", abstract: "Print an empty roster to fill in.",
        discussion: "Example: node-cli roster template > roster.csv")

    @OptionGroup var out: OutOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let data: JSONValue = ["template": .string(RosterSheet.template)]
        if let written = try out.write(RosterSheet.template) {
            return CommandResult(data: data, body: .text(written))
        }
        return CommandResult(data: data, body: .text(RosterSheet.template))
    }
}
