import NodeCore
import SyncEngine
import TestSupport
import Testing

/// Exchanges that travel on a stick.
@Suite struct ByFileTests {
    func add(_ site: World.Site, _ names: String...) throws {
        for name in names {
            try site.write { try $0.put(Schema.teacher, id: name, ["name": .text(name)]) }
        }
    }

    func names(_ site: World.Site) throws -> [String] {
        try site.shownRows().compactMap { $0.key.hasPrefix("teacher ") ? String($0.key.dropFirst(8)) : nil }
            .sorted()
    }

    func expectEqual(_ world: World, _ expected: [String], sourceLocation: SourceLocation = #_sourceLocation)
        throws
    {
        #expect(Set(try world.sites.map { try $0.digest() }).count == 1, sourceLocation: sourceLocation)
        for site in world.sites {
            #expect(try names(site) == expected, sourceLocation: sourceLocation)
            let report = try StoreVerifier.verify(
                site.tenant, deep: true, scratch: world.folder + "/scratch.db")
            #expect(report.problems.isEmpty, sourceLocation: sourceLocation)
        }
    }

    @Test("two nodes that never had a line end equal to the hub, with receipts for all they wrote")
    func noLine() throws {
        let world = try World(nodes: 2)
        for node in world.nodes { try world.carry(node) }
        try add(world.sites[1], "a", "b")
        try add(world.sites[2], "c")
        try add(world.hub, "h")
        for _ in 0..<2 { for node in world.nodes { try world.carry(node) } }
        try expectEqual(world, ["a", "b", "c", "h"])
        for node in world.nodes {
            #expect(try node.store.read { try $0.pending().deltas } == 0)
            #expect(try LogAudit.verify(node.tenant).isOK)
            #expect(try world.sync(node).verdict == .equal)
        }
    }

    @Test("files that come twice, late or in another order change nothing and break nothing")
    func anyOrder() throws {
        let world = try World(nodes: 1), node = world.sites[1]
        try world.carry(node)
        var files: [[UInt8]] = [], answers: [[UInt8]] = []
        for round in 0..<4 {
            try add(node, "n\(round)")
            try add(world.hub, "h\(round)")
            files.append(try world.file(of: node))
            if round % 2 == 0 {
                try world.take(files[round])
                answers.append(try world.answer(to: node))
            }
        }
        for file in files.reversed() + files { try world.take(file) }
        answers.append(try world.answer(to: node))
        for answer in answers.reversed() + answers { #expect(try world.take(answer, at: node).error == nil) }
        #expect(try node.store.read { try $0.pending().deltas } == 0)
        try expectEqual(world, (0..<4).flatMap { ["h\($0)", "n\($0)"] }.sorted())
        #expect(try LogAudit.verify(node.tenant).isOK)
        #expect(try world.sync(node).error == nil)
    }

    @Test("an answer after one that was never imported is refused, and the next one brings it all")
    func gap() throws {
        let world = try World(nodes: 1), node = world.sites[1]
        try world.settle()
        let copy = try world.copy(node)
        try add(world.hub, "a")
        try world.settle()
        try world.take(try world.file(of: node))
        try add(world.hub, "b")
        let later = try world.answer(to: node)
        try world.restore(node, from: copy)
        #expect(throws: NodeError.self) { try world.take(later, at: node) }
        try world.carry(node)
        // The hub goes by the newer file that it had; a new one says where the node stands.
        world.advance(60_000)
        try world.carry(node)
        try expectEqual(world, ["a", "b"])
    }

    @Test("a line and files may be mixed")
    func mixed() throws {
        let world = try World(nodes: 1), node = world.sites[1]
        try world.settle()
        try add(node, "a")
        let early = try world.file(of: node)
        try add(node, "b")
        try world.sync(node)
        try world.take(early)
        let answer = try world.answer(to: node)
        try add(node, "c")
        #expect(try world.take(answer, at: node).error == nil)
        try world.settle()
        try expectEqual(world, ["a", "b", "c"])
    }

    @Test("a node that was put back to an older state goes on as a new origin, by files alone")
    func restored() throws {
        let world = try World(nodes: 1), node = world.sites[1]
        try world.carry(node)
        try add(node, "a")
        try world.carry(node)
        let copy = try world.copy(node)
        try add(node, "b")
        try world.carry(node)
        try world.restore(node, from: copy)
        try add(node, "c")
        world.advance(60_000)
        let outcome = try world.carry(node)
        #expect(outcome.error == nil && outcome.succession != nil)
        try add(node, "d")
        for _ in 0..<3 {
            world.advance(60_000)
            #expect(try world.carry(node).error == nil)
        }
        try expectEqual(world, ["a", "b", "c", "d"])
        #expect(try node.store.read { try $0.pending().deltas } == 0)
        #expect(try world.sync(node).verdict == .equal)
    }

    @Test("a rotation of the key works by files")
    func rotated() throws {
        let world = try World(nodes: 1), node = world.sites[1]
        try world.carry(node)
        try add(node, "a")
        try node.installation.beginRotation(world.slug)
        try world.carry(node)
        try add(node, "b")
        world.advance(60_000)
        try world.carry(node)
        try expectEqual(world, ["a", "b"])
        #expect(try node.store.read { try $0.ownOrigin()?.succession?.reason } == .rotation)
        #expect(try world.sync(node).error == nil)
    }

    @Test("a file with one bit flipped, or cut anywhere, is refused whole")
    func damaged() throws {
        let world = try World(nodes: 1), node = world.sites[1]
        try world.carry(node)
        try add(node, "a")
        try add(world.hub, "h")
        let file = try world.file(of: node)
        let before = try world.hub.digest()
        for index in stride(from: 0, to: file.count, by: 7) {
            var broken = file
            broken[index] ^= 1 << UInt8(index % 8)
            #expect(throws: NodeError.self) { try world.take(broken) }
            #expect(throws: NodeError.self) { try world.take(Array(file.prefix(index))) }
        }
        #expect(try world.hub.digest() == before)
        try world.take(file)
        let answer = try world.answer(to: node), digest = try node.digest()
        for index in stride(from: 0, to: answer.count, by: 31) {
            var broken = answer
            broken[index] ^= 1 << UInt8(index % 8)
            #expect(throws: NodeError.self) { try world.take(broken, at: node) }
        }
        #expect(try node.digest() == digest)
    }

    @Test("files of another tenant, of a revoked key, or for another node are refused")
    func foreign() throws {
        let world = try World(nodes: 2),
            other = try World(beside: world, slug: "otherville", nodes: 1, seed: 50)
        for node in world.nodes { try world.carry(node) }
        let file = try other.file(of: other.sites[1])
        #expect(throws: NodeError.self) { try world.take(file) }
        let first = world.sites[1], second = world.sites[2]
        #expect(throws: NodeError.self) { try world.take(try world.answer(to: first), at: second) }
        let mine = try world.file(of: first)
        #expect(throws: NodeError.self) { try world.take(mine, at: first) }
        let found = try NodeAdministration.find(first.name, tenant: world.slug, at: world.hub.installation)
        try NodeAdministration.revoke(found, as: world.hub.actor, at: world.hub.installation)
        #expect(throws: NodeError.self) { try world.take(mine) }
        let outcome = try world.take(try world.answer(to: first), at: first)
        #expect(outcome.error?.code == .revoked)
    }

    @Test("importing an old answer again is no contact with the hub")
    func lease() throws {
        let world = try World(nodes: 1), node = world.sites[1]
        try world.take(try world.file(of: node))
        let answer = try world.answer(to: node)
        try world.take(answer, at: node)
        let contact = try node.installation.peer(world.slug)?.lastSyncAt
        world.advance(86_400_000)
        try world.take(answer, at: node)
        #expect(try node.installation.peer(world.slug)?.lastSyncAt == contact && contact != nil)
    }
}
