import CBaselines
import Foundation

/// Syncs of a node with many rows of which nothing, or a hundred, changed.
struct StoredMeasurement {
    private static let changes = 100
    /// Syncs in one process; the median counts.
    private static let times = 100

    private let sizes: Sizes
    private let folder: Folder
    private let stored: Int

    init(_ sizes: Sizes, _ folder: Folder, stored: Int) {
        self.sizes = sizes
        self.folder = folder
        self.stored = stored
    }

    func figures() throws -> [Figure] {
        let stage = try Stage(folder)
        try stage.fill(teachers: stored, seed: 2)
        let baseline = try Baseline(rowsOf: stage.tenantFile(), folder: folder)
        let nothing = try nothing(stage)
        let changed = try changed(stage, baseline)
        try stage.requireEqual()
        return [nothing, changed]
    }

    private func nothing(_ stage: Stage) throws -> Figure {
        var runs: [Stage.Synced] = [], empty: [Double] = []
        for _ in 0..<sizes.repeats {
            runs.append(try stage.sync(times: Self.times))
            let report = try Worker.run(["empty", "--hub", stage.hub.url, "--times", "\(Self.times)"])
            empty.append(median(report.seconds) * 1000)
        }
        return Figure(
            "Sync:Nothing:\(stored)", .milliseconds, runs.map { median($0.node.seconds) * 1000 },
            against: "an empty HTTP request", empty,
            details: details(runs),
            targets: [.detail("round_trips", atMost: 1), .detail("cpu_ms", atMost: 2)])
    }

    private func changed(_ stage: Stage, _ baseline: Baseline) throws -> Figure {
        var ours: [Stage.Synced] = []
        var theirs: [baseline_cost] = []
        for _ in 0..<sizes.repeats {
            ours.append(try stage.sync(times: Self.times, changes: Self.changes))
            theirs.append(try baseline.changes(Self.changes).cost)
        }
        return Figure(
            "Sync:Changed\(Self.changes):\(stored)", .milliseconds,
            ours.map { median($0.node.seconds) * 1000 },
            against: "changeset made + applied, C", theirs.map { $0.wall * 1000 }, details: details(ours),
            targets: [.ours(atMost: 15)])
    }

    /// A sync's share of what the processes spent; the hub also answered one sync before the first.
    private func details(_ runs: [Stage.Synced]) -> [String: Double] {
        let times = Double(Self.times)
        let node = median(runs.map { $0.node.cpuSeconds * 1000 / times })
        let hub = median(runs.map { $0.hub.cpuSeconds * 1000 / (times + 1) })
        return [
            "round_trips": Double(runs.flatMap(\.node.roundTrips).max() ?? 0),
            "node_cpu_ms": node, "hub_cpu_ms": hub, "cpu_ms": node + hub,
            "bytes": median(runs.map { Double($0.hub.bytes) / (times + 1) }),
            "node_peak_mib": median(runs.map(\.node.peakMiB)),
            "hub_peak_mib": median(runs.map(\.hubPeakMiB)),
        ]
    }
}
