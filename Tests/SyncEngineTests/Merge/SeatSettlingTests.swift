import NodeCore
import SyncEngine
import TestSupport
import Testing

/// One seat, written by two machines that both believed to hold it.
@Suite struct SeatSettlingTests {
    @Test(
        "a seat is settled as one of both left it, in columns that only the other wrote, too",
        arguments: [true, false])
    func settled(isAssigned: Bool) throws {
        let world = try World(nodes: 1), node = world.sites[1]
        func seats(_ site: World.Site) -> SeatService { SeatService(site.tenant, actor: site.actor) }
        try world.settle()
        let seat = try seats(world.hub).purchase(school: "North", count: 1, grant: "node1")[0].id
        try world.settle()
        let copy = try world.copy(node)
        _ = try seats(node).allocate(learner: "L1", seat: seat, school: nil)
        try world.sync(node)
        try world.restore(node, from: copy)
        world.advance(60_000)
        _ = try seats(node).reserve(learner: "L2", seat: seat, school: nil, days: 7)
        try world.settle()

        let holder = try #require(try world.sites.first { try seats($0).isHeldHere(seat) })
        let conflicts = ConflictService(holder.tenant, actor: holder.actor)
        let open = try conflicts.list(.open).first { $0.table == "seat" && $0.column == "learner_id" }
        let conflict = try #require(open)
        let chosen = isAssigned ? "L1" : "L2"
        let take = try #require(conflict.siblings.firstIndex { $0.value == .text(chosen) })
        _ = try conflicts.resolve(conflict.id, take: take + 1, value: nil)
        try world.settle()
        for site in world.sites {
            let shown = try #require(try site.store.read { try $0.shown(Schema.seat, id: seat) })
            #expect(
                shown["state"] == (isAssigned ? "ASSIGNED" : "RESERVED")
                    && shown["learner_id"]?.text == chosen)
            #expect((shown["assigned_at"]?.isNull == false) == isAssigned)
            #expect((shown["reserved_until"]?.isNull == false) == !isAssigned)
            #expect(try ConflictService(site.tenant, actor: site.actor).list(.open).isEmpty)
        }
    }

    @Test("what only the other side wrote is settled as it was before, where that was something")
    func past() throws {
        let world = try World(nodes: 1), node = world.sites[1]
        func seats(_ site: World.Site) -> SeatService { SeatService(site.tenant, actor: site.actor) }
        try world.settle()
        let seat = try seats(world.hub).purchase(school: "North", count: 1, grant: "node1")[0].id
        try world.settle()
        _ = try seats(node).reserve(learner: "L0", seat: seat, school: nil, days: 7)
        try world.settle()
        let copy = try world.copy(node), until = node.clock.milliseconds() + 30 * 86_400_000
        try node.write { try $0.edit(Schema.seat, id: seat, ["reserved_until": .int(until)]) }
        try world.sync(node)
        try world.restore(node, from: copy)
        world.advance(60_000)
        _ = try seats(node).reclaim(seat: seat)
        try world.settle()

        let holder = try #require(try world.sites.first { try seats($0).isHeldHere(seat) })
        let conflicts = ConflictService(holder.tenant, actor: holder.actor)
        let conflict = try #require(try conflicts.list(.open).first { $0.column == "reserved_until" })
        let take = try #require(conflict.siblings.firstIndex { $0.value == .int(until) })
        _ = try conflicts.resolve(conflict.id, take: take + 1, value: nil)
        try world.settle()
        for site in world.sites {
            let shown = try #require(try site.store.read { try $0.shown(Schema.seat, id: seat) })
            #expect(shown["state"] == "RESERVED" && shown["learner_id"] == "L0")
            #expect(shown["reserved_until"] == .int(until))
        }
    }
}
