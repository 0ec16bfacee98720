import Foundation
import NodeCore
import SyncEngine

/// A fresh node that takes a tenant by snapshot, against copying the same compressed file over the same
/// server.
struct SnapshotMeasurement {
    private let sizes: Sizes
    private let folder: Folder

    init(_ sizes: Sizes, _ folder: Folder) {
        self.sizes = sizes
        self.folder = folder
    }

    private var teachers: Int { sizes.snapshotRows / Sizes.rowsPerTeacher }

    func figures() throws -> [Figure] {
        let stage = try Stage(folder)
        try stage.fill(teachers: teachers, seed: 3)
        // The hub makes the snapshot for the first that asks.
        let first = try join(stage)
        let path = DataDirectory(path: stage.hubPath).snapshot(slug: Sites.slug)
        let size = try DataDirectory.fileSize(path)
        var copies: [Double] = [], joins: [Stage.Synced] = []
        for _ in 0..<sizes.repeats {
            copies.append(try copy(stage, path, size))
            joins.append(try join(stage))
        }
        let again = try fetchedAgain(stage, size)
        return [
            joined(joins, copies, size: size, again: again), firstJoined(first, copies, size: size),
        ]
    }

    private func joined(_ joins: [Stage.Synced], _ copies: [Double], size: Int, again: Int) -> Figure {
        var details = details(joins, size: size)
        details["fetched_again_pieces"] = Double(again) / Double(SnapshotAnswer.pieceBytes)
        return Figure(
            "Snapshot:Join:\(sizes.snapshotRows)", .seconds, joins.map { $0.node.seconds[1] },
            against: "the same file over HTTP", copies, details: details,
            targets: [
                .ratio(atMost: 2), .detail("usable_seconds", atMost: 60),
                .detail("fetched_again_pieces", atMost: 1),
            ])
    }

    /// With the making of the snapshot.
    private func firstJoined(_ first: Stage.Synced, _ copies: [Double], size: Int) -> Figure {
        Figure(
            "Snapshot:FirstJoin:\(sizes.snapshotRows)", .seconds, [first.node.seconds[1]],
            against: "the same file over HTTP", [median(copies)], details: details([first], size: size),
            targets: [.detail("usable_seconds", atMost: 60)])
    }

    private func details(_ joins: [Stage.Synced], size: Int) -> [String: Double] {
        [
            "rows": Double(sizes.snapshotRows), "file_mib": Double(size) / 1_048_576,
            "usable_seconds": median(joins.map { $0.node.seconds.reduce(0, +) }),
            "node_cpu_seconds": median(joins.map(\.node.cpuSeconds)),
            "hub_cpu_seconds": median(joins.map(\.hub.cpuSeconds)),
            "node_peak_mib": median(joins.map(\.node.peakMiB)),
            "hub_peak_mib": median(joins.map(\.hubPeakMiB)),
            "round_trips": Double(joins.map { $0.node.roundTrips[0] }.max() ?? 0),
        ]
    }

    /// A node from nothing to its first answer, compared with the hub and removed.
    private func join(_ stage: Stage) throws -> Stage.Synced {
        let (path, token) = try stage.anotherNode()
        defer { Sites.remove([path]) }
        let joined = try stage.counted { try Worker.run(arguments(stage, path, token)) }
        try stage.requireEqual(path)
        return joined
    }

    private func arguments(_ stage: Stage, _ path: String, _ token: String) -> [String] {
        [
            "join", "--data", path, "--hub", stage.hub.url, "--token", token, "--teachers", "\(teachers)",
        ]
    }

    private func copy(_ stage: Stage, _ snapshot: String, _ size: Int) throws -> Double {
        let target = folder("copy")
        defer { Sites.remove([target]) }
        let report = try Worker.run(
            ["download", "--hub", stage.hub.url, "--to", target, "--size", "\(size)"])
        guard FileManager.default.contentsEqual(atPath: target, andPath: snapshot) else {
            throw Worker.Failure(description: "the copy isn't the snapshot")
        }
        return report.seconds[0]
    }

    /// A node that is killed when half of the snapshot has come, and goes on: bytes that come a second time.
    private func fetchedAgain(_ stage: Stage, _ size: Int) throws -> Int {
        let (path, token) = try stage.anotherNode()
        defer { Sites.remove([path]) }
        let arguments = arguments(stage, path, token)
        let cut = try Worker.runUntilCut(arguments + ["--cut-after", "\(size / 2)"])
        let rest = try Worker.run(arguments)
        try stage.requireEqual(path)
        return cut.snapshotBytes + rest.snapshotBytes - size
    }
}
