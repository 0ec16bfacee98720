import CBaselines
import Foundation

/// Import of a roster and its first sync, against inserts and changesets of the same rows in C.
struct RosterMeasurement {
    private let sizes: Sizes
    private let folder: Folder

    init(_ sizes: Sizes, _ folder: Folder) {
        self.sizes = sizes
        self.folder = folder
    }

    private struct Round {
        var imported = WorkerReport()
        var synced = Stage.Synced()
        var rows = 0
        var inserts = baseline_cost()
        var grdb = (seconds: 0.0, cpu: 0.0)
        var changeset = baseline_changeset()
    }

    func figures() throws -> [Figure] {
        var generator = RosterGenerator(seed: 1)
        let csv = generator.csv(teachers: 0..<sizes.teachers)
        let rounds = try (0..<sizes.repeats).map { _ in try round(csv) }
        return [imported(rounds), againstGRDB(rounds), synced(rounds), bytes(rounds)]
    }

    /// Ours, then the baseline on the very rows, on a new stage.
    private func round(_ csv: [UInt8]) throws -> Round {
        let stage = try Stage(folder)
        var round = Round()
        round.imported = try stage.importRoster(csv)
        round.synced = try stage.sync()
        try stage.requireEqual()
        let baseline = try Baseline(rowsOf: stage.tenantFile(), folder: folder)
        round.rows = baseline.count
        round.inserts = try baseline.insert()
        round.grdb = try GRDBBaseline(rowsOf: stage.tenantFile()).insert(in: folder)
        round.changeset = try baseline.firstChangeset()
        return round
    }

    private func imported(_ rounds: [Round]) -> Figure {
        Figure(
            "Roster:Import:\(sizes.teachers)", .seconds, rounds.map { $0.imported.seconds[0] },
            against: "prepared inserts, C", rounds.map(\.inserts.wall),
            cpu: rounds.map { $0.imported.cpuSeconds / $0.inserts.cpu },
            details: [
                "rows": Double(rounds[0].rows),
                "cpu_seconds": median(rounds.map(\.imported.cpuSeconds)),
                "peak_mib": median(rounds.map(\.imported.peakMiB)),
            ], targets: [.ratio(atMost: 1.8)])
    }

    private func againstGRDB(_ rounds: [Round]) -> Figure {
        Figure(
            "Roster:ImportGRDB:\(sizes.teachers)", .seconds, rounds.map { $0.imported.seconds[0] },
            against: "inserts through GRDB", rounds.map(\.grdb.seconds),
            cpu: rounds.map { $0.imported.cpuSeconds / $0.grdb.cpu },
            details: ["rows": Double(rounds[0].rows)])
    }

    private func synced(_ rounds: [Round]) -> Figure {
        Figure(
            "Sync:First:\(sizes.teachers)", .seconds, rounds.map { $0.synced.node.seconds[0] },
            against: "changeset made + applied, C", rounds.map(\.changeset.cost.wall),
            cpu: rounds.map {
                ($0.synced.node.cpuSeconds + $0.synced.hub.cpuSeconds) / $0.changeset.cost.cpu
            },
            details: [
                "rows": Double(rounds[0].rows),
                "node_cpu_seconds": median(rounds.map(\.synced.node.cpuSeconds)),
                "hub_cpu_seconds": median(rounds.map(\.synced.hub.cpuSeconds)),
                "node_peak_mib": median(rounds.map(\.synced.node.peakMiB)),
                "hub_peak_mib": median(rounds.map(\.synced.hubPeakMiB)),
                "round_trips": Double(rounds[0].synced.node.roundTrips[0]),
            ], targets: [.ratio(atMost: 1.5)])
    }

    private func bytes(_ rounds: [Round]) -> Figure {
        Figure(
            "Sync:FirstBytes:\(sizes.teachers)", .bytesPerRow,
            rounds.map { Double($0.synced.hub.bytes) / Double($0.rows) },
            against: "changeset, zstd -3",
            rounds.map { Double($0.changeset.zstd_bytes) / Double($0.rows) },
            details: [
                "raw_changeset_bytes_per_row": median(
                    rounds.map { Double($0.changeset.bytes) / Double($0.rows) }),
                "delta_bytes_per_row": median(
                    rounds.map { Double($0.synced.node.pushedBytes) / Double($0.rows) }),
            ], targets: [.ratio(atMost: 1)])
    }
}
