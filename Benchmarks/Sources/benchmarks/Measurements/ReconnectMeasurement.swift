import Foundation
import NodeCore
import SyncEngine

/// All nodes of a hub come back at once, each with changes: against the time that one core needs to verify as
/// many signatures, which is the least that taking them can cost.
struct ReconnectMeasurement {
    private static let rows = 500
    private static let changes = 50
    private static let deadline = 30.0

    private let sizes: Sizes
    private let folder: Folder

    init(_ sizes: Sizes, _ folder: Folder) {
        self.sizes = sizes
        self.folder = folder
    }

    private var tenants: Int { sizes.reconnectTenants }

    func figures() throws -> [Figure] {
        let fleet = try Fleet(tenants: tenants, rows: Self.rows, changes: Self.changes, folder)
        let rate = try verificationsPerSecond()
        let hub = try HubProcess(fleet.hubPath, withWatches: true)
        let idle = hub.residentKiB, cpu = hub.cpuSeconds
        hub.forgetPeak()
        var load = Load(connections: sizes.connections, deadline: Self.deadline)
        load.keepsBodies = true
        let storm = try load.run(fleet.syncs.map { [Array($0.request)] }, port: hub.port)
        var details = details(storm)
        details["hub_cpu_seconds"] = hub.cpuSeconds - cpu
        details["hub_peak_mib"] = Double(hub.peakKiB) / 1024
        details["hub_before_mib"] = Double(idle) / 1024
        details["open_files"] = Double(try hub.openFiles())
        hub.stop()
        details["unacknowledged"] = Double(try unacknowledged(storm, fleet))
        details["verifications_per_second"] = rate
        details["preparation_seconds"] = fleet.preparation
        return [figure(storm, details, signatures: Double(tenants * (Self.changes + 1)), rate)]
    }

    /// A request carries the signatures of its changes and one of its own.
    private func figure(
        _ storm: Load.Outcome, _ details: [String: Double], signatures: Double, _ rate: Double
    ) -> Figure {
        let drained = storm.answers.map(\.ended).max() ?? 0
        var details = details
        details["deltas_per_second"] = Double(tenants * Self.changes) / drained
        details["share_of_a_core"] = signatures / drained / rate
        return Figure(
            "Hub:Reconnect:\(tenants)", .seconds, [drained], against: "verifying as many signatures",
            [signatures / rate], details: details,
            targets: [.detail("over_deadline", atMost: 0), .detail("unacknowledged", atMost: 0)])
    }

    private func details(_ storm: Load.Outcome) -> [String: Double] {
        let tries = storm.answers.map { $0.took * 1000 }, ended = storm.answers.map(\.ended)
        return [
            "over_deadline": Double(storm.answers.count { $0.isLate || $0.slowest > Self.deadline }),
            "answers_429": Double(storm.answers.reduce(0) { $0 + $1.busy }),
            "broken": Double(storm.answers.reduce(0) { $0 + $1.broken }),
            "request_p50_ms": quantile(0.5, tries), "request_p99_ms": quantile(0.99, tries),
            "acknowledged_p50_seconds": quantile(0.5, ended),
            "acknowledged_p99_seconds": quantile(0.99, ended),
            "connections": Double(sizes.connections),
        ]
    }

    /// Ed25519 as the product verifies it, on one core.
    private func verificationsPerSecond() throws -> Double {
        let key = try SigningKey.generate(from: SystemRandom())
        let message = [UInt8](repeating: 7, count: 500), signature = try key.sign(message), times = 5000
        var good = 0
        let time = seconds {
            for _ in 0..<times where key.publicKey.isValidSignature(signature, for: message) { good += 1 }
        }
        guard good == times else { throw Worker.Failure(description: "a good signature was refused") }
        return Double(times) / time
    }

    // MARK: Whether the hub took everything

    /// Nodes without the hub's signed word that their chain is in its log. Throws when a state differs.
    private func unacknowledged(_ storm: Load.Outcome, _ fleet: Fleet) throws -> Int {
        let hub = try Sites.open(fleet.hubPath), key = hub.identity.publicKey
        let missing = try zip(fleet.syncs, storm.answers).count { sync, answer in
            guard answer.status == 200, let receipt = try HubAnswer(encoded: answer.body).receipt else {
                return true
            }
            let head = try Receipt(verifying: receipt, hub: key).head
            return head.origin.hex != sync.origin || head.seq != sync.seq || head.hash.hex != sync.hash
        }
        if missing == 0 { for sync in fleet.syncs { try requireEqual(sync, hub) } }
        return missing
    }

    private func requireEqual(_ sync: PreparedSync, _ hub: Installation) throws {
        guard let digest = sync.digest else { return }
        let found = try hub.tenant(sync.tenant).store.read { try $0.stateDigest() }.hex
        guard found == digest else {
            throw Worker.Failure(description: "hub and node of \(sync.tenant) differ")
        }
    }
}
