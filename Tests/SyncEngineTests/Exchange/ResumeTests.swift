import TestSupport
import Testing

@testable import NodeCore
@testable import SyncEngine

/// A line that always breaks before the end still gets there.
@Suite struct ResumeTests {
    @Test("a large push that is cut after every request goes on where the hub holds it, and ends")
    func cutPush() throws {
        let world = try World(nodes: 1)
        try world.settle()
        let node = world.sites[1]
        try node.write { transaction in
            for index in 0..<6000 {
                // Random letters, so that the parts are larger than what rides along with hello.
                let noise = try node.installation.environment.random.bytes(800).hex
                try transaction.put(
                    Schema.teacher, id: try transaction.freshID(),
                    ["name": .text(noise), "email": .text("\(index)")])
            }
        }
        let before = try world.hub.digest()
        var attempts = 0, sent = 0
        while try world.sync(
            node,
            fate: { kind in
                sent += 1
                // Hello and one push get through; the line breaks at the second push.
                return kind == "push" && sent > 2 ? .lost : .delivered
            }
        ).error != nil {
            attempts += 1
            sent = 0
            try #require(attempts < 40, "the push does not come to an end")
            if try world.hub.store.read({ try $0.waitingCount() }) > 0 {
                #expect(try world.hub.digest() == before)
            }
        }
        #expect(attempts > 1)
        #expect(try world.hub.digest() == node.digest())
        #expect(try world.hub.store.read { try $0.waitingCount() } == 0)
    }

    @Test(
        "a transaction larger than what is held in memory leaves nothing when it is taken back, and is one like others"
    )
    func heldBodies() throws {
        let world = try World(nodes: 1)
        try world.settle()
        let node = world.sites[1]
        func stored() throws -> [Int] {
            try node.store.read { reader in
                [
                    try reader.count("SELECT count(*) FROM sync_body"),
                    try reader.count("SELECT count(*) FROM sync_delta"),
                ]
            }
        }
        let before = try (node.digest(), stored())
        for dryRun in [true, false] {
            try node.store.write(as: node.actor, origin: node.tenant.origin, dryRun: dryRun) { transaction in
                transaction.audit(AuditAction("test.write", targetType: "test"))
                for index in 0..<3000 {
                    let noise = try node.installation.environment.random.bytes(800).hex
                    try transaction.put(
                        Schema.teacher, id: try transaction.freshID(),
                        ["name": .text(noise), "email": .text("\(index)")])
                }
                let held = try transaction.replica.count("SELECT count(*) FROM sync_body")
                #expect(held > before.1[0], "some bodies are in the file before they are signed")
            }
            if dryRun { #expect(try node.digest() == before.0 && stored() == before.1) }
        }
        let after = try stored()
        #expect(after[0] == after[1] && after[0] > before.1[0] + 1)
        try world.settle()
        #expect(try world.hub.digest() == node.digest())
    }

    @Test("a hub whose log doesn't go on, or lies about numbers, ends the exchange with words, not a crash")
    func hostileAnswers() throws {
        let tenant = TenantID(bytes: [UInt8](repeating: 1, count: 16))!
        let origin = OriginID(bytes: [UInt8](repeating: 2, count: 16))!
        let position = LocalPosition(
            tenant: tenant, origin: origin, ownHead: nil, headsHash: Digest.sha256([1]), receiptSeq: 0,
            cursor: 5,
            cursorHash: Digest.sha256([2]), schemaVersion: Schema.version, wall: 0)
        func answer(_ change: (inout HubAnswer) -> Void) -> HubAnswer {
            var answer = HubAnswer(
                verdict: .exchange, wall: 0, headsHash: Digest.sha256([3]), head: nil, cursor: 5,
                cursorHash: Digest.sha256([2]), logSize: 9)
            change(&answer)
            return answer
        }
        var machine = NodeExchange()
        _ = machine.step(.begin(position, PendingBatch(frames: [], through: 0)))
        _ = machine.step(.answered(answer { _ in }))
        _ = machine.step(.stored(ApplySummary()))
        let end = machine.step(.answered(answer { _ in }))
        guard case .finish(let outcome) = end.first else {
            Issue.record("\(end)")
            return
        }
        #expect(outcome.error?.code == .hubAnswer)
        for change: (inout HubAnswer) -> Void in [
            { $0.wall = .min }, { $0.wall = .max }, { $0.cursor = -1 }, { $0.logSize = .max },
            { $0.waiting = -1 },
            { $0.turnedAway = 1 << 40 }, { $0.heldSeq = -5 },
        ] {
            #expect(throws: DeltaError.self) { try HubAnswer(encoded: answer(change).encoded()) }
        }
        let good = answer { $0.heads = [ChainHead(origin: origin, seq: 3, hash: Digest.sha256([4]))] }
        #expect(try HubAnswer(encoded: good.encoded()) == good)
    }

    @Test("an entry that a node passed over is noticed at the end of the log and fetched again")
    func divergence() throws {
        let world = try World(nodes: 2)
        try world.settle()
        let (first, second) = (world.sites[1], world.sites[2])
        try first.write { try $0.put(Schema.teacher, id: try $0.freshID(), ["name": "Ann"]) }
        try world.sync(first)
        // The second node's cursor moves past the entry without taking it.
        let (size, hash) = try world.hub.store.read { reader in
            (try reader.logSize(), try reader.logEntry(reader.logSize())!.hash)
        }
        try second.store.replicate { replica in
            try replica.setState(.cursor, .int(size))
            try replica.setState(.cursorHash, .bytes(hash.bytes))
        }
        try world.hub.write { try $0.put(Schema.skill, id: try $0.freshID(), ["name": "Chess"]) }
        let outcome = try world.sync(second)
        #expect(outcome.error == nil)
        #expect(try second.digest() == world.hub.digest())
    }
}
