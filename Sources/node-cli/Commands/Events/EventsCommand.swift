import ArgumentParser
import NodeCore

extension Event.Format: ExpressibleByArgument {}
extension Event.Status: ExpressibleByArgument {}

struct EventsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Keep and publish the district's events.",
        subcommands: [
            EventsAdd.self, EventsList.self, EventsShow.self, EventsEdit.self, EventsPublish.self,
            EventsCancel.self,
        ])

    static func json(_ event: Event) -> JSONValue {
        [
            "id": .string(event.id), "title": .string(event.title),
            "description": .string(event.description), "starts_at": .string(event.startsAt),
            "ends_at": JSONValue(event.endsAt), "format": JSONValue(event.format?.rawValue),
            "location": .string(event.location), "url": .string(event.url),
            "school_id": JSONValue(event.schoolID), "school": .string(event.school),
            "status": .string(event.status.rawValue),
            "created_at": JSONValue(milliseconds: event.createdAt),
        ]
    }

    static func table(_ events: [Event]) -> Table {
        var table = Table([
            .init("starts"), .init("title", maxWidth: 40), .init("where", maxWidth: 32), .init("status"),
            .init("id"),
        ])
        for one in events {
            let place = one.location.isEmpty ? one.school : one.location
            table.add([one.startsAt, one.title, place, one.status.rawValue, one.id])
        }
        return table
    }

    static func result(_ event: Event) -> CommandResult {
        CommandResult(data: ["event": json(event)], body: .table(table([event])))
    }
}

/// The fields of an event.
struct EventOptions: ParsableArguments {
    @Option var title: String?
    @Option(help: ArgumentHelp("Local time.", valueName: "2026-03-05T10:00")) var starts: String?
    @Option(help: ArgumentHelp("Local time; empty for none.", valueName: "2026-03-05T11:00")) var ends:
        String?
    @Option(help: "virtual, in_person or hybrid.") var format: Event.Format?
    @Option var location: String?
    @Option(help: "Where to register or take part.") var url: String?
    @Option(help: "Name or id of the school; empty for none.") var school: String?
    @Option var description: String?

    var edit: EventService.Edit {
        var edit = EventService.Edit()
        edit.title = title
        edit.startsAt = starts
        edit.endsAt = ends
        edit.format = format
        edit.location = location
        edit.url = url
        edit.school = school
        edit.description = description
        return edit
    }
}

struct EventsAdd: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add an event.",
        discussion: "Example: node-cli events add --title \"Career day\" --starts 2026-03-05T10:00 --publish")

    @OptionGroup var options: EventOptions
    @Flag(help: "Show it to the public at once.") var publish = false
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant)
        return context.noting(
            dryRun,
            EventsCommand.result(
                try EventService(open, actor: actor).add(
                    options.edit, published: publish, dryRun: dryRun.dryRun)))
    }
}

struct EventsEdit: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit", abstract: "Change the named fields of an event.",
        discussion: "Example: node-cli events edit 01a1… --starts 2026-03-06T10:00")

    @Argument(help: "The event's id.") var id: String
    @OptionGroup var options: EventOptions
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant)
        return context.noting(
            dryRun,
            EventsCommand.result(
                try EventService(open, actor: actor).edit(id, options.edit, dryRun: dryRun.dryRun)))
    }
}

struct EventsPublish: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish", abstract: "Show an event to the public.",
        discussion: "Example: node-cli events publish 01a1…")

    @Argument(help: "The event's id.") var id: String
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant)
        return context.noting(
            dryRun,
            EventsCommand.result(try EventService(open, actor: actor).publish(id, dryRun: dryRun.dryRun)))
    }
}

struct EventsCancel: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Call an event off, for good.",
        discussion: "Example: node-cli events cancel 01a1… --yes")

    @Argument(help: "The event's id.") var id: String
    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant)
        let service = EventService(open, actor: actor)
        // What would be refused is refused before anybody is asked.
        let event = try service.cancel(id, dryRun: true)
        if dryRun.dryRun { return context.noting(dryRun, EventsCommand.result(event)) }
        try context.confirm(confirmation, name: event.title, "Cancelling this event")
        return EventsCommand.result(try service.cancel(id))
    }
}
