import ArgumentParser
import NodeCore
import NodeServer

struct RosterExportCommand: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Print the active teachers as CSV that imports again unchanged.",
        discussion: "Example: node-cli roster export --out roster.csv")

    @OptionGroup var year: YearOption
    @OptionGroup var out: OutOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, actor) = try context.tenant(tenant, to: .importRosters)
        let export = try RosterService(installation, open, actor: actor).export(year: year.year)
        var warnings: [Notice] = []
        if export.withoutSchool > 0 {
            warnings.append(
                Notice(
                    "WITHOUT_SCHOOL", "\(export.withoutSchool) teachers without a school were left out",
                    hint: "Give them one with `node-cli teacher edit EMAIL --school NAME`."))
        }
        var data: [(String, JSONValue)] = [
            ("year", .string(export.year.description)), ("records", JSONValue(export.records)),
        ]
        if let written = try out.write(export.csv) {
            data.append(("file", JSONValue(out.out)))
            return CommandResult(data: .object(data), body: .text(written), warnings: warnings)
        }
        data.append(("csv", .string(export.csv)))
        // A file is told as it is; on a terminal nothing typed by anybody may move the cursor.
        let isShown = context.output.terminal.isOutputTerminal
        let text =
            isShown
            ? export.csv.split(separator: "\r\n").map { Escaping.visible(String($0)) }.joined(separator: "\n")
            : export.csv
        return CommandResult(data: .object(data), body: .text(text), warnings: warnings)
    }
}

struct RosterRolloverCommand: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollover", abstract: "Carry the active teachers of a year over into the next.",
        discussion: """
            Example: node-cli roster rollover --from 2025-2026 --to 2026-2027 --dry-run

            School and grade go along; inactive teachers stay behind, and who is in the new year already \
            is left alone. `roster undo` takes it back.
            """)

    @Option(
        help: ArgumentHelp("The year before; the latest with a roster unless told.", valueName: "2025-2026"))
    var from: String?
    @Option(help: ArgumentHelp("The new year; the one after unless told.", valueName: "2026-2027"))
    var to: String?
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, actor) = try context.tenant(tenant, to: .importRosters)
        let done = try RosterService(installation, open, actor: actor)
            .rollOver(from: from, to: to, dryRun: dryRun.dryRun)
        var table = Table([
            .init("action"), .init("name", maxWidth: 32), .init("email", maxWidth: 40),
            .init("school", maxWidth: 32), .init("grade"),
        ])
        for (action, teachers) in [("carry", done.carried), ("stays behind", done.inactive)] {
            for one in teachers { table.add([action, one.name, one.email, one.school, one.grade]) }
        }
        let text = """
            \(dryRun.dryRun ? "Would carry" : "Carried") \(done.carried.count) teachers from \(done.from) to \
            \(done.to); \(done.already.count) are there already, \(done.inactive.count) inactive ones stay behind.
            """
        return context.noting(
            dryRun,
            CommandResult(
                data: Shapes.rollover.json(done),
                body: dryRun.dryRun ? .summary(text, table) : .text(text)))
    }
}
