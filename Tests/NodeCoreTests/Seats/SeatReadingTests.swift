import GRDB
import TestSupport
import Testing

@testable import NodeCore

/// How seats are found and counted by day.
@Suite struct SeatReadingTests {
    let world: World
    var hub: SeatService { SeatService(world.hub.tenant, actor: world.hub.actor) }

    init() throws { world = try World(nodes: 0) }

    @Test("seats of a school, of a state and of a learner are found by index")
    func plans() throws {
        try world.hub.store.read { reader in
            func plan(_ filter: SeatFilter) throws -> String {
                let (sql, arguments) = StoreReader.seatQuery(filter)
                return try reader.rows("EXPLAIN QUERY PLAN " + sql, arguments).map { $0["detail"] as String }
                    .joined(separator: "; ")
            }
            #expect(try plan(.init(school: "s")).contains("SEARCH s USING INDEX seat_0 (school_id=?)"))
            #expect(
                try plan(.init(school: "s", state: .free)).contains(
                    "SEARCH s USING INDEX seat_0 (school_id=? AND state=?)"))
            #expect(try plan(.init(learner: "L")).contains("SEARCH s USING INDEX seat_1 (learner_id=?)"))
            #expect(
                try plan(.init(school: "s", learner: "L")).contains("USING INDEX seat_"))
            let history = try reader.rows(
                "EXPLAIN QUERY PLAN SELECT * FROM seat_audit WHERE seat_id = ?", ["x"])
            #expect(history.contains { ($0["detail"] as String).contains("USING INDEX seat_audit_0") })
        }
    }

    @Test("allocations and reclaims are counted by the district's day and by school")
    func activity() throws {
        let seats = try hub.purchase(school: "North", count: 2)
        let south = try hub.purchase(school: "South", count: 1)[0]
        // 23:30 in Chicago, 04:30 of the next day in UTC.
        let evening: Int64 = 1_760_070_600_000
        world.hub.clock.advance(evening - world.hub.clock.milliseconds())
        _ = try hub.allocate(learner: "L1", seat: seats[0].id, school: nil)
        _ = try hub.allocate(learner: "L2", seat: seats[1].id, school: nil)
        _ = try hub.reclaim(seat: seats[1].id)
        world.hub.clock.advance(3_600_000)
        _ = try hub.allocate(learner: "L3", seat: south.id, school: nil)
        let now = world.hub.clock.milliseconds()
        let all = try world.hub.store.read { try $0.seatActivity(days: 30, now: now) }
        #expect(all.map(\.day) == ["2025-10-10", "2025-10-09"])
        #expect(all.map(\.school) == ["South", "North"])
        #expect(all.map(\.allocated) == [1, 2] && all.map(\.reclaimed) == [0, 1])
        #expect(try world.hub.store.read { try $0.seatActivity(days: 1, now: now) }.count == 1)
    }
}
