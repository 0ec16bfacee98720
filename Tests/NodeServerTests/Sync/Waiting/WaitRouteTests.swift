import NodeCore
import SyncEngine
import TestSupport
import Testing

@testable import NodeServer

/// `POST /sync/v1/wait` at the hub, without a socket.
@Suite struct WaitRouteTests {
    private struct Hub {
        let world: World
        let routes: SyncRoutes
        var node: World.Site { world.sites[1] }
        var news: TenantNews { routes.news }

        init(places: Int = 8) throws {
            world = try World(nodes: 2)
            try world.settle()
            let hub = world.hub.installation
            routes = SyncRoutes(
                installation: hub, waiting: try WaitingReport(Prometheus.Registry(), logger: nil),
                news: TenantNews(hub.directory, places: places))
        }

        /// The node's request, signed with its key unless told.
        func request(_ body: [UInt8], key: SigningKey? = nil) throws -> ServerRequest {
            let type = ("Content-Type", "application/cbor")
            var parts = RequestParts(
                method: "POST", path: "/sync/v1/wait", query: nil, authority: "hub", headers: [type],
                body: body)
            parts.headers += try HTTPSignature.sign(
                parts, key: key ?? node.tenant.origin.key, keyID: node.origin.hex,
                hub: EnrolmentToken.fingerprint(world.hub.installation.identity.publicKey).hex,
                created: 1_760_000_000)
            return ServerRequest(method: "POST", path: "/sync/v1/wait", headers: parts.headers, body: body)
        }

        func wait(seconds: Int64 = 30) throws -> ServerResponse {
            let wait = try NodePort(node.tenant).waitRequest(seconds: seconds)
            return try routes.handle(request(wait.encoded()))
        }

        func write(_ name: String) throws {
            try world.hub.write { try $0.put(Schema.teacher, id: name, ["name": .text(name)]) }
        }

        /// What a request is answered in the end.
        func later(_ response: ServerResponse) async throws -> Bool? {
            let pool = BackendPool(backend: echo, threads: 1, maxHeld: 1, maxHeldBytes: 1 << 20)
            defer { pool.stop() }
            guard let later = response.later else { return nil }
            return try await hasNews(later(pool))
        }

        func hasNews(_ response: ServerResponse) throws -> Bool {
            #expect(response.contentType == "application/cbor")
            return try WaitAnswer(encoded: response.body).hasNews
        }
    }

    @Test("news is told at once; without any the answer is to come, with the change")
    func change() async throws {
        let hub = try Hub()
        try hub.write("a")
        let first = try hub.wait()
        #expect(first.later == nil)
        #expect(try hub.hasNews(first))
        try hub.world.settle()
        let second = try hub.wait()
        #expect(second.later != nil && second.isRoutine)
        try hub.write("b")
        #expect(try await hub.later(second) == true)
        hub.news.close()
    }

    @Test("the time that was asked for ends a wait, as closing does")
    func time() async throws {
        let hub = try Hub(), started = ContinuousClock.now
        #expect(try await hub.later(hub.wait(seconds: 1)) == false)
        // Other tests may keep both cores busy; a wait that isn't told how long takes 50 s.
        #expect((0.9...45).contains(started.duration(to: .now).seconds))
        let response = try hub.wait()
        hub.news.close()
        #expect(try await hub.later(response) == false)
    }

    @Test("what a node itself wrote is no news to it, though its wait looks again")
    func own() async throws {
        let hub = try Hub()
        let response = try hub.wait(seconds: 2)
        try hub.node.write { try $0.put(Schema.teacher, id: "own", ["name": "Own"]) }
        try hub.world.sync(hub.node)
        #expect(try await hub.later(response) == false)
        hub.news.close()
    }

    @Test("a node that asks again from where it stood is held without a look, until somebody writes")
    func remembered() async throws {
        let hub = try Hub(), slug = hub.world.slug, origin = hub.node.origin
        #expect(hub.news.quiet(origin, in: slug) == nil)
        #expect(try hub.wait().later != nil)
        let quiet = try #require(hub.news.quiet(origin, in: slug))
        #expect(quiet.key == hub.node.tenant.origin.key.publicKey)
        #expect(try hub.wait().later != nil)
        // From elsewhere it is looked for, whatever is remembered.
        var other = quiet.request
        other.cursor = 0
        other.cursorHash = nil
        #expect(try hub.hasNews(hub.routes.handle(hub.request(other.encoded()))))
        // Another key is none the better for what is remembered.
        let stranger = try SigningKey(seed: [UInt8](repeating: 5, count: 32))
        let error = #expect(throws: NodeError.self) {
            try hub.routes.handle(hub.request(quiet.request.encoded(), key: stranger))
        }
        #expect(error?.code == .notAuthenticated)
        try hub.write("a")
        for _ in 0..<500 where hub.news.quiet(origin, in: slug) != nil {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(try hub.hasNews(hub.wait()))
        hub.news.close()
    }

    @Test("a revoked node is refused, also while it is remembered, and told of it while it waits")
    func revoked() async throws {
        let hub = try Hub(), installation = hub.world.hub.installation
        let response = try hub.wait()
        let found = try NodeAdministration.find(hub.node.origin.hex, tenant: hub.world.slug, at: installation)
        try NodeAdministration.revoke(found, as: hub.world.hub.actor, at: installation)
        let error = #expect(throws: NodeError.self) { try hub.wait() }
        #expect(error?.code == .revoked)
        #expect(try await hub.later(response) == true, "the sync that follows tells why")
        hub.news.close()
    }

    @Test("nothing is taken that isn't signed, in bounds and of the signer's tenant")
    func refused() throws {
        let hub = try Hub()
        func code(_ body: () throws -> ServerRequest) -> ErrorCode? {
            let error = #expect(throws: NodeError.self) { try hub.routes.handle(body()) }
            return error?.code
        }
        var wait = try NodePort(hub.node.tenant).waitRequest()
        let good = wait.encoded()
        #expect(
            code { ServerRequest(method: "POST", path: "/sync/v1/wait", body: good) } == .notAuthenticated)
        #expect(
            code {
                var request = try hub.request(good)
                request.body[request.body.count - 1] ^= 1
                return request
            } == .notAuthenticated)
        wait.seconds = 51
        #expect(code { try hub.request(wait.encoded()) } == .deltaRefused)
        #expect(code { try hub.request([]) } == .deltaRefused)
        wait.seconds = 9
        wait.tenant = try #require(TenantID(bytes: [UInt8](repeating: 7, count: 16)))
        #expect(code { try hub.request(wait.encoded()) } == .deltaRefused)
        #expect(
            code {
                var request = try hub.request(good)
                request.method = "GET"
                return request
            } == .routeNotFound)
        hub.news.close()
    }

    @Test("a hub whose places are taken says so")
    func full() async throws {
        let hub = try Hub(places: 1), news = hub.news
        let place = try #require(
            try news.room.enter(hub.world.sites[2].origin, hub.world.slug, for: .seconds(60)))
        let response = try hub.wait()
        await #expect(throws: NodeError.self) { try await hub.later(response) }
        news.room.leave(place)
        news.close()
    }
}
