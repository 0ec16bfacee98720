import ArgumentParser
import NodeCore

struct SeatsReserve: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "reserve", abstract: "Keep a seat for a learner.",
        discussion: """
            Example: node-cli seats reserve --learner L-20931 --school "Central Middle" --days 14

            `seats allocate` for the same learner turns it into an assignment; after the days it is free \
            again. At the hub, a --seat that a node holds is asked for: the node reserves it with its next \
            sync if it is free, else rejects that.
            """)

    @Option(help: "The district's opaque id of the learner.") var learner: String
    @Option(help: ArgumentHelp("The seat.", valueName: "id")) var seat: String?
    @Option(help: "Any free seat of that school, by name or id.") var school: String?
    @Option(help: "Ends it after so many days, 1 to 366.") var days: Int?
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (seat == nil) != (school == nil) else {
            throw ValidationError("Give either --seat ID or --school S.")
        }
    }

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant)
        let service = SeatService(open, actor: actor)
        if let seat, open.origin.role == .hub, try !service.isHeldHere(seat) {
            guard days == nil else {
                throw NodeError(
                    .usage, "a seat that a node holds is asked for without an end",
                    hint: "Leave --days out; the node may end it.", field: "days")
            }
            let wish = SeatWish(kind: .reserve, learnerID: learner)
            return context.noting(
                dryRun, SeatsCommand.result(try service.ask(wish, seat: seat, dryRun: dryRun.dryRun)))
        }
        return context.noting(
            dryRun,
            SeatsCommand.result(
                try service.reserve(
                    learner: learner, seat: seat, school: school, days: days, dryRun: dryRun.dryRun)))
    }
}

struct SeatsRetire: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire", abstract: "Take seats off the contract; at the hub.",
        discussion: """
            Example: node-cli seats retire --school "Central Middle" --count 5 --reason "contract 2027"

            Free seats that the hub holds go at once. The others are owed: each comes back by itself when its \
            holder has synced and it is free. `seats summary` counts what is owed.
            """)

    @Option(help: "Name or id of the school.") var school: String
    @Option(help: "How many, 1 to 1000.") var count: Int
    @Option(help: "Why; kept in the seats' history. Never a name.") var reason: String?
    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant)
        let service = SeatService(open, actor: actor)
        let planned = try service.retire(school: school, count: count, reason: reason, dryRun: true)
        if dryRun.dryRun { return context.noting(dryRun, result(planned)) }
        try context.confirm(confirmation, name: school, "Retiring \(Count.text(count, "seat"))")
        return result(try service.retire(school: school, count: count, reason: reason))
    }

    private func result(_ outcome: (retired: [Seat], owed: [Seat])) -> CommandResult {
        CommandResult(
            data: [
                "retired": .array(outcome.retired.map(SeatsCommand.json)),
                "owed": .array(outcome.owed.map(SeatsCommand.json)),
            ],
            body: .text(
                "\(Count.text(outcome.retired.count, "seat")) retired, \(outcome.owed.count) owed by holders."
            ))
    }
}

struct SeatsAsk: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "ask", abstract: "Ask a node for a seat back; at the hub.",
        discussion: """
            Example: node-cli seats ask --seat ID --reason "needed at another school"

            The node gives it back with its next sync, or when it is free. `seats withdraw` takes it back.
            """)

    @Option(help: ArgumentHelp("The seat.", valueName: "id")) var seat: String
    @Option(help: "Why; kept in the seat's history. Never a name.") var reason: String?
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant)
        let wish = SeatWish(kind: .release)
        return context.noting(
            dryRun,
            SeatsCommand.result(
                try SeatService(open, actor: actor).ask(
                    wish, seat: seat, reason: reason, dryRun: dryRun.dryRun)))
    }
}

struct SeatsWithdraw: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "withdraw", abstract: "Take back what a seat's holder was asked for; at the hub.",
        discussion: "Example: node-cli seats withdraw --seat ID")

    @Option(help: ArgumentHelp("The seat.", valueName: "id")) var seat: String
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant)
        return context.noting(
            dryRun,
            SeatsCommand.result(
                try SeatService(open, actor: actor).withdraw(seat: seat, dryRun: dryRun.dryRun)))
    }
}
