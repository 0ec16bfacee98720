import ArgumentParser
import NodeCore
import NodeServer

struct SeatsList: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the seats.",
        discussion: "Example: node-cli seats list --school \"Central Middle\" --state FREE")

    @Option(help: "Only those of this school, by name or id.") var school: String?
    @Option(help: "Only FREE, RESERVED or ASSIGNED ones.") var state: String?
    @Option(help: "Only that of this learner.") var learner: String?
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant)
        let state = try state.map { text in
            guard let state = Seat.State(rawValue: text.uppercased()) else {
                throw NodeError(
                    .usage, "'\(text)' is no state", hint: "Write FREE, RESERVED or ASSIGNED.", field: "state"
                )
            }
            return state
        }
        return SeatsCommand.result(
            try SeatService(open, actor: actor).list(
                .init(school: school, state: state, learner: learner)))
    }
}

struct SeatsSummary: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "summary", abstract: "Show how many seats are free, reserved and assigned.",
        discussion: "Example: node-cli seats summary --tenant kckps")

    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, _) = try context.tenant(tenant)
        let (district, schools) = try open.store.read { try $0.seatSummary() }
        var table = Table([
            .init("school", maxWidth: 40), .init("total", .right), .init("free", .right),
            .init("reserved", .right), .init("assigned", .right), .init("used %", .right),
            .init("free here", .right), .init("owed", .right),
        ])
        for (name, one) in schools.map({ ($0.name, $0) }) + [("all", district)] {
            let points = one.counts.utilizationBasisPoints
            let percent = "\(points / 100).\(points % 100 < 10 ? "0" : "")\(points % 100)"
            table.add(
                [name]
                    + [one.counts.total, one.counts.free, one.counts.reserved, one.counts.assigned].map {
                        String($0)
                    } + [percent, String(one.freeHere), String(one.owed)])
        }
        let list = JSONValue.array(schools.map(Shapes.seatSummary.json))
        return CommandResult(
            data: Shapes.seatSummary.json(district).adding("schools", list), body: .table(table))
    }
}

struct SeatsHistory: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Show what happened to a seat, oldest first.",
        discussion: "Example: node-cli seats history ID")

    @Argument(help: "The seat.") var id: String
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    static func json(_ event: SeatEvent) -> JSONValue { Shapes.seatEvent.json(event) }

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, _) = try context.tenant(tenant)
        let (events, zone) = try open.store.read { (try $0.seatHistory(id), try $0.tenant().timeZone) }
        var table = Table([
            .init("at"), .init("action"), .init("from"), .init("to"), .init("learner", maxWidth: 24),
            .init("holder", maxWidth: 24), .init("by", maxWidth: 32), .init("reason", maxWidth: 32),
        ])
        for one in events {
            table.add([
                context.time(one.createdAt, in: zone), one.action, one.previousState ?? "-",
                one.newState ?? "-", one.newLearnerID ?? one.previousLearnerID ?? "-",
                one.newHolder.map(SeatsCommand.name) ?? "-", one.changedBy, one.reason ?? "-",
            ])
        }
        return CommandResult(
            data: ["seat_id": .string(id), "history": .array(events.map(Self.json))], body: .table(table))
    }
}
