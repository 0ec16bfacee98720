import ArgumentParser
import NodeCore

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
        let (installation, open, actor) = try context.tenant(tenant)
        let service = PersonService(installation, open, actor: actor)
        // What would be refused is refused before anybody is asked.
        let plan = try service.erase(person.who, learner: person.learner, reason: reason, dryRun: true)
        if dryRun.dryRun { return context.noting(dryRun, Self.result(plan, "Would erase")) }
        try context.confirm(confirmation, name: plan.person.label, "Erasing this person for good")
        return Self.result(
            try service.erase(person.who, learner: person.learner, reason: reason), "Erased")
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
            data: [
                "erasure": [
                    "id": .string(erasure.orderID), "kind": .string(erasure.person.kind.rawValue),
                    "rows": JSONValue(erasure.rows), "unresolved": JSONValue(erasure.unresolved),
                ]
            ],
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
        let (installation, open, actor) = try context.tenant(tenant)
        let orders = try PersonService(installation, open, actor: actor).orders()
        let zone = try open.store.read { try $0.tenant().timeZone }
        var table = Table([.init("at"), .init("kind"), .init("rows", .right), .init("id")])
        for one in orders { table.add([context.time(one.at, in: zone), one.kind, "\(one.rows)", one.id]) }
        let list = orders.map { one -> JSONValue in
            [
                "id": .string(one.id), "kind": .string(one.kind), "at": JSONValue(milliseconds: one.at),
                "rows": JSONValue(one.rows),
            ]
        }
        return CommandResult(data: ["erasures": .array(list)], body: .table(table))
    }
}
