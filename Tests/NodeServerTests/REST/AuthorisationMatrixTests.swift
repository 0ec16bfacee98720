import NodeCore
import TestSupport
import Testing

@testable import NodeServer

/// Every route, for everybody, in every kind of tenant, against the one policy table. The handlers are
/// replaced: what is asked is whether a request reaches one.
@Suite struct AuthorisationMatrixTests {
    private enum Target: String, CaseIterable { case own, other, inactive, unknown }

    private struct Person {
        let name: String
        let principal: Principal
    }

    private static func people(_ now: Int64) -> [Person] {
        func person(_ name: String, _ kind: Principal.Kind) -> Person {
            Person(name: name, principal: Principal(id: "user:\(name)", kind: kind, via: "rest"))
        }
        let members = TenantRole.allCases.map { person("member \($0)", .member($0, tenant: "testville")) }
        let supports: [(String, SupportAccess?)] = [
            ("", nil), (" in own", .init(id: "s", tenant: "testville", until: now + 1000)),
            (" in other", .init(id: "s", tenant: "otherville", until: now + 1000)),
            (" over", .init(id: "s", tenant: "testville", until: now - 1)),
        ]
        let staff = HubRole.allCases.flatMap { role in
            supports.map { person("staff \(role)\($0.0)", .staff(role, support: $0.1)) }
        }
        return [person("operator", .operator)] + members + staff
    }

    /// What the table says, spelt out once more without the code that applies it.
    private func expected(_ route: Route, _ person: Principal, _ target: Target, now: Int64) -> String {
        let permissions = route.access.permissions
        guard let permission = permissions.first else { return "reached" }
        let inTenant = route.access.source != nil
        if person.kind == .operator { return inTenant && target == .unknown ? "404" : "reached" }
        let held: Set<Permission>, member: Bool, support: SupportAccess?
        switch person.kind {
        case .operator: return "reached"
        case .staff(let role, let session):
            (held, member, support) = (AccessPolicy.permissions(of: role), false, session)
        case .member(let role, _): (held, member, support) = (AccessPolicy.permissions(of: role), true, nil)
        }
        if !permissions.contains(where: held.contains) { return "FORBIDDEN" }
        guard inTenant else { return "reached" }
        if target == .unknown || (member && target != .own && target != .inactive) { return "404" }
        if !held.contains(permission) { return "FORBIDDEN" }
        if target == .inactive, !permission.outlivesDeactivation { return "TENANT_INACTIVE" }
        let slug = target == .other ? "otherville" : "testville"
        let isOpen = support.map { $0.tenant == slug && $0.until > now } ?? false
        if !member, permission.needsSupport, !isOpen { return "FORBIDDEN" }
        return "reached"
    }

    @Test("each route is reached by exactly those whom the policy table names")
    func matrix() throws {
        let world = try World(nodes: 0)
        let other = try World(beside: world, slug: "otherville", nodes: 0, seed: 7)
        let hub = try RESTSite(world)
        let now = world.hub.clock.milliseconds()
        let people = Self.people(now)
        let book = TokenBook()
        for person in people { book.add(person.name, person.principal.kind) }
        let registry = Prometheus.Registry()
        let service = RESTService(
            world.hub.installation, routes: hub.backend.routes.map(\.probe), settings: { RESTSite.unlimited },
            authenticator: book, metrics: try RESTMetrics(registry))
        var asked = 0
        for target in Target.allCases {
            let settings = TenantSettings(world.hub.tenant, actor: world.hub.actor)
            _ = try settings.setActive(target != .inactive)
            let site = target == .other ? other.hub : world.hub
            for route in hub.backend.routes {
                let request = try Example.request(route, site, unknown: target == .unknown)
                for person in people + [Person(name: "nobody", principal: people[0].principal)] {
                    var request = request
                    request.headers.append(("authorization", "Bearer \(person.name)"))
                    let answer = try service.handle(request)
                    let wanted: String
                    if person.name == "nobody", route.access.isClosed {
                        wanted = "NOT_AUTHENTICATED"
                    } else {
                        wanted = expected(route, person.principal, target, now: now)
                    }
                    #expect(
                        Self.outcome(answer) == wanted,
                        "\(route.method.rawValue) \(route.path.text), \(person.name), \(target) tenant")
                    asked += 1
                }
            }
        }
        #expect(asked > 3000)
    }

    private static func outcome(_ answer: ServerResponse) -> String {
        if answer.status == 299 { return "reached" }
        return answer.status == 404 ? "404" : answer.errorCode?.rawValue ?? "\(answer.status)"
    }

    @Test("seats that a node holds take the right to held seats, at the hub too")
    func heldSeats() throws {
        let world = try World(nodes: 1)
        try world.settle()
        let hub = try RESTSite(world)
        hub.book.add("viewer", .staff(.viewer, support: nil))
        let school = try hub.school("North")
        let seats = try hub.call(
            "POST", "/api/v1/seats/purchase",
            ["tenant_id": .string(school), "count": 2, "grant": "node1"]
        ).items
        _ = try hub.call("POST", "/api/v1/seats/purchase", ["tenant_id": .string(school), "count": 1])
        guard case .string(let id) = seats[0]["id"] else { return #expect(Bool(false)) }
        #expect(try hub.call("GET", "/api/v1/seats/\(id)", as: "boss").code == "FORBIDDEN")
        #expect(try hub.call("GET", "/api/v1/seats/\(id)/history", as: "viewer").code == "FORBIDDEN")
        #expect(try hub.call("GET", "/api/v1/seats", as: "viewer").items("seats").count == 1)
        #expect(try hub.call("GET", "/api/v1/seats", as: "admin").items("seats").count == 3)
        let reclaim: JSONValue = ["seat_id": .string(id)]
        #expect(try hub.call("POST", "/api/v1/seats/reclaim", reclaim, as: "boss").code == "FORBIDDEN")
        #expect(try hub.call("POST", "/api/v1/seats/reclaim", reclaim).code == "NOT_SEAT_HOLDER")
    }
}

extension Route {
    /// The same route with a handler that only says that it was reached.
    var probe: Route {
        var probe = Route(
            method, path.text, id: id, tag: tag, summary, access, parameters: parameters, body: body
        ) { _ in Answer(status: 299) }
        probe.statuses = [299]
        return probe
    }
}

extension RouteAccess {
    var isClosed: Bool { needsIdentity }
}
