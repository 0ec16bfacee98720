import Foundation
import TestSupport
import Testing

@testable import SyncEngine

/// Generated rule files over generated histories. More of them with BACKTESTS=n; one history again with
/// TEST_SEED=n.
@Suite struct BacktestTests {
    static let lanes = 2
    /// Changes of rules tried on each history.
    static let casesEach = 20

    static func seeds(_ lane: Int) -> [UInt64] {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["TEST_SEED"].flatMap({ UInt64($0) }) { return lane == 0 ? [seed] : [] }
        let cases = environment["BACKTESTS"].flatMap { Int($0) } ?? 1000
        return (1...UInt64(max(cases / casesEach, 1))).filter { Int($0) % lanes == lane }
    }

    @Test(
        "what a backtest foretells is what every installation shows once the rules are applied",
        arguments: 0..<lanes)
    func foretold(lane: Int) throws {
        let template = try World.Template(nodes: 2, settled: 2)
        var met: [String: Int] = [:]
        let seeds = Self.seeds(lane)
        for seed in seeds {
            do {
                let history = try BacktestHistory(template, seed: seed)
                var cases = 0
                while cases < Self.casesEach {
                    try history.writeApart()
                    for _ in 0..<2 where try history.tryRules() { cases += 1 }
                }
                try history.finish()
                met.merge(history.met, uniquingKeysWith: +)
            } catch {
                Issue.record(
                    """
                    backtest \(seed) failed: \(error)
                    replay: TEST_SEED=\(seed) swift test --filter BacktestTests
                    """)
                return
            }
        }
        // A generator that doesn't get anywhere proves nothing.
        guard seeds.count >= 20 else { return }
        #expect(met["changes", default: 0] >= seeds.count * Self.casesEach / 5, "\(met)")
        for word in RuleWord.allCases.map(\.rawValue) + ["*", RowRule.archive.rawValue] {
            #expect(met[word, default: 0] > 0, "no change to \(word): \(met)")
        }
    }
}
