import NodeCore

/// Answers REST requests: finds the route, then in this order limit of the address, identity, limit of the
/// person, right, form, tenant, right in that tenant, and only then the handler.
final class RESTService: Sendable {
    let table: RouteTable
    private let installation: Installation
    private let settings: @Sendable () -> RESTSettings
    private let authenticator: any Authenticator
    private let resolver: TenantResolver
    private let addresses: RateLimiter
    private let people: RateLimiter
    private let metrics: RESTMetrics

    init(
        _ installation: Installation, routes: [Route], settings: @escaping @Sendable () -> RESTSettings,
        authenticator: any Authenticator, metrics: RESTMetrics
    ) {
        self.installation = installation
        self.settings = settings
        self.authenticator = authenticator
        self.metrics = metrics
        table = RouteTable(routes: routes)
        resolver = TenantResolver(installation: installation)
        addresses = RateLimiter(settings().addressRate)
        people = RateLimiter(settings().userRate)
    }

    /// Throws only what is nobody's business but the log's.
    func handle(_ request: ServerRequest) throws -> ServerResponse {
        let start = ContinuousClock.now
        var request = request
        request.remoteAddress = address(of: request)
        let response = try answer(request)
        metrics.note(
            route: response.route ?? "unmatched", status: response.status, time: start.duration(to: .now))
        return response
    }

    private func answer(_ request: ServerRequest) throws -> ServerResponse {
        let route: Route, path: [String: String]
        do { (route, path) = try table.find(request.method, request.path) } catch {
            return try limited(addresses, key: request.remoteAddress) ?? preflight(request) ?? error.response
        }
        var response: ServerResponse
        do {
            response = try perform(route, path, request)
        } catch {
            guard let answer = ServerResponse.answering(error) else {
                metrics.note(route: route.path.text, status: 500, time: .zero)
                throw RouteFailure(route: route.path.text, cause: error)
            }
            response = route.access.isPublic ? PublicAPI.problem(answer, error) : answer
        }
        if route.access.isPublic {
            response.headers += try PublicAPI.crossOrigin(request, slug: path["slug"] ?? "", installation)
        }
        response.route = route.path.text
        return response
    }

    /// What a browser asks before it calls a public route of another origin; nil for anything else.
    private func preflight(_ request: ServerRequest) throws -> ServerResponse? {
        guard request.method == "OPTIONS", let (route, path) = table.readable(request.path),
            route.access.isPublic
        else { return nil }
        let headers = try PublicAPI.crossOrigin(request, slug: path["slug"] ?? "", installation)
        var response = PublicAPI.preflight(headers)
        response.route = route.path.text
        return response
    }

    private func perform(_ route: Route, _ path: [String: String], _ request: ServerRequest) throws
        -> ServerResponse
    {
        if let refusal = limited(addresses, key: request.remoteAddress) { return refusal }
        let principal = try identify(request, for: route)
        if let principal, let refusal = limited(people, key: principal.id) { return refusal }
        if let principal { try requireAny(route, principal) }
        let query = try route.query(of: request)
        let body = try route.fields(of: request)
        let tenant = try principal.flatMap { try open(route, $0, path, query, body) }
        let call = Call(
            request: request, installation: installation, settings: settings(), caller: principal,
            opened: tenant, path: path, query: query, body: body)
        return response(try route.handler(call), route, request)
    }

    // MARK: Identity and rights

    /// Throws `NOT_AUTHENTICATED` unless the route is open.
    private func identify(_ request: ServerRequest, for route: Route) throws -> Principal? {
        guard route.access.needsIdentity else { return nil }
        guard let token = request.bearerToken else {
            throw NodeError(
                .notAuthenticated, "this route needs a bearer token",
                hint: "POST /api/v1/auth/login gives one.")
        }
        return try authenticator.principal(token: token)
    }

    /// Refuses who could never do it, before anything of the request is read.
    private func requireAny(_ route: Route, _ principal: Principal) throws {
        let permissions = route.access.permissions
        guard let first = permissions.first, !permissions.contains(where: principal.holds) else { return }
        try gate.requireHub(for: first, of: principal)
        try principal.require(first)
    }

    private var gate: AccessGate { AccessGate(installation, leaseDays: settings().leaseDays) }

    private func open(
        _ route: Route, _ principal: Principal, _ path: [String: String], _ query: [String: String],
        _ body: Fields
    ) throws -> OpenTenant? {
        guard let source = route.access.source else {
            for permission in route.access.permissions { try principal.require(permission) }
            return nil
        }
        let tenant = try resolver.tenant(source, for: principal, path: path, query: query, body: body)
        for permission in route.access.permissions(for: body) {
            try gate.admit(principal, to: permission, of: tenant)
        }
        return tenant
    }

    // MARK: Limits

    private func limited(_ limiter: RateLimiter, key: String) -> ServerResponse? {
        guard let wait = limiter.take(key) else { return nil }
        let seconds = max(1, Int(wait.seconds.rounded(.up)))
        var response = ServerResponse.error(
            NodeError(
                .rateLimited, "too many requests", hint: "Try again in \(seconds) s."))
        response.headers = [("retry-after", "\(seconds)")]
        return response
    }

    /// The peer's address, or the one that a trusted proxy saw: the last of X-Forwarded-For.
    private func address(of request: ServerRequest) -> String {
        guard settings().trustedProxies.contains(request.remoteAddress),
            let last = request.header("x-forwarded-for")?.split(separator: ",").last
        else { return request.remoteAddress }
        return last.filter { $0 != " " }
    }

    // MARK: Answers

    private func response(_ answer: Answer, _ route: Route, _ request: ServerRequest) -> ServerResponse {
        var response = ServerResponse(status: answer.status ?? route.statuses[0], headers: answer.headers)
        if answer.bytes != nil || answer.file != nil {
            if let type = route.content.mediaType { response.contentType = type }
            response.body = answer.bytes ?? []
            response.file = answer.file
        } else if let json = answer.json {
            response.body = Array(json.text.utf8)
        }
        if route.access.needsIdentity { response.headers.append(("cache-control", "no-store")) }
        return unchanged(response, route, request) ?? response
    }

    /// 304 when the caller has this version (RFC 9110 section 13.1.2).
    private func unchanged(_ response: ServerResponse, _ route: Route, _ request: ServerRequest)
        -> ServerResponse?
    {
        guard route.method == .get, let etag = response.headers.first(named: "etag"),
            request.header("if-none-match") == etag
        else { return nil }
        return ServerResponse(status: 304, headers: response.headers)
    }
}
