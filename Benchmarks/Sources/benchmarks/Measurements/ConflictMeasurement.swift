import NodeCore

/// Rows that hub and node have edited without a line, in every column, against the first sync of the same
/// rows.
struct ConflictMeasurement {
    private let sizes: Sizes
    private let folder: Folder

    init(_ sizes: Sizes, _ folder: Folder) {
        self.sizes = sizes
        self.folder = folder
    }

    private struct Round {
        var first = Stage.Synced()
        var merged = Stage.Synced()
    }

    private var teachers: Int { sizes.conflictRows / Sizes.rowsPerTeacher }
    private var rows: Int { teachers * Sizes.rowsPerTeacher }

    func figures() throws -> [Figure] {
        let rounds = try (0..<sizes.repeats).map { _ in try round() }
        let cpu = { (synced: Stage.Synced) in synced.node.cpuSeconds + synced.hub.cpuSeconds }
        return [
            // Both sides take the other's rows: twice as many are merged as in a first sync.
            Figure(
                "Sync:Conflicts:\(rows)", .perSecond,
                rounds.map { 2 * Double(rows) / $0.merged.node.seconds[0] }, against: "first sync, rows/s",
                rounds.map { Double(rows) / $0.first.node.seconds[0] },
                details: [
                    "rows_a_side": Double(rows), "conflicts": Double(conflicts),
                    "seconds": median(rounds.map { $0.merged.node.seconds[0] }),
                    "cpu_us_per_row": median(rounds.map { cpu($0.merged) * 1e6 / Double(2 * rows) }),
                    "first_cpu_us_per_row": median(rounds.map { cpu($0.first) * 1e6 / Double(rows) }),
                    "node_cpu_seconds": median(rounds.map(\.merged.node.cpuSeconds)),
                    "hub_cpu_seconds": median(rounds.map(\.merged.hub.cpuSeconds)),
                    "node_peak_mib": median(rounds.map(\.merged.node.peakMiB)),
                    "hub_peak_mib": median(rounds.map(\.merged.hubPeakMiB)),
                ], targets: [.ratio(atLeast: 0.5)])
        ]
    }

    private var conflicts: Int { teachers * EditCommand.columns }

    private func round() throws -> Round {
        let stage = try Stage(folder)
        var generator = RosterGenerator(seed: 4), round = Round()
        _ = try stage.importRoster(generator.csv(teachers: 0..<teachers))
        round.first = try stage.sync()
        try Worker.runAll(
            [("hub", stage.hubPath), ("node", stage.nodePath)].map { mark, path in
                ["edit", "--data", path, "--rows", "\(rows)", "--mark", mark]
            })
        round.merged = try stage.sync()
        try stage.requireEqual()
        try requireConflicts(stage)
        return round
    }

    /// Every cell that both have written is known as a conflict; equal digests say that both sides know the
    /// same.
    private func requireConflicts(_ stage: Stage) throws {
        let found = try Sites.open(stage.nodePath).tenant(nil).store.read { try $0.conflicts().count }
        guard found == conflicts else {
            throw Worker.Failure(description: "the node has \(found) conflicts instead of \(conflicts)")
        }
    }
}
