import ArgumentParser
import NodeCore
import NodeServer

struct SeatsActivity: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "activity",
        abstract: "Show how many seats were allocated and reclaimed, by day and school.",
        discussion: "Example: node-cli seats activity --days 90")

    @Option(help: "So far back.") var days = 30
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        guard (1...3660).contains(days) else {
            throw NodeError(.usage, "--days must be 1 to 3660", field: "days")
        }
        let (_, open, _) = try context.tenant(tenant, to: .summariseSeats)
        let now = context.environment.clock.milliseconds()
        let all = try open.store.read { try $0.seatActivity(days: days, now: now) }
        var table = Table([
            .init("day"), .init("school", maxWidth: 40), .init("allocated", .right),
            .init("reclaimed", .right),
        ])
        for one in all { table.add([one.day, one.school, String(one.allocated), String(one.reclaimed)]) }
        return CommandResult(
            data: ["activity": .array(all.map(Shapes.seatActivity.json))], body: .table(table))
    }
}
