import NodeCore

/// The district's events as its own people keep them; websites read `PublicEventRoutes`.
enum EventRoutes {
    private static let time = DataSchema.text(0...16)
    private static let optionalFields: [DataSchema.Member] = [
        .optional("description", .text(0...EventFields.maxDescription)),
        .optional("ends_at", time, "Empty takes the end away."),
        .optional("format", .choice(Event.Format.allCases.map(\.rawValue))),
        .optional("location", .text(0...255)), .optional("url", .text(0...2000)),
        .optional("school", .text(0...255), "Name or id; empty takes the school away."),
    ]

    static let all =
        [
            Route(
                .get, "/api/v1/events", id: "list_events", tag: "events", "Events by start, drafts too.",
                .tenant(.readEvents, .query),
                parameters: [
                    .tenant, .page, .perPage,
                    .init(
                        name: "status", schema: .choice(Event.Status.allCases.map(\.rawValue)),
                        about: "Only those with this status."),
                    .init(name: "upcoming", schema: .boolean, about: "Leave out what is over."),
                ], content: Answer.pageSchema("events", Shapes.event), handler: list),
            Route(
                .get, "/api/v1/events/{id}", id: "get_event", tag: "events", "One event.",
                .tenant(.readEvents, .query), parameters: [.tenant], content: .json(Shapes.event.schema),
                hasVersion: true, handler: show),
            Route(
                .post, "/api/v1/events", id: "add_event", tag: "events", "Add an event.",
                .tenant(.editEvents, .query), parameters: [.tenant],
                body: .json(
                    .object(
                        [
                            .init("title", .text(1...255)),
                            .init("starts_at", .text(16...16), "Local time, 2026-03-05T10:00."),
                            .optional("publish", .boolean, "Show it to the public at once."),
                        ] + optionalFields)), statuses: [201], content: .json(Shapes.event.schema)
            ) { call in
                let added = try service(call).add(
                    edit(call.body), published: call.body.flag("publish") ?? false)
                return Answer(Shapes.event.json(added))
            },
            Route(
                .patch, "/api/v1/events/{id}", id: "edit_event", tag: "events", "Change the named fields.",
                .tenant(.editEvents, .query), parameters: [.tenant],
                body: .json(
                    .object(
                        [
                            .optional("title", .text(1...255)), .optional("starts_at", .text(16...16)),
                        ] + optionalFields)), content: .json(Shapes.event.schema), hasVersion: true
            ) { call in
                _ = try service(call).edit(id(call), edit(call.body), seen: call.seen)
                return try show(call)
            },
        ]
        + [("publish", "Show an event to the public."), ("cancel", "Call an event off, for good.")].map {
            verb, summary in
            Route(
                .post, "/api/v1/events/{id}/\(verb)", id: "\(verb)_event", tag: "events", summary,
                .tenant(.editEvents, .query), parameters: [.tenant], content: .json(Shapes.event.schema)
            ) { call in
                let service = try service(call)
                let event = try verb == "publish" ? service.publish(id(call)) : service.cancel(id(call))
                return Answer(Shapes.event.json(event))
            }
        }

    private static func show(_ call: Call) throws -> Answer {
        let (event, version) = try service(call).showVersioned(id(call))
        return Answer(Shapes.event.json(event)).tagged(version)
    }

    private static func list(_ call: Call) throws -> Answer {
        var query = EventQuery()
        query.page = call.page.number
        query.perPage = min(call.page.size, EventQuery.maxPerPage)
        query.status = call.query["status"].flatMap(Event.Status.init)
        let service = try service(call)
        if call.flag("upcoming") { query.notOverAt = try service.localNow() }
        let found = try service.list(query)
        return .page(
            "events", found.events.map(Shapes.event.json), of: found.totalItems,
            Page(number: query.page, size: query.perPage))
    }

    private static func edit(_ body: Fields) -> EventService.Edit {
        var edit = EventService.Edit()
        edit.title = body.text("title")
        edit.description = body.text("description")
        edit.startsAt = body.text("starts_at")
        edit.endsAt = body.text("ends_at")
        edit.format = body.text("format").flatMap(Event.Format.init)
        edit.location = body.text("location")
        edit.url = body.text("url")
        edit.school = body.text("school")
        return edit
    }

    private static func service(_ call: Call) throws -> EventService {
        EventService(try call.tenant, actor: try call.actor)
    }

    private static func id(_ call: Call) -> String { call.segment("id") }
}
