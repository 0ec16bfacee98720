import Foundation
import NodeCore
import SyncEngine
import TestSupport
import Testing

/// A hub that was put back to an older state fills up from its nodes and goes on with the same log.
@Suite struct HubRestoreTests {
    func add(_ site: World.Site, _ names: String...) throws {
        for name in names {
            try site.write { try $0.put(Schema.teacher, id: name, ["name": .text(name)]) }
        }
    }

    func names(_ site: World.Site) throws -> [String] {
        try site.shownRows().compactMap { $0.key.hasPrefix("teacher ") ? String($0.key.dropFirst(8)) : nil }
            .sorted()
    }

    func roots(_ world: World) throws -> [Int64: Hash] {
        try world.nodes[1].store.read { reader in
            Dictionary(try reader.checkpoints().map { ($0.size, $0.root) }) { first, _ in first }
        }
    }

    /// A world whose hub was put back: what all wrote before and after, and how long the log had been.
    func restored(nodes: Int = 2, after: (World) throws -> Void) throws -> (world: World, size: Int64) {
        let world = try World(nodes: nodes)
        try world.settle()
        try add(world.hub, "before")
        try world.settle()
        let service = BackupService(world.hub.installation)
        let made = try service.create(in: nil)
        try after(world)
        let size = try world.hub.store.read { try $0.logSize() }
        _ = try BackupRestore(
            into: world.hub.installation.directory, environment: world.hub.installation.environment
        ).restore(made.file, with: made.recoveryKey!)
        try World.Site.restart([world.hub])
        return (world, size)
    }

    func expectWhole(_ world: World, _ expected: [String], sourceLocation: SourceLocation = #_sourceLocation)
        throws
    {
        try world.settle()
        #expect(Set(try world.sites.map { try $0.digest() }).count == 1, sourceLocation: sourceLocation)
        for site in world.sites {
            #expect(try names(site) == expected, sourceLocation: sourceLocation)
            #expect(try site.store.read { try $0.evidence().isEmpty }, sourceLocation: sourceLocation)
            #expect(try LogAudit.verify(site.tenant).isOK, sourceLocation: sourceLocation)
            let report = try StoreVerifier.verify(
                site.tenant, deep: true, scratch: world.folder + "/scratch.db")
            #expect(report.problems.isEmpty, sourceLocation: sourceLocation)
        }
    }

    @Test("the log goes on as the one that was signed, with what the hub itself had written")
    func sameLog() throws {
        let (world, size) = try restored { world in
            try add(world.sites[1], "n1")
            try add(world.hub, "h")
            try world.settle()
            try add(world.sites[2], "n2")
            try world.settle()
        }
        let before = try roots(world)
        #expect(try names(world.hub) == ["before"])
        #expect(try world.sync(world.sites[1]).error?.code == .hubRecovering)
        #expect(try names(world.hub) == ["before", "h", "n1", "n2"])
        #expect(try world.hub.store.read { try $0.logSize() } == size)
        #expect(try world.sync(world.sites[2]).error == nil)
        try add(world.hub, "later")
        try expectWhole(world, ["before", "h", "later", "n1", "n2"])
        for (size, root) in before {
            #expect(try world.hub.store.read { try $0.treeRoot(size: size) } == root)
        }
    }

    @Test("the hub writes, certifies and takes nothing until every node was heard")
    func waits() throws {
        let (world, _) = try restored { world in
            try add(world.sites[2], "n2")
            try world.settle()
        }
        #expect(throws: NodeError.self) { try add(world.hub, "early") }
        try add(world.sites[1], "new")
        #expect(try world.sync(world.sites[1]).error?.code == .hubRecovering)
        #expect(throws: NodeError.self) { try add(world.hub, "early") }
        #expect(try !names(world.hub).contains("new"))
        #expect(throws: NodeError.self) { try world.addNode("third", seed: 77) }
        #expect(throws: NodeError.self) { try world.take(try world.file(of: world.sites[1])) }
        #expect(try world.sync(world.sites[2]).error == nil)
        try expectWhole(world, ["before", "n2", "new"])
    }

    @Test("what only its author has, receipts or not, is handed in again")
    func unpulled() throws {
        let (world, _) = try restored { world in
            try add(world.sites[1], "a", "b")
            try world.sync(world.sites[1])
        }
        for node in world.nodes { try world.sync(node) }
        try expectWhole(world, ["a", "b", "before"])
    }

    @Test("nodes that enrolled, rotated or were revoked after the backup are as they were")
    func documents() throws {
        let (world, _) = try restored(nodes: 3) { world in
            let late = try world.addNode("late", seed: 78)
            try world.settle()
            try add(late, "t")
            try world.sites[1].installation.beginRotation(world.slug)
            try world.settle()
            let found = try NodeAdministration.find(
                world.sites[2].name, tenant: world.slug, at: world.hub.installation)
            try NodeAdministration.revoke(found, as: world.hub.actor, at: world.hub.installation)
            for site in [world.sites[1], world.sites[3], late] { try world.sync(site) }
        }
        world.remove(world.sites[2])
        // The hub knows the key of this one; it brings what certifies the others.
        try world.sync(world.sites[2])
        for node in world.nodes { try world.sync(node) }
        try add(world.sites[2], "u")
        try expectWhole(world, ["before", "t", "u"])
        let nodes = try world.hub.installation.enrolments(slug: world.slug)
        #expect(nodes.contains { $0.name == "late" } && nodes.contains { $0.revokedAt != nil })
    }

    @Test("cut at any request and begun again, it ends the same", arguments: 0..<4)
    func cut(at broken: Int) throws {
        for fate in [World.Fate.lost, .answerLost, .repeated] {
            let (world, _) = try restored(nodes: 1) { world in
                for name in ["a", "b", "c"] {
                    try add(world.sites[1], name)
                    try world.settle()
                }
            }
            var count = 0
            _ = try world.sync(world.sites[1]) { _ in
                count += 1
                return count - 1 == broken ? fate : .delivered
            }
            try expectWhole(world, ["a", "b", "before", "c"])
        }
    }

    @Test("a hub whose folder was copied back learns it from a node's checkpoint, and heals")
    func copied() throws {
        let world = try World(nodes: 1)
        try world.settle()
        let copy = try world.copy(world.hub)
        try add(world.sites[1], "a")
        try world.settle()
        try world.restore(world.hub, from: copy)
        #expect(try world.sync(world.sites[1]).error == nil)
        try expectWhole(world, ["a"])
    }

    @Test("a hub that wrote before anybody noticed says openly that its log can't go on")
    func wroteMeanwhile() throws {
        let world = try World(nodes: 1)
        try world.settle()
        let copy = try world.copy(world.hub)
        try add(world.sites[1], "a", "b", "c")
        try world.settle()
        try world.restore(world.hub, from: copy)
        try add(world.hub, "x")
        let digest = try world.sites[1].digest()
        #expect(throws: NodeError.self) {
            if let error = try world.sync(world.sites[1]).error { throw error }
        }
        #expect(try world.sites[1].digest() == digest)
        #expect(try names(world.hub) == ["x"])
    }

    @Test("released, the hub goes on without the nodes that can't be heard")
    func released() throws {
        let (world, _) = try restored { world in
            try add(world.sites[1], "a")
            try world.settle()
        }
        #expect(try world.sync(world.sites[1]).error?.code == .hubRecovering)
        try world.hub.installation.endRecovery(world.slug)
        try World.Site.restart([world.hub])
        try add(world.hub, "later")
        try expectWhole(world, ["a", "before", "later"])
    }

    @Test("entries that the hub never signed for, or fewer, are refused whole")
    func forged() throws {
        let (world, _) = try restored(nodes: 1) { world in
            try add(world.sites[1], "a")
            try world.settle()
            try add(world.hub, "h")
            try world.settle()
        }
        let node = world.sites[1], size = try world.hub.store.read { try $0.logSize() }
        let newest = try #require(try node.store.read { try $0.newestCheckpoint() })
        let port = HubPort(
            world.hub.tenant, identity: world.hub.installation.identity, node: node.tenant.origin.id(world))
        func frames(newest: Int) throws -> [LogEntry] {
            try node.store.read { reader in
                try reader.deltas(newest: newest).compactMap { try reader.frame($0.facts.stamp) }.map(
                    LogEntry.delta)
            }
        }
        // Less than was signed for, and in its place what never was.
        let cut = Array(try frames(newest: 2).prefix(1))
        try add(node, "new")
        let slipped = cut + [try frames(newest: 1)[0]]
        for entries in [cut, slipped] {
            let request = RecallRequest(
                tenant: node.tenant.id, position: size, entries: entries, checkpoint: newest.bytes, proof: [])
            #expect(throws: (any Error).self) { try port.recall(request, at: world.hub.installation) }
        }
        #expect(try world.hub.store.read { try $0.logSize() } == size)
        try expectWhole(world, ["a", "before", "h", "new"])
    }
}

extension LocalOrigin {
    fileprivate func id(_ world: World) -> OriginID {
        OriginID(publicKey: key.publicKey, tenant: world.hub.tenant.id)
    }
}
