import Foundation
import NodeCore
import SyncEngine
import TestSupport
import Testing

extension History {
    /// Some installations let go of what everybody has; how many bodies became shorter.
    func letReplacedGo(at sites: Set<Int>) throws -> Int {
        var trimmed = 0
        for site in world.sites.indices where sites.contains(site) {
            let keep = [Int64(1), 40, 5000][random.dice(3)], digest = try world.sites[site].digest()
            let done = try world.sites[site].letReplacedGo(keep: keep)
            note("\(name(site)) lets go of what was replaced \(keep) ms ago: \(done)")
            try require(world.sites[site].digest() == digest, "\(name(site)) has another state since")
            try check(site)
            trimmed += done.trimmed
        }
        return trimmed
    }

    /// Installations that let go; the others keep all, and are compared with them.
    func forgetful() -> Set<Int> { Set((0..<6).filter { _ in random.dice(3) > 0 }) }
}

/// Histories in which replaced writes go from bodies, against the oracle. More of them with HISTORIES=n; one again
/// with TEST_SEED=n.
@Suite struct RetentionHistoryTests {
    static let template = Result { try World.Template(nodes: 3, settled: 3) }

    static var seeds: ClosedRange<UInt64> {
        let environment = ProcessInfo.processInfo.environment
        if let one = environment["TEST_SEED"].flatMap({ UInt64($0) }) { return one...one }
        return 1...UInt64(max(1, (environment["HISTORIES"].flatMap { Int($0) } ?? 2000) / 33))
    }

    /// Turns of `steps`, mostly a settling, and letting go; how many bodies became shorter in all of them.
    func run(
        _ turns: Int, _ steps: (History, inout SeededGenerator) throws -> Void
    ) throws -> Int {
        let template = try Self.template.get()
        var trimmed = 0
        for seed in Self.seeds {
            do {
                var dice = SeededGenerator(seed: seed &* 13 &+ 5)
                let history = try History(template, nodes: 1 + dice.dice(3), seed: seed)
                history.world.hub.snapshots = SnapshotOffer(bytes: .max)
                let forgetful = history.forgetful()
                for _ in 0..<(2 + dice.dice(turns)) {
                    try steps(history, &dice)
                    if dice.dice(4) > 0 { try history.settle() }
                    history.world.advance(100)
                    trimmed += try history.letReplacedGo(at: forgetful)
                }
                try history.checkAtRest(deep: seed % 2 == 0)
                for site in history.world.sites { try explain(site, history) }
            } catch {
                Issue.record(
                    """
                    retention history \(seed) failed: \(error)
                    replay: TEST_SEED=\(seed) swift test --filter RetentionHistoryTests
                    """)
                return trimmed
            }
        }
        return trimmed
    }

    /// What is shown is proved by signed deltas, also where writes have gone from them.
    private func explain(_ site: World.Site, _ history: History) throws {
        for key in try site.shownRows().keys.sorted() where key.hasPrefix("teacher ") {
            do {
                let why = try ConflictService.explain(
                    table: "teacher", row: String(key.dropFirst(8)), column: "name", in: site.tenant)
                try history.require(why.isSignatureValid, "\(site.name) can't prove \(key)")
            } catch let error as NodeError where error.code == .recordNotFound { continue }
        }
    }

    @Test("installations that let go, when they like, and those that don't end as the oracle says")
    func histories() throws {
        let trimmed = try run(3) { history, dice in try history.run(steps: 4 + dice.dice(8)) }
        #expect(Self.seeds.count == 1 || trimmed > Self.seeds.count / 4)
    }

    @Test("so do machines that were put back to before that, or copied, and hand in what they wrote")
    func recoveries() throws {
        let trimmed = try run(2) { history, dice in try history.runWithDisasters(steps: 6 + dice.dice(14)) }
        #expect(Self.seeds.count == 1 || trimmed > 0)
    }
}
