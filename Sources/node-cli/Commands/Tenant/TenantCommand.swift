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

struct TenantCreate: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a tenant: file, schema, reference data, rules and API key.",
        discussion: """
            Example: node-cli tenant create --name "KCKPS" --slug kckps --district 2007950 --flag recruitment=on

            Runs at the hub. The API key is shown once. With --district only the schools of that NCES \
            district are copied. Any failure leaves nothing and says which it was.
            """)

    @Option(help: "What the district is called.") var name: String
    @Option(help: "URL name: lower-case letters and digits, groups joined by hyphens.") var slug: String
    @Option(help: ArgumentHelp("NCES id of the district.", valueName: "lea-id")) var district: String?
    @Option(help: ArgumentHelp("A feature flag; repeatable.", valueName: "flag=on|off")) var flag: [String] =
        []
    @Option(help: "Time zone of the district.") var timeZone: String?
    @Flag(help: "Keep the API key sealed on this installation instead of showing it.") var noShowKey = false
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let installation = try context.installation()
        let service = TenantService(installation, actor: context.actor(installation))
        let created = try service.create(
            .init(
                name: name, slug: slug, district: district, flags: try FeatureFlag.parse(flag),
                sealKey: noShowKey,
                timeZone: timeZone),
            dryRun: dryRun.dryRun)
        var data: [(String, JSONValue)] = [
            ("tenant", TenantCommand.json(created.tenant)), ("database", .string(created.database)),
            (
                "reference",
                [
                    "schools": JSONValue(created.schools), "skills": JSONValue(created.skills),
                    "career_types": JSONValue(created.careerTypes),
                ]
            ),
        ]
        if let key = created.apiKey { data.append(("api_key", .string(key))) }
        let what = dryRun.dryRun ? "Would make" : "Made"
        var text = """
            \(what) the tenant \(created.tenant.slug) (\(Escaping.visible(created.tenant.name))) in \(created.database)
            with \(created.schools) schools, \(created.skills) skills and \(created.careerTypes) career types.
            """
        if let key = created.apiKey { text += "\nAPI key, shown this once: \(key)" }
        return CommandResult(data: .object(data), body: .text(text), warnings: created.notices)
    }
}

struct TenantList: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the tenants of this installation.",
        discussion: "Example: node-cli tenant list")

    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let installation = try context.installation()
        let tenants = try TenantService(installation, actor: context.actor(installation)).list()
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
        let installation = try context.installation()
        let open = try installation.tenant(slug ?? tenant.tenant)
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
