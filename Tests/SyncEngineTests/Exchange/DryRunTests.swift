import TestSupport
import Testing

@testable import NodeCore
@testable import SyncEngine

/// A dry run announces what the sync then does, and leaves both sides as they were.
@Suite struct DryRunTests {
    /// Hub and node in one process; every message travels as bytes, and the test may change one.
    private struct Line: ExchangeLine {
        let hub: HubPort
        let installation: Installation
        var requests: [String] = []
        var spoil: (inout CheckRequest) -> Void = { _ in }

        init(_ world: World, _ node: World.Site) {
            installation = world.hub.installation
            hub = HubPort(
                world.hub.tenant, identity: world.hub.installation.identity,
                node: OriginID(publicKey: node.tenant.origin.key.publicKey, tenant: node.tenant.id))
        }

        mutating func hello(_ request: HelloRequest) throws -> HubAnswer {
            requests.append("hello")
            let answer = try hub.hello(
                HelloRequest(encoded: request.encoded()), isRevoked: false, at: installation)
            return try HubAnswer(encoded: answer.encoded())
        }

        mutating func check(_ request: CheckRequest) throws -> CheckAnswer {
            requests.append("check")
            var request = request
            spoil(&request)
            return try CheckAnswer(encoded: hub.check(CheckRequest(encoded: request.encoded())).encoded())
        }

        mutating func pull(_ request: PullRequest) throws -> HubAnswer {
            requests.append("pull")
            return try HubAnswer(encoded: hub.pull(PullRequest(encoded: request.encoded())).encoded())
        }
    }

    /// All that could change: every table of the file.
    private func contents(_ site: World.Site) throws -> [String] {
        let own = [
            "state", "origin", "delta", "body", "waiting", "log", "receipt", "row", "cell", "refused",
            "conflict_history",
        ]
        return try site.store.read { reader in
            try (own.map { "sync_" + $0 } + Schema.tables.map(\.name)).flatMap { table in
                try reader.rows("SELECT * FROM main.\"\(table)\"").map { "\($0)" }.sorted()
            }
        }
    }

    @discardableResult
    private func dryRun(
        _ world: World, _ node: World.Site,
        spoil: @escaping (inout CheckRequest) -> Void = {
            _ in
        }
    ) throws -> (outcome: DryRunOutcome, requests: [String]) {
        var line = Line(world, node)
        line.spoil = spoil
        let before = try world.sites.map(contents)
        let outcome = try DryRun.run(NodePort(node.tenant), over: &line)
        #expect(try world.sites.map(contents) == before)
        return (outcome, line.requests)
    }

    /// A dry run, then the sync: the counts must be the same.
    @discardableResult
    private func announced(_ world: World, _ node: World.Site) throws -> (DryRunOutcome, [String]) {
        let (dry, requests) = try dryRun(world, node)
        let acknowledged = try node.store.read { try $0.state(.receiptSeq)?.int ?? 0 }
        let real = try world.sync(node)
        #expect(dry.exchange.error == nil && real.error == nil)
        #expect(dry.exchange.verdict == real.verdict)
        #expect(dry.exchange.pushedDeltas == real.pushedDeltas)
        #expect(dry.exchange.pushedBytes == real.pushedBytes)
        // How much waited in between goes by the size of the answers.
        var pulled = real.pulled
        pulled.waiting = dry.exchange.pulled.waiting
        #expect(dry.exchange.pulled == pulled)
        #expect(dry.exchange.waitingAtHub == real.waitingAtHub)
        #expect(try dry.pushedWrites == node.store.read { try $0.acknowledgedWrites(after: acknowledged) })
        #expect(try dry.openConflicts == node.store.read { try $0.openConflicts() })
        return (dry, requests)
    }

    private func settled(_ nodes: Int = 1) throws -> World {
        let world = try World(nodes: nodes)
        try world.settle()
        return world
    }

    @Test("changes on both sides, a conflict among them, are announced as they then happen")
    func bothSides() throws {
        let world = try settled()
        let node = world.sites[1]
        try node.write { try $0.put(Schema.teacher, id: "t", ["name": "Ann", "email": "a@t.org"]) }
        try announced(world, node)
        try node.write { try $0.edit(Schema.teacher, id: "t", ["name": "Node"]) }
        try world.hub.write { try $0.edit(Schema.teacher, id: "t", ["name": "Hub"]) }
        try world.hub.write { try $0.put(Schema.skill, id: "s", ["name": "Chess"]) }
        let (dry, _) = try announced(world, node)
        #expect(dry.exchange.pulled.open + dry.exchange.pulled.settled == 1)
        #expect(try node.digest() == world.hub.digest())
        #expect(try announced(world, node).0.exchange.verdict == .equal)
    }

    @Test("a backlog of many batches, and a log of many pages, are checked to their ends")
    func large() throws {
        let world = try settled()
        let node = world.sites[1]
        for site in [node, world.hub] {
            try site.write { transaction in
                for index in 0..<1600 {
                    let noise = try site.installation.environment.random.bytes(800).hex
                    try transaction.put(
                        Schema.teacher, id: try transaction.freshID(),
                        ["name": .text(noise), "email": .text("\(site.name)\(index)")])
                }
            }
        }
        let (dry, requests) = try announced(world, node)
        #expect(requests.count { $0 == "check" } > 2 && requests.count { $0 == "pull" } > 1)
        #expect(dry.pushedWrites == 1601)
        #expect(try node.digest() == world.hub.digest())
    }

    @Test("what the hub holds of a push that was cut, and what it has without the node's knowing, is known")
    func resumed() throws {
        let world = try settled()
        let node = world.sites[1]
        try node.write { try $0.put(Schema.teacher, id: "t", ["name": "Ann"]) }
        try world.sync(node, fate: { _ in .answerLost })
        try announced(world, node)
        try node.write { transaction in
            for index in 0..<2500 {
                let noise = try node.installation.environment.random.bytes(400).hex
                try transaction.put(Schema.teacher, id: "r\(index)", ["name": .text(noise)])
            }
        }
        var pushes = 0
        try world.sync(
            node,
            fate: { kind in
                pushes += kind == "push" ? 1 : 0
                return pushes > 1 ? .lost : .delivered
            })
        #expect(try world.hub.store.read { try $0.waitingCount() } > 0)
        try announced(world, node)
        #expect(try node.digest() == world.hub.digest())
    }

    @Test("writes without the right are named")
    func refused() throws {
        let world = try settled()
        let node = world.sites[1]
        // A node whose program takes itself for the hub.
        let key = node.tenant.origin
        let hubs = LocalOrigin(key: key.key, role: .hub, identifiers: key.identifiers)
        try node.store.write(as: node.actor, origin: hubs) { transaction in
            transaction.audit(AuditAction("test.write", targetType: "test"))
            try transaction.put(Schema.skill, id: "s", ["name": "Chess"])
            try transaction.put(Schema.teacher, id: "t", ["name": "Ann"])
        }
        let (dry, _) = try announced(world, node)
        #expect(dry.refusedCount == 1)
        #expect(dry.refused.first?.table == "skill" && dry.refused.first?.reason == "HUB_OWNED")
        #expect(try world.hub.store.read { try $0.refusedWrites().count } == 1)
    }

    @Test(
        "what builds on another's delta that the hub lacks is announced as waiting; the sync hands that in, too"
    )
    func waiting() throws {
        let world = try settled(2)
        let (first, second) = (world.sites[1], world.sites[2])
        try second.write { try $0.put(Schema.teacher, id: "t", ["name": "Ann"]) }
        let frames = try second.store.read { reader in
            try reader.stamps(origin: reader.ownOrigin()!.number, after: 0).map { try reader.frame($0)! }
        }
        try first.write { try $0.put(Schema.teacher, id: "u", ["name": "Bo"]) }
        _ = try first.store.replicate { try DeltaApplier.receive(frames, in: $0) }
        try first.write { try $0.edit(Schema.teacher, id: "t", ["name": "Cy"]) }
        let (dry, _) = try dryRun(world, first)
        #expect(dry.exchange.waitingAtHub == 1 && dry.exchange.pushedDeltas == 2)
        #expect(dry.pushedWrites == 2, "one row and its audit entry")
        let real = try world.sync(first)
        #expect(real.error == nil && real.waitingAtHub == 0 && real.pushedDeltas == 3)
        #expect(try world.hub.digest() == first.digest())
        #expect(try world.sync(first).verdict == .equal)
        #expect(try world.sync(second).error == nil)
        #expect(try world.sync(second).verdict == .equal)
    }

    @Test("a damaged delta, a gap and a false order are refused as they would be")
    func damaged() throws {
        let world = try settled()
        let node = world.sites[1]
        for index in 0..<3 {
            try node.write { try $0.put(Schema.teacher, id: "t\(index)", ["name": "Ann"]) }
        }
        let spoils: [(inout CheckRequest) -> Void] = [
            { request in
                var body = request.frames[1].body
                body[40] ^= 1
                request.frames[1] = DeltaFrame(envelope: request.frames[1].envelope, body: body)
            },
            { request in
                var envelope = request.frames[2].envelope
                envelope[envelope.count - 1] ^= 1
                request.frames[2] = DeltaFrame(envelope: envelope, body: request.frames[2].body)
            },
            { $0.frames.remove(at: 1) }, { $0.frames.remove(at: 0) }, { $0.frames.swapAt(0, 1) },
            { $0.frames.append($0.frames[0]) },
        ]
        for spoil in spoils {
            let (dry, _) = try dryRun(world, node, spoil: spoil)
            #expect(dry.exchange.error?.code == .deltaRefused)
        }
        try announced(world, node)
        // In the middle of the chain the place is known by its hash.
        try node.write { try $0.put(Schema.teacher, id: "t9", ["name": "Ann"]) }
        let (fork, _) = try dryRun(world, node) { $0.afterHash = Digest.sha256([1]) }
        #expect(fork.exchange.error?.code == .fork)
    }

    @Test("a verdict that stops a sync stops a dry run")
    func stops() throws {
        let world = try settled()
        let node = world.sites[1]
        try world.hub.store.replicate { try $0.setState(.hlc, .int(0)) }
        try node.store.replicate { try $0.setState(.cursor, .int(99)) }
        let (dry, requests) = try dryRun(world, node)
        #expect(dry.exchange.error?.code == .hubBehind && dry.exchange.verdict == .hubBehind)
        #expect(requests == ["hello"])
    }
}
