import CBaselines
import Foundation

/// Syncs of a node with many rows of which nothing, or a hundred, changed.
struct StoredMeasurement {
    private static let changes = 100
    /// Syncs in one process; the median counts.
    private static let times = 20
    /// Teachers of one import while the store is filled.
    private static let chunk = 100_000

    private let options: RunOptions
    private let folder: Folder
    private let stored: Int

    init(_ options: RunOptions, _ folder: Folder, stored: Int) {
        self.options = options
        self.folder = folder
        self.stored = stored
    }

    func figures() throws -> [Figure] {
        let stage = try Stage(folder)
        var generator = RosterGenerator(seed: 2)
        for start in stride(from: 0, to: stored, by: Self.chunk) {
            let range = start..<min(start + Self.chunk, stored)
            _ = try stage.importRoster(generator.csv(teachers: range))
        }
        _ = try stage.sync()
        let baseline = try Baseline(rowsOf: stage.tenantFile(), folder: folder)
        let nothing = try nothing(stage)
        let changed = try changed(stage, baseline)
        try stage.requireEqual()
        return [nothing, changed]
    }

    private func nothing(_ stage: Stage) throws -> Figure {
        let runs = try (0..<options.repeats).map { _ in try stage.sync(times: Self.times) }
        return Figure(
            "Sync:Nothing:\(stored)", .milliseconds, runs.map { median($0.node.seconds) * 1000 },
            against: "an empty HTTP request", runs.map { median($0.node.emptyRequests) * 1000 },
            details: details(runs))
    }

    private func changed(_ stage: Stage, _ baseline: Baseline) throws -> Figure {
        var ours: [(node: WorkerReport, hub: Stage.HubCount, hubPeakKiB: Int)] = []
        var theirs: [baseline_cost] = []
        for _ in 0..<options.repeats {
            ours.append(try stage.sync(times: Self.times, changes: Self.changes))
            theirs.append(try baseline.changes(Self.changes).cost)
        }
        return Figure(
            "Sync:Changed\(Self.changes):\(stored)", .milliseconds,
            ours.map { median($0.node.seconds) * 1000 },
            against: "changeset made + applied, C", theirs.map { $0.wall * 1000 }, details: details(ours))
    }

    /// A sync's share of what the processes spent; the hub also answered one sync before the first.
    private func details(_ runs: [(node: WorkerReport, hub: Stage.HubCount, hubPeakKiB: Int)])
        -> [String: Double]
    {
        let times = Double(Self.times)
        return [
            "round_trips": Double(runs.flatMap(\.node.roundTrips).max() ?? 0),
            "node_cpu_ms": median(runs.map { $0.node.cpuSeconds * 1000 / times }),
            "hub_cpu_ms": median(runs.map { $0.hub.cpuSeconds * 1000 / (times + 1) }),
            "bytes": median(runs.map { Double($0.hub.bytes) / (times + 1) }),
            "node_peak_mib": median(runs.map { Double($0.node.peakKiB) / 1024 }),
            "hub_peak_mib": median(runs.map { Double($0.hubPeakKiB) / 1024 }),
        ]
    }
}
