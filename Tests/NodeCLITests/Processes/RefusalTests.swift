import Foundation
import Testing

/// What is refused, with which exit status and code; nothing is written by any of it.
@Suite(.serialized, .blocking) struct RefusalTests {
    @Test("usage errors exit 2 and are an envelope under --json")
    func usage() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let state = try hub.state()
            let wrong: [[String]] = [
                ["frobnicate"], ["teacher", "list", "--frobnicate"], ["teacher", "show"], ["init"],
                ["init", "--role", "boss"], ["teacher", "edit", "ann@t.org"], ["conflicts", "resolve", "x"],
                ["conflicts", "resolve", "x", "--take", "1", "--value", "y"],
                ["conflicts", "list", "--state", "odd"], ["audit", "list", "--limit", "0"],
                ["audit", "list", "--limit", "many"], ["delta", "show", "--origin", "00"],
                ["roster", "import"], ["serve", "--listen", "nowhere"],
                ["tenant", "create", "--slug", "x"], ["tenant", "create", "--name", "X", "--slug="],
                ["roster", "import", "-", "--approve-deactivate", "some"],
            ]
            for arguments in wrong {
                try hub.refuses(arguments, 2, "USAGE")
                let plain = try stage.run(arguments + ["--data", hub.folder])
                #expect(plain.status == 2, plain.story)
                #expect(plain.output.isEmpty, plain.story)
                #expect(!plain.messages.isEmpty, plain.story)
            }
            #expect(try hub.state() == state)
        }
    }

    @Test("what isn't there exits 6 with a code that says what")
    func notFound() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let cases: [([String], String)] = [
                (["teacher", "show", "nobody@t.org"], "TEACHER_NOT_FOUND"),
                (["teacher", "edit", "nobody@t.org", "--name", "N"], "TEACHER_NOT_FOUND"),
                (["teacher", "deactivate", "nobody@t.org"], "TEACHER_NOT_FOUND"),
                (["teacher", "reactivate", "nobody@t.org"], "TEACHER_NOT_FOUND"),
                (["teacher", "list", "--tenant", "nowhere"], "TENANT_NOT_FOUND"),
                (["tenant", "show", "nowhere"], "TENANT_NOT_FOUND"),
                (["nodes", "invite", "--tenant", "nowhere"], "TENANT_NOT_FOUND"),
                (["conflicts", "show", "none"], "CONFLICT_NOT_FOUND"),
                (["conflicts", "resolve", "none", "--take", "1"], "CONFLICT_NOT_FOUND"),
                (["why", "teacher", "none", "name"], "RECORD_NOT_FOUND"),
                (["why", "nothing", "none", "name"], "VALIDATION_ERROR"),
                (["delta", "show", "--origin", "00", "--seq", "1"], "DELTA_NOT_FOUND"),
                (["delta", "list", "--origin", "00"], "DELTA_NOT_FOUND"),
                (["delta", "export", "--origin", "00", "--seq", "1", "--out", "/x"], "DELTA_NOT_FOUND"),
                (["roster", "approve", "none"], "IMPORT_NOT_FOUND"),
                (["roster", "import", "\(stage.folder)/none.csv"], "FILE_NOT_FOUND"),
                (["roster", "import", stage.folder], "ONEROSTER_INVALID"),
                (["teacher", "list", "--year", "2025"], "VALIDATION_ERROR"),
                (["teacher", "list", "--year", "2025-2027"], "VALIDATION_ERROR"),
                (["serve", "--listen", "0.0.0.0:0"], "CONFIG_INVALID"),
            ]
            for (arguments, code) in cases { try hub.refuses(arguments, 6, code) }
            let absent = Site(stage: stage, name: "absent")
            for arguments in [["status"], ["teacher", "list"], ["serve"], ["verify"], ["sync"]] {
                try absent.refuses(arguments, 6, "NOT_INITIALISED")
            }
            #expect(!FileManager.default.fileExists(atPath: absent.folder))
        }
    }

    @Test("a node refuses what the hub owns with 9 HUB_OWNED, a hub what only nodes do with NODE_ONLY")
    func owners() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let server = try RunningServer(hub)
            let node = try stage.node("node", joining: hub, through: server.port)
            let state = try node.state()
            let owned: [[String]] = [
                ["tenant", "create", "--name", "X", "--slug", "xx"], ["reference", "import", "schools", "-"],
                ["nodes", "invite"], ["nodes", "list"],
            ]
            for arguments in owned { try node.refuses(arguments, 9, "HUB_OWNED", input: Site.schools) }
            #expect(try node.state() == state)
            for command in [["sync"], ["sync", "pause"], ["sync", "resume"]] {
                try hub.refuses(command, 9, "NODE_ONLY")
            }
            let token = try #require(try hub.done("nodes", "invite")["token"].string)
            try hub.refuses(
                ["join", "http://127.0.0.1:\(server.port)", "--token-file", "-"], 9, "NODE_ONLY", input: token
            )
        }
    }

    @Test("init leaves foreign files alone, and a second init exits 6 and changes nothing")
    func initialising() throws {
        try Stage.run { stage in
            let hub = Site(stage: stage, name: "hub")
            try FileManager.default.createDirectory(atPath: hub.folder, withIntermediateDirectories: true)
            let foreign = try stage.file("hub/foreign", "mine")
            try hub.done("init", "--role", "hub", "--name", "q\"uo\\te: # é")
            #expect(try String(contentsOfFile: foreign, encoding: .utf8) == "mine")
            let id = try hub.done("status")["node_id"]
            let key = try Data(contentsOf: URL(filePath: hub.folder + "/keys/identity.key"))
            for role in ["hub", "node"] {
                try hub.refuses(["init", "--role", role, "--name", "Other"], 6, "ALREADY_INITIALISED")
            }
            let status = try hub.done("status")
            #expect(status["node_id"] == id)
            #expect(status["name"].string == "q\"uo\\te: # é")
            #expect(try Data(contentsOf: URL(filePath: hub.folder + "/keys/identity.key")) == key)
            let mode = try FileManager.default.attributesOfItem(atPath: hub.folder + "/keys")[
                .posixPermissions]
            #expect(mode as? Int == 0o700)
        }
    }

    @Test(
        "init refuses a name that the configuration would not take",
        arguments: [String(repeating: "n", count: 101), "a\u{1B}[31mb", "  "])
    func names(_ name: String) throws {
        try Stage.run { stage in
            let site = Site(stage: stage, name: "site")
            try site.refuses(["init", "--role", "node", "--name", name], 6, "VALIDATION_ERROR")
            #expect(!FileManager.default.fileExists(atPath: site.folder))
        }
    }

    @Test(
        "keys that others may read are refused with 9 KEY_PERMISSIONS", arguments: ["identity", "testville"])
    func keyPermissions(_ key: String) throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let path = "\(hub.folder)/keys/\(key).key"
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            try hub.refuses(["teacher", "list"], 9, "KEY_PERMISSIONS")
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            try hub.done("teacher", "list")
        }
    }

    @Test("unknown settings are errors with a suggestion, in the file and in the environment")
    func settings() throws {
        try Stage.run { stage in
            let hub = try stage.hub()
            let outcome = try hub.run("status", environment: ["PREPKC_LISTN": "127.0.0.1:1"])
            #expect(outcome.status == 6, outcome.story)
            #expect(try outcome.code() == "CONFIG_INVALID")
            #expect(outcome.output.contains("PREPKC_LISTEN"))
            let config = try hub.done("config", "show", "--origin")["settings"]["name"]
            #expect(config["value"].string == "PrepKC")
            #expect(config["origin"].string?.hasPrefix("node.yaml") == true)
            let found = try stage.run(["status", "--json"], environment: ["PREPKC_DATA": hub.folder])
            #expect(try found.envelope()["data"]["role"].string == "hub")
            let yaml = "\(hub.folder)/node.yaml"
            let text = try String(contentsOfFile: yaml, encoding: .utf8)
            try (text + "lissten: 127.0.0.1:1\n").write(toFile: yaml, atomically: true, encoding: .utf8)
            let broken = try hub.run("status")
            #expect(broken.status == 6, broken.story)
            #expect(broken.output.contains("listen"))
        }
    }
}
