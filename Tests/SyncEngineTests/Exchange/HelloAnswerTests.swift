import NodeCore
import TestSupport
import Testing

@testable import SyncEngine

/// Most hellos are answered from one look into the hub's file; the answer is the one of all steps.
@Suite struct HelloAnswerTests {
    enum Asking: CaseIterable {
        case equal, fromTheBeginning, withoutReceipt, withOtherHeads, withoutHubKeys, underAnotherKey
    }

    private func hello(_ node: World.Site) throws -> HelloRequest {
        guard case .begin(let position, _) = try NodePort(node.tenant).begin() else {
            throw NodeError(.internalError, "no beginning")
        }
        return NodeExchange.hello(position, frames: [])
    }

    @Test("an answer at once is the same as step by step", arguments: Asking.allCases)
    func same(asking: Asking) throws {
        let world = try World(nodes: 2), node = world.sites[1], hub = world.hub
        for site in world.sites {
            try site.write {
                try $0.put(Schema.teacher, id: try $0.freshID(), ["name": .text(site.name)])
            }
        }
        try world.settle()
        try hub.installation.rotateIdentity()
        try world.settle()
        var request = try hello(node)
        switch asking {
        case .equal: break
        case .fromTheBeginning: (request.cursor, request.cursorHash) = (0, nil)
        case .withoutReceipt: request.receiptSeq = 0
        case .withOtherHeads: request.headsHash = Digest.sha256([1])
        case .withoutHubKeys: request.hubMark = []
        case .underAnotherKey:
            try hub.installation.rotateIdentity()
            // Signs for the log with the new key.
            _ = try hub.port(for: node.origin).hello(request, isRevoked: false, at: hub.installation)
        }
        let port = hub.port(for: node.origin), file = hub.installation.stamp(of: world.slug)
        let atOnce = try #require(try hub.store.read { try port.answerAtOnce(request, in: $0) })
        var stepwise = try port.greet(request, isRevoked: false, at: hub.installation)
        stepwise.hubStatements = try port.statements(for: request)
        #expect(atOnce == stepwise)
        #expect(try port.hello(request, isRevoked: false, at: hub.installation) == atOnce)
        #expect(hub.installation.stamp(of: world.slug) == file, "nothing was written")
        switch asking {
        case .equal: #expect(atOnce.verdict == .equal && atOnce.entries.isEmpty)
        case .fromTheBeginning: #expect(!atOnce.entries.isEmpty && atOnce.checkpoint != nil)
        case .withoutReceipt: #expect(atOnce.receipt != nil)
        case .withOtherHeads: #expect(atOnce.verdict == .exchange && !atOnce.heads.isEmpty)
        case .withoutHubKeys, .underAnotherKey: #expect(!atOnce.hubStatements.isEmpty)
        }
    }

    @Test("where something is to be written or the exchange stops, no answer is given at once")
    func notAtOnce() throws {
        let world = try World(nodes: 1), node = world.sites[1], hub = world.hub
        try node.write {
            try $0.put(Schema.teacher, id: try $0.freshID(), ["name": .text("Ann")])
        }
        try world.settle()
        let port = hub.port(for: node.origin), settled = try hello(node)
        func isAtOnce(_ request: HelloRequest) throws -> Bool {
            try hub.store.read { try port.answerAtOnce(request, in: $0) } != nil
        }
        #expect(try isAtOnce(settled))
        var behind = settled
        behind.ownHead = nil
        #expect(try !isAtOnce(behind), "the node was put back")
        try hub.write {
            try $0.put(Schema.teacher, id: try $0.freshID(), ["name": .text("Bea")])
        }
        #expect(try !isAtOnce(settled), "nothing is handed out that isn't signed for")
        #expect(try !port.hello(settled, isRevoked: false, at: hub.installation).entries.isEmpty)
        #expect(try isAtOnce(settled))
        try hub.store.replicate { try $0.beginRecovery() }
        #expect(try !isAtOnce(settled), "the hub waits for its nodes")
    }
}
