import ArgumentParser
import NodeCore

struct SeatsPurchase: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "purchase", abstract: "Add free seats at a school, or ask the hub for them.",
        discussion: """
            Example: node-cli seats purchase --school "Central Middle" --count 25 --grant north-node

                     node-cli seats purchase --school "Central Middle" --count 25 --request

            At the hub: the new seats are held by the hub, or with --grant by that node. With --request, at a \
            node, also offline: the hub answers with `seats requests`, and the seats are this node's.
            """)

    @Option(help: "Name or id of the school.") var school: String
    @Option(help: "How many, 1 to 1000.") var count: Int
    @Option(help: ArgumentHelp("The node that holds them: its id, origin or name.", valueName: "node"))
    var grant: String?
    @Flag(help: "Ask the hub for them.") var request = false
    @Option(help: "With --request: a word to the hub.") var note: String?
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if note != nil, !request { throw ValidationError("--note goes with --request.") }
        if grant != nil, request { throw ValidationError("Give either --grant or --request.") }
    }

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant, to: request ? .moveSeats : .purchaseSeats)
        if request {
            let asked = try SeatService(open, actor: actor)
                .request(school: school, count: count, note: note, dryRun: dryRun.dryRun)
            return context.noting(dryRun, SeatsRequests.result(asked))
        }
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
