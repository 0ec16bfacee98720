import ArgumentParser
import NodeCore

struct SeatsAllocate: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "allocate", abstract: "Give a learner a seat that is held here.",
        discussion: """
            Example: node-cli seats allocate --learner L-20931 --school "Central Middle"

            The learner is the district's opaque id, never a name or an address. A learner has at most one \
            seat in a tenant; the same again changes nothing.
            """)

    @Option(help: "The district's opaque id of the learner.") var learner: String
    @Option(help: ArgumentHelp("The seat.", valueName: "id")) var seat: String?
    @Option(help: "Any free seat of that school, by name or id.") var school: String?
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (seat == nil) != (school == nil) else {
            throw ValidationError("Give either --seat ID or --school S.")
        }
    }

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant, to: .allocateSeats)
        return context.noting(
            dryRun,
            SeatsCommand.result(
                try SeatService(open, actor: actor).allocate(
                    learner: learner, seat: seat, school: school, dryRun: dryRun.dryRun)))
    }
}

struct SeatsReclaim: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "reclaim", abstract: "Free a seat that is held here.",
        discussion: "Example: node-cli seats reclaim --seat ID --reason \"moved away\"")

    @Option(help: ArgumentHelp("The seat.", valueName: "id")) var seat: String
    @Option(help: "Why; kept in the seat's history. Never a name.") var reason: String?
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant, to: .allocateSeats)
        return context.noting(
            dryRun,
            SeatsCommand.result(
                try SeatService(open, actor: actor).reclaim(seat: seat, reason: reason, dryRun: dryRun.dryRun)
            ))
    }
}
