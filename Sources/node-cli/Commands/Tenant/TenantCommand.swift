import ArgumentParser
import NodeCore
import NodeServer

struct TenantCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenant", abstract: "Make, show and change tenants.",
        subcommands: [
            TenantCreate.self, TenantList.self, TenantShow.self, TenantEdit.self, TenantDeactivate.self,
            TenantActivate.self,
        ])

    static func json(_ tenant: Tenant) -> JSONValue { Shapes.tenant.json(tenant) }
}

struct TenantList: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the tenants of this installation.",
        discussion: "Example: node-cli tenant list")

    @OptionGroup var acting: ActingOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, principal) = try context.staff(acting, to: .readTenant)
        let tenants = try TenantService(installation, actor: principal.actor).list()
        var table = Table([.init("slug"), .init("name", maxWidth: 40), .init("active"), .init("district")])
        for tenant in tenants {
            table.add([tenant.slug, tenant.name, tenant.active ? "yes" : "no", tenant.ncesLEAID ?? "-"])
        }
        return CommandResult(data: ["tenants": .array(tenants.map(TenantCommand.json))], body: .table(table))
    }
}

struct TenantShow: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one tenant.", discussion: "Example: node-cli tenant show kckps")

    @Argument(help: "The tenant; may be left out where there is only one.") var slug: String?
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, _) = try context.tenant(tenant, named: slug, to: .readTenant)
        let (tenant, schools) = try open.store.read { (try $0.tenant(), try $0.schools().count) }
        var table = Table([.init("field"), .init("value")])
        table.add(["id", tenant.id])
        table.add(["slug", tenant.slug])
        table.add(["name", tenant.name])
        table.add(["active", tenant.active ? "yes" : "no"])
        table.add(["district", tenant.ncesLEAID ?? "-"])
        table.add(["time zone", tenant.timeZone])
        table.add(["schools", String(schools)])
        table.add([
            "CORS origins", tenant.corsOrigins.isEmpty ? "-" : tenant.corsOrigins.joined(separator: " "),
        ])
        for flag in FeatureFlag.allCases {
            table.add(["flag \(flag.rawValue)", tenant.flags[flag] == true ? "on" : "off"])
        }
        return CommandResult(
            data: [
                "tenant": TenantCommand.json(tenant), "database": .string(open.store.fileName),
                "schools": JSONValue(schools),
            ], body: .table(table))
    }
}
