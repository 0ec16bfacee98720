import Foundation
import Glibc
import NodeCore

/// A request that a node has signed, and what shows that the hub took what is in it.
struct PreparedSync: Codable {
    let tenant: String
    /// The whole HTTP request.
    let request: Data
    /// The end of the node's chain.
    let origin: String
    let seq: Int64
    let hash: String
    /// The node's state with its changes; of some nodes, since it takes time.
    let digest: String?
}

/// A hub with many tenants, each made as any other is, and what the nodes of each have to say.
///
/// Made in memory, where an fsync costs nothing, and then put on the disk on which it is measured.
final class Fleet {
    let hubPath: String
    private(set) var syncs: [PreparedSync] = []
    /// What it took to make it, seconds.
    private(set) var preparation = 0.0

    /// Bytes that a tenant may need, without and with a roster.
    private static let room = (empty: 768 << 10, filled: 2 << 20)
    private static let schools = 5

    /// `rows`: of each tenant's roster, 0 for a tenant without a node; `changes`: transactions that its node
    /// has made since. `waitSeconds`: the nodes ask for news for so long, and have no changes.
    init(tenants: Int, rows: Int = 0, changes: Int = 0, waitSeconds: Int = 0, _ folder: Folder) throws {
        hubPath = folder("fleet-\(UUID().uuidString)")
        let began = ContinuousClock.now
        let needed = tenants * (rows > 0 ? Self.room.filled : Self.room.empty)
        let scratch = try Folder.inMemory(room: needed, else: folder.path)
        _ = try Sites.makeHub(scratch("hub"), schools: Self.schools, tenant: false)
        let workers = rows > 0 ? min(ProcessInfo.processInfo.activeProcessorCount, tenants, 8) : 1
        let commands = (0..<workers).map { worker -> [String] in
            [
                "fleet", "--hub", scratch("hub"), "--scratch", scratch("nodes-\(worker)"),
                "--out", scratch("syncs-\(worker)"), "--from", "\(tenants * worker / workers)",
                "--to", "\(tenants * (worker + 1) / workers)", "--rows", "\(rows)", "--changes", "\(changes)",
                "--schools", "\(Self.schools)", "--wait-seconds", "\(waitSeconds)",
            ]
        }
        try Worker.runAll(commands)
        for worker in 0..<workers {
            let file = try Data(contentsOf: URL(fileURLWithPath: scratch("syncs-\(worker)")))
            syncs += try PropertyListDecoder().decode([PreparedSync].self, from: file)
        }
        try Self.copy(scratch("hub"), to: hubPath)
        withExtendedLifetime(scratch) {}
        preparation = seconds(since: began)
    }

    /// With the rights that keys must have; and nothing is left to be written while something is measured.
    private static func copy(_ source: String, to target: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/cp")
        process.arguments = ["-a", source, target]
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Worker.Failure(description: "the hub could not be copied to \(target)")
        }
        Glibc.sync()
    }

    deinit { Sites.remove([hubPath]) }
}
