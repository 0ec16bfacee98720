import ArgumentParser
import Foundation
import NodeCore

struct UsageExportCommand: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write the report to a spreadsheet.",
        discussion: """
            Example: node-cli usage export usage.xlsx --semester fall

            FILE ends with .xlsx or .csv. It has names and addresses of teachers: keep it where they may be.
            """)

    @Argument(help: "The file to write.") var file: String
    @OptionGroup var options: UsageOptions
    @Flag(help: "Overwrite a file that exists.") var force = false
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let format = try UsageExport.format(file)
        let (installation, open, actor) = try context.tenant(tenant)
        let report = try UsageService(open, actor: actor).report(
            year: options.year.year, semester: options.semester, building: options.building)
        try context.requireAbsent([file], force: force)
        try UsageExport.write(report, to: file)
        try installation.note(
            "usage.export", "tenant \(open.slug), \(report.year) \(report.semester), \(format)")
        return CommandResult(
            data: [
                "file": .string(file), "format": .string(format.rawValue),
                "year": .string(report.year.description), "teachers": JSONValue(report.teachers),
                "sessions": JSONValue(report.sessions), "unmatched": JSONValue(report.unmatched),
            ],
            body: .text(
                "Wrote \(Escaping.visible(file)): \(report.teachers) teachers, \(report.sessions) sessions."),
            warnings: UsageShow.unmatchedNotice(report))
    }
}
