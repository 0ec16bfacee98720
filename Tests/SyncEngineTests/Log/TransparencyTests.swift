import Foundation
import TestSupport
import Testing

@testable import NodeCore
@testable import SyncEngine

/// A hub that changes its past is caught at the next sync; an honest one never raises an alarm.
@Suite struct TransparencyTests {
    static let template = Result { try World.Template(nodes: 1, settled: 1) }

    func add(_ site: World.Site, _ name: String) throws {
        try site.write { try $0.put(Schema.teacher, id: name, ["name": .text(name)]) }
    }

    /// A hub and a node that have exchanged some deltas both ways.
    func settled(_ seed: UInt64) throws -> World {
        let world = try World(Self.template.get(), nodes: 1, seed: seed)
        for index in 0..<3 {
            try add(world.hub, "h\(index)")
            try add(world.sites[1], "n\(index)")
            try world.sync(world.sites[1])
        }
        try world.settle()
        return world
    }

    @Test("each of the tamperings with the hub's log is caught by the next sync that carries news")
    func tamperings() throws {
        let environment = ProcessInfo.processInfo.environment
        let one = environment["TEST_SEED"].flatMap { UInt64($0) }
        let count = UInt64(environment["TAMPERINGS"].flatMap { Int($0) } ?? 40)
        let foreign = try World(nodes: 1, seed: 77, slug: "elsewhere").hub.store.read {
            try $0.origins()[0].certificate
        }
        var withEvidence = 0
        for seed in one.map({ $0...$0 }) ?? 1...max(1, count) {
            var random = SeededGenerator(seed: seed)
            let kind = Tampering.allCases[Int(seed) % Tampering.allCases.count]
            let world = try settled(seed), node = world.sites[1]
            let cursor = try node.store.read { try $0.state(.cursor)?.int ?? 0 }
            let digest = try node.digest()
            try world.tamper(kind, through: cursor, foreign: foreign, &random)
            try world.blindCursor(of: node)
            // News enough that a cut log is longer than before.
            for index in 0..<Int(cursor) { try add(world.hub, "news\(index)") }
            let caught: NodeError?
            do { caught = try world.sync(node).error } catch let error as NodeError { caught = error }
            #expect(
                caught?.code.exitStatus == 13 || caught?.code == .corrupt,
                "\(kind), seed \(seed): \(caught?.code)")
            #expect(try node.digest() == digest, "\(kind), seed \(seed)")
            withEvidence += try node.store.read { try $0.evidence().isEmpty } ? 0 : 1
            try add(node, "goes-on")
        }
        #expect(one != nil || withEvidence > Int(count) / 3, "evidence in \(withEvidence) cases only")
    }

    @Test("a caught hub is not trusted again; both signed checkpoints are kept and shown")
    func evidence() throws {
        let world = try settled(5), node = world.sites[1]
        var random = SeededGenerator(seed: 3)
        try world.tamper(.backdate, through: 1, foreign: [], &random)
        try world.blindCursor(of: node)
        try add(world.hub, "news")
        for _ in 0..<2 {
            let caught = #expect(throws: NodeError.self) {
                let outcome = try world.sync(node)
                if let error = outcome.error { throw error }
            }
            #expect(caught?.code == .verificationFailed)
        }
        let report = try LogAudit.verify(node.tenant)
        #expect(!report.isOK && report.evidence.count == 1)
        let key = world.hub.installation.identity.publicKey
        let evidence = try #require(report.evidence.first)
        let known = try Checkpoint(verifying: try #require(evidence.known), hub: key)
        let found = try Checkpoint(verifying: evidence.found, hub: key)
        #expect(known.root != found.root && known.size <= found.size)
        try add(node, "goes-on")
    }

    @Test("an audit finds what was changed in the hub's own file")
    func audit() throws {
        for kind in [Tampering.edit, .swap, .truncate, .backdate] {
            let world = try settled(9)
            let before = try LogAudit.verify(world.hub.tenant)
            #expect(before.isOK && before.unproved == 0 && before.checkpoint?.root == before.root)
            let statement =
                switch kind {
                case .truncate: "DELETE FROM sync_log WHERE position > 4"
                case .swap: "UPDATE sync_tree SET hash = zeroblob(32) WHERE level = 1"
                case .edit: "UPDATE sync_log SET entry = x'00' WHERE position = 1"
                default: "UPDATE sync_checkpoint SET size = -size"
                }
            try world.hub.change(statement)
            #expect(try !LogAudit.verify(world.hub.tenant).isOK, "\(kind)")
        }
    }

    @Test("honest syncs, with hubs and nodes opened anew and lines that break, raise no alarm")
    func honest() throws {
        let environment = ProcessInfo.processInfo.environment
        let count = UInt64(environment["HONEST_SYNCS"].flatMap { Int($0) } ?? 150) / 25
        for seed in 1...max(1, count) {
            var random = SeededGenerator(seed: seed)
            let world = try settled(seed), node = world.sites[1]
            for step in 0..<25 {
                try add(world.sites[random.dice(2)], "\(seed)-\(step)")
                if random.dice(8) == 0 { try World.Site.restart([world.sites[random.dice(2)]]) }
                let outcome = try world.sync(node) { _ in
                    [World.Fate.delivered, .delivered, .lost, .answerLost, .repeated][random.dice(5)]
                }
                #expect(outcome.error == nil || outcome.error?.code == .hubUnreachable)
            }
            try world.settle()
            for site in world.sites { #expect(try LogAudit.verify(site.tenant).isOK) }
            let (hub, own) = try (LogAudit.verify(world.hub.tenant), LogAudit.verify(node.tenant))
            #expect(hub.root == own.root && hub.size == own.size && own.unproved == 0)
        }
    }

    @Test("a node that took the log before leaves were kept reads it once more, and then has them all")
    func upgraded() throws {
        let world = try settled(2), node = world.sites[1]
        try node.change("DELETE FROM sync_tree; DELETE FROM sync_checkpoint")
        try add(world.hub, "news")
        #expect(try world.sync(node).error == nil)
        #expect(try LogAudit.verify(node.tenant).unproved == 0)
        #expect(try world.sync(node).verdict == .equal)
    }

    @Test("every exported proof leads to the signed root")
    func proofs() throws {
        let world = try settled(4)
        for site in world.sites {
            var count = 0
            var entries: [ProvedEntry] = []
            let (checkpoint, _) = try LogAudit.prove(site.tenant) {
                entries.append($0)
                count += 1
            }
            #expect(try count == site.store.read { try $0.deltas().count })
            for entry in entries {
                #expect(
                    MerkleTree.isIncluded(
                        entry.leaf, at: entry.position - 1, size: checkpoint.size, root: checkpoint.root,
                        path: entry.path))
            }
        }
    }
}
