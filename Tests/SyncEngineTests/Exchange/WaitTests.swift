import TestSupport
import Testing

@testable import NodeCore
@testable import SyncEngine

/// What is news to a node that waits, and the two messages.
@Suite struct WaitTests {
    private func settled(_ nodes: Int) throws -> World {
        let world = try World(nodes: nodes)
        try world.settle()
        return world
    }

    private func add(_ site: World.Site, _ name: String) throws {
        try site.write { try $0.put(Schema.teacher, id: name, ["name": .text(name)]) }
    }

    private func request(_ node: World.Site) throws -> WaitRequest { try NodePort(node.tenant).waitRequest() }

    private func hasNews(_ world: World, _ node: World.Site, _ request: WaitRequest) throws -> Bool {
        try hasNews(world, node.origin, request)
    }

    private func hasNews(_ world: World, _ origin: OriginID, _ request: WaitRequest) throws -> Bool {
        try world.hub.installation.readAside(world.slug) { try request.isNews(to: origin, in: $0) }
    }

    @Test(
        "what the hub or another node wrote is news until it is taken; nothing else and the own deltas aren't"
    )
    func entries() throws {
        let world = try settled(2), (node, other) = (world.sites[1], world.sites[2])
        let before = try request(node)
        #expect(try !hasNews(world, node, before) && !hasNews(world, other, request(other)))
        try add(node, "own")
        try world.sync(node)
        #expect(try !hasNews(world, node, before), "its own delta, from where it stood before, too")
        #expect(try !hasNews(world, node, request(node)))
        #expect(try hasNews(world, other, request(other)))
        try world.sync(other)
        #expect(try !hasNews(world, other, request(other)))
        try add(world.hub, "hub's")
        for site in world.nodes {
            #expect(try hasNews(world, site, request(site)))
            try world.sync(site)
            #expect(try !hasNews(world, site, request(site)))
        }
        #expect(try hasNews(world, node, before))
    }

    @Test("more own deltas than are looked through count as news")
    func bounded() throws {
        let world = try settled(1), node = world.sites[1], cursor = try request(node).cursor
        for name in ["a", "b", "c"] { try add(node, name) }
        try world.sync(node)
        for (limit, isNews) in [(2, true), (3, true), (4, false)] {
            let found = try world.hub.store.read { reader in
                let origin = try #require(try reader.origin(node.origin))
                return try reader.hasLogEntries(after: cursor, except: origin, limit: limit)
            }
            #expect(found == isNews, "\(limit)")
        }
    }

    @Test("a position that the log doesn't know is news, as is a certificate alone")
    func positions() throws {
        let world = try settled(1), node = world.sites[1], here = try request(node)
        for change: (inout WaitRequest) -> Void in [
            { $0.cursor += 1 }, { $0.cursor = DeltaLimits.maxSequence }, { $0.cursorHash = nil },
            { $0.cursorHash = Digest.sha256([1]) }, { $0.cursor = 0 },
        ] {
            var changed = here
            change(&changed)
            #expect(try hasNews(world, node, changed), "\(changed)")
        }
        try world.addNode("late", seed: 9)
        #expect(try hasNews(world, node, here))
    }

    @Test("the hash of a log entry is that of the entry, certificates and deltas alike")
    func hashes() throws {
        let world = try settled(2)
        try add(world.hub, "a")
        try world.hub.store.read { reader in
            let size = try reader.logSize()
            #expect(size > 3)
            for position in 0...(size + 1) {
                #expect(try reader.logHash(position) == reader.logEntry(position)?.hash, "\(position)")
            }
        }
    }

    @Test("what only hello's answer tells is news: the hub's next key, a revocation, a fork, a restored hub")
    func verdicts() throws {
        let world = try settled(1), node = world.sites[1]
        try world.hub.installation.rotateIdentity()
        #expect(try hasNews(world, node, request(node)))
        var withoutMark = try request(node)
        withoutMark.hubMark = nil
        #expect(try !hasNews(world, node, withoutMark), "a node that knows of no statements")
        try world.settle()
        #expect(try !hasNews(world, node, request(node)))

        try world.hub.installation.beginRecovery(world.slug)
        #expect(try hasNews(world, node, request(node)))
        try world.settle()
        #expect(try !hasNews(world, node, request(node)))

        let clone = try world.clone(node, seed: 5), first = node.origin
        try add(node, "one")
        try add(clone, "two")
        try world.settle()
        #expect(try !hasNews(world, node, atEnd(world)))
        #expect(try hasNews(world, first, atEnd(world)), "two machines used the key")

        let found = try NodeAdministration.find(
            node.origin.hex, tenant: world.slug, at: world.hub.installation)
        try NodeAdministration.revoke(found, as: world.hub.actor, at: world.hub.installation)
        #expect(try hasNews(world, node, atEnd(world)))
        #expect(try !hasNews(world, clone, atEnd(world)))
    }

    /// From who has taken the whole log.
    private func atEnd(_ world: World) throws -> WaitRequest {
        try world.hub.store.read { reader in
            let size = try reader.logSize()
            return WaitRequest(
                tenant: try reader.tenantID(), cursor: size, cursorHash: try reader.logHash(size),
                hubMark: try reader.hubIdentity().mark)
        }
    }

    @Test("a look beside a write doesn't wait for its end, and sees what was there before it")
    func aside() throws {
        let world = try settled(0), hub = world.hub
        func isThere() throws -> Bool {
            let aside = try hub.store.readAside { try $0.shown(Schema.teacher, id: "a") != nil }
            #expect(try hub.store.readBeside { try $0.shown(Schema.teacher, id: "a") != nil } == aside)
            return aside
        }
        try hub.write { transaction in
            try transaction.put(Schema.teacher, id: "a", ["name": "A"])
            #expect(try !isThere())
        }
        #expect(try isThere())
    }

    @Test("a request for another tenant is refused")
    func otherTenant() throws {
        let world = try settled(1), node = world.sites[1]
        var request = try request(node)
        request.tenant = try #require(TenantID(bytes: [UInt8](repeating: 7, count: 16)))
        #expect(throws: DeltaError.self) { try hasNews(world, node, request) }
    }

    @Test("messages come back as they were, and what is out of range isn't taken")
    func messages() throws {
        let tenant = try #require(TenantID(bytes: [UInt8](repeating: 7, count: 16)))
        let mark = [UInt8](repeating: 3, count: 32)
        for request in [
            WaitRequest(tenant: tenant, cursor: 0, cursorHash: nil),
            WaitRequest(tenant: tenant, cursor: 9, cursorHash: Digest.sha256([1]), hubMark: [], seconds: 1),
            WaitRequest(
                tenant: tenant, cursor: DeltaLimits.maxSequence, cursorHash: Digest.sha256([1]), hubMark: mark
            ),
        ] {
            let bytes = request.encoded()
            #expect(try WaitRequest(encoded: bytes) == request)
            for count in 0..<bytes.count {
                #expect(throws: DeltaError.self) { try WaitRequest(encoded: Array(bytes.prefix(count))) }
            }
        }
        let good: [Int: CBOR] = [1: .int(1), 2: .bytes(tenant.bytes), 3: .int(4), 5: .int(50)]
        #expect(try WaitRequest(encoded: CBOR.map(good).encoded()).seconds == 50)
        for (key, value) in [
            (1, CBOR.int(2)), (2, .bytes([1])), (3, .int(-1)), (3, .int(DeltaLimits.maxSequence + 1)),
            (4, .bytes([1])), (5, .int(0)), (5, .int(51)), (5, .int(.max)), (5, .text("9")),
            (6, .bytes([1, 2])), (6, .int(1)),
        ] {
            var map = good
            map[key] = value
            #expect(throws: DeltaError.self, "\(key)") { try WaitRequest(encoded: CBOR.map(map).encoded()) }
        }
        for hasNews in [true, false] {
            let answer = WaitAnswer(hasNews: hasNews)
            #expect(try WaitAnswer(encoded: answer.encoded()) == answer)
        }
        #expect(throws: DeltaError.self) {
            try WaitAnswer(encoded: CBOR.map([1: .int(1), 2: .int(2)]).encoded())
        }
    }

    @Test("positions are the same whatever the time that is asked for")
    func samePosition() throws {
        let tenant = try #require(TenantID(bytes: [UInt8](repeating: 7, count: 16)))
        let request = WaitRequest(tenant: tenant, cursor: 3, cursorHash: Digest.sha256([1]), hubMark: [])
        var other = request
        other.seconds = 8
        #expect(request.isSamePosition(as: other))
        other.cursor = 4
        #expect(!request.isSamePosition(as: other))
    }
}
