import CBaselines
import Foundation
import NodeCore
import NodeServer
import SyncEngine

/// A hub that serves in a process of its own, and a node that has joined it and pulled its log.
final class Stage {
    let nodePath: String
    private let hubPath: String
    private let hubProcess: Process
    let hubURL: String
    private let client: CurlClient

    /// What the hub has spent and moved so far.
    struct HubCount {
        var cpuSeconds: Double
        var bytes: Int
    }

    /// Makes both installations in the folder, which may be used again afterwards.
    init(_ folder: Folder) throws {
        let name = UUID().uuidString
        hubPath = folder("\(name)-hub")
        nodePath = folder("\(name)-node")
        client = try makeClient()
        let token = try Self.makeHub(hubPath)
        let pipe = Pipe()
        hubProcess = Worker.process(["hub", "--data", hubPath], output: pipe)
        try hubProcess.run()
        let line = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
        guard let port = Int(line.trimmingCharacters(in: .newlines)) else {
            throw Worker.Failure(description: "the hub did not begin to listen")
        }
        hubURL = "http://127.0.0.1:\(port)"
        let node = try Installation.initialise(
            DataDirectory(path: nodePath), role: .node, name: "Bench node", environment: .product)
        _ = try Joining.join(node, hubURL: hubURL, token: token, client: client)
        _ = try Worker.run(["sync", "--data", nodePath, "--hub", hubURL])
    }

    deinit {
        hubProcess.terminate()
        hubProcess.waitUntilExit()
        for path in [hubPath, nodePath] { try? FileManager.default.removeItem(atPath: path) }
    }

    private static func makeHub(_ path: String) throws -> EnrolmentToken {
        let hub = try Installation.initialise(
            DataDirectory(path: path), role: .hub, name: "Bench hub", environment: .product)
        _ = try ReferenceService(hub).importSchools(RosterGenerator.schools())
        _ = try TenantService(hub, actor: hub.localActor(userID: 1000)).create(
            .init(name: "District", slug: "district", district: "2000000"))
        return try hub.invite(slug: "district", minutes: 600).token
    }

    /// Imports a roster in a process of its own.
    func importRoster(_ csv: [UInt8]) throws -> WorkerReport {
        let file = "\(nodePath).csv"
        defer { try? FileManager.default.removeItem(atPath: file) }
        try Data(csv).write(to: URL(fileURLWithPath: file))
        return try Worker.run(["import", "--data", nodePath, "--roster", file])
    }

    /// Syncs in a process of its own; also what the hub spent on it and the most memory it held.
    func sync(times: Int = 1, changes: Int = 0) throws -> (node: WorkerReport, hub: HubCount, hubPeakKiB: Int)
    {
        Memory.forgetPeak(pid: hubProcess.processIdentifier)
        let before = try hubCount()
        let report = try Worker.run([
            "sync", "--data", nodePath, "--hub", hubURL, "--times", "\(times)", "--changes", "\(changes)",
        ])
        let after = try hubCount()
        return (
            report,
            HubCount(cpuSeconds: after.cpuSeconds - before.cpuSeconds, bytes: after.bytes - before.bytes),
            Memory.peakKiB(pid: "\(hubProcess.processIdentifier)")
        )
    }

    private func hubCount() throws -> HubCount {
        let answer = try client.performBlocking(
            HTTPRequest(method: "GET", url: hubURL + CountingBackend.path))
        return HubCount(
            cpuSeconds: process_cpu_seconds(hubProcess.processIdentifier),
            bytes: Int(String(decoding: answer.body, as: UTF8.self)) ?? 0)
    }

    /// The node's tenant file.
    func tenantFile() throws -> String { try openInstallation(nodePath).tenant(nil).store.path }

    /// Both sides must hold the same rows, else nothing was measured.
    func requireEqual() throws {
        let digests = try [hubPath, nodePath].map { path in
            try openInstallation(path).tenant("district").store.read { try $0.stateDigest() }
        }
        guard digests[0] == digests[1] else {
            throw Worker.Failure(description: "hub and node differ after the sync")
        }
    }
}
