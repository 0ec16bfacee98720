import TestSupport
import Testing

@testable import NodeCore
@testable import SyncEngine

/// Exchanges in which both sides have much to give: the log comes along with the answers to pushes, and is merged while
/// the next push is on its way.
@Suite struct BothWaysTests {
    /// A hub and a node that have each edited every row without a line, in small requests.
    private func world() throws -> World {
        let world = try World(nodes: 1)
        try world.hub.write { transaction in
            for index in 0..<40 {
                try transaction.put(Schema.teacher, id: "t\(index)", ["name": .text("Teacher \(index)")])
            }
        }
        try world.settle()
        for site in world.sites {
            for index in 0..<40 {
                try site.write {
                    try $0.edit(Schema.teacher, id: "t\(index)", ["name": .text("\(index) of \(site.name)")])
                }
            }
        }
        world.batchBytes = 1000
        return world
    }

    /// An exchange in hand: the effects that are still to be performed.
    private final class Line {
        let world: World
        let port: NodePort
        var machine: NodeExchange
        var effects: [ExchangeEffect]
        var node: World.Site { world.sites[1] }

        init(_ world: World) throws {
            self.world = world
            port = NodePort(world.sites[1].tenant, rideAlongBytes: world.batchBytes)
            machine = NodeExchange(batchBytes: world.batchBytes)
            effects = machine.step(try port.begin())
        }

        func event(_ effect: ExchangeEffect) throws -> ExchangeEvent {
            guard let request = WireRequest(effect) else { return try #require(try port.perform(effect)) }
            return .answered(try HubAnswer(encoded: world.hub.answer(request, of: node)))
        }

        /// Goes on until a push goes out and something is to be stored meanwhile, and answers both.
        func pair() throws -> (push: PushRequest, store: StoreRequest) {
            for _ in 0..<100 {
                if effects.count == 2, case .push(let push) = effects[0], case .store(let store) = effects[1]
                {
                    return (push, store)
                }
                try #require(effects.count == 1)
                effects = machine.step(try event(effects[0]))
            }
            throw NodeError(.internalError, "nothing was pushed and stored at the same time")
        }

        /// Goes on to the end, either event of a pair first.
        func finish(answerFirst: Bool) throws -> (outcome: ExchangeOutcome, pairs: Int) {
            var pairs = 0
            for _ in 0..<200 {
                if case .finish(let outcome)? = effects.first { return (outcome, pairs) }
                let both = effects
                if both.count > 1 { pairs += 1 }
                // Both are under way: what they bring is only then told to the machine.
                let events = try both.map(event)
                effects = []
                for one in answerFirst ? events : events.reversed() { effects += machine.step(one) }
            }
            throw NodeError(.internalError, "the exchange did not end")
        }
    }

    @Test("a push's answer brings the log, and either event may come first", arguments: [true, false])
    func order(answerFirst: Bool) throws {
        let world = try world(), line = try Line(world)
        let (outcome, pairs) = try line.finish(answerFirst: answerFirst)
        #expect(outcome.error == nil && pairs >= 2)
        #expect(outcome.pushedDeltas == 40 && outcome.pulled.deltas >= 40)
        try world.settle()
        #expect(try world.hub.digest() == line.node.digest())
        #expect(try line.node.store.read { try $0.conflicts().count } == 40)
    }

    @Test("the receipt of what was pushed is kept with what came along")
    func receipts() throws {
        let world = try world(), line = try Line(world)
        let (push, store) = try line.pair()
        #expect(push.maxBytes > 0 && !store.entries.isEmpty && store.receipt != nil)
        #expect(push.cursor == store.cursor)
        _ = try line.event(.store(store))
        let seq = try line.node.store.read { try $0.state(.receiptSeq)?.int ?? 0 }
        #expect(seq > 0 && seq == store.head?.seq)
    }

    @Test("what can't be stored ends the exchange, whenever the push is answered; the next one goes on")
    func failingStore() throws {
        for answerFirst in [true, false] {
            let world = try world(), line = try Line(world)
            let pair = try line.pair()
            let answer = try line.event(.push(pair.push))
            let failure = ExchangeEvent.failed(NodeError(.storageFull, "the disk is full"))
            var effects: [ExchangeEffect] = []
            for event in answerFirst ? [answer, failure] : [failure, answer] {
                effects += line.machine.step(event)
            }
            guard case .finish(let outcome)? = effects.first, effects.count == 1 else {
                Issue.record("\(effects)")
                return
            }
            #expect(outcome.error?.code == .storageFull)
            try world.settle()
            #expect(try world.hub.digest() == line.node.digest())
        }
    }

    @Test("what was passed over is noticed while a push is on its way: its answer's log is not taken then")
    func divergence() throws {
        let world = try world(), line = try Line(world)
        let pair = try line.pair()
        let answer = try line.event(.push(pair.push))
        guard case .answered(let given) = answer else { return }
        #expect(!given.entries.isEmpty && given.cursor > 0)
        var diverged = try line.port.store(pair.store)
        diverged.hasDiverged = true
        #expect(line.machine.step(.stored(diverged)).isEmpty)
        try line.node.store.replicate {
            try $0.setState(.cursor, .int(0))
            try $0.setState(.cursorHash, .null)
        }
        line.effects = line.machine.step(answer)
        let next = try line.pair()
        #expect(next.store.entries.isEmpty && next.store.cursor == 0 && next.push.cursor == 0)
        #expect(next.store.receipt != nil)
        let (outcome, _) = try line.finish(answerFirst: false)
        #expect(outcome.error == nil)
        try world.settle()
        #expect(try world.hub.digest() == line.node.digest())
    }

    @Test(
        "a hub gives nothing along with a push that doesn't ask, or names a place in its log that it doesn't know"
    )
    func unasked() throws {
        let world = try world(), line = try Line(world)
        var (push, _) = try line.pair()
        push.cursorHash = Digest.sha256([1])
        let port = world.hub.port(for: line.node.origin)
        let strange = try port.push(push)
        #expect(strange.entries.isEmpty && strange.cursor == push.cursor && strange.receipt != nil)
        push.maxBytes = 0
        #expect(try PushRequest(encoded: push.encoded()) == push)
        #expect(try port.push(push).entries.isEmpty)
    }

    @Test("heads that the checkpoint doesn't cover yet are not given: nobody would have what they name")
    func headsBeyondTheCheckpoint() throws {
        let world = try world(), hub = world.hub, port = hub.port(for: world.sites[1].origin)
        let checkpoint = try port.checkpoint()
        func given() throws -> HubAnswer {
            try hub.store.read {
                try port.give(
                    after: 0, cursorHash: nil, maxBytes: 8 << 20, receiptAfter: .max, checkpoint, in: $0)
            }
        }
        let before = try given()
        #expect(before.cursor == checkpoint.size && !before.heads.isEmpty)
        try hub.write { try $0.edit(Schema.teacher, id: "t1", ["name": "Later"]) }
        let after = try given()
        #expect(after.cursor == checkpoint.size && after.heads.isEmpty && after.settled.isEmpty)
    }

    @Test("an own body that can't be read ends the exchange, and what was answered is kept")
    func failingLoad() throws {
        let world = try world(), line = try Line(world)
        for _ in 0..<100 {
            guard case .load? = line.effects.first else {
                line.effects = line.machine.step(try line.event(line.effects[0]))
                continue
            }
            break
        }
        let effects = line.machine.step(.failed(NodeError(.corrupt, "a body is gone")))
        guard case .store(let store)? = effects.first, effects.count == 1 else {
            Issue.record("\(effects)")
            return
        }
        #expect(store.receipt != nil)
        guard case .finish(let outcome)? = line.machine.step(.stored(try line.port.store(store))).first else {
            Issue.record("it goes on")
            return
        }
        #expect(outcome.error?.code == .corrupt && outcome.pulled.deltas > 0)
    }
}
