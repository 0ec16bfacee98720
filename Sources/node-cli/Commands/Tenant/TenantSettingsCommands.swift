import ArgumentParser
import NodeCore

struct TenantEdit: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit", abstract: "Change a tenant's name, flags, CORS origins or time zone.",
        discussion: """
            Example: node-cli tenant edit kckps --flag recruitment=on --cors-origin https://www.kckps.org

            Name and flags are changed at the hub and reach nodes with their next sync; CORS origins and the \
            time zone on either side. --cors-origin, given as often as needed, replaces the whole list.
            """)

    @Argument(help: "The tenant; may be left out where there is only one.") var slug: String?
    @Option(help: "What the district is called.") var name: String?
    @Option(help: ArgumentHelp("A feature flag; repeatable.", valueName: "flag=on|off")) var flag: [String] =
        []
    @Option(help: ArgumentHelp("A web origin that may read the public API; repeatable.", valueName: "url"))
    var corsOrigin: [String] = []
    @Flag(help: "Take every CORS origin away.") var noCorsOrigins = false
    @Option(help: "Time zone of the district.") var timeZone: String?
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard corsOrigin.isEmpty || !noCorsOrigins else {
            throw ValidationError("Give either --cors-origin or --no-cors-origins.")
        }
    }

    func execute(_ context: CommandContext) throws -> CommandResult {
        let permission: Permission = name == nil && flag.isEmpty ? .editSettings : .editTenant
        let (_, open, actor) = try context.tenant(tenant, named: slug, to: permission)
        let edited = try TenantSettings(open, actor: actor).edit(
            .init(
                name: name, flags: try FeatureFlag.parse(flag),
                corsOrigins: noCorsOrigins ? [] : corsOrigin.isEmpty ? nil : corsOrigin,
                timeZone: timeZone),
            dryRun: dryRun.dryRun)
        return CommandResult(
            data: ["tenant": TenantCommand.json(edited)],
            body: .text("\(dryRun.dryRun ? "Would change" : "Changed") \(edited.slug)."))
    }
}

struct TenantDeactivate: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "deactivate", abstract: "Turn a tenant off; at the hub.",
        discussion: """
            Example: node-cli tenant deactivate kckps --reason "agreement ended"

            Here at once, at nodes with their next sync. Logins and changes are refused with TENANT_INACTIVE; \
            reading, verifying and sync go on, and nothing is lost.
            """)

    @Argument(help: "The tenant.") var slug: String
    @Option(help: "Why; kept in the audit. Never a person's name.") var reason: String?
    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant, named: slug, to: .activateTenant)
        let settings = TenantSettings(open, actor: actor)
        // What would be refused is refused before anybody is asked.
        let wouldBe = try settings.setActive(false, reason: reason, dryRun: true)
        if dryRun.dryRun {
            return CommandResult(
                data: ["tenant": TenantCommand.json(wouldBe)], body: .text("Would deactivate \(slug)."))
        }
        try context.confirm(confirmation, name: slug, "Deactivating the tenant \(slug)")
        let tenant = try settings.setActive(false, reason: reason)
        return CommandResult(
            data: ["tenant": TenantCommand.json(tenant)], body: .text("\(slug) is deactivated."))
    }
}

struct TenantActivate: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "activate", abstract: "Turn a tenant on again; at the hub.",
        discussion: "Example: node-cli tenant activate kckps")

    @Argument(help: "The tenant.") var slug: String
    @Option(help: "Why; kept in the audit. Never a person's name.") var reason: String?
    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant, named: slug, to: .activateTenant)
        // It destroys nothing, so a script may do it without --yes; a person is asked.
        if !dryRun.dryRun, context.output.terminal.canPrompt {
            try context.confirm(
                confirmation, name: slug, "Activating lets the district's users and website in again")
        }
        let tenant = try TenantSettings(open, actor: actor).setActive(
            true, reason: reason, dryRun: dryRun.dryRun)
        return CommandResult(
            data: ["tenant": TenantCommand.json(tenant)],
            body: .text(dryRun.dryRun ? "Would activate \(slug)." : "\(slug) is active."))
    }
}
