import NodeCore

/// A district's events for those who keep them.
enum EventRoutes {
    static let all = reading + changes

    private static let reading = [
        Route(
            .get, "/api/v1/events", id: "list_events", tag: "events", "Events by their start.",
            .tenant(.readEvents, .query),
            parameters: [
                .tenant, .page, .perPage,
                .init(
                    name: "status", schema: .choice(Event.Status.allCases.map(\.rawValue)),
                    about: "Of this status alone."),
                .init(name: "upcoming", schema: .boolean, about: "Leave out what is over."),
            ], content: Answer.pageSchema("events", Shapes.event)
        ) { call in
            let service = try service(call)
            var query = EventQuery()
            query.status = call.query["status"].flatMap(Event.Status.init(rawValue:))
            query.page = call.page.number
            query.perPage = call.page.size
            if call.flag("upcoming") { query.notOverAt = try service.localNow() }
            let found = try service.list(query)
            return .page("events", found.events.map(Shapes.event.json), of: found.totalItems, call.page)
        },
        Route(
            .get, "/api/v1/events/{id}", id: "get_event", tag: "events", "One event.",
            .tenant(.readEvents, .path("id", .event)), content: .json(Shapes.event.schema)
        ) { call in Answer(Shapes.event.json(try service(call).show(call.segment("id")))) },
    ]

    private static let time = DataSchema.text(10...16)
    private static let end = DataSchema.text(0...16)
    private static let fields: [DataSchema.Member] = [
        .optional("ends_at", end, "Local time; empty for none."),
        .optional("format", .choice(Event.Format.allCases.map(\.rawValue))),
        .optional("location", .text(0...255)), .optional("url", .text(0...1024)),
        .optional("school", .text(0...255), "Name or id; empty for none."),
        .optional("description", .text(0...EventFields.maxDescription)),
    ]

    private static let changes =
        [
            Route(
                .post, "/api/v1/events", id: "add_event", tag: "events", "Add an event, a draft unless told.",
                .tenant(.editEvents, .query), parameters: [.tenant],
                body: .json(
                    .object(
                        [
                            .init("title", .name),
                            .init("starts_at", time, "Local time, as 2026-03-05T10:00."),
                            .optional("published", .boolean),
                        ] + fields)), statuses: [201], content: .json(Shapes.event.schema)
            ) { call in
                let event = try service(call).add(
                    try edit(call), published: call.body.flag("published") ?? false)
                var answer = Answer(Shapes.event.json(event))
                answer.headers = [("location", "/api/v1/events/\(event.id)")]
                return answer
            },
            Route(
                .patch, "/api/v1/events/{id}", id: "edit_event", tag: "events",
                "Change the named fields of an event.", .tenant(.editEvents, .path("id", .event)),
                body: .json(
                    .object([.optional("title", .name), .optional("starts_at", time)] + fields)),
                content: .json(Shapes.event.schema)
            ) { call in
                Answer(Shapes.event.json(try service(call).edit(call.segment("id"), try edit(call))))
            },
        ]
        + [
            ("publish", "Show an event to the public.", false),
            ("cancel", "Call an event off, for good.", true),
        ]
        .map { verb, summary, cancels in
            Route(
                .post, "/api/v1/events/{id}/\(verb)", id: "\(verb)_event", tag: "events", summary,
                .tenant(.editEvents, .path("id", .event)), content: .json(Shapes.event.schema)
            ) { call in
                let service = try service(call), id = call.segment("id")
                return Answer(Shapes.event.json(try cancels ? service.cancel(id) : service.publish(id)))
            }
        }

    private static func edit(_ call: Call) throws -> EventService.Edit {
        let body = call.body
        var edit = EventService.Edit()
        edit.title = body.text("title")
        edit.startsAt = body.text("starts_at")
        edit.endsAt = body.text("ends_at")
        edit.format = body.text("format").flatMap(Event.Format.init(rawValue:))
        edit.location = body.text("location")
        edit.url = body.text("url")
        edit.school = body.text("school")
        edit.description = body.text("description")
        return edit
    }

    private static func service(_ call: Call) throws -> EventService {
        EventService(try call.tenant, actor: try call.actor)
    }
}
