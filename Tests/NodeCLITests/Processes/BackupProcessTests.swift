import Foundation
import Testing

/// Backups and exchanges by file as people run them.
@Suite(.blocking) struct BackupProcessTests {
    static func add(_ site: Site, _ name: String) throws {
        try site.done(
            "teacher", "add", "--name", name, "--email", "\(name)@t.org", "--school", "North High")
    }

    /// A hub and a node that has joined and goes on without a line.
    static func pair(_ stage: Stage) throws -> (hub: Site, node: Site) {
        let hub = try stage.hubWithTenant(), server = try RunningServer(hub)
        let node = try stage.node("node", joining: hub, through: server.port)
        try #require(try server.stop().exit == .status(0))
        return (hub, node)
    }

    static func carry(_ stage: Stage, _ node: Site, _ hub: Site) throws {
        let to = "\(stage.folder)/to-hub.sync", back = "\(stage.folder)/to-node.sync"
        try node.done("sync", "export", to, "--force")
        try hub.done("sync", "import", to)
        try hub.done("sync", "export", back, "--force")
        try node.done("sync", "import", back)
    }

    @Test("hub and node end equal over files alone; wrong files are refused with the right status")
    func byFile() throws {
        try Stage.run { stage in
            let (hub, node) = try Self.pair(stage)
            try Self.add(node, "ann")
            try Self.add(hub, "bob")
            try Self.carry(stage, node, hub)
            #expect(try hub.state(deep: true) == node.state(deep: true))
            #expect(try node.done("status")["tenants"][0]["pending_deltas"].int == 0)
            #expect(try hub.teachers()["ann@t.org"] != nil && node.teachers()["bob@t.org"] != nil)
            let file = "\(stage.folder)/to-hub.sync"
            try node.refuses(["sync", "export", file], 6, "FILE_EXISTS")
            try node.refuses(["sync", "import", file], 13, "DELTA_REFUSED")
            try node.refuses(["sync", "import", "\(stage.folder)/none"], 6, "FILE_NOT_FOUND")
            let noise = try stage.file("noise", "this is no exchange, but a letter to the editor")
            try hub.refuses(["sync", "import", noise], 6, "ARCHIVE_INVALID")
            var bytes = try Data(contentsOf: URL(filePath: file))
            bytes[bytes.count / 2] ^= 4
            try bytes.write(to: URL(filePath: file))
            try hub.refuses(["sync", "import", file], 13, "VERIFICATION_FAILED")
        }
    }

    @Test("a backup is made beside serve, verified, refused beside serve, restored, and the node syncs on")
    func restore() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant(), server = try RunningServer(hub)
            let node = try stage.node("node", joining: hub, through: server.port)
            try Self.add(node, "ann")
            try node.done("sync")
            let made = try node.done("backup", "create")["backup"]
            let file = try #require(made["file"].string),
                secret = try #require(made["recovery_secret"].string)
            let key = try stage.file("recovery-key", secret + "\n")
            #expect(try node.done("backup", "create")["backup"]["recovery_secret"] == .null)
            #expect(try node.done("backup", "list")["backups"].items.count == 2)
            #expect(try node.done("backup", "verify", file, "--key-file", key)["ok"].bool == true)
            try Self.add(node, "bob")
            try node.done("sync")
            try node.refuses(["backup", "restore", file, "--key-file", key], 2, "CONFIRMATION_NEEDED")
            try node.refuses(
                ["backup", "restore", file, "--key-file", "-", "--yes"], 6, "VALIDATION_ERROR",
                input: "prepkc-recovery-00000\n")
            let serving = try RunningServer(node)
            try node.refuses(["backup", "restore", file, "--key-file", key, "--yes"], 11, "LOCKED")
            try #require(try serving.stop().exit == .status(0))
            try hub.refuses(["backup", "restore", file, "--key-file", key, "--yes"], 11, "LOCKED")
            let restored = try node.done("backup", "restore", file, "--key-file", key, "--yes")
            #expect(restored["kept_in"].string?.contains("before-restore-") == true)
            #expect(try node.teachers()["bob@t.org"] == nil)
            try Self.add(node, "eve")
            let sync = try node.done("sync")
            #expect(sync["succession"]["reason"].string == "restore")
            for name in ["ann", "bob", "eve"] {
                #expect(try node.teachers()["\(name)@t.org"] != nil && hub.teachers()["\(name)@t.org"] != nil)
            }
            #expect(try hub.state(deep: true) == node.state(deep: true))
            try #require(try server.stop().exit == .status(0))
            try hub.refuses(["backup", "restore", file, "--key-file", key, "--yes"], 6, "CONFLICT")
        }
    }
}
