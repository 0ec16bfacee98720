import ArgumentParser
import NodeCore

struct SeatsPurchase: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "purchase", abstract: "Add free seats at a school; at the hub.",
        discussion: """
            Example: node-cli seats purchase --school "Central Middle" --count 25 --grant north-node

            The new seats are held by the hub, or with --grant by that node.
            """)

    @Option(help: "Name or id of the school.") var school: String
    @Option(help: "How many, 1 to 1000.") var count: Int
    @Option(help: ArgumentHelp("The node that holds them: its id, origin or name.", valueName: "node"))
    var grant: String?
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant, to: .purchaseSeats)
        return context.noting(
            dryRun,
            SeatsCommand.result(
                try SeatService(open, actor: actor).purchase(
                    school: school, count: count, grant: grant, dryRun: dryRun.dryRun)))
    }
}

struct SeatsGrant: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "grant", abstract: "Hand seats that the hub holds to a node.",
        discussion: """
            Example: node-cli seats grant --node north-node --school "Central Middle" --count 10

            From then on only that node allocates and reclaims them, also while it is offline. They reach it \
            with its next sync.
            """)

    @Option(help: "The node: its id, origin or name.") var node: String
    @OptionGroup var selection: SeatSelectionOptions
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant, to: .moveSeats)
        return context.noting(
            dryRun,
            SeatsCommand.result(
                try SeatService(open, actor: actor).grant(
                    node: node, selection.selection, dryRun: dryRun.dryRun)))
    }
}

struct SeatsRelease: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Hand seats that this node holds back to the hub.",
        discussion: "Example: node-cli seats release --school \"Central Middle\" --count 5")

    @OptionGroup var selection: SeatSelectionOptions
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant, to: .moveSeats)
        return context.noting(
            dryRun,
            SeatsCommand.result(
                try SeatService(open, actor: actor).release(selection.selection, dryRun: dryRun.dryRun)))
    }
}
