import Foundation
import TestSupport
import Testing

/// Generated runs of whole districts. More of them with SIM_SEEDS=n; one again with TEST_SEED=n.
@Suite struct SimulationTests {
    static let lanes = 2
    static let environment = ProcessInfo.processInfo.environment

    static func seeds(_ lane: Int) -> [UInt64] {
        if let seed = environment["TEST_SEED"].flatMap({ UInt64($0) }) { return lane == 0 ? [seed] : [] }
        let count = environment["SIM_SEEDS"].flatMap { UInt64($0) } ?? 200
        return (1...max(count, 1)).filter { Int($0) % lanes == lane }
    }

    static let template = Result { try World.Template(nodes: 5, settled: 4, beside: 2) }

    /// One run from beginning to end; a failure says what happened last.
    func run(_ seed: UInt64, _ template: World.Template) throws -> Simulation {
        let simulation = try Simulation(template, seed: seed)
        do { try simulation.run(events: 30 + simulation.dice(70)) } catch {
            Issue.record(
                """
                simulation \(seed) failed: \(error)
                after:
                    \(simulation.trace.tail)
                replay: TEST_SEED=\(seed) swift test --filter SimulationTests
                """)
            throw error
        }
        return simulation
    }

    @Test("every run keeps every law at every quiet point", arguments: 0..<lanes)
    func laws(lane: Int) throws {
        let template = try Self.template.get(), seeds = Self.seeds(lane)
        var counts: [String: Int] = [:]
        for seed in seeds {
            guard let simulation = try? run(seed, template) else { return }
            counts.merge(simulation.counts, uniquingKeysWith: +)
        }
        // A simulation that doesn't get anywhere proves nothing.
        let needed =
            Deed.all.map(\.name) + [
                "cut before commit", "cut after commit", "restart", "clock", "request lost",
                "request doubled", "request delayed", "exchange broken off", "exchange to the end", "parcel",
                "parcel astray", "receipt", "resolved", "conflicts at rest",
            ]
        for what in needed where seeds.count >= 50 {
            #expect(counts[what, default: 0] >= seeds.count / 20, "\(what) is met too seldom: \(counts)")
        }
    }

    @Test("the same seed gives the same trace and the same state")
    func sameSeedSameTrace() throws {
        let template = try Self.template.get()
        for seed: UInt64 in Self.seeds(0).prefix(1) + Self.seeds(1).prefix(2) {
            let runs = try (0..<2).map { _ in try run(seed, template) }
            #expect(runs[0].trace.count > 20)
            #expect(runs[0].trace.hash == runs[1].trace.hash, "seed \(seed)")
            let digests = try runs.map { run in
                try run.places.map { try run.site($0).digest() }
            }
            #expect(digests[0] == digests[1], "seed \(seed)")
            print("simulation \(seed): \(runs[0].trace.count) events, trace \(runs[0].trace.hash)")
        }
    }
}
