import ArgumentParser
import NodeCore

struct ReferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Keep the reference data that new tenants get a copy of.",
        subcommands: [Import.self])

    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Import reference data from a CSV file.", subcommands: [ReferenceImportSchools.self])
    }
}

struct ReferenceImportSchools: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "schools", abstract: "Import schools.",
        discussion: """
            Example: node-cli reference import schools schools.csv

            Columns nces_school_id, nces_lea_id, school_name, or any CSV with a name column. Runs at the \
            hub; importing the same file again changes nothing.
            """)

    @Argument(help: "A CSV file, or - for standard input.") var file: String
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let service = ReferenceService(try context.installation())
        let outcome = try service.importSchools(try context.read(file), dryRun: dryRun.dryRun)
        return CommandResult(
            data: [
                "created": JSONValue(outcome.created), "updated": JSONValue(outcome.updated),
                "unchanged": JSONValue(outcome.unchanged),
                "row_errors": JSONValue(outcome.rows.filter { !$0.code.isWarning }.count),
                "rows": .array(outcome.rows.map(RosterReport.json)),
            ],
            body: .text(
                "\(outcome.created) created, \(outcome.updated) updated, \(outcome.unchanged) unchanged, \(outcome.rows.count) with a message"
                    + RosterReport.lines(outcome.rows)),
            warnings: outcome.notices, status: outcome.rows.contains { !$0.code.isWarning } ? 3 : 0)
    }
}

struct SchoolCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "school", abstract: "Show the schools of a tenant.", subcommands: [SchoolList.self])
}

struct SchoolList: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the schools.",
        discussion: "Example: node-cli school list --tenant kckps")

    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, _) = try context.tenant(tenant, to: .readTenant)
        let schools = try open.store.read { try $0.schools() }
        var table = Table([.init("name", maxWidth: 50), .init("NCES id"), .init("id")])
        for school in schools { table.add([school.name, school.ncesSchoolID ?? "-", school.id]) }
        let list = schools.map { school -> JSONValue in
            [
                "id": .string(school.id), "name": .string(school.name),
                "nces_school_id": JSONValue(school.ncesSchoolID),
            ]
        }
        return CommandResult(data: ["schools": .array(list)], body: .table(table))
    }
}
