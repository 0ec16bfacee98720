import NodeCore
import SyncEngine
import TestSupport
import Testing

/// A machine that was restored or cloned goes on as a new origin, and nothing is lost on the way.
@Suite struct SuccessionTests {
    func world(_ nodes: Int = 2) throws -> World {
        let world = try World(nodes: nodes)
        try world.settle()
        return world
    }

    func add(_ site: World.Site, _ names: String...) throws {
        for name in names {
            try site.write { try $0.put(Schema.teacher, id: name, ["name": .text(name)]) }
        }
    }

    func names(_ site: World.Site) throws -> [String] {
        try site.shownRows().compactMap { $0.key.hasPrefix("teacher ") ? String($0.key.dropFirst(8)) : nil }
            .sorted()
    }

    func own(_ site: World.Site) throws -> OriginRecord { try site.store.read { try $0.ownOrigin()! } }

    func expectEqual(_ world: World, _ expected: [String], sourceLocation: SourceLocation = #_sourceLocation)
        throws
    {
        try world.settle()
        let digests = try world.sites.map { try $0.digest() }
        #expect(Set(digests).count == 1, sourceLocation: sourceLocation)
        for site in world.sites {
            #expect(try names(site) == expected, sourceLocation: sourceLocation)
            #expect(try site.store.read { try $0.waitingCount() } == 0, sourceLocation: sourceLocation)
            #expect(try site.store.read { try $0.pending().deltas } == 0 || site.name == "hub")
            let report = try StoreVerifier.verify(
                site.tenant, deep: true, scratch: world.folder + "/scratch.db")
            #expect(report.problems.isEmpty, sourceLocation: sourceLocation)
        }
    }

    @Test("a restored backup takes its own deltas back and writes under a new origin")
    func restored() throws {
        let world = try world(), node = world.sites[1]
        try add(node, "a")
        try world.sync(node)
        let copy = try world.copy(node), old = try own(node)
        try add(node, "b", "c")
        try world.sync(node)
        try world.restore(node, from: copy)
        #expect(try names(node) == ["a"])
        let outcome = try world.sync(node)
        #expect(outcome.error == nil && outcome.verdict == .nodeBehind)
        #expect(outcome.succession == Succession(predecessor: old.id, reason: .restore))
        #expect(try names(node) == ["a", "b", "c"])
        try add(node, "d")
        try expectEqual(world, ["a", "b", "c", "d"])
        #expect(try own(node).id != old.id)
        #expect(try world.sync(node).verdict == .equal)
    }

    @Test("what a restored machine wrote before it noticed becomes a branch, and nothing of either is lost")
    func restoredAndWrote() throws {
        let world = try world(), node = world.sites[1]
        try add(node, "a")
        try world.sync(node)
        let copy = try world.copy(node)
        try add(node, "b", "c")
        try world.sync(node)
        try world.sync(world.sites[2])
        try world.restore(node, from: copy)
        try add(node, "x", "y", "z")
        let outcome = try world.sync(node)
        #expect(outcome.error == nil && outcome.verdict == .fork)
        try expectEqual(world, ["a", "b", "c", "x", "y", "z"])
    }

    @Test("two clones both keep every write, and each goes on as an origin of its own with its own name")
    func cloned() throws {
        let world = try world(), first = world.sites[1]
        try add(first, "a")
        try world.sync(first)
        let second = try world.clone(first, seed: 99), old = try own(first)
        try add(first, "f1", "f2")
        try add(second, "s1")
        for site in [first, second, first] { #expect(try world.sync(site).error == nil) }
        try add(first, "f3")
        try add(second, "s2")
        try expectEqual(world, ["a", "f1", "f2", "f3", "s1", "s2"])
        let origins = try [own(first), own(second)]
        #expect(Set(origins.map(\.id)).count == 2 && !origins.map(\.id).contains(old.id))
        #expect(Set(origins.map(\.name)).count == 2)
        #expect(origins.allSatisfy { $0.succession?.predecessor == old.id })
    }

    @Test("an edit on one branch supersedes what it had seen, not what the other branch wrote")
    func seenByChains() throws {
        let world = try world(), first = world.sites[1]
        try add(first, "t")
        try world.settle()
        let second = try world.clone(first, seed: 7)
        func rename(_ site: World.Site, _ name: Value) throws {
            try site.write { _ = try $0.edit(Schema.teacher, id: "t", ["name": name]) }
        }
        try rename(first, "one")
        for name: Value in ["two", "three", "four"] { try rename(second, name) }
        try world.settle()
        for site in world.sites {
            let found = try site.store.read { reader in
                try reader.conflicts().flatMap { $0.siblings.compactMap { $0.value?.text } }.sorted()
            }
            #expect(found == ["four", "one"])
        }
        // Whoever has both settles it with a write that has seen both.
        try rename(world.sites[2], "five")
        try world.settle()
        for site in world.sites { #expect(try site.store.read { try $0.conflicts().isEmpty }) }
    }

    @Test("life, retirement and the old chain's tail are known to every installation")
    func lives() throws {
        let world = try world(), node = world.sites[1]
        try add(node, "a")
        try world.sync(node)
        let copy = try world.copy(node), old = try own(node)
        try add(node, "b")
        try world.sync(node)
        try world.restore(node, from: copy)
        try add(node, "x")
        #expect(try world.hub.store.read { try $0.retirement(of: old.id) } == nil)
        try world.settle()
        let new = try own(node)
        for site in world.sites {
            try site.store.read { reader in
                let retirement = try #require(try reader.retirement(of: old.id))
                #expect(retirement.successor == new.id && retirement.reason == .clone)
                #expect(try reader.retirement(of: new.id) == nil)
                #expect(try reader.isTailIn(of: old.id))
                #expect(try reader.life(of: new.id) == new.id)
                #expect(try reader.present(ofLife: old.id) == nil)
                #expect(try reader.present(ofLife: new.id)?.id == new.id)
            }
        }
    }

    @Test("the tail counts as in only when everything that the machine wrote with the old key is at the hub")
    func tail() throws {
        let world = try world(), node = world.sites[1]
        try add(node, "a")
        try world.sync(node)
        let copy = try world.copy(node), old = try own(node)
        try add(node, "b")
        try world.sync(node)
        try world.restore(node, from: copy)
        try add(node, "x")
        // The key is certified, and then the line breaks: the branch isn't handed in yet.
        var pushes = 0
        try world.sync(node) { kind in
            pushes += kind == "push" ? 1 : 0
            return kind == "push" ? .lost : .delivered
        }
        #expect(pushes == 1)
        #expect(try world.hub.store.read { try $0.retirement(of: old.id) } != nil)
        #expect(try world.hub.store.read { try !$0.isTailIn(of: old.id) })
        try world.settle()
        #expect(try world.hub.store.read { try $0.isTailIn(of: old.id) })
        #expect(try names(world.hub) == ["a", "b", "x"])
    }

    @Test("a line that breaks at any request of a succession loses nothing", arguments: 0..<8)
    func resumes(at broken: Int) throws {
        for fate in [World.Fate.lost, .answerLost, .repeated] {
            let world = try world(), node = world.sites[1]
            try add(node, "a")
            try world.sync(node)
            let copy = try world.copy(node)
            try add(node, "b", "c")
            try world.sync(node)
            try add(world.hub, "h")
            try world.restore(node, from: copy)
            try add(node, "x", "y")
            var count = 0
            try world.sync(node) { _ in
                defer { count += 1 }
                return count == broken ? fate : .delivered
            }
            try add(node, "z")
            try World.Site.restart([node])
            try expectEqual(world, ["a", "b", "c", "h", "x", "y", "z"])
        }
    }

    @Test("a tenant's file put back under newer keys is recognised and goes on as a new origin")
    func fileAlone() throws {
        let world = try world(), node = world.sites[1]
        try add(node, "a")
        try world.sync(node)
        let early = try world.copy(node)
        try add(node, "b")
        try world.sync(node)
        try world.restore(node, from: early)
        try world.sync(node)
        try add(node, "c")
        try world.sync(node)
        // The key is the second one now, the file is of the first.
        try world.restoreFile(node, from: early)
        #expect(throws: NodeError.self) { try add(node, "refused") }
        #expect(try world.sync(node).error == nil)
        try add(node, "d")
        try expectEqual(world, ["a", "b", "c", "d"])
    }

    @Test("a node too old for certificates with predecessors is told to upgrade")
    func oldNode() throws {
        let world = try world(), node = world.sites[1]
        let copy = try world.copy(node)
        try add(node, "a")
        try world.sync(node)
        try world.restore(node, from: copy)
        try world.sync(node)
        let other = world.sites[2]
        guard case .begin(let position, _) = try NodePort(other.tenant).begin() else { return }
        var machine = NodeExchange()
        guard
            case .hello(var hello)? = machine.step(.begin(position, PendingBatch(frames: [], through: 0)))
                .first
        else { return }
        hello.schemaVersion = 2
        let answer = try HubAnswer(encoded: world.hub.answer(.hello(hello.encoded()), of: other))
        #expect(answer.verdict == .upgradeRequired && answer.entries.isEmpty)
    }
}
