import NodeCore

/// The public event API for a district's website (CONTRACT 3): by API key, readable from the web origins that
/// the tenant allows, with limits of its own and answers of its own form.
struct PublicEventRoutes: Sendable {
    private let limiter = WindowLimiter([
        .init(seconds: 60, requests: 60), .init(seconds: 3600, requests: 1000),
        .init(seconds: 86_400, requests: 10_000),
    ])

    private static let path = "/api/v1/district/{slug}/events"
    private static let text = DataSchema.text(0...200)
    private static let paging: [Route.Parameter] = [
        .init(name: "page", schema: text, about: "Counted from 1."),
        .init(name: "per_page", schema: text, about: "1 to 100; 20 unless told."),
    ]
    private static let filters: [Route.Parameter] = [
        .init(name: "from", schema: text, about: "First day, as 2026-03-05."),
        .init(name: "to", schema: text, about: "Last day."),
        .init(name: "format", schema: text, about: "virtual, in_person or hybrid."),
        .init(name: "school", schema: text, about: "A school's id."),
    ]

    var all: [Route] {
        let routes = self
        return [
            Self.route(
                "", "list_public_events", "Published events by their start.", Self.paging + Self.filters
            ) {
                routes.answer($0) { try Self.list($0, tenant: $1, upcoming: false) }
            },
            Self.route("/upcoming", "list_upcoming_events", "Published events that aren't over.", Self.paging)
            {
                routes.answer($0) { try Self.list($0, tenant: $1, upcoming: true) }
            },
            Self.route("/{id}", "get_public_event", "One published event.", []) {
                routes.answer($0) { try Self.one($0, tenant: $1) }
            },
        ]
            + ["", "/upcoming", "/{id}"].enumerated().map { index, end in
                Route(
                    .options, Self.path + end, id: "preflight_events_\(index)", tag: "public events",
                    "What a browser asks before it calls.", .open, statuses: [204], handler: Self.preflight)
            }
    }

    private static func route(
        _ end: String, _ id: String, _ summary: String, _ parameters: [Route.Parameter],
        _ handler: @escaping @Sendable (Call) -> Answer
    ) -> Route {
        let data = end == "/{id}" ? Shapes.event.schema : Shapes.event.listSchema
        return Route(
            .get, path + end, id: id, tag: "public events", summary + " Needs X-API-Key.", .open,
            parameters: parameters, statuses: [200, 304],
            content: .json(
                .object(
                    [
                        .init("success", .boolean), .init("data", data),
                        .optional("pagination", Answer.paginationSchema),
                        .init("meta", .map(.nullable(.anyText))),
                    ], isOpen: true)), handler: handler)
    }

    // MARK: What is asked

    private struct Found {
        var data: JSONValue
        var pagination: JSONValue?
    }

    private static func list(_ call: Call, tenant: OpenTenant, upcoming: Bool) throws -> Found {
        var query = EventQuery()
        query.status = .published
        query.page = try number("page", call) ?? 1
        query.perPage = try number("per_page", call) ?? 20
        query.from = try date("from", call)
        query.to = try date("to", call)
        query.schoolID = call.query["school"]
        if let format = call.query["format"] {
            guard let known = Event.Format(rawValue: format) else { throw invalid("format") }
            query.format = known
        }
        let service = EventService(tenant, actor: visitor)
        if upcoming { query.notOverAt = try service.localNow() }
        let page = try service.list(query)
        return Found(
            data: .array(page.events.map(Shapes.event.json)),
            pagination: Answer.pagination(page.totalItems, Page(number: page.page, size: page.perPage)))
    }

    /// A draft or a cancelled event isn't there for the public.
    private static func one(_ call: Call, tenant: OpenTenant) throws -> Found {
        let event = try EventService(tenant, actor: visitor).show(call.segment("id"))
        guard event.status == .published else {
            throw NodeError(.eventNotFound, "there is no event with that id")
        }
        return Found(data: Shapes.event.json(event))
    }

    /// Reads only, so it stands in no audit.
    private static let visitor = Actor(id: "website", role: "website", via: "rest")

    private static func number(_ name: String, _ call: Call) throws -> Int? {
        guard let text = call.query[name] else { return nil }
        guard let number = Int(text), text.utf8.count <= 7 else { throw invalid(name) }
        return number
    }

    private static func date(_ name: String, _ call: Call) throws -> LocalDate? {
        guard let text = call.query[name] else { return nil }
        guard let date = LocalDate(iso: text) else { throw invalid(name) }
        return date
    }

    private static func invalid(_ name: String) -> NodeError {
        NodeError(.validation, "\(name) isn't of its form", hint: "See /openapi.json.", field: name)
    }

    // MARK: Key, limits, origins

    private func answer(_ call: Call, _ find: (Call, OpenTenant) throws -> Found) -> Answer {
        var headers: HeaderList = [("vary", "Origin, X-API-Key")]
        do {
            guard let key = call.request.header("x-api-key"), !key.isEmpty else {
                throw NodeError(.missingAPIKey, "an API key is needed: send it as X-API-Key")
            }
            let (tenant, row) = try Self.tenant(call)
            headers += Self.allowance(call, row)
            try tenant.store.read { try $0.requireAPIKey(key) }
            if let wait = limiter.take(row.slug, at: call.now) {
                headers.append(("retry-after", "\(wait)"))
                throw NodeError(.rateLimited, "too many requests; try again in \(wait) s")
            }
            return try Self.good(call, try find(call, tenant), row, headers)
        } catch let error as NodeError {
            return Self.refusal(error, headers)
        } catch {
            return Self.refusal(NodeError(.internalError, "the server failed"), headers)
        }
    }

    /// An inactive tenant, or one whose events are switched off, isn't there for the public.
    private static func tenant(_ call: Call) throws -> (OpenTenant, Tenant) {
        let missing = NodeError(.tenantNotFound, "there is no such district here")
        let slug = call.segment("slug")
        guard try call.installation.slugs().contains(where: { NormalForm.same($0, slug) }) else {
            throw missing
        }
        let tenant = try call.installation.tenant(slug)
        let row = try tenant.store.read { try $0.tenant() }
        guard row.active, row.flags[.events] == true else { throw missing }
        return (tenant, row)
    }

    /// What lets a page of an allowed origin read the answer.
    private static func allowance(_ call: Call, _ tenant: Tenant) -> HeaderList {
        guard let origin = call.request.header("origin"), tenant.corsOrigins.contains(origin) else {
            return []
        }
        return [
            ("access-control-allow-origin", origin),
            ("access-control-expose-headers", "ETag, Retry-After"),
        ]
    }

    /// A browser asks without a key; it learns whether its page's origin may call, and nothing else.
    private static func preflight(_ call: Call) throws -> Answer {
        var answer = Answer(status: 204)
        answer.headers = [("vary", "Origin")]
        do {
            let allowed = allowance(call, try tenant(call).1)
            guard !allowed.isEmpty else { return answer }
            answer.headers += [allowed[0]]
            answer.headers += [
                ("access-control-allow-methods", "GET"),
                ("access-control-allow-headers", "X-API-Key, If-None-Match"),
                ("access-control-max-age", "600"),
            ]
            return answer
        } catch let error as NodeError where error.code == .tenantNotFound { return answer }
    }

    // MARK: Answers

    private static func good(
        _ call: Call, _ found: Found, _ tenant: Tenant, _ headers: HeaderList
    ) throws -> Answer {
        let tag = EntityTag(
            tag: String(
                Digest.sha256(Array((found.data.text + (found.pagination?.text ?? "")).utf8)).hex.prefix(32)))
        let headers = headers + [("etag", tag.header), ("cache-control", "private, max-age=60")]
        if call.request.header("if-none-match") == tag.header {
            var answer = Answer(status: 304)
            answer.headers = headers
            return answer
        }
        let synced = try call.installation.peer(tenant.slug)?.lastSyncAt
        var members: [(String, JSONValue)] = [("success", true), ("data", found.data)]
        if let pagination = found.pagination { members.append(("pagination", pagination)) }
        members.append(
            (
                "meta",
                [
                    "tenant": .string(tenant.slug), "time_zone": .string(tenant.timeZone),
                    "generated_at": JSONValue(milliseconds: call.now),
                    "synced_at": JSONValue(milliseconds: synced),
                ]
            ))
        var answer = Answer(.object(members))
        answer.headers = headers
        return answer
    }

    private static func refusal(_ error: NodeError, _ headers: HeaderList) -> Answer {
        var answer = Answer(
            [
                "success": false,
                "error": ["code": .string(error.code.rawValue), "message": .string(error.message)],
            ], status: error.code.httpStatus)
        answer.headers = headers + [("cache-control", "no-store")]
        return answer
    }
}
