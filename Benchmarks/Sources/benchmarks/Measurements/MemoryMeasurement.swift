/// The peak of memory of an import and of its first sync, against the same with a tenth of the rows.
struct MemoryMeasurement {
    private let sizes: Sizes
    private let folder: Folder

    init(_ sizes: Sizes, _ folder: Folder) {
        self.sizes = sizes
        self.folder = folder
    }

    /// MiB.
    private struct Peaks {
        let imported: Double
        let node: Double
        let hub: Double
    }

    func figures() throws -> [Figure] {
        let few = try peaks(rows: sizes.memoryRows / 10), many = try peaks(rows: sizes.memoryRows)
        return [
            figure("Import", few.imported, many.imported), figure("SyncNode", few.node, many.node),
            figure("SyncHub", few.hub, many.hub),
        ]
    }

    /// One file, one transaction.
    private func peaks(rows: Int) throws -> Peaks {
        let stage = try Stage(folder)
        var generator = RosterGenerator(seed: 6)
        let imported = try stage.importRoster(generator.csv(teachers: 0..<rows / Sizes.rowsPerTeacher))
        let synced = try stage.sync()
        try stage.requireEqual()
        return Peaks(imported: imported.peakMiB, node: synced.node.peakMiB, hub: synced.hubPeakMiB)
    }

    /// Flat is what doesn't grow by a fifth while the rows grow tenfold.
    private func figure(_ name: String, _ few: Double, _ many: Double) -> Figure {
        Figure(
            "Memory:\(name):\(sizes.memoryRows)", .mebibytes, [many],
            against: "\(sizes.memoryRows / 10) rows", [few], details: ["rows": Double(sizes.memoryRows)],
            targets: [.ours(atMost: 400), .ratio(atMost: 1.2)])
    }
}
