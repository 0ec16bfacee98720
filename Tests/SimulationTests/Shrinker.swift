/// Makes a failing schedule short: a calmer world, fewer installations, fewer steps, as long as it still
/// fails (after "delta debugging", Zeller and Hildebrandt, 2002). Bounded by a number of runs.
struct Shrinker {
    let fails: (Schedule) -> Bool
    private(set) var runsLeft: Int

    init(runs: Int, fails: @escaping (Schedule) -> Bool) {
        self.fails = fails
        runsLeft = runs
    }

    mutating func shrink(_ schedule: Schedule) -> Schedule {
        var best = schedule
        for calm in Self.calmer { attempt(&best, calm) }
        for place in Set(best.steps.compactMap(\.what.place)).sorted(by: { $0.description < $1.description })
        {
            attempt(&best) { $0.steps.removeAll { $0.what.place == place } }
        }
        var size = max(best.steps.count / 2, 1)
        while size >= 1, runsLeft > 0 {
            let before = best.steps.count
            var index = 0
            while index < best.steps.count, runsLeft > 0 {
                let range = index..<min(index + size, best.steps.count)
                if !attempt(&best, { $0.steps.removeSubrange(range) }) { index += size }
            }
            if size > 1 { size /= 2 } else if best.steps.count == before { break }
        }
        attempt(&best, Self.withoutIdleNodes)
        return best
    }

    private static var calmer: [(inout Schedule) -> Void] {
        [
            { $0.setup.retention = nil }, { $0.setup.batch = nil }, { $0.setup.badPower = 0 },
            { $0.setup.badLine = 0 },
            { $0.setup.versions = $0.setup.versions.map { _ in 0 } },
            { $0.steps.removeAll { if case .clock = $0.what { true } else { false } } },
        ]
    }

    /// The last nodes of each district, as far as nothing is done there.
    private static func withoutIdleNodes(_ schedule: inout Schedule) {
        let busy = schedule.steps.compactMap(\.what.place)
        for district in schedule.setup.nodes.indices {
            let last = busy.filter { $0.district == district }.map(\.site).max() ?? 0
            schedule.setup.nodes[district] = max(1, last)
        }
    }

    @discardableResult
    private mutating func attempt(_ best: inout Schedule, _ change: (inout Schedule) -> Void) -> Bool {
        var candidate = best
        change(&candidate)
        guard candidate != best, runsLeft > 0 else { return false }
        runsLeft -= 1
        guard fails(candidate) else { return false }
        best = candidate
        return true
    }
}
