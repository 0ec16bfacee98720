import NodeCore

/// The public events of a district, for its website: with the tenant's API key, from its web origins.
struct PublicEventRoutes: Sendable {
    private let limiter = WindowLimiter()

    private static let schema = Route.Content.json(
        .named(
            "PublicEvents",
            .object(
                [
                    .init("success", .boolean), .init("data", Shapes.event.listSchema),
                    .init("pagination", Answer.paginationSchema), .init("meta", meta),
                ], isOpen: true)))
    private static let one = Route.Content.json(
        .named(
            "PublicEvent",
            .object(
                [.init("success", .boolean), .init("data", Shapes.event.schema), .init("meta", meta)],
                isOpen: true)))
    private static let meta = DataSchema.named(
        "PublicMeta",
        .object(
            [
                .init("tenant", .anyText), .init("generated_at", .time),
                .init("synced_at", .nullable(.time)),
            ], isOpen: true))

    private static let parameters: [Route.Parameter] = [
        .page,
        .init(
            name: "per_page", schema: .integer(1...Int64(EventQuery.maxPerPage)),
            about: "Events a page; 20 unless told."),
        .init(
            name: "format", schema: .choice(Event.Format.allCases.map(\.rawValue)),
            about: "Only those of this format."),
    ]

    var all: [Route] {
        let base = "/api/v1/district/{slug}/events", limiter = limiter
        return [
            Route(
                .get, base, id: "list_public_events", tag: "public", "Published events by start.",
                .publicAPI, parameters: Self.parameters, content: Self.schema, hasVersion: true
            ) { try Self.list($0, limiter, upcoming: false) },
            Route(
                .get, base + "/upcoming", id: "list_upcoming_events", tag: "public",
                "Published events that aren't over.", .publicAPI, parameters: Self.parameters,
                content: Self.schema, hasVersion: true
            ) { try Self.list($0, limiter, upcoming: true) },
            Route(
                .get, base + "/{id}", id: "get_public_event", tag: "public", "One published event.",
                .publicAPI, content: Self.one, hasVersion: true
            ) { call in
                let (tenant, service) = try Self.enter(call, limiter)
                let event = try service.show(call.segment("id"))
                guard event.status == .published else {
                    throw NodeError(.eventNotFound, "there is no event with that id")
                }
                return try Self.answer([("data", Shapes.event.json(event))], call, tenant)
            },
        ]
    }

    private static func list(_ call: Call, _ limiter: WindowLimiter, upcoming: Bool) throws -> Answer {
        let (tenant, service) = try enter(call, limiter)
        var query = EventQuery()
        query.status = .published
        query.page = call.integer("page") ?? 1
        query.perPage = call.integer("per_page") ?? 20
        query.format = call.query["format"].flatMap(Event.Format.init)
        if upcoming { query.notOverAt = try service.localNow() }
        let found = try service.list(query)
        let page = Page(number: query.page, size: query.perPage)
        return try answer(
            [
                ("data", .array(found.events.map(Shapes.event.json))),
                ("pagination", Answer.pagination(found.totalItems, page)),
            ], call, tenant)
    }

    /// With a tag over all but `meta`, whose times move by themselves. Good for a minute: nobody else may keep it,
    /// for it was given for a key.
    private static func answer(_ members: [(String, JSONValue)], _ call: Call, _ tenant: OpenTenant) throws
        -> Answer
    {
        let tag = Digest.sha256(Array(JSONValue.object(members).text.utf8)).bytes.prefix(16)
        var answer = Answer(
            .object([("success", true)] + members + [("meta", try meta(call, tenant))]))
        answer.headers = [
            ("etag", EntityTag(tag: Array(tag).base64url).header), ("cache-control", "private, max-age=60"),
        ]
        return answer
    }

    /// Key, tenant and limit. Throws `MISSING_API_KEY`, `TENANT_NOT_FOUND` (also for a deactivated one),
    /// `INVALID_API_KEY`, `RATE_LIMIT_EXCEEDED`.
    private static func enter(_ call: Call, _ limiter: WindowLimiter) throws -> (OpenTenant, EventService) {
        let key = call.request.header("x-api-key")
        guard key?.isEmpty == false else {
            throw NodeError(.missingAPIKey, "an API key is needed", hint: "Send it as X-API-Key.")
        }
        let slug = call.segment("slug"), nobody = NodeError.noTenant(slug)
        guard try call.installation.slugs().contains(slug) else { throw nobody }
        let tenant = try call.installation.tenant(slug)
        try tenant.store.read { reader in
            guard try reader.tenant().active else { throw nobody }
            try reader.requireAPIKey(key)
        }
        if let seconds = limiter.take(slug, now: call.now) { throw TooManyRequests(seconds: seconds) }
        let actor = Actor(id: "public", role: "public", via: "api")
        return (tenant, EventService(tenant, actor: actor))
    }

    /// When the data was last exchanged: at a node with its hub, at a hub with any node of the tenant.
    private static func meta(_ call: Call, _ tenant: OpenTenant) throws -> JSONValue {
        let synced =
            call.installation.role == .node
            ? try call.installation.peer(tenant.slug)?.lastSyncAt
            : try call.installation.enrolments(slug: tenant.slug).compactMap(\.lastSeenAt).max()
        return [
            "tenant": .string(tenant.slug), "generated_at": JSONValue(milliseconds: call.now),
            "synced_at": JSONValue(milliseconds: synced),
        ]
    }
}

/// A limit was reached; it ends by itself.
struct TooManyRequests: Error {
    let seconds: Int64

    var nodeError: NodeError {
        NodeError(.rateLimited, "too many requests", hint: "Try again in \(seconds) s.")
    }
}

/// What is common to routes that websites call.
enum PublicAPI {
    /// `{success: false, error: {code, message}}`.
    static func problem(_ response: ServerResponse, _ failure: any Error) -> ServerResponse {
        let error =
            (failure as? NodeError) ?? (failure as? RequestProblem)?.error
            ?? (failure as? TooManyRequests)?.nodeError
        guard let error else { return response }
        let body: JSONValue = [
            "success": false,
            "error": ["code": .string(error.code.rawValue), "message": .string(error.message)],
        ]
        var response = response
        response.body = Array(body.text.utf8)
        return response
    }

    /// Lets a browser page of one of the tenant's origins read the answer; nothing for others.
    static func crossOrigin(_ request: ServerRequest, slug: String, _ installation: Installation) throws
        -> HeaderList
    {
        var headers: HeaderList = [("vary", "Origin")]
        guard let origin = request.header("origin"), try installation.slugs().contains(slug) else {
            return headers
        }
        let tenant = try installation.tenant(slug).store.read { try $0.tenant() }
        guard tenant.active, tenant.corsOrigins.contains(where: { NormalForm.same($0, origin) }) else {
            return headers
        }
        headers.append(("access-control-allow-origin", origin))
        headers.append(("access-control-expose-headers", "ETag"))
        return headers
    }

    /// The answer to a browser that asks before it calls (Fetch standard, CORS-preflight).
    static func preflight(_ headers: HeaderList) -> ServerResponse {
        let isAllowed = headers.contains { $0.0 == "access-control-allow-origin" }
        let allowed: HeaderList = [
            ("access-control-allow-methods", "GET"),
            ("access-control-allow-headers", "X-API-Key, If-None-Match"),
            ("access-control-max-age", "600"),
        ]
        return ServerResponse(status: 204, headers: headers + (isAllowed ? allowed : []))
    }
}
