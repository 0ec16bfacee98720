import ArgumentParser
import NodeCore
import NodeServer

struct FlagCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flag", abstract: "Show and set a tenant's feature flags.",
        subcommands: [FlagList.self, FlagSet.self])

    static func result(_ tenant: Tenant) -> CommandResult {
        var table = Table([.init("flag"), .init("state"), .init("default"), .init("used by")])
        let list = FeatureFlag.allCases.map { (flag: $0, isOn: tenant.flags[$0] == true) }
        for (flag, isOn) in list {
            table.add([
                flag.rawValue, isOn ? "on" : "off", flag.isOnByDefault ? "on" : "off",
                flag.effect ?? "no feature yet",
            ])
        }
        return CommandResult(
            data: ["tenant": TenantCommand.json(tenant), "flags": .array(list.map(Shapes.flag.json))],
            body: .table(table))
    }
}

struct FlagList: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List a tenant's flags.",
        discussion: "Example: node-cli flag list kckps")

    @Argument(help: "The tenant; may be left out where there is only one.") var slug: String?
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let open = try context.installation().tenant(slug ?? tenant.tenant)
        return FlagCommand.result(try open.store.read { try $0.tenant() })
    }
}

struct FlagSet: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Turn flags on or off; at the hub.",
        discussion: "Example: node-cli flag set kckps events=on recruitment=off")

    @Argument(help: "The tenant.") var slug: String
    @Argument(help: ArgumentHelp("What to set.", valueName: "flag=on|off")) var flags: [String]
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let installation = try context.installation()
        let settings = TenantSettings(
            try installation.tenant(slug), actor: context.actor(installation))
        return context.noting(
            dryRun,
            FlagCommand.result(
                try settings.edit(.init(flags: try FeatureFlag.parse(flags)), dryRun: dryRun.dryRun)))
    }
}
