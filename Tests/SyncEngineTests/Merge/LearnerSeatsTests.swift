import NodeCore
import SyncEngine
import TestSupport
import Testing

/// One learner seated twice while apart: the earlier assignment stays, the other is freed by its holder.
@Suite struct LearnerSeatsTests {
    let world: World
    let seats: [String]

    /// A seat held by the hub and by each of two nodes.
    init() throws {
        world = try World(nodes: 2)
        try world.settle()
        let service = SeatService(world.hub.tenant, actor: world.hub.actor)
        seats = try [nil, "node1", "node2"].map {
            try service.purchase(school: "North", count: 1, grant: $0)[0].id
        }
        try world.settle()
    }

    func allocate(_ site: Int, _ learner: String = "L1") throws {
        world.advance(1000)
        let service = SeatService(world.sites[site].tenant, actor: world.sites[site].actor)
        _ = try service.allocate(learner: learner, seat: seats[site], school: nil)
    }

    func holders(_ learner: String = "L1") throws -> [[String]] {
        try world.sites.map { site in
            try site.store.read { try $0.seats(.init(learner: learner)).map(\.id) }
        }
    }

    func settled() throws -> Bool {
        try world.settle()
        let counts = try world.sites.map {
            try $0.store.read { try ($0.seatTotals(), $0.projectionProblems()) }
        }
        #expect(counts.allSatisfy { $0.0.total == 3 && $0.1.isEmpty })
        return try Set(world.sites.map { try $0.digest() }).count == 1
    }

    @Test(
        "whoever seats the learner first keeps the seat, in every order of sides",
        arguments: [[0, 1], [1, 0], [1, 2], [2, 1], [0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1]])
    func firstStays(_ order: [Int]) throws {
        for site in order { try allocate(site) }
        #expect(try settled())
        #expect(try holders() == Array(repeating: [seats[order[0]]], count: 3))
        for later in order.dropFirst() {
            let events = try world.hub.store.read { try $0.seatHistory(seats[later]) }
            #expect(
                events.last?.action == "reclaim" && events.last?.reason == "the learner has an earlier seat")
        }
        let heads = try world.hub.store.read { try $0.heads() }
        #expect(try SeatArbiter(world.hub.tenant).run() == 0)
        #expect(try world.nodes.allSatisfy { try SeatDuty($0.tenant).run() == 0 })
        #expect(try settled() && world.hub.store.read { try $0.heads() } == heads, "no repair loops")
    }

    @Test("an order about an assignment that stands no more is passed over")
    func staleOrder() throws {
        try allocate(0)
        try allocate(1)
        try world.sync(world.sites[1])  // the hub orders; the node has pulled the order and obeyed
        let node = SeatService(world.sites[1].tenant, actor: world.sites[1].actor)
        #expect(try holders()[1] == [seats[0]])
        _ = try node.allocate(learner: "L2", seat: seats[1], school: nil)
        #expect(try settled())
        #expect(
            try holders("L2") == Array(repeating: [seats[1]], count: 3), "L2 keeps what L1 had to give up")
    }

    @Test("the holder reclaims by itself before the order arrives: nothing is done twice")
    func reclaimedBefore() throws {
        try allocate(0)
        try allocate(1)
        _ = try world.sync(world.sites[1]) { $0 == "hello" ? .answerLost : .delivered }
        _ = try SeatService(world.sites[1].tenant, actor: world.sites[1].actor).reclaim(seat: seats[1])
        #expect(try settled())
        #expect(try holders() == Array(repeating: [seats[0]], count: 3))
        let actions = try world.hub.store.read { try $0.seatHistory(seats[1]).map(\.action) }
        #expect(actions.filter { $0 == "reclaim" }.count == 1)
    }

    @Test("a deactivated tenant is left alone until it is active again")
    func inactive() throws {
        try allocate(0)
        try allocate(1)
        let settings = TenantSettings(world.hub.tenant, actor: world.hub.actor)
        _ = try settings.setActive(false)
        #expect(try settled())
        #expect(try holders()[0].count == 2)
        _ = try settings.setActive(true)
        #expect(try SeatArbiter(world.hub.tenant).run() == 1)
        #expect(try settled())
        #expect(try holders() == Array(repeating: [seats[0]], count: 3))
    }
}
