import ArgumentParser
import NodeCore

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
        let (_, open, actor) = try context.tenant(tenant, to: .readHeldSeats)
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

    static func members(_ summary: SeatSummary) -> [(String, JSONValue)] {
        [
            ("tenant_id", .string(summary.tenantID)), ("tenant_name", .string(summary.name)),
            ("total_seats", JSONValue(summary.counts.total)), ("free_seats", JSONValue(summary.counts.free)),
            ("reserved_seats", JSONValue(summary.counts.reserved)),
            ("assigned_seats", JSONValue(summary.counts.assigned)),
            ("utilization_percentage", .double(Double(summary.counts.utilizationBasisPoints) / 100)),
            ("free_seats_held_here", JSONValue(summary.freeHere)),
        ]
    }

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, _) = try context.tenant(tenant, to: .summariseSeats)
        let (district, schools) = try open.store.read { try $0.seatSummary() }
        var table = Table([
            .init("school", maxWidth: 40), .init("total", .right), .init("free", .right),
            .init("reserved", .right), .init("assigned", .right), .init("used %", .right),
            .init("free here", .right),
        ])
        for (name, one) in schools.map({ ($0.name, $0) }) + [("all", district)] {
            let points = one.counts.utilizationBasisPoints
            let percent = "\(points / 100).\(points % 100 < 10 ? "0" : "")\(points % 100)"
            table.add(
                [name]
                    + [one.counts.total, one.counts.free, one.counts.reserved, one.counts.assigned].map {
                        String($0)
                    } + [percent, String(one.freeHere)])
        }
        let list = JSONValue.array(schools.map { .object(Self.members($0)) })
        return CommandResult(
            data: .object(Self.members(district) + [("schools", list)]), body: .table(table))
    }
}

struct SeatsHistory: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Show what happened to a seat, oldest first.",
        discussion: "Example: node-cli seats history ID")

    @Argument(help: "The seat.") var id: String
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    static func json(_ event: SeatEvent) -> JSONValue {
        [
            "id": .string(event.id), "seat_id": .string(event.seatID), "action": .string(event.action),
            "previous_state": JSONValue(event.previousState), "new_state": JSONValue(event.newState),
            "previous_learner_id": JSONValue(event.previousLearnerID),
            "new_learner_id": JSONValue(event.newLearnerID),
            "previous_holder": JSONValue(event.previousHolder?.id),
            "new_holder": JSONValue(event.newHolder?.id),
            "changed_by": .string(event.changedBy), "reason": JSONValue(event.reason),
            "created_at": JSONValue(milliseconds: event.createdAt),
        ]
    }

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, _) = try context.tenant(tenant, to: .readHeldSeats)
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
