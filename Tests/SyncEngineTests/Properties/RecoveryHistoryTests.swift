import Foundation
import NodeCore
import TestSupport
import Testing

extension History {
    /// A history in which machines are put back to older copies of themselves, and copies run beside them.
    func runWithDisasters(steps: Int) throws {
        hasCopies = true
        let mix = OperationMix(world.hub.tenant)
        for _ in 0..<steps {
            let site = random.dice(world.sites.count), node = 1 + random.dice(world.sites.count - 1)
            switch random.dice(100) {
            case 0..<46:
                // Until it has synced, a file under a foreign key takes no writes.
                guard try !world.sites[site].installation.isDisplaced(world.slug) else { continue }
                let operations = mix.transaction(byHub: site == 0, &random)
                note("\(name(site)) writes \(operations)")
                try write(site, operations)
            case 46..<74:
                note("\(name(node)) exchanges with the hub")
                try exchange(node, sound: random.dice(2) == 0)
            case 74..<84:
                note("\(name(node)) is copied")
                copies.append((node, try world.copy(world.sites[node])))
            case 84..<94: try putBack()
            default:
                guard world.sites.count < 6 else { continue }
                note("\(name(node)) is cloned")
                try world.clone(world.sites[node], seed: UInt64(random.dice(1_000_000)))
                try observeClone()
            }
            world.advance([0, 1, 40, 5000][random.dice(4)])
        }
    }

    private func putBack() throws {
        guard let (site, copy) = copies.randomElement(using: &random) else { return }
        let wholly = random.dice(3) > 0
        note("\(name(site)) is put back to an older copy, \(wholly ? "wholly" : "the tenant's file alone")")
        try wholly
            ? world.restore(world.sites[site], from: copy) : world.restoreFile(world.sites[site], from: copy)
        try observeRestored(site)
        lost.formUnion(deltas.indices.filter { number in !applied.contains { $0.contains(number) } })
    }
}

/// Disasters against the oracle. More of them with HISTORIES=n; one again with TEST_SEED=n.
@Suite struct RecoveryHistoryTests {
    static let template = Result { try World.Template(nodes: 3, settled: 3) }

    @Test("restored and cloned machines end with equal state, and no write is lost that any disk still has")
    func recoveries() throws {
        let environment = ProcessInfo.processInfo.environment
        let one = environment["TEST_SEED"].flatMap { UInt64($0) }
        let count = UInt64(max(1, (environment["HISTORIES"].flatMap { Int($0) } ?? 2000) / 33))
        let template = try Self.template.get()
        var successions = 0, branches = 0
        for seed in one.map({ $0...$0 }) ?? 1...max(1, count) {
            do {
                var dice = SeededGenerator(seed: seed &* 17 &+ 3)
                let history = try History(template, nodes: 1 + dice.dice(3), seed: seed)
                try history.runWithDisasters(steps: Int.random(in: 12...40, using: &dice))
                try history.checkAtRest(deep: seed % 4 == 0)
                let origins = try history.world.hub.store.read { try $0.origins() }
                successions += origins.count { $0.succession != nil }
                branches += try history.world.hub.store.read { reader in
                    try origins.count { try reader.heads(of: $0).count > 1 }
                }
            } catch {
                Issue.record(
                    """
                    recovery history \(seed) failed: \(error)
                    replay: TEST_SEED=\(seed) swift test --filter RecoveryHistoryTests
                    """)
                return
            }
        }
        #expect(one != nil || successions > Int(count) / 2, "too few successions: \(successions)")
        #expect(one != nil || branches > 0)
    }
}
