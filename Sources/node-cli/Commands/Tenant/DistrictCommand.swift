import ArgumentParser
import NodeCore
import NodeServer

/// The words of the tenant service: a district is a tenant.
struct DistrictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "district", abstract: "Make and show districts; a district is a tenant.",
        subcommands: [TenantCreate.self, DistrictShow.self])
}

struct DistrictShow: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a district with its schools.",
        discussion: """
            Example: node-cli district show kckps

            The same record as GET /api/v1/district/{id}.
            """)

    @Argument(help: "The district's slug; may be left out where there is only one.") var slug: String?
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, _) = try context.tenant(tenant, named: slug, to: .readTenant)
        let (district, schools) = try open.store.read { (try $0.tenant(), try $0.schools()) }
        var table = Table([.init("school", maxWidth: 50), .init("NCES id"), .init("id")])
        for school in schools { table.add([school.name, school.ncesSchoolID ?? "-", school.id]) }
        let children = schools.map { Shapes.districtSchool.json(($0, district.id)) }
        let name = Escaping.visible(district.name)
        return CommandResult(
            data: ["district": Shapes.tenant.json(district).adding("children", .array(children))],
            body: .summary(
                "\(district.slug) (\(name)), \(district.active ? "active" : "inactive"), id \(district.id)",
                table))
    }
}
