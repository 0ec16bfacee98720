import NodeCore
import TestSupport
import Testing

/// Seats, of which each has one holder (docs/CONFLICTS.md).
@Suite struct SeatStories {
    func seats(_ site: World.Site) -> SeatService { SeatService(site.tenant, actor: site.actor) }
    /// `ASSIGNED L1 at node1` of each seat.
    func shown(_ story: Story) throws -> [String] {
        try story.agreed { site in
            try seats(site).list().map { one in
                let holder = one.holder.id == "hub" ? "hub" : one.holder.name ?? "?"
                return "\(one.state.rawValue) \(one.learnerID ?? "-") at \(holder)"
            }.sorted()
        }
    }

    @Test("A seat is granted to a node, given away offline, and handed back with its learner")
    func life() throws {
        let story = try Story()
        let seat = try seats(story.hub).purchase(school: "North", count: 1)[0].id
        _ = try seats(story.hub).grant(node: "node1", .seat(seat))
        try story.refuses(story.node, .seatNotFound) {
            try seats(story.node).allocate(learner: "L1", seat: seat, school: nil)
        }
        try story.sync()
        _ = try seats(story.node).allocate(learner: "L1", seat: seat, school: nil)
        try story.sync()
        #expect(try shown(story) == ["ASSIGNED L1 at node1"])
        _ = try seats(story.node).release(.seat(seat))
        try story.sync()
        #expect(try shown(story) == ["ASSIGNED L1 at hub"])
        _ = try seats(story.hub).reclaim(seat: seat)
        try story.sync()
        #expect(try shown(story) == ["FREE - at hub"])
        let history = try story.agreed { try $0.store.read { try $0.seatHistory(seat).map(\.action) } }
        #expect(history == ["purchase", "grant", "allocate", "release", "reclaim"])
        #expect(try story.conflicts() == [])
    }

    @Test("Only the holder gives a seat away, so none is promised twice")
    func holder() throws {
        let story = try Story(nodes: 2)
        let seat = try seats(story.hub).purchase(school: "North", count: 1, grant: "node1")[0].id
        try story.sync()
        for site in [story.hub, story.other] {
            try story.refuses(site, .notSeatHolder) {
                try seats(site).allocate(learner: "L2", seat: seat, school: nil)
            }
            try story.refuses(site, .notSeatHolder) {
                try seats(site).allocate(learner: "L2", seat: nil, school: "North")
            }
        }
        _ = try seats(story.node).allocate(learner: "L1", seat: nil, school: "North")
        try story.refuses(story.hub, .notSeatHolder) { try seats(story.hub).reclaim(seat: seat) }
        try story.sync()
        #expect(try shown(story) == ["ASSIGNED L1 at node1"])
    }

    @Test("A learner who is seated on both sides at once keeps the earlier seat")
    func twoSeats() throws {
        let story = try Story()
        _ = try seats(story.hub).purchase(school: "North", count: 1)
        let south = try seats(story.hub).purchase(school: "South", count: 1, grant: "node1")[0].id
        try story.sync()
        _ = try seats(story.hub).allocate(learner: "L1", seat: nil, school: "North")
        story.later()
        _ = try seats(story.node).allocate(learner: "L1", seat: nil, school: "South")
        try story.sync()
        #expect(try shown(story) == ["ASSIGNED L1 at hub", "FREE - at node1"])
        #expect(try story.conflicts() == [])
        let last = try story.hub.store.read { try $0.seatHistory(south).last }
        #expect(last?.reason == "the learner has an earlier seat")
    }
}
