import Foundation
import TestSupport
import Testing

/// Generated histories against the oracle. More of them with HISTORIES=n; one again with TEST_SEED=n.
@Suite struct HistoryTests {
    static let lanes = 2
    static let template = Result { try World.Template(nodes: 4, settled: 3) }

    static func seeds(_ lane: Int) -> [UInt64] {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["TEST_SEED"].flatMap({ UInt64($0) }) { return lane == 0 ? [seed] : [] }
        let count = environment["HISTORIES"].flatMap { Int($0) } ?? 2000
        return (1...UInt64(max(count, 1))).filter { Int($0) % lanes == lane }
    }

    @Test("any history ends on every installation as the oracle says", arguments: 0..<lanes)
    func histories(lane: Int) throws {
        let template = try Self.template.get()
        let seeds = Self.seeds(lane)
        var met: [Met: Int] = [:]
        for seed in seeds {
            do {
                var dice = SeededGenerator(seed: seed &* 31 &+ 7)
                let history = try History(
                    template, nodes: [1, 2, 2, 3, 4].randomElement(using: &dice)!, seed: seed)
                try history.run(steps: Int.random(in: 6...22, using: &dice))
                try history.checkAtRest(deep: seed % 16 == 0)
                met.merge(history.met, uniquingKeysWith: +)
            } catch {
                Issue.record(
                    """
                    history \(seed) failed: \(error)
                    replay: TEST_SEED=\(seed) swift test --filter HistoryTests
                    """)
                return
            }
        }
        // A generator that doesn't get anywhere proves nothing.
        for what in Met.allCases where seeds.count >= 200 {
            #expect(met[what, default: 0] >= seeds.count / 100, "\(what) is met too seldom: \(met)")
        }
    }
}
