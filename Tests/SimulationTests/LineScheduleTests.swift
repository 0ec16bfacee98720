import NodeCore
import SyncEngine
import TestSupport
import Testing

/// Hand-made schedules of lines that break and power that goes, step by step.
@Suite struct LineScheduleTests {
    static let template = Result { try World.Template(nodes: 1, settled: 1) }

    /// Hub and node with one exchange that stands before its first request.
    final class Scene {
        let world: World
        var hub: World.Site { world.hub }
        var node: World.Site { world.sites[1] }
        var machine = NodeExchange()
        var effect: ExchangeEffect?

        init() throws { world = try World(LineScheduleTests.template.get(), nodes: 1, seed: 1) }

        func begin() throws {
            machine = NodeExchange()
            effect = machine.step(try NodePort(node.tenant).begin()).first
        }
        func hear(_ bytes: [UInt8]) throws {
            effect = machine.step(.answered(try HubAnswer(encoded: bytes))).first
        }
        func store() throws {
            let effect = try #require(effect)
            let event = try NodePort(node.tenant).perform(effect)
            self.effect = machine.step(try #require(event)).first
        }
        /// The request that the node sends now.
        func request() throws -> WireRequest {
            let effect = try #require(effect)
            return try #require(WireRequest(effect))
        }

        func write(_ site: World.Site, _ name: Value) throws {
            try site.write { try $0.put(Schema.teacher, id: try $0.freshID(), ["name": name]) }
        }
        func receipts() throws -> Int64 {
            try node.store.read { try $0.state(.receiptSeq)?.int ?? 0 }
        }
        func ownHead() throws -> Int64 { try node.store.read { try $0.ownOrigin()!.headSeq } }
        func heldAtHub() throws -> Int64 {
            let id = try node.store.read { try $0.ownOrigin()!.id }
            return try hub.store.read { try $0.origin(id)?.headSeq ?? 0 }
        }
        func endsEqual() throws {
            try world.settle()
            #expect(try receipts() == ownHead() && heldAtHub() == ownHead())
            #expect(try hub.digest() == node.digest())
        }
    }

    @Test("a hub whose power goes at the commit has acknowledged nothing, and takes it the second time")
    func hubCutBeforeCommit() throws {
        let scene = try Scene()
        try scene.write(scene.node, "one")
        try scene.begin()
        let request = try scene.request()
        let fault = CommitFault(scene.hub.store)
        fault.arm()
        #expect(throws: PowerCut.self) { try scene.hub.answer(request, of: scene.node) }
        #expect(fault.happened)
        try World.Site.restart([scene.hub])
        #expect(try scene.heldAtHub() == 0)
        try scene.hear(scene.hub.answer(request, of: scene.node))
        try scene.store()
        #expect(try scene.receipts() == 1 && scene.heldAtHub() == 1)
        try scene.endsEqual()
    }

    @Test("a receipt whose answer was lost comes with the next exchange")
    func answerLost() throws {
        let scene = try Scene()
        try scene.write(scene.node, "one")
        try scene.begin()
        _ = try scene.hub.answer(scene.request(), of: scene.node)
        try World.Site.restart([scene.hub])
        #expect(try scene.receipts() == 0 && scene.heldAtHub() == 1)
        try scene.endsEqual()
    }

    @Test("a node whose power goes while it stores an answer has stored nothing of it and asks again")
    func nodeCutBeforeCommit() throws {
        let scene = try Scene()
        try scene.write(scene.hub, "from the hub")
        try scene.write(scene.node, "from the node")
        try scene.begin()
        try scene.hear(scene.hub.answer(scene.request(), of: scene.node))
        let before = try scene.node.digest()
        let cursor = try scene.node.store.read { try $0.state(.cursor) }
        let fault = CommitFault(scene.node.store)
        fault.arm()
        #expect(throws: PowerCut.self) { try scene.store() }
        try World.Site.restart([scene.node])
        #expect(try scene.receipts() == 0 && scene.node.digest() == before)
        #expect(try scene.node.store.read { try $0.state(.cursor) } == cursor)
        try scene.endsEqual()
    }

    @Test("an answer is stored in one transaction; a request is taken in one and signed for in the next")
    func oneTransaction() throws {
        let scene = try Scene()
        try scene.write(scene.hub, "from the hub")
        try scene.write(scene.node, "from the node")
        try scene.begin()
        // What the hub has written itself its arbiter looks at first.
        try Arbiter(scene.hub.tenant).run()
        let faults = [scene.hub, scene.node].map { CommitFault($0.store) }
        for (fault, commits) in zip(faults, [2, 1]) { fault.arm(after: commits) }
        try scene.hear(scene.hub.answer(scene.request(), of: scene.node))
        try scene.store()
        #expect(faults.allSatisfy { !$0.happened })
        #expect(try scene.receipts() == 1 && scene.heldAtHub() == 1)
    }

    @Test("a local write whose commit fails was never there, and its number is used again")
    func writeCutBeforeCommit() throws {
        let scene = try Scene()
        let fault = CommitFault(scene.node.store)
        fault.arm()
        #expect(throws: PowerCut.self) { try scene.write(scene.node, "lost") }
        try World.Site.restart([scene.node])
        #expect(try scene.ownHead() == 0)
        try scene.write(scene.node, "kept")
        #expect(try scene.ownHead() == 1)
        try scene.endsEqual()
    }

    @Test("a request that the hub hears again after later ones changes nothing")
    func heardAgain() throws {
        let scene = try Scene()
        try scene.write(scene.node, "one")
        try scene.begin()
        let old = try scene.request()
        try scene.endsEqual()
        try scene.write(scene.node, "two")
        try scene.endsEqual()
        let before = try scene.hub.digest()
        let size = try scene.hub.store.read { try $0.logSize() }
        // The node that said this is older than what the hub has of it by now.
        #expect(try HubAnswer(encoded: scene.hub.answer(old, of: scene.node)).verdict == .nodeBehind)
        #expect(try scene.hub.digest() == before && scene.hub.store.read { try $0.logSize() } == size)
        try scene.endsEqual()
    }

    @Test("what is written between hello and the answer is pushed by the same exchange")
    func writtenMeanwhile() throws {
        let scene = try Scene()
        try scene.write(scene.node, "one")
        try scene.begin()
        let request = try scene.request()
        try scene.write(scene.node, "two")
        try scene.write(scene.hub, "three")
        try scene.hear(scene.hub.answer(request, of: scene.node))
        try scene.store()
        #expect(try scene.receipts() == 1)
        try scene.endsEqual()
    }
}
