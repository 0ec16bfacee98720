import Foundation
import Testing

/// `audit archive` as the hub's admin and a district's auditor use it.
@Suite(.serialized, .blocking) struct AuditArchiveProcessTests {
    @Test("the hub archives, the node follows with a sync and checks the file; a changed one exits 13")
    func archive() throws {
        try Stage.run { stage in
            let hub = try SessionProcessTests.hub(stage)
            let server = try RunningServer(hub)
            defer { server.kill() }
            let node = try stage.node("office", joining: hub, through: server.port)
            try node.done("sync")
            try node.done("teacher", "add", "--name", "Ann", "--email", "ann@t.org", "--school", "North High")
            try node.done("sync")
            let file = stage.folder + "/archive.jsonl"
            let create = ["audit", "archive", "create", "--before", "2999-01-01", "--out", file]
            try hub.refuses(["audit", "archive", "create"], 2, "USAGE")
            try node.refuses(create, 9, "HUB_OWNED")
            #expect(try hub.done(create + ["--dry-run"])["archive"]["entries"].int ?? 0 > 2)
            #expect(!FileManager.default.fileExists(atPath: file))
            let made = try hub.done(create)["archive"]
            try hub.refuses(create, 6, "FILE_EXISTS")
            #expect(
                try hub.done("audit", "list")["entries"].items.map(\.["action"].string) == ["audit.archive"])
            #expect(try node.done("audit", "list")["entries"].items.count > 2)
            try node.done("sync")
            #expect(
                try node.done("audit", "list")["entries"].items.map(\.["action"].string) == ["audit.archive"])
            #expect(try node.done("verify", "--deep")["ok"].bool == true)

            #expect(try node.done("audit", "archive", "verify", file)["ok"].bool == true)
            let id = try #require(made["id"].string)
            let again = stage.folder + "/again.jsonl"
            try node.done("audit", "archive", "write", id, "--out", again)
            #expect(
                try Data(contentsOf: URL(fileURLWithPath: again))
                    == Data(contentsOf: URL(fileURLWithPath: file)))
            let text = try String(contentsOfFile: file, encoding: .utf8)
            try text.replacingOccurrences(of: "teacher.add", with: "teacher.sub").write(
                toFile: again, atomically: false, encoding: .utf8)
            try node.refuses(["audit", "archive", "verify", again], 13, "VERIFICATION_FAILED")
            try node.refuses(
                ["audit", "archive", "write", "nothing", "--out", stage.folder + "/x"], 5, "RECORD_NOT_FOUND")
            #expect(try node.done("audit", "archive", "list")["archives"].items.count == 1)
        }
    }
}
