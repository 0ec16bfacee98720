import NodeCore
import SyncEngine
import TestSupport
import Testing

/// What an installation notes of conflicts that are over.
@Suite struct ConflictHistoryTests {
    func write(_ site: World.Site, _ name: Value, id: String) throws {
        try site.write { try $0.put(Schema.teacher, id: id, ["email": "a@t.org", "name": name]) }
    }

    func receive(_ frames: [DeltaFrame], _ site: World.Site) throws -> ApplySummary {
        try site.store.replicate { try DeltaApplier.receive(frames, in: $0) }
    }

    /// Two nodes with different names for one teacher, of whom the hub knows; with the open conflict.
    func torn() throws -> (world: World, conflict: String) {
        let world = try World(nodes: 2)
        try world.settle()
        try write(world.sites[1], "one", id: "t")
        try world.settle()
        for (site, name) in zip(world.nodes, ["left", "right"]) {
            try site.write { try $0.edit(Schema.teacher, id: "t", ["name": .text(name)]) }
        }
        try world.settle()
        let open = try ConflictService(world.hub.tenant, actor: world.hub.actor).list(.open)
        return (world, try #require(open.first).id)
    }

    /// The newest delta of an installation's own chain.
    func lastFrame(_ site: World.Site) throws -> DeltaFrame {
        try site.store.read { reader in
            let own = try #require(try reader.ownOrigin())
            let stamp = try #require(try reader.stamp(origin: own.number, seq: own.headSeq))
            return try #require(try reader.frame(stamp))
        }
    }

    @Test("a conflict that ends and stands again within one batch is open, not resolved")
    func endedAndBegunAgain() throws {
        let (world, conflict) = try torn()
        let (left, right) = (world.sites[1], world.sites[2])
        _ = try ConflictService(left.tenant, actor: left.actor).resolve(conflict, take: 1, value: nil)
        try right.write { try $0.edit(Schema.teacher, id: "t", ["name": "again"]) }
        #expect(try receive([lastFrame(left), lastFrame(right)], world.hub).deltas == 2)
        let service = ConflictService(world.hub.tenant, actor: world.hub.actor)
        #expect(try service.list(.open).map(\.id) == [conflict])
        #expect(try service.list(.resolved).isEmpty)
    }

    @Test("the history of conflicts names the delta that settled one, not the last of its batch")
    func resolvedBy() throws {
        let (world, conflict) = try torn()
        let left = world.sites[1]
        _ = try ConflictService(left.tenant, actor: left.actor).resolve(conflict, take: 1, value: nil)
        let resolve = try lastFrame(left)
        try write(left, "other", id: "another-row")
        #expect(try receive([resolve, lastFrame(left)], world.hub).deltas == 2)
        try world.hub.store.read { reader in
            let history = try reader.conflictHistory()
            #expect(history.count == 1)
            #expect(
                try history.map { try reader.facts($0.resolvedBy).hash }
                    == [DeltaVerifier.verify(resolve, in: reader).hash])
        }
    }
}
