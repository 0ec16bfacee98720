import ArgumentParser
import NodeCore
import NodeServer

struct SchoolCreate: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a school at the hub, or ask the hub for one.",
        discussion: """
            Examples: node-cli school create --name "Lincoln Elementary" --tenant kckps
                      node-cli school create --name "Lincoln Elementary" --request

            A request travels with the next sync; the hub answers it with `school requests`.
            """)

    @Option var name: String
    @Option(help: ArgumentHelp("NCES school id, 12 digits.", valueName: "id")) var ncesID: String?
    @Flag(help: "Ask the hub for it.") var request = false
    @Option(help: "With --request: a word to the hub.") var note: String?
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if note != nil, !request { throw ValidationError("--note goes with --request.") }
    }

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant)
        let service = SchoolService(open, actor: actor)
        guard !request else {
            let asked = try service.request(name: name, nces: ncesID, note: note, dryRun: dryRun.dryRun)
            return context.noting(dryRun, SchoolRequests.result(asked))
        }
        let school = try service.create(name: name, nces: ncesID, dryRun: dryRun.dryRun)
        let data: JSONValue = [
            "school": [
                "id": .string(school.id), "name": .string(school.name),
                "nces_school_id": JSONValue(school.ncesSchoolID),
            ]
        ]
        return context.noting(
            dryRun,
            CommandResult(
                data: data,
                body: .table(
                    Table(
                        [.init("name", maxWidth: 50), .init("NCES id"), .init("id")],
                        rows: [[school.name, school.ncesSchoolID ?? "-", school.id]]))))
    }
}

struct SchoolRequests: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requests", abstract: "List the schools that a district asked for; accept or decline.",
        subcommands: [SchoolRequestsList.self, SchoolRequestsAccept.self, SchoolRequestsDecline.self],
        defaultSubcommand: SchoolRequestsList.self)

    static func table(_ requests: [SchoolRequest]) -> Table {
        var table = Table([
            .init("name", maxWidth: 40), .init("NCES id"), .init("state"), .init("note", maxWidth: 40),
            .init("answer", maxWidth: 40), .init("id"),
        ])
        for one in requests {
            table.add([
                one.name, one.ncesSchoolID ?? "-", one.state.rawValue, one.note ?? "",
                one.reason ?? one.schoolID ?? "", one.id,
            ])
        }
        return table
    }

    static func result(_ request: SchoolRequest) -> CommandResult {
        CommandResult(data: ["request": Shapes.schoolRequest.json(request)], body: .table(table([request])))
    }
}

struct SchoolRequestsList: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the requests that wait for an answer.",
        discussion: "Example: node-cli school requests --all")

    @Flag(help: "Answered ones too.") var all = false
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, _) = try context.tenant(tenant)
        let requests = try open.store.read { try $0.schoolRequests() }.filter { all || $0.state == .open }
        return CommandResult(
            data: ["requests": .array(requests.map(Shapes.schoolRequest.json))],
            body: .table(SchoolRequests.table(requests)))
    }
}

struct SchoolRequestsAccept: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept", abstract: "Make the school that was asked for; at the hub.",
        discussion: "Example: node-cli school requests accept 0193a5c2-…")

    @Argument(help: "The request's id.") var id: String
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant)
        let request = try SchoolService(open, actor: actor).decide(id, accept: true, dryRun: dryRun.dryRun)
        return context.noting(dryRun, SchoolRequests.result(request))
    }
}

struct SchoolRequestsDecline: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "decline", abstract: "Say no to a request; at the hub.",
        discussion: "Example: node-cli school requests decline 0193a5c2-… --reason \"It is Lincoln High\"")

    @Argument(help: "The request's id.") var id: String
    @Option(help: "What the district reads.") var reason: String?
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant)
        let request = try SchoolService(open, actor: actor)
            .decide(id, accept: false, reason: reason, dryRun: dryRun.dryRun)
        return context.noting(dryRun, SchoolRequests.result(request))
    }
}
