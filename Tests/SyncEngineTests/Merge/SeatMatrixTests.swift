import NodeCore
import SyncEngine
import TestSupport
import Testing

/// Every deed on a seat on one side, every deed on the same seat on another side that doesn't know of it, in
/// both orders, whoever holds the seat: none is sold twice, none is lost, and what the holder did stands.
@Suite struct SeatMatrixTests {
    enum Deed: String, CaseIterable, Sendable {
        case allocate, reclaim, retire, reserve, grant, release, ask
    }

    /// A seat of its own for each holder and pair of sides.
    struct Place {
        let holder: Int
        let sides: (Int, Int)
        let school: String
        let seat: String
    }

    let world: World
    static let pairs = [(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1)]

    init() throws {
        world = try World(nodes: 2)
        try world.settle()
    }

    func seats(_ site: Int) -> SeatService {
        SeatService(world.sites[site].tenant, actor: world.sites[site].actor)
    }

    func places(assigned: Bool) throws -> [Place] {
        let tenant = world.hub.tenant.id.description
        let holders = [nil, "node1", "node2"]
        var places: [Place] = []
        for holder in 0..<3 {
            for (number, sides) in Self.pairs.enumerated() {
                let school = "School \(holder)-\(number)"
                try world.hub.write { transaction in
                    try transaction.put(
                        Schema.tenant, id: try transaction.freshID(),
                        ["kind": "school", "parent_id": .text(tenant), "name": .text(school)])
                }
                let bought = try seats(0).purchase(school: school, count: 1, grant: holders[holder])
                places.append(Place(holder: holder, sides: sides, school: school, seat: bought[0].id))
            }
        }
        try world.settle()
        guard assigned else { return places }
        for place in places {
            _ = try seats(place.holder).allocate(
                learner: "old-\(place.school.filter { $0 != " " })", seat: place.seat, school: nil)
        }
        try world.settle()
        return places
    }

    /// Whether it was done; an honest refusal is none.
    func perform(_ deed: Deed, _ place: Place, at site: Int) throws -> Bool {
        let service = seats(site)
        let learner = "\(deed)-\(site)-\(place.school.filter { $0 != " " })"
        do {
            switch deed {
            case .allocate: _ = try service.allocate(learner: learner, seat: place.seat, school: nil)
            case .reclaim: _ = try service.reclaim(seat: place.seat)
            case .retire: _ = try service.retire(school: place.school, count: 1)
            case .reserve: _ = try service.reserve(learner: learner, seat: place.seat, school: nil)
            case .grant: _ = try service.grant(node: "node\(2 - site % 2)", .seat(place.seat))
            case .release: _ = try service.release(.seat(place.seat))
            case .ask: _ = try service.ask(.init(kind: .reserve, learnerID: learner), seat: place.seat)
            }
            return true
        } catch let error as NodeError {
            let refusals: [ErrorCode] = [
                .notSeatHolder, .hubOwned, .nodeOnly, .seatNotFree, .seatAlreadyFree, .learnerHasSeat,
                .validation,
                .seatNotFound,
            ]
            #expect(refusals.contains(error.code), "\(deed): \(error)")
            return false
        }
    }

    @Test(
        "no two deeds apart break a law of seats", arguments: Deed.allCases,
        [false, true])
    func matrix(_ first: Deed, _ assigned: Bool) throws {
        let places = try places(assigned: assigned)
        for second in Deed.allCases {
            for place in places {
                world.advance(10)
                let held = try world.hub.store.read { try? $0.seat(place.seat) }
                let one = try perform(first, place, at: place.sides.0)
                world.advance(10)
                let two = try perform(second, place, at: place.sides.1)
                let changing: Set<Deed> = [.allocate, .reclaim, .reserve, .grant, .release]
                #expect(
                    !(one && two && changing.contains(first) && changing.contains(second)),
                    "both sides held \(held?.id ?? "a seat that is gone")")
            }
            try world.settle()
            try checkLaws(places.count)
        }
    }

    func checkLaws(_ bought: Int) throws {
        let digests = try world.sites.map { try $0.digest() }
        #expect(Set(digests).count == 1)
        for site in world.sites {
            try site.store.read { reader in
                #expect(try reader.projectionProblems() == [], "counters equal the recount")
                let retired = try reader.seatEventCount("retire")
                #expect(try reader.seatTotals().total + retired == bought)
                #expect(try reader.learnersWithSeveralSeats().isEmpty)
                #expect(try reader.refusedWrites().isEmpty, "no honest write is refused")
                #expect(try reader.conflicts().filter { $0.table == "seat" } == [])
                for seat in try reader.seats() {
                    // What the hub asks and orders says what it knew then.
                    let last = try reader.seatHistory(seat.id).last {
                        !["ask", "withdraw", "order"].contains($0.action)
                    }
                    #expect(last?.newState == seat.state.rawValue && last?.newLearnerID == seat.learnerID)
                    #expect(last?.newHolder == seat.holder, "the history ends with what is shown")
                }
            }
        }
    }

    @Test("what is owed comes back and goes when it is free, whoever frees it and when")
    func owed() throws {
        let bought = try seats(0).purchase(school: "North", count: 3, grant: "node1")
        try world.settle()
        _ = try seats(1).allocate(learner: "L1", seat: bought[0].id, school: nil)
        try world.settle()
        let outcome = try seats(0).retire(school: "North", count: 2, reason: "contract")
        #expect(outcome.retired.isEmpty && outcome.owed.count == 2, "a node holds them all")
        _ = try seats(1).allocate(learner: "L2", seat: outcome.owed[0].id, school: nil)
        try world.settle()
        var summary = try world.hub.store.read { try $0.seatSummary() }.district
        #expect(summary.counts.total == 2 && summary.owed == 1, "one was free and went, one was given away")
        _ = try seats(1).reclaim(seat: outcome.owed[0].id)
        try world.settle()
        summary = try world.sites[2].store.read { try $0.seatSummary() }.district
        #expect(summary.counts.total == 1 && summary.owed == 0)
        let history = try world.sites[1].store.read { try $0.seatHistory(outcome.owed[0].id) }
        #expect(history.map(\.action) == ["purchase", "allocate", "ask", "reclaim", "release", "retire"])
        #expect(throws: NodeError.self) { try seats(0).retire(school: "North", count: 2) }
        #expect(throws: NodeError.self) { try seats(1).retire(school: "North", count: 1) }
    }

    @Test("a wish is reserved by the holder, or rejected for good, and is then taken back")
    func wishes() throws {
        let bought = try seats(0).purchase(school: "North", count: 2, grant: "node1")
        try world.settle()
        _ = try seats(1).allocate(learner: "L1", seat: bought[0].id, school: nil)
        _ = try seats(0).ask(.init(kind: .reserve, learnerID: "L7"), seat: bought[0].id)
        _ = try seats(0).ask(.init(kind: .reserve, learnerID: "L8"), seat: bought[1].id)
        try world.settle()
        for site in world.sites {
            let (one, two) = try site.store.read { (try $0.seat(bought[0].id), try $0.seat(bought[1].id)) }
            #expect(one.state == .assigned && one.learnerID == "L1" && one.wish == nil)
            #expect(two.state == .reserved && two.learnerID == "L8" && two.wish == nil)
            let told = try site.store.read { try $0.seatHistory(bought[0].id) }
            #expect(told.map(\.action).suffix(2) == ["reject", "withdraw"])
        }
        #expect(throws: NodeError.self) {
            try seats(0).ask(.init(kind: .reserve, learnerID: "L8"), seat: bought[0].id)
        }
        #expect(try seats(1).allocate(learner: "L8", seat: nil, school: "North").id == bought[1].id)
        _ = try seats(0).ask(.init(kind: .release), seat: bought[1].id)
        _ = try seats(0).withdraw(seat: bought[1].id)
        _ = try seats(1).reclaim(seat: bought[1].id)
        try world.settle()
        #expect(try world.hub.store.read { try $0.seat(bought[1].id) }.holder.role == .node)
    }

    @Test("a reservation ends by a write of its holder, and nowhere before that")
    func expiry() throws {
        let seat = try seats(0).purchase(school: "North", count: 1, grant: "node1")[0].id
        try world.settle()
        _ = try seats(1).reserve(learner: "L1", seat: seat, school: nil, days: 2)
        try world.settle()
        world.advance(3 * 86_400_000)
        #expect(try world.hub.store.read { try $0.seat(seat) }.state == .reserved)
        try world.settle()
        let shown = try world.hub.store.read { (try $0.seat(seat), try $0.seatHistory(seat).last) }
        #expect(shown.0.state == .free && shown.0.reservedUntil == nil && shown.1?.action == "expire")
        #expect(throws: NodeError.self) {
            try seats(1).reserve(learner: "L1", seat: seat, school: nil, days: 0)
        }
    }
}
