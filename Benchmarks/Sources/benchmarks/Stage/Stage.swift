import Foundation
import NodeCore
import NodeServer

/// A hub that serves in a process of its own, and a node that has joined it and pulled its log.
final class Stage {
    let nodePath: String
    let hubPath: String
    let hub: HubProcess
    private let folder: Folder

    /// What the hub has spent and moved so far.
    struct HubCount {
        var cpuSeconds: Double
        var bytes: Int
    }

    /// What one or more syncs took on both sides.
    struct Synced {
        var node = WorkerReport()
        var hub = HubCount(cpuSeconds: 0, bytes: 0)
        var hubPeakKiB = 0

        var hubPeakMiB: Double { Double(hubPeakKiB) / 1024 }
    }

    /// Teachers of one import while a store is filled.
    private static let chunk = 100_000

    /// Makes both installations in the folder, which may be used again afterwards.
    init(_ folder: Folder) throws {
        self.folder = folder
        hubPath = folder("hub-\(UUID().uuidString)")
        nodePath = folder("node-\(UUID().uuidString)")
        let token = try Sites.makeHub(hubPath).invite(slug: Sites.slug, minutes: 600).token
        hub = try HubProcess(hubPath)
        _ = try Joining.join(Sites.makeNode(nodePath), hubURL: hub.url, token: token, client: makeClient())
        _ = try Worker.run(["sync", "--data", nodePath, "--hub", hub.url])
    }

    deinit {
        hub.stop()
        Sites.remove([hubPath, nodePath])
    }

    /// A place for another node, and what it joins with.
    func anotherNode() throws -> (path: String, token: String) {
        let token = try Sites.open(hubPath).invite(slug: Sites.slug, minutes: 600).token
        return (folder("node-\(UUID().uuidString)"), token.text)
    }

    /// Imports a roster in a process of its own.
    func importRoster(_ csv: [UInt8]) throws -> WorkerReport {
        let file = "\(nodePath).csv"
        defer { Sites.remove([file]) }
        try Data(csv).write(to: URL(fileURLWithPath: file))
        return try Worker.run(["import", "--data", nodePath, "--roster", file])
    }

    /// Fills the node's store with teachers and syncs them.
    func fill(teachers: Int, seed: UInt64) throws {
        var generator = RosterGenerator(seed: seed)
        for start in stride(from: 0, to: teachers, by: Self.chunk) {
            _ = try importRoster(generator.csv(teachers: start..<min(start + Self.chunk, teachers)))
        }
        _ = try sync()
    }

    /// Syncs in a process of its own; also what the hub spent on it and the most memory it held.
    func sync(times: Int = 1, changes: Int = 0) throws -> Synced {
        let arguments = [
            "sync", "--data", nodePath, "--hub", hub.url, "--times", "\(times)", "--changes", "\(changes)",
        ]
        return try counted { try Worker.run(arguments) }
    }

    /// Runs a node's work, and says what the hub spent meanwhile.
    func counted(_ work: () throws -> WorkerReport) throws -> Synced {
        hub.forgetPeak()
        // What it costs the hub to tell its bytes isn't the work's.
        let bytes = try hub.bytes(), cpu = hub.cpuSeconds
        let report = try work()
        let spent = hub.cpuSeconds - cpu
        return Synced(
            node: report, hub: HubCount(cpuSeconds: spent, bytes: try hub.bytes() - bytes),
            hubPeakKiB: hub.peakKiB)
    }

    /// The node's tenant file.
    func tenantFile() throws -> String { try Sites.open(nodePath).tenant(nil).store.path }

    /// Both sides must hold the same rows, else nothing was measured.
    func requireEqual(_ node: String? = nil) throws {
        let digests = try [hubPath, node ?? nodePath].map { path in
            try Sites.open(path).tenant(Sites.slug).store.read { try $0.stateDigest() }
        }
        guard digests[0] == digests[1] else {
            throw Worker.Failure(description: "hub and node differ after the sync")
        }
    }
}
