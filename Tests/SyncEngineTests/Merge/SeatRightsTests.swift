import TestSupport
import Testing

@testable import NodeCore
@testable import SyncEngine

/// Writes to seats by those who don't hold them: refused on every installation, in any order of arrival,
/// while the rest of their delta applies.
@Suite struct SeatRightsTests {
    /// A hub and two nodes that know of two seats: the hub's and the first node's.
    struct Line {
        let world: World
        let hubs: String
        let nodes: String

        init() throws {
            world = try World(nodes: 2)
            try world.settle()
            let service = SeatService(world.hub.tenant, actor: world.hub.actor)
            hubs = try service.purchase(school: "North", count: 1)[0].id
            nodes = try service.purchase(school: "North", count: 1, grant: "node1")[0].id
            try world.settle()
        }

        func take(_ frames: [DeltaFrame], at site: World.Site) throws -> ApplySummary {
            try site.store.replicate { try DeltaApplier.receive(frames, in: $0) }
        }
    }

    static let assigned: [String: Value] = ["state": "ASSIGNED", "learner_id": "L9"]

    @Test("a broken program at a node that takes the hub's seat, or moves it, is refused; the rest applies")
    func brokenNode() throws {
        let line = try Line(), world = line.world
        let held = Schema.seat.columns.map(\.name)
        let loose = SyncedTable("seat", domain: "seat", held.map { ($0, .text, nil) })
        let other = try world.sites[2].store.read { try $0.ownOrigin()!.id.hex }
        let frames = try world.sites[2].framesOfBrokenProgram { transaction in
            try transaction.edit(loose, id: line.hubs, Self.assigned)
            try transaction.edit(
                loose, id: line.nodes,
                ["holder": .text(other)])
            try transaction.put(loose, id: "forged-seat", ["state": "FREE"])
            try transaction.put(Schema.teacher, id: "t1", ["name": "Ann"])
        }
        for site in [world.hub, world.sites[1]] {
            #expect(try line.take(frames, at: site).refused == 3 + held.count)
            let shown = try site.store.read { try $0.shown(Schema.teacher, id: "t1") }
            #expect(shown?["name"] == "Ann", "the rest of the delta applies")
            #expect(try site.store.read { try $0.seat(line.hubs).state } == .free)
            #expect(try site.store.read { try $0.seat(line.nodes).holder.name } == "node1")
            #expect(try site.store.read { try $0.seatTotals() } == SeatCounts(free: 2))
        }
        let reasons = try ConflictService(world.hub.tenant, actor: world.hub.actor).list(.refused)
        #expect(reasons.count >= 3)
    }

    @Test("the hub can't take a seat back that it granted, whatever its program does")
    func brokenHub() throws {
        let line = try Line(), world = line.world
        let loose = SyncedTable("seat", domain: "seat", [("state", .text, nil), ("learner_id", .text, nil)])
        let frames = try world.hub.framesOfBrokenProgram { try $0.edit(loose, id: line.nodes, Self.assigned) }
        #expect(try line.take(frames, at: world.sites[1]).refused == 2)
        #expect(try line.take(frames, at: world.sites[2]).refused == 2)
        #expect(try world.sites[1].store.read { try $0.seat(line.nodes).state } == .free)
    }

    @Test("a write made before the grant was known is refused also where the grant arrives first")
    func beforeTheGrant() throws {
        let line = try Line(), world = line.world
        let loose = SyncedTable("seat", domain: "seat", [("state", .text, nil), ("learner_id", .text, nil)])
        let early = try world.sites[1].framesOfBrokenProgram {
            try $0.edit(loose, id: line.hubs, Self.assigned)
        }
        _ = try SeatService(world.hub.tenant, actor: world.hub.actor).grant(node: "node1", .seat(line.hubs))
        let grant = try world.hub.store.read { reader in
            let own = try reader.ownOrigin()!
            return try reader.stamps(origin: own.number, after: own.headSeq - 1).map { try reader.frame($0)! }
        }
        #expect(try line.take(early + grant, at: world.sites[2]).refused == 2)
        #expect(try line.take(early, at: world.hub).refused == 2)
        #expect(try world.hub.digest() == world.sites[2].digest())
        #expect(try world.hub.store.read { try $0.seat(line.hubs).state } == .free)
    }

    @Test("what a holder wrote before it released the seat stands, in any order of arrival")
    func afterRelease() throws {
        let line = try Line(), world = line.world
        let node = SeatService(world.sites[1].tenant, actor: world.sites[1].actor)
        _ = try node.allocate(learner: "L1", seat: line.nodes, school: nil)
        _ = try node.release(.seat(line.nodes))
        try world.settle()
        let hub = SeatService(world.hub.tenant, actor: world.hub.actor)
        #expect(try hub.reclaim(seat: line.nodes).state == .free)
        try world.settle()
        for site in world.sites {
            #expect(try site.store.read { try $0.seat(line.nodes).holder.id } == "hub")
            #expect(
                try site.store.read { try $0.seatHistory(line.nodes).map(\.action) }
                    == ["purchase", "allocate", "release", "reclaim"])
            #expect(try ConflictService(site.tenant, actor: site.actor).list(.refused).isEmpty)
        }
        #expect(try Set(world.sites.map { try $0.digest() }).count == 1)
    }

    @Test("one seat can't be promised twice, whoever is apart from whom")
    func noOverselling() throws {
        let line = try Line(), world = line.world
        for (index, site) in world.sites.enumerated() {
            let service = SeatService(site.tenant, actor: site.actor)
            var given = 0
            for seat in [line.hubs, line.nodes] {
                do {
                    _ = try service.allocate(learner: "L\(index)", seat: seat, school: nil)
                    given += 1
                } catch let error as NodeError {
                    #expect(error.code == .notSeatHolder || error.code == .learnerHasSeat)
                }
            }
            #expect(given == (index < 2 ? 1 : 0))
        }
        try world.settle()
        #expect(try world.hub.store.read { try $0.seatTotals() } == SeatCounts(assigned: 2))
        #expect(try ConflictService(world.hub.tenant, actor: world.hub.actor).list().isEmpty)
    }
}
