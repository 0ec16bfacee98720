import ArgumentParser
import NodeCore

struct EventsList: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List events by their start.",
        discussion: "Example: node-cli events list --upcoming --status published")

    @Flag(help: "Leave out what is over.") var upcoming = false
    @Option(help: "draft, published or cancelled.") var status: Event.Status?
    @Option var page = 1
    @Option(help: "Events on a page, 1 to 100.") var perPage = EventQuery.maxPerPage
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant)
        let service = EventService(open, actor: actor)
        var query = EventQuery()
        query.status = status
        query.page = page
        query.perPage = perPage
        if upcoming { query.notOverAt = try service.localNow() }
        let found = try service.list(query)
        return CommandResult(
            data: [
                "events": .array(found.events.map(EventsCommand.json)), "page": JSONValue(found.page),
                "per_page": JSONValue(found.perPage), "total_items": JSONValue(found.totalItems),
                "total_pages": JSONValue(found.totalPages),
            ],
            body: .table(EventsCommand.table(found.events)))
    }
}

struct EventsShow: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one event.",
        discussion: "Example: node-cli events show 01a1…")

    @Argument(help: "The event's id.") var id: String
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant)
        return EventsCommand.result(try EventService(open, actor: actor).show(id))
    }
}
