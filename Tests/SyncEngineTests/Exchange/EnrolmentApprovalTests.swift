import Foundation
import NodeCore
import Synchronization
import TestSupport
import Testing

@testable import SyncEngine

/// Enrolments that an admin approves by words.
@Suite struct EnrolmentApprovalTests {
    /// A hub, a token that needs approval, and a node that has none of it yet.
    struct Stage {
        let world: World
        let token: EnrolmentToken
        let node: Installation
        var hub: Installation { world.hub.installation }

        init(seed: UInt64 = 1) throws {
            world = try World(nodes: 0, seed: seed)
            token = try world.hub.installation.invite(
                slug: world.slug, minutes: 60, needsApproval: true
            ).token
            node = try Self.installation(world, "office", seed: 71)
        }

        static func installation(_ world: World, _ name: String, seed: UInt64) throws -> Installation {
            try Installation.initialise(
                DataDirectory(path: "\(world.folder)/\(name)-\(seed)"), role: .node, name: name,
                environment: NodeCore.Environment(
                    clock: MovableClock(), random: SeededRandom(seed: seed), replication: SignedReplication())
            )
        }

        /// What the hub answers a node that comes with the token.
        func ask(_ node: Installation) throws -> JoinAnswer {
            try Enrolment.admit(
                JoinRequest(encoded: Enrolment.request(token, from: node).0.encoded()), at: hub)
        }

        func join(_ node: Installation) throws -> OriginClaim {
            try Enrolment.complete(ask(node), token: token, hubURL: "http://127.0.0.1:1", at: node)
        }

        func words(_ node: Installation) throws -> String {
            try node.enrolmentWords(token).joined(separator: " ")
        }

        func approve(_ node: Installation, as name: String = "office") throws {
            _ = try EnrolmentApproval.approve(name, words: words(node), tenant: nil, at: hub)
        }

        func refused(_ code: ErrorCode, _ body: () throws -> Void) {
            let error = #expect(throws: NodeError.self) { try body() }
            #expect(error?.code == code)
        }

        /// Certificates of nodes in the tenant's log.
        func certified() throws -> Int {
            try world.hub.store.read { try $0.origins().filter { $0.role == .node }.count }
        }
    }

    @Test("a node that waits has no certificate and nothing of the tenant; approved, it takes both")
    func approving() throws {
        let stage = try Stage()
        for _ in 0..<2 { stage.refused(.approvalPending) { _ = try stage.ask(stage.node) } }
        #expect(try stage.certified() == 0 && stage.hub.enrolments().isEmpty)
        let pending = try #require(try stage.hub.pendingEnrolments().first)
        #expect(try stage.hub.pendingEnrolments().count == 1)
        #expect(pending.words.joined(separator: " ") == (try stage.words(stage.node)))
        #expect(pending.words.count == 6 && pending.name == "office")
        for _ in 0..<2 { try stage.approve(stage.node) }
        #expect(try stage.certified() == 1 && stage.hub.enrolments().count == 1)
        #expect(try stage.hub.pendingEnrolments().isEmpty)
        #expect(try stage.join(stage.node).name == "office")
        #expect(try stage.certified() == 1 && stage.hub.enrolments().count == 1)
    }

    @Test("a node that is rejected is told so, and stays out; so is its token")
    func rejecting() throws {
        let stage = try Stage()
        stage.refused(.approvalPending) { _ = try stage.ask(stage.node) }
        for _ in 0..<2 { _ = try EnrolmentApproval.reject("office", tenant: nil, at: stage.hub) }
        stage.refused(.tokenInvalid) { _ = try stage.ask(stage.node) }
        stage.refused(.conflict) { try stage.approve(stage.node) }
        let other = try Stage.installation(stage.world, "other", seed: 72)
        stage.refused(.tokenInvalid) { _ = try stage.ask(other) }
        #expect(try stage.certified() == 0)
    }

    @Test("a request that nobody decides expires after a week: no approval and no join brings it back")
    func expiry() throws {
        let stage = try Stage(), week: Int64 = 7 * 86_400_000
        stage.refused(.approvalPending) { _ = try stage.ask(stage.node) }
        stage.world.advance(week - 1)
        // Asking again makes no younger request of it.
        stage.refused(.approvalPending) { _ = try stage.ask(stage.node) }
        #expect(
            try stage.hub.pendingEnrolments().map(\.expiresAt) == [stage.world.hub.clock.milliseconds() + 1])
        stage.world.advance(1)
        #expect(try stage.hub.pendingEnrolments().isEmpty)
        #expect(try stage.hub.pendingEnrolments(all: true).map(\.state) == [.expired])
        for _ in 0..<2 {
            let error = #expect(throws: NodeError.self) { _ = try stage.ask(stage.node) }
            #expect(error?.code == .tokenInvalid && error?.hint.contains("nodes invite") == true)
            stage.refused(.conflict) { try stage.approve(stage.node) }
        }
        #expect(try stage.certified() == 0 && stage.hub.enrolments().isEmpty)
        _ = try EnrolmentApproval.reject("office", tenant: nil, at: stage.hub)
        #expect(try stage.hub.pendingEnrolments(all: true).map(\.state) == [.rejected])
    }

    @Test("an approval in time stays one, also when it was cut and the node comes late")
    func approvedInTime() throws {
        let stage = try Stage()
        stage.refused(.approvalPending) { _ = try stage.ask(stage.node) }
        let request = try #require(try stage.hub.pendingEnrolments().first)
        // As a stop before the certificate was made leaves it.
        try stage.hub.decide(request, .approved)
        stage.world.advance(30 * 86_400_000)
        #expect(try stage.join(stage.node).name == "office")
        #expect(try stage.certified() == 1)
    }

    @Test("who stole the token has other words: the honest node's don't let them in")
    func stolenToken() throws {
        let stage = try Stage()
        // By the same name, and first.
        let thief = try Stage.installation(stage.world, "office", seed: 73)
        stage.refused(.approvalPending) { _ = try stage.ask(thief) }
        stage.refused(.tokenInvalid) { _ = try stage.ask(stage.node) }
        stage.refused(.wordsDiffer) { try stage.approve(stage.node) }
        for wrong in ["", "office", "zoo zoo zoo zoo zoo zoo"] {
            stage.refused(.wordsDiffer) {
                _ = try EnrolmentApproval.approve("office", words: wrong, tenant: nil, at: stage.hub)
            }
        }
        let five = try stage.words(thief).split(separator: " ").dropLast().joined(separator: " ")
        stage.refused(.wordsDiffer) {
            _ = try EnrolmentApproval.approve("office", words: five, tenant: nil, at: stage.hub)
        }
        #expect(try stage.certified() == 0)
        stage.refused(.approvalPending) { _ = try stage.ask(thief) }
    }

    @Test("words differ with the node's key, the token and the hub")
    func wordsBind() throws {
        let stage = try Stage(), words = try stage.words(stage.node)
        let key = try stage.node.pendingKey(tokenID: stage.token.id).publicKey
        let other = try SigningKey(seed: [UInt8](repeating: 3, count: 32)).publicKey
        #expect(stage.token.words(for: key).joined(separator: " ") == words)
        let token = stage.token
        let variants = [
            token.words(for: other),
            EnrolmentToken(
                id: token.id, secret: token.secret.reversed(), hubFingerprint: token.hubFingerprint
            )
            .words(for: key),
            EnrolmentToken(
                id: token.id.reversed(), secret: token.secret, hubFingerprint: token.hubFingerprint
            )
            .words(for: key),
            EnrolmentToken(
                id: token.id, secret: token.secret, hubFingerprint: token.hubFingerprint.reversed()
            )
            .words(for: key),
        ]
        for variant in variants { #expect(variant.joined(separator: " ") != words) }
    }

    @Test("the name that was asked for first is the one that is approved; words may be typed in any case")
    func firstNameCounts() throws {
        let stage = try Stage()
        stage.refused(.approvalPending) { _ = try stage.ask(stage.node) }
        let loud = try stage.words(stage.node).uppercased().replacing(" ", with: ", ")
        _ = try EnrolmentApproval.approve("office", words: loud, tenant: nil, at: stage.hub)
        // The same key comes back under another name: by then the certificate is made.
        let key = try stage.node.pendingKey(tokenID: stage.token.id)
        let renamed = try Stage.installation(stage.world, "boss", seed: 74)
        try FileManager.default.copyItem(
            atPath: "\(stage.node.directory.keys)/joining-\(stage.token.id.hex).key",
            toPath: "\(renamed.directory.keys)/joining-\(stage.token.id.hex).key")
        #expect(try renamed.pendingKey(tokenID: stage.token.id).publicKey == key.publicKey)
        #expect(try stage.join(renamed).name == "office")
    }

    @Test("tokens without approval work as ever, and approved nodes sync")
    func others() throws {
        let stage = try Stage()
        try stage.world.addNode("plain", seed: 6)
        stage.refused(.approvalPending) { _ = try stage.ask(stage.node) }
        try stage.approve(stage.node)
        _ = try stage.join(stage.node)
        try stage.world.settle()
        #expect(
            try stage.node.tenant(stage.world.slug).store.read { try $0.ownOrigin()?.isCertified } == true)
    }

    @Test(
        "a power cut at any commit of the hub leaves steps that are done again",
        arguments: ["control", "tenant"], [0, 1, 2])
    func cuts(store: String, commits: Int) throws {
        let stage = try Stage()
        for step in ["ask", "approve", "join"] {
            let fault =
                store == "control"
                ? CommitFault(stage.hub.control) : CommitFault(stage.world.hub.store)
            fault.arm(after: commits)
            try? run(step, stage)
            withExtendedLifetime(fault) {}
            try World.Site.restart([stage.world.hub])
            for _ in 0..<2 where try step != "join" || stage.node.slugs().isEmpty { try run(step, stage) }
        }
        #expect(try stage.certified() == 1 && stage.hub.enrolments().count == 1)
        #expect(try stage.node.slugs() == [stage.world.slug])
    }

    private func run(_ step: String, _ stage: Stage) throws {
        switch step {
        case "ask":
            do { _ = try stage.ask(stage.node) } catch let error as NodeError
                where error.code == .approvalPending
            {}
        case "approve": try stage.approve(stage.node)
        default: _ = try stage.join(stage.node)
        }
    }

    @Test("a hundred that come with one token at once: one of them gets in")
    func race() throws {
        let world = try World(nodes: 0)
        let hub = world.hub.installation
        let token = try hub.invite(slug: world.slug, minutes: 60).token
        let keys = try (0..<100).map { try SigningKey(seed: [UInt8](repeating: UInt8($0 + 1), count: 32)) }
        let winners = Mutex<[Int]>([])
        DispatchQueue.concurrentPerform(iterations: keys.count) { index in
            let request = JoinRequest(
                token: token, publicKey: keys[index].publicKey, nodeID: "node-\(index)", name: "n\(index)")
            do {
                _ = try Enrolment.admit(request, at: hub)
                winners.withLock { $0.append(index) }
            } catch let error as NodeError where error.code == .tokenInvalid {
            } catch { winners.withLock { $0.append(-1) } }
        }
        let won = winners.withLock { $0 }
        #expect(won.count == 1 && won.first != -1)
        #expect(try hub.enrolments().count == 1)
    }
}
