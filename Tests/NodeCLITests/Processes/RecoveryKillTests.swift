import Foundation
import Glibc
import Testing

/// SIGKILL at points spread over backup, restore and exchanges by file: whatever was acknowledged is there,
/// and the next command needs no repair.
@Suite(.serialized, .blocking) struct RecoveryKillTests {
    static let kills = ProcessInfo.processInfo.environment["RECOVERY_KILLS"].flatMap { Int($0) } ?? 12

    /// Kills a command again and again, each time a little later, until it ends by itself so often that its
    /// whole length was covered. `begin` prepares a try, `check` looks at what a kill left.
    static func sweep(
        _ start: () throws -> ChildProcess, begin: () throws -> Void = {}, check: () throws -> Void
    ) throws {
        let began = ContinuousClock.now
        try begin()
        _ = try start().wait()
        let length = began.duration(to: .now).components
        let microseconds = Double(length.seconds) * 1e6 + Double(length.attoseconds) / 1e12
        try check()
        for index in 0..<kills {
            try begin()
            let child = try start()
            usleep(UInt32(microseconds * Double(index) / Double(kills)))
            child.end()
            try check()
        }
    }

    @Test("over backup and restore", .timeLimit(.minutes(10)))
    func backups() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant(), server = try RunningServer(hub)
            defer { server.kill() }
            let node = try stage.node("node", joining: hub, through: server.port)
            try BackupProcessTests.add(node, "ann")
            let made = try node.done("backup", "create")["backup"]
            let key = try stage.file("key", try #require(made["recovery_secret"].string))
            let file = try #require(made["file"].string)
            try node.done("sync")
            let state = try node.state()
            try Self.sweep {
                try node.start("backup", "create")
            } check: {
                #expect(try node.state() == state)
                for one in try node.done("backup", "list")["backups"].items {
                    let path = try #require(one["file"].string)
                    #expect(try node.done("backup", "verify", path, "--key-file", key)["ok"].bool == true)
                    if path != file { unlink(path) }
                }
            }
            try Self.sweep {
                try node.start("backup", "restore", file, "--key-file", key, "--yes")
            } check: {
                try node.done("sync")
                #expect(try node.teachers()["ann@t.org"] != nil)
                #expect(try node.state().digest == hub.state().digest)
            }
            _ = try node.state(deep: true)
        }
    }

    @Test("over exports and imports of files, at both ends", .timeLimit(.minutes(10)))
    func files() throws {
        try Stage.run { stage in
            let (hub, node) = try BackupProcessTests.pair(stage)
            let to = "\(stage.folder)/to-hub.sync", back = "\(stage.folder)/to-node.sync"
            var count = 0
            func add() throws {
                count += 1
                try BackupProcessTests.add(count % 2 == 0 ? hub : node, "t\(count)")
            }
            let steps: [(Site, [String])] = [
                (node, ["sync", "export", to, "--force"]), (hub, ["sync", "import", to]),
                (hub, ["sync", "export", back, "--force"]), (node, ["sync", "import", back]),
            ]
            for (index, step) in steps.enumerated() {
                try Self.sweep {
                    try step.0.stage.start(step.1 + ["--json", "--data", step.0.folder])
                } begin: {
                    try add()
                    for before in steps.prefix(index) { try before.0.done(before.1) }
                } check: {
                    _ = try step.0.state()
                }
            }
            for _ in 0..<2 { for step in steps { try step.0.done(step.1) } }
            #expect(try hub.state(deep: true) == node.state(deep: true))
            for site in [hub, node] {
                let teachers = try site.teachers()
                for index in 1...count { #expect(teachers["t\(index)@t.org"] != nil) }
            }
        }
    }
}
