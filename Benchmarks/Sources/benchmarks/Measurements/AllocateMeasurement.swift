import CBaselines
import Foundation
import NodeCore

/// Seats allocated over REST by many clients at once, against one client that waits for each answer. And the same on a
/// simulated slow disk: sharing a sync among many saves the more the longer it takes.
struct AllocateMeasurement {
    private static let email = "boss@hub.example"
    private static let password = "correct horse battery"
    /// Seats that are given away by the one client.
    private static let alone = 300
    /// Transactions that show what a commit costs.
    private static let commits = 500
    /// What a sync takes longer on the slow disk, about that of a plain SSD without a protected cache.
    private static let slow = 5

    private let sizes: Sizes
    private let folder: Folder

    init(_ sizes: Sizes, _ folder: Folder) {
        self.sizes = sizes
        self.folder = folder
    }

    private struct Round {
        var many: Load.Outcome
        var one: Load.Outcome
        var hubCPUSeconds: Double
        var syncs: (many: Int, one: Int)
        var commitSeconds: Double
    }

    private var perRound: Int { sizes.clients * sizes.allocations + Self.alone }

    func figures() throws -> [Figure] {
        let fast = figure("Allocate", try rounds(syncMilliseconds: 0))
        // How it grows with what is stored, the fast disk shows better.
        if sizes.storedSeats > 0 { return [fast] }
        return [fast, figure("AllocateSlowDisk", try rounds(syncMilliseconds: Self.slow))]
    }

    private func rounds(syncMilliseconds: Int) throws -> [Round] {
        let path = folder("allocate")
        defer { Sites.remove([path]) }
        let schools = try makeHub(path)
        let hub = try HubProcess(path, syncMilliseconds: syncMilliseconds)
        let token = try signIn(hub)
        let requests = (0..<sizes.repeats * perRound).map { request($0, schools, token) }
        let rounds = try (0..<sizes.repeats).map { round in
            try self.round(
                hub, requests[round * perRound..<(round + 1) * perRound], syncMilliseconds: syncMilliseconds)
        }
        hub.stop()
        try requireAllocated(path)
        return rounds
    }

    private func figure(_ name: String, _ rounds: [Round]) -> Figure {
        let took = rounds.flatMap { $0.many.answers.map { $0.took * 1000 } }
        return Figure(
            "REST:\(name):\(sizes.clients)", .perSecond, rounds.map { rate($0.many) }, against: "one client",
            rounds.map { rate($0.one) },
            details: [
                "p50_ms": quantile(0.5, took), "p99_ms": quantile(0.99, took),
                "one_p50_ms": quantile(0.5, rounds.flatMap { $0.one.answers.map { $0.took * 1000 } }),
                "answers_429": Double(rounds.flatMap(\.many.answers).reduce(0) { $0 + $1.busy }),
                "hub_cpu_ms_each": median(
                    rounds.map { $0.hubCPUSeconds * 1000 / Double(sizes.clients * sizes.allocations) }),
                "syncs_each": median(rounds.map { Double($0.syncs.many) / Double($0.many.answers.count) }),
                "one_syncs_each": median(rounds.map { Double($0.syncs.one) / Double($0.one.answers.count) }),
                "commits_per_second": median(rounds.map { Double(Self.commits) / $0.commitSeconds }),
            ], targets: [.ratio(atLeast: 5)])
    }

    private func rate(_ outcome: Load.Outcome) -> Double { Double(outcome.answers.count) / outcome.seconds }

    /// A hub with free seats for all rounds, as many at each school, and somebody who may give them away.
    /// Gives the schools' ids.
    private func makeHub(_ path: String) throws -> [String] {
        let hub = try Sites.makeHub(path), actor = hub.operator
        _ = try StaffService(hub, by: Principal(id: actor.id, kind: .operator, via: "local")).add(
            .init(email: Self.email, firstName: "Bench", lastName: "Boss", password: Self.password),
            role: .admin)
        let service = SeatService(try hub.tenant(Sites.slug), actor: actor)
        let seats = sizes.repeats * perRound + sizes.storedSeats,
            schools = min(RosterGenerator.maxSchools, seats)
        return try (0..<schools).map { school in
            let count = (seats - school - 1) / schools + 1
            let bought = try service.purchase(school: RosterGenerator.school(school), count: count)
            guard let id = bought.first?.schoolID else {
                throw Worker.Failure(description: "no seat was purchased")
            }
            return id
        }
    }

    private func signIn(_ hub: HubProcess) throws -> String {
        struct SignedIn: Decodable { let token: String }
        let answer = try hub.post(
            "/api/v1/auth/login", #"{"email": "\#(Self.email)", "password": "\#(Self.password)"}"#)
        return try JSONDecoder().decode(SignedIn.self, from: Data(answer)).token
    }

    private func round(_ hub: HubProcess, _ requests: ArraySlice<[UInt8]>, syncMilliseconds: Int) throws
        -> Round
    {
        let one = Array(requests.prefix(Self.alone)), rest = Array(requests.dropFirst(Self.alone))
        let many = (0..<sizes.clients).map { client in
            Array(rest[client * sizes.allocations..<(client + 1) * sizes.allocations])
        }
        // A client of REST is told to wait a second and does.
        let load = Load(connections: sizes.clients, firstPause: 1, longestPause: 1)
        let before = try hub.syncs(), alone = try load.run([one], port: hub.port)
        let between = try hub.syncs(), cpu = hub.cpuSeconds
        let atOnce = try load.run(many, port: hub.port)
        let spent = hub.cpuSeconds - cpu, after = try hub.syncs()
        guard (alone.answers + atOnce.answers).allSatisfy({ $0.status == 200 }) else {
            throw Worker.Failure(description: "not every seat was given away")
        }
        guard between - before >= Self.alone,
            alone.answers.allSatisfy({ $0.took * 1000 >= Double(syncMilliseconds) })
        else {
            throw Worker.Failure(description: "seats were given away without syncs, or these aren't slow")
        }
        return Round(
            many: atOnce, one: alone, hubCPUSeconds: spent, syncs: (after - between, between - before),
            commitSeconds: try commitSeconds(syncMilliseconds))
    }

    /// What SQLite alone needs for so many commits on the same disk.
    private func commitSeconds(_ syncMilliseconds: Int) throws -> Double {
        var commits = baseline_cost()
        slow_disk(Int32(syncMilliseconds))
        defer { slow_disk(0) }
        try Baseline.check(
            baseline_commits(Int32(Self.commits), folder.path, RunOptions.cacheKiB, &commits))
        return commits.wall
    }

    /// Each is for another learner, at the next school.
    private func request(_ number: Int, _ schools: [String], _ token: String) -> [UInt8] {
        let school = schools[number % schools.count]
        let body = #"{"tenant_id": "\#(school)", "learner_id": "L-\#(number)"}"#
        let head = [
            "POST /api/v1/seats/allocate HTTP/1.1", "Host: 127.0.0.1", "Authorization: Bearer \(token)",
            "Content-Type: application/json", "Content-Length: \(body.utf8.count)", "", "",
        ]
        return Array((head.joined(separator: "\r\n") + body).utf8)
    }

    private func requireAllocated(_ path: String) throws {
        let totals = try Sites.open(path).tenant(Sites.slug).store.read { try $0.seatTotals() }
        guard totals.assigned == sizes.repeats * perRound, totals.free == sizes.storedSeats else {
            throw Worker.Failure(description: "\(totals.assigned) seats are assigned, \(totals.free) free")
        }
    }
}
