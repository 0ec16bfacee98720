import Foundation
import NodeCore
import Synchronization
import TestSupport
import Testing

@testable import NodeServer

/// Many at once.
@Suite struct SeatRaceTests {
    @Test("of 100 clients that want one seat exactly one gets it")
    func oneSeat() throws {
        let world = try World(nodes: 0)
        let hub = try RESTSite(world)
        let seats = try hub.call(
            "POST", "/api/v1/seats/purchase", ["tenant_id": .string(try hub.school("North")), "count": 1])
        let seat = seats.items[0]["id"] ?? nil
        let codes = Mutex<[String: Int]>([:]), client = hub.client
        atOnce(100) { index in
            let answer = try? client.call(
                "POST", "/api/v1/seats/allocate", ["seat_id": seat, "learner_id": .string("L-\(index)")])
            codes.withLock { $0[answer?.code ?? "\(answer?.status ?? 0)", default: 0] += 1 }
        }
        #expect(codes.withLock { $0 } == ["200": 1, "SEAT_NOT_FREE": 99])
        #expect(try world.hub.store.read { try $0.projectionProblems() } == [])
        #expect(try world.hub.store.read { try $0.seatEventCount("allocate") } == 1)
    }

    @Test("64 clients at full speed leave counters, audit and recount equal, and no answer is a 5xx")
    func load() throws {
        let world = try World(nodes: 0)
        let hub = try RESTSite(world)
        let north = JSONValue.string(try hub.school("North"))
        let seconds = ProcessInfo.processInfo.environment["LOAD_SECONDS"].flatMap(Double.init) ?? 2
        _ = try hub.call("POST", "/api/v1/seats/purchase", ["tenant_id": north, "count": 40])
        let tally = Mutex(Tally()), client = hub.client
        let end = ContinuousClock.now + .seconds(seconds)
        atOnce(64) { number in
            var random = SeededGenerator(seed: UInt64(number))
            while ContinuousClock.now < end {
                Self.act(client, north, &random, tally)
            }
        }
        let done = tally.withLock { $0 }
        #expect(done.failures == [])
        #expect(done.requests > 64)
        try Self.check(world.hub, done)
    }

    /// What clients were told.
    struct Tally {
        var requests = 0
        var purchased = 40
        var allocated = 0
        var reclaimed = 0
        var failures: [String] = []
    }

    private static func act(
        _ hub: RESTClient, _ school: JSONValue, _ random: inout SeededGenerator,
        _ tally: borrowing Mutex<Tally>
    ) {
        let learner = JSONValue.string("L-\(Int.random(in: 0..<60, using: &random))")
        let roll = Int.random(in: 0..<10, using: &random)
        do {
            switch roll {
            case 0:
                let answer = try hub.call(
                    "POST", "/api/v1/seats/purchase", ["tenant_id": school, "count": 1])
                note(answer, tally) { if answer.status == 201 { $0.purchased += 1 } }
            case 1...4:
                let body: JSONValue = ["tenant_id": school, "learner_id": learner]
                note(try hub.call("POST", "/api/v1/seats/allocate", body), tally) { _ in }
            case 5...7:
                guard case .string(let name) = learner,
                    let seat = try hub.call("GET", "/api/v1/seats?learner_id=\(name)").items("seats").first
                else { return }
                let answer = try hub.call(
                    "POST", "/api/v1/seats/reclaim", ["seat_id": seat["id"] ?? nil])
                note(answer, tally) { if answer.status == 200 { $0.reclaimed += 1 } }
            default: note(try hub.call("GET", "/api/v1/seats/summary"), tally) { _ in }
            }
        } catch { tally.withLock { $0.failures.append("\(error)") } }
    }

    private static func note(
        _ answer: RESTAnswer, _ tally: borrowing Mutex<Tally>, _ change: (inout Tally) -> Void
    ) {
        tally.withLock { tally in
            tally.requests += 1
            change(&tally)
            if answer.status >= 500 { tally.failures.append("\(answer.status) \(answer.code ?? "")") }
        }
    }

    private static func check(_ site: World.Site, _ done: Tally) throws {
        try site.store.read { reader in
            let seats = try reader.seats()
            let totals = try reader.seatTotals()
            #expect(seats.count == done.purchased && totals.total == done.purchased)
            #expect(seats.count { $0.state == .assigned } == totals.assigned)
            #expect(try reader.projectionProblems() == [])
            let allocations = try reader.seatEventCount("allocate")
            #expect(try reader.seatEventCount("reclaim") == done.reclaimed)
            #expect(allocations - done.reclaimed == totals.assigned)
            #expect(try reader.auditCount(AuditFilter(action: "seats.allocate")) == allocations)
            #expect(try reader.auditCount(AuditFilter(action: "seats.reclaim")) == done.reclaimed)
            let learners = seats.compactMap(\.learnerID)
            #expect(Set(learners).count == learners.count, "no learner has two seats")
        }
    }
}

/// So many threads at once, whatever the number of cores; ends with the last.
private func atOnce(_ count: Int, _ work: @escaping @Sendable (Int) -> Void) {
    let group = DispatchGroup()
    for index in 0..<count {
        group.enter()
        Thread.detachNewThread {
            work(index)
            group.leave()
        }
    }
    group.wait()
}
