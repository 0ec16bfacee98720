import ArgumentParser
import NodeCore
import NodeServer

struct PersonCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "person", abstract: "Hand over or erase what is kept about one person.",
        subcommands: [PersonExport.self, PersonErase.self, PersonErasures.self])
}

/// Who is meant.
struct PersonOption: ParsableArguments {
    @Argument(help: "A teacher's id or e-mail, or with --learner a learner's id.") var who: String
    @Flag(help: "WHO is the district's id of a learner.") var learner = false
}

struct PersonErase: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase", abstract: "Erase a person everywhere, for good.",
        discussion: """
            Example: node-cli person erase ann@kckps.org --reason "request of 3 May" --yes

            Values about the person are dropped from rows, stored deltas and held imports, here at once and on \
            every other installation with its next sync. Headers, receipts and the audit stay. A learner's id is \
            replaced by a name that leads to nobody, so that seats still add up. Files that were exported, and \
            backups, are not reached. Can't be undone.
            """)

    @OptionGroup var person: PersonOption
    @Option(help: "For the audit; never a name.") var reason: String?
    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, actor) = try context.tenant(tenant, to: .erasePerson)
        let service = PersonService(installation, open, actor: actor)
        // What would be refused is refused before anybody is asked.
        let plan = try service.erase(person.who, learner: person.learner, reason: reason, dryRun: true)
        if dryRun.dryRun { return context.noting(dryRun, Self.result(plan, "Would erase")) }
        try context.confirm(confirmation, name: plan.person.label, "Erasing this person for good")
        var result = Self.result(
            try service.erase(person.who, learner: person.learner, reason: reason), "Erased")
        result.warnings += try KeptCopies.warnings(
            installation, before: context.environment.clock.milliseconds(), context)
        return result
    }

    private static func result(_ erasure: PersonService.Erasure, _ verb: String) -> CommandResult {
        var warnings: [Notice] = []
        if erasure.unresolved > 0 {
            warnings.append(
                Notice(
                    "UNRESOLVED",
                    "\(erasure.unresolved) records of sessions by that name could be somebody else's and are left",
                    hint: "Match them first (`node-cli sessions unmatched`), then erase again."))
        }
        return CommandResult(
            data: ["erasure": Shapes.erasure.json(erasure)],
            body: .text(
                "\(verb): \(Count.text(erasure.rows, "row")) of a \(erasure.person.kind.rawValue); "
                    + "order \(erasure.orderID)"), warnings: warnings)
    }
}

struct PersonErasures: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "erasures", abstract: "List the orders to erase.",
        discussion: "Example: node-cli person erasures")

    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, actor) = try context.tenant(tenant, to: .exportPerson)
        let orders = try PersonService(installation, open, actor: actor).orders()
        let zone = try open.store.read { try $0.tenant().timeZone }
        var table = Table([.init("at"), .init("kind"), .init("rows", .right), .init("id")])
        for one in orders { table.add([context.time(one.at, in: zone), one.kind, "\(one.rows)", one.id]) }
        return CommandResult(
            data: ["erasures": .array(orders.map(Shapes.erasureOrder.json))], body: .table(table),
            warnings: try orders.last.map { try KeptCopies.warnings(installation, before: $0.at, context) }
                ?? [])
    }
}

/// What an erasure leaves to people: one warning for each copy on this machine.
private enum KeptCopies {
    static func warnings(_ installation: Installation, before milliseconds: Int64, _ context: CommandContext)
        throws -> [Notice]
    {
        let folder = context.configuration.backupFolder
        return try installation.copies(before: milliseconds, backups: folder).map {
            Notice(
                "COPY_KEPT", "'\($0)' is from before the erasure and may still hold the person",
                hint: "Delete it once a newer backup is there and nothing in it is needed.")
        }
    }
}
