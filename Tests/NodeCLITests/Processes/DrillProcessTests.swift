import Foundation
import Testing

/// The same drills with real processes and files. `DRILLS=n` does so many of each.
@Suite(.serialized, .blocking) struct DrillProcessTests {
    static let count = ProcessInfo.processInfo.environment["DRILLS"].flatMap { Int($0) } ?? 1

    private func add(_ site: Site, _ names: String..., to written: inout [String]) throws {
        for name in names {
            try BackupProcessTests.add(site, name)
            written.append(name)
        }
    }

    /// All installations have every write, by value, and equal state.
    private func check(_ sites: [Site], _ written: [String]) throws {
        let state = try sites[0].state(deep: true)
        for site in sites {
            let teachers = try site.teachers()
            for name in written { #expect(teachers["\(name)@t.org"]?["name"].string == name) }
            #expect(try site.state() == state)
        }
    }

    @Test("a node that was put back to an old copy, and wrote before it noticed", arguments: 0..<count)
    func restoredNode(_ round: Int) throws {
        try Stage.run { stage in
            let (hub, node, server) = try StorageFaultTests.pair(stage)
            defer { server.kill() }
            var written = ["ann"]
            let copy = try stage.copy(node, to: "copy")
            try add(node, "bob", "cid", to: &written)
            try node.done("sync")
            try FileManager.default.removeItem(atPath: node.folder)
            try FileManager.default.moveItem(atPath: copy.folder, toPath: node.folder)
            if round % 2 == 0 { try add(node, "dan", to: &written) }
            let sync = try node.done("sync")
            #expect(sync["succession"]["reason"].string == (round % 2 == 0 ? "clone" : "restore"))
            try add(node, "eve", to: &written)
            try node.done("sync")
            try check([hub, node], written)
        }
    }

    @Test("a machine that was copied, and both wrote", arguments: 0..<count)
    func clonedNode(_ round: Int) throws {
        try Stage.run { stage in
            let (hub, node, server) = try StorageFaultTests.pair(stage)
            defer { server.kill() }
            var written = ["ann"]
            if round % 2 == 1 { try add(node, "zoe", to: &written) }
            let twin = try stage.copy(node, to: "twin")
            try add(node, "bob", to: &written)
            try add(twin, "cid", "dan", to: &written)
            for site in round % 3 == 0 ? [node, twin] : [twin, node] { try site.done("sync") }
            try add(node, "eve", to: &written)
            try add(twin, "fay", to: &written)
            for _ in 0..<2 { for site in [node, twin] { try site.done("sync") } }
            try check([hub, node, twin], written)
            #expect(try hub.done("nodes", "list")["nodes"].items.count >= 2)
        }
    }

    @Test("a hub from an old backup, which its nodes fill up again", arguments: 0..<count)
    func restoredHub(_ round: Int) throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            var server = try RunningServer(hub)
            defer { server.kill() }
            let relay = try stage.relay(to: server.port)
            let nodes = try (1...2).map { try stage.node("node\($0)", joining: hub, through: relay.port) }
            var written: [String] = []
            try add(nodes[0], "ann", to: &written)
            try nodes[0].done("sync")
            try FileManager.default.createDirectory(
                atPath: "\(stage.folder)/backups", withIntermediateDirectories: false)
            let made = try hub.done("backup", "create", "--folder", "\(stage.folder)/backups")["backup"]
            let key = try stage.file("key", try #require(made["recovery_secret"].string))
            let file = try #require(made["file"].string)
            for node in nodes { try node.done("sync") }
            try add(nodes[1], "bob", to: &written)
            try add(hub, "cid", to: &written)
            for node in nodes + nodes { try node.done("sync") }
            try add(nodes[0], "dan", to: &written)
            server.kill()
            // The folder of keys is kept apart, as docs/RECOVERY.md says; every other time it is gone, too.
            let keys = "\(stage.folder)/keys"
            try FileManager.default.copyItem(atPath: hub.folder + "/keys", toPath: keys)
            try FileManager.default.removeItem(atPath: hub.folder)
            let with = round % 2 == 0 ? ["--keys", keys] : []
            try hub.done(["backup", "restore", file, "--key-file", key, "--yes"] + with)
            server = try RunningServer(hub)
            relay.point(to: server.port)
            // The first tells the hub what it lost and is told to wait for the others.
            for _ in 0..<3 { for node in nodes { _ = try node.run("sync") } }
            for node in nodes { try node.done("sync") }
            try add(hub, "eve", to: &written)
            for node in nodes { try node.done("sync") }
            try check([hub] + nodes, written)
            #expect(try nodes[0].done("audit", "verify")["ok"].bool == true)
        }
    }
}
