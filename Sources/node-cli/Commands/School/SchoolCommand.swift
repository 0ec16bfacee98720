import ArgumentParser
import NodeCore

struct SchoolCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "school", abstract: "Show, make and ask for schools; what rosters call them.",
        subcommands: [
            SchoolList.self, SchoolCreate.self, SchoolRequests.self, SchoolAliasCommand.self,
        ])
}

struct SchoolList: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the schools.",
        discussion: "Example: node-cli school list --tenant kckps")

    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, _) = try context.tenant(tenant)
        let (schools, aliases) = try open.store.read {
            (try $0.schools(), Dictionary(grouping: try $0.schoolAliases(), by: \.schoolID))
        }
        func names(_ school: School) -> [String] { (aliases[school.id] ?? []).map(\.alias) }
        var table = Table([
            .init("name", maxWidth: 50), .init("also called", maxWidth: 40), .init("NCES id"), .init("id"),
        ])
        for school in schools {
            table.add([
                school.name, names(school).joined(separator: ", "), school.ncesSchoolID ?? "-", school.id,
            ])
        }
        let list = schools.map { school -> JSONValue in
            [
                "id": .string(school.id), "name": .string(school.name),
                "nces_school_id": JSONValue(school.ncesSchoolID),
                "aliases": .array(names(school).map { .string($0) }),
            ]
        }
        return CommandResult(data: ["schools": .array(list)], body: .table(table))
    }
}
