import NodeCore

/// All routes, and which one a request means.
struct RouteTable: Sendable {
    let routes: [Route]

    /// The route of a request with the values in its path. `HEAD` is answered as `GET`. Throws
    /// `ROUTE_NOT_FOUND`, and `METHOD_NOT_ALLOWED` on a path that takes other methods.
    func find(_ method: String, _ path: String) throws(RoutingProblem) -> (Route, [String: String]) {
        let found = matches(path)
        guard let best = found.map(\.route.path.literals).max() else { throw .notFound }
        let meant = found.filter { $0.route.path.literals == best }
        let wanted = method == "HEAD" ? "GET" : method
        guard let match = meant.first(where: { $0.route.method.rawValue == wanted }) else {
            throw .methodNotAllowed(allowed: meant.map(\.route.method.rawValue))
        }
        return (match.route, match.values)
    }

    private func matches(_ path: String) -> [(route: Route, values: [String: String])] {
        guard let parts = PathTemplate.split(path) else { return [] }
        return routes.compactMap { route in route.path.match(parts).map { (route, $0) } }
    }
}

/// Why no route takes a request.
enum RoutingProblem: Error {
    case notFound
    case methodNotAllowed(allowed: [String])

    var response: ServerResponse {
        switch self {
        case .notFound:
            var response = ServerResponse.error(
                NodeError(
                    .routeNotFound, "there is no such route", hint: "GET /openapi.json lists the routes."))
            response.route = "unmatched"
            return response
        case .methodNotAllowed(let allowed):
            let list = allowed.joined(separator: ", ")
            var response = ServerResponse.error(
                NodeError(.methodNotAllowed, "this path takes \(list)", hint: "See /openapi.json."))
            response.headers.append(("allow", list))
            response.route = "unmatched"
            return response
        }
    }
}
