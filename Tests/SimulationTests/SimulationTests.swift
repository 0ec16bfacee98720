import Foundation
import TestSupport
import Testing

/// Generated runs of whole districts. More of them with SIM_SEEDS=n, from SIM_FIRST; one again with
/// TEST_SEED=n.
@Suite struct SimulationTests {
    static let lanes = environment["SIM_LANES"].flatMap { Int($0) } ?? 2
    static let environment = ProcessInfo.processInfo.environment

    static func seeds(_ lane: Int) -> [UInt64] {
        if let seed = environment["TEST_SEED"].flatMap({ UInt64($0) }) { return lane == 0 ? [seed] : [] }
        let count = environment["SIM_SEEDS"].flatMap { UInt64($0) } ?? 500
        let first = environment["SIM_FIRST"].flatMap { UInt64($0) } ?? 1
        return (first..<(first + max(count, 1))).filter { Int($0) % lanes == lane }
    }

    static let template = Result { try World.Template(nodes: 8, settled: 7, beside: 2) }

    /// One run from beginning to end; a failure says what happened last and, made short, what led to it.
    func run(_ seed: UInt64, _ template: World.Template) throws -> Simulation {
        let simulation = try Simulation(template, seed: seed)
        do { try simulation.run(steps: 16 + Int(seed.hashed % 40)) } catch {
            Issue.record(
                """
                simulation \(seed) failed: \(error)
                after:
                    \(simulation.trace.tail)
                replay: TEST_SEED=\(seed) swift test --filter SimulationTests
                as a test: try Replay.check(\"\"\"
                    \(short(simulation.schedule, template).description.replacing("\n", with: "\n    "))
                    \"\"\")
                """)
            throw error
        }
        return simulation
    }

    private func short(_ schedule: Schedule, _ template: World.Template) -> Schedule {
        let runs = Self.environment["SIM_SHRINK"].flatMap { Int($0) } ?? 150
        var shrinker = Shrinker(runs: runs) { Replay.failure(of: $0, template) != nil }
        return shrinker.shrink(schedule)
    }

    @Test("every run keeps every law at every quiet point", arguments: 0..<lanes)
    func laws(lane: Int) throws {
        let template = try Self.template.get(), seeds = Self.seeds(lane)
        var counts: [String: Int] = [:]
        var days = 0.0
        let begin = ContinuousClock.now
        for seed in seeds {
            guard let simulation = try? run(seed, template) else { return }
            counts.merge(simulation.counts, uniquingKeysWith: +)
            days += simulation.days
        }
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        print(
            "lane \(lane): \(seeds.count) simulations, \(Int(days)) simulated days in \(Int(seconds)) s, "
                + "\(Int(days / max(seconds, 0.001))) days a second")
        // A simulation that doesn't get anywhere proves nothing.
        let needed =
            Deed.all.map(\.name) + [
                "cut before commit", "cut after commit", "restart", "clock", "upgrade", "partition",
                "request lost", "request doubled", "request delayed", "exchange broken off",
                "put back", "succession", "snapshot", "snapshot broken off", "seat taken back", "swept",
                "trimmed",
                "exchange to the end", "stored beside a push", "parcel", "parcel astray", "receipt",
                "resolved",
                "conflicts at rest",
            ]
        for what in needed where seeds.count >= 200 {
            #expect(counts[what, default: 0] >= seeds.count / 100, "\(what) is met too seldom: \(counts)")
        }
    }

    @Test("the same seed gives the same trace and the same state, and so does its schedule, read from text")
    func sameSeedSameTrace() throws {
        let template = try Self.template.get()
        for seed: UInt64 in Self.seeds(0).prefix(1) + Self.seeds(1).prefix(2) {
            let first = try run(seed, template), second = try run(seed, template)
            let schedule = try #require(Schedule(first.schedule.description))
            #expect(schedule == first.schedule)
            let third = try Simulation(template, schedule)
            try third.run()
            #expect(first.trace.count > 20)
            let digests = try [first, second, third].map { run in
                try run.places.map { try run.site($0).digest() }
            }
            for index in 1...2 {
                let run = [first, second, third][index]
                #expect(run.trace.hash == first.trace.hash, "seed \(seed)")
                #expect(digests[index] == digests[0], "seed \(seed)")
            }
            print("simulation \(seed): \(first.trace.count) events, trace \(first.trace.hash)")
        }
    }

    @Test("a failing schedule is made short: only the steps without which it doesn't fail are left")
    func shrinks() throws {
        let template = try Self.template.get()
        let simulation = try run(3, template)
        let needed = simulation.schedule.steps.filter { $0.what != .quiet }.suffix(2)
        var shrinker = Shrinker(runs: 500) { candidate in needed.allSatisfy(candidate.steps.contains) }
        let short = shrinker.shrink(simulation.schedule)
        #expect(short.steps == Array(needed))
        #expect(short.setup.badLine == 0 && short.setup.badPower == 0)
        #expect(try Replay.check(short.description) == nil)
    }
}

/// Schedules as text: what once failed and was made short becomes a permanent test.
enum Replay {
    /// Runs a schedule from its text; what it ends with, nil when every law holds.
    @discardableResult
    static func check(_ text: String) throws -> String? {
        let schedule = try #require(Schedule(text))
        let failure = failure(of: schedule, try SimulationTests.template.get())
        #expect(failure == nil)
        return failure
    }

    /// What a schedule ends with; nil when every law holds.
    static func failure(of schedule: Schedule, _ template: World.Template) -> String? {
        do {
            try Simulation(template, schedule).run()
            return nil
        } catch { return "\(error)" }
    }
}

extension UInt64 {
    /// A number that tells nothing of its neighbours.
    fileprivate var hashed: UInt64 {
        var generator = SeededGenerator(seed: self &* 2_654_435_761)
        return generator.next()
    }
}
