import ArgumentParser
import NodeCore
import NodeServer

struct SeatsRequests: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requests", abstract: "List the seats that a district asked for; accept or decline.",
        subcommands: [SeatsRequestsList.self, SeatsRequestsAccept.self, SeatsRequestsDecline.self],
        defaultSubcommand: SeatsRequestsList.self)

    static func table(_ requests: [SeatRequest]) -> Table {
        var table = Table([
            .init("school", maxWidth: 32), .init("count", .right), .init("state"),
            .init("note", maxWidth: 40), .init("answer", maxWidth: 40), .init("id"),
        ])
        for one in requests {
            table.add([
                one.school, String(one.count), one.state.rawValue, one.note ?? "", one.reason ?? "", one.id,
            ])
        }
        return table
    }

    static func result(_ request: SeatRequest) -> CommandResult {
        CommandResult(data: ["request": Shapes.seatRequest.json(request)], body: .table(table([request])))
    }
}

struct SeatsRequestsList: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the requests that wait for an answer.",
        discussion: "Example: node-cli seats requests --all")

    @Flag(help: "Answered ones too.") var all = false
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, _) = try context.tenant(tenant, to: .summariseSeats)
        let requests = try open.store.read { try $0.seatRequests() }.filter { all || $0.state == .open }
        return CommandResult(
            data: ["requests": .array(requests.map(Shapes.seatRequest.json))],
            body: .table(SeatsRequests.table(requests)))
    }
}

struct SeatsRequestsAccept: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept", abstract: "Purchase what was asked for and grant it to the node; at the hub.",
        discussion: "Example: node-cli seats requests accept 0193a5c2-…")

    @Argument(help: "The request's id.") var id: String
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant, to: .purchaseSeats)
        let request = try SeatService(open, actor: actor).decide(id, accept: true, dryRun: dryRun.dryRun)
        return context.noting(dryRun, SeatsRequests.result(request))
    }
}

struct SeatsRequestsDecline: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "decline", abstract: "Say no to a request; at the hub.",
        discussion: "Example: node-cli seats requests decline 0193a5c2-… --reason \"contract is full\"")

    @Argument(help: "The request's id.") var id: String
    @Option(help: "What the district reads.") var reason: String?
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant, to: .purchaseSeats)
        let request = try SeatService(open, actor: actor)
            .decide(id, accept: false, reason: reason, dryRun: dryRun.dryRun)
        return context.noting(dryRun, SeatsRequests.result(request))
    }
}
