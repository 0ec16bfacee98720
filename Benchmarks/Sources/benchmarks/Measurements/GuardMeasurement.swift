import CBaselines

/// What the write guard costs, by its kind: decided how ours is made, and kept so that it can be repeated.
struct GuardMeasurement {
    private static var kinds: [(name: String, kind: guard_kind)] {
        [("Check", GUARD_CHECK), ("Trigger", GUARD_TRIGGER), ("LeftOut", GUARD_LEFT_OUT)]
    }

    private let sizes: Sizes
    private let folder: Folder

    init(_ sizes: Sizes, _ folder: Folder) {
        self.sizes = sizes
        self.folder = folder
    }

    func figures() throws -> [Figure] {
        var plain: [baseline_cost] = []
        var guarded = [[baseline_cost]](repeating: [], count: Self.kinds.count)
        for _ in 0..<sizes.repeats {
            plain.append(try cost(GUARD_PLAIN))
            for (index, kind) in Self.kinds.enumerated() { guarded[index].append(try cost(kind.kind)) }
        }
        return zip(Self.kinds, guarded).map { kind, costs in
            Figure(
                "Guard:Insert:\(kind.name)", .seconds, costs.map(\.wall), against: "no guard, C",
                plain.map(\.wall), cpu: zip(costs, plain).map { $0.cpu / $1.cpu },
                details: ["rows": Double(sizes.teachers)])
        }
    }

    private func cost(_ kind: guard_kind) throws -> baseline_cost {
        var cost = baseline_cost()
        try Baseline.check(
            guard_insert(kind, Int32(sizes.teachers), folder.path, RunOptions.cacheKiB, &cost))
        return cost
    }
}
