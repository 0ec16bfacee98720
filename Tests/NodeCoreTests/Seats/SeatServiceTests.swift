import NodeCore
import TestSupport
import Testing

/// Seats on one installation and between hub and node over sound exchanges.
@Suite struct SeatServiceTests {
    let world: World
    var hub: SeatService { SeatService(world.hub.tenant, actor: world.hub.actor) }
    var node: SeatService { SeatService(world.sites[1].tenant, actor: world.sites[1].actor) }

    init() throws {
        world = try World(nodes: 1)
        try world.settle()
    }

    func totals(_ site: World.Site) throws -> SeatCounts { try site.store.read { try $0.seatTotals() } }

    func refuses<T>(
        _ code: ErrorCode, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> T
    )
        throws
    {
        let heads = try world.sites.map { try $0.store.read { try $0.heads() } }
        let error = #expect(throws: NodeError.self, sourceLocation: sourceLocation) { _ = try body() }
        #expect(error?.code == code, sourceLocation: sourceLocation)
        #expect(
            try world.sites.map { try $0.store.read { try $0.heads() } } == heads,
            sourceLocation: sourceLocation)
    }

    @Test("a seat goes through its life, and each step is in its history in order")
    func life() throws {
        let seat = try hub.purchase(school: "North", count: 1)[0]
        #expect(seat.state == .free && seat.holder.id == "hub" && seat.learnerID == nil)
        _ = try hub.grant(node: "node1", .seat(seat.id))
        try world.settle()
        world.sites[1].clock.setSkew(-86_400_000)
        let given = try node.allocate(learner: "L1", seat: seat.id, school: nil)
        #expect(given.state == .assigned && given.learnerID == "L1" && given.assignedAt != nil)
        _ = try node.reclaim(seat: seat.id, reason: "moved away")
        _ = try node.release(.seat(seat.id))
        try world.settle()
        _ = try hub.allocate(learner: "L2", seat: nil, school: "North")
        try world.settle()
        for site in world.sites {
            let events = try site.store.read { try $0.seatHistory(seat.id) }
            #expect(
                events.map(\.action) == ["purchase", "grant", "allocate", "reclaim", "release", "allocate"])
            #expect(events.map(\.previousState) == [nil, "FREE", "FREE", "ASSIGNED", "FREE", "FREE"])
            #expect(events.map(\.newState) == ["FREE", "FREE", "ASSIGNED", "FREE", "FREE", "ASSIGNED"])
            #expect(events.map(\.newLearnerID) == [nil, nil, "L1", nil, nil, "L2"])
            #expect(events.map(\.previousLearnerID) == [nil, nil, nil, "L1", nil, nil])
            #expect(events[3].reason == "moved away")
            #expect(try site.store.read { try $0.seat(seat.id).assignedAt } != nil)
        }
        #expect(try world.sites[1].digest() == world.hub.digest())
    }

    @Test("purchase takes 1 to 1000 seats of a school, at the hub")
    func purchase() throws {
        try refuses(.validation) { try hub.purchase(school: "North", count: 0) }
        try refuses(.validation) { try hub.purchase(school: "North", count: 1001) }
        try refuses(.schoolRequired) {
            try hub.purchase(school: world.hub.tenant.id.description, count: 1)
        }
        try refuses(.schoolNotFound) { try hub.purchase(school: "Nowhere", count: 1) }
        try refuses(.nodeNotFound) { try hub.purchase(school: "North", count: 1, grant: "node9") }
        try refuses(.hubOwned) { try node.purchase(school: "North", count: 1) }
        #expect(try hub.purchase(school: "North", count: 1000).count == 1000)
        #expect(
            try hub.purchase(school: "South", count: 2, grant: "node1").map(\.holder.name) == [
                "node1", "node1",
            ])
        try world.settle()
        for site in world.sites { #expect(try totals(site) == SeatCounts(free: 1002)) }
        #expect(try world.sites[1].store.read { try $0.seatSummary().district.freeHere } == 2)
    }

    @Test("only the holder changes a seat")
    func holder() throws {
        let seats = try hub.purchase(school: "North", count: 3)
        _ = try hub.grant(node: "node1", .free(school: "North", count: 2))
        try world.settle()
        let mine = try node.list().filter { $0.holder.name == "node1" },
            other = try hub.list().first { $0.holder.id == "hub" }!
        #expect(mine.count == 2 && Set(mine.map(\.id) + [other.id]) == Set(seats.map(\.id)))
        try refuses(.notSeatHolder) { try hub.allocate(learner: "L1", seat: mine[0].id, school: nil) }
        try refuses(.notSeatHolder) { try hub.grant(node: "node1", .seat(mine[0].id)) }
        try refuses(.notSeatHolder) { try node.allocate(learner: "L1", seat: other.id, school: nil) }
        try refuses(.notSeatHolder) { try node.release(.seat(other.id)) }
        try refuses(.nodeOnly) { try hub.release(.seat(other.id)) }
        try refuses(.hubOwned) { try node.grant(node: "node1", .seat(mine[0].id)) }
        try refuses(.seatNotFree) { try node.release(.free(school: "North", count: 3)) }
        _ = try node.allocate(learner: "L1", seat: mine[0].id, school: nil)
        try world.settle()
        try refuses(.notSeatHolder) { try hub.reclaim(seat: mine[0].id) }
        _ = try node.release(.seat(mine[0].id))
        try world.settle()
        #expect(try hub.reclaim(seat: mine[0].id).state == .free, "a seat moves with its learner")
    }

    @Test("a learner has one seat; the same again writes nothing")
    func oneSeat() throws {
        let seats = try hub.purchase(school: "North", count: 2)
        let first = try hub.allocate(learner: "L1", seat: seats[0].id, school: nil)
        let heads = try world.hub.store.read { try $0.heads() }
        #expect(try hub.allocate(learner: "L1", seat: seats[0].id, school: nil) == first)
        #expect(try hub.allocate(learner: "L1", seat: nil, school: "North") == first)
        #expect(try world.hub.store.read { try $0.heads() } == heads)
        try refuses(.learnerHasSeat) { try hub.allocate(learner: "L1", seat: seats[1].id, school: nil) }
        try refuses(.seatNotFree) { try hub.allocate(learner: "L2", seat: seats[0].id, school: nil) }
        try refuses(.seatNotFree) { try hub.allocate(learner: "L1", seat: nil, school: "South") }
        try refuses(.seatAlreadyFree) { try hub.reclaim(seat: seats[1].id) }
        try refuses(.seatNotFound) { try hub.reclaim(seat: "x") }
        _ = try hub.purchase(school: "South", count: 1)
        try refuses(.learnerHasSeat) { try hub.allocate(learner: "L1", seat: nil, school: "South") }
    }

    @Test(
        "a learner's id is opaque: no blanks, no @, no control characters, at most 128",
        arguments: [
            "", "a b", "ann@t.org", "a\tb", "a\u{a0}b", "a\u{200b}b", String(repeating: "x", count: 129),
        ])
    func learnerID(_ text: String) throws {
        let seat = try hub.purchase(school: "North", count: 1)[0]
        try refuses(.validation) { try hub.allocate(learner: text, seat: seat.id, school: nil) }
    }

    @Test("counters follow every change and are counted again by verify")
    func counters() throws {
        let seats = try hub.purchase(school: "North", count: 3)
        _ = try hub.allocate(learner: "L1", seat: seats[0].id, school: nil)
        _ = try hub.allocate(learner: "dry", seat: seats[1].id, school: nil, dryRun: true)
        let summary = try world.hub.store.read { try $0.seatSummary() }
        #expect(summary.district.counts == SeatCounts(free: 2, assigned: 1))
        #expect(summary.district.counts.utilizationBasisPoints == 3333)
        #expect(summary.schools.map(\.name) == ["North"])
        #expect(try world.hub.store.read { try $0.projectionProblems() } == [])
        #expect(SeatCounts(free: 1, reserved: 1, assigned: 1).utilizationBasisPoints == 6667)
        #expect(SeatCounts().utilizationBasisPoints == 0)
    }
}
