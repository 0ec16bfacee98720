import Foundation
import Testing

/// The commands of CONTRACT section 2 that concern the program itself.
@Suite(.serialized, .blocking) struct ProgramProcessTests {
    @Test("config set changes one line, repairs a broken file, and keeps secrets off the command line")
    func configSet() throws {
        try Stage.run { stage in
            let hub = try stage.hub()
            #expect(try hub.done("config", "set", "sync.interval_seconds", "60")["value"].string == "60")
            let shown = try hub.done("config", "show", "--origin")["settings"]["sync.interval_seconds"]
            #expect(shown["value"].string == "60")
            #expect(shown["origin"].string?.hasPrefix("node.yaml:") == true)
            let file = "\(hub.folder)/node.yaml"
            let good = try String(contentsOfFile: file, encoding: .utf8)
            try hub.refuses(["config", "set", "sync.interval_seconds", "soon"], 6, "CONFIG_INVALID")
            try hub.refuses(["config", "set", "sync.intervall", "5"], 6, "CONFIG_INVALID")
            try hub.refuses(["config", "set", "role", "node"], 6, "CONFIG_INVALID")
            try hub.refuses(["config", "set", "proxy", "http://u:hunter22@p.org:1"], 2, "USAGE")
            try hub.done("config", "set", "lease_days", "7", "--dry-run")
            #expect(try String(contentsOfFile: file, encoding: .utf8) == good)
            let proxy = try hub.run("config", "set", "proxy", "-", input: "http://u:hunter22@p.org:1\n")
            #expect(proxy.status == 0 && !(proxy.output + proxy.messages).contains("hunter22"), proxy.story)

            try Data((good + "lease_days: never\nnonsense: 1\n").utf8).write(to: URL(fileURLWithPath: file))
            let broken = try hub.run("status")
            #expect(try broken.code() == "CONFIG_INVALID")
            let checked = try hub.run("config", "validate")
            #expect(checked.status == 6, checked.story)
            #expect(try checked.envelope()["errors"].items.count == 2)
            try hub.done("config", "set", "lease_days", "30")
            #expect(try hub.run("config", "validate").envelope()["errors"].items.count == 1)
            try hub.refuses(["config", "validate", "--file", "\(stage.folder)/none"], 6, "FILE_NOT_FOUND")
        }
    }

    @Test("migrate says how the files stand, and not beside a serve")
    func migrate() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let files = try hub.done("migrate", "--check")["files"].items
            #expect(files.compactMap(\.["file"].string) == ["control.db", "polaris_testville.db"])
            #expect(files.allSatisfy { $0["standing"].string == "current" && $0["steps"].items.isEmpty })
            #expect(try hub.done("migrate")["migrated"].int == 0)
            let server = try RunningServer(hub)
            try hub.refuses(["migrate"], 11, "LOCKED")
            try hub.done("migrate", "--check")
            withExtendedLifetime(server) {}
        }
    }

    @Test("completion prints a script that its shell can read")
    func completion() throws {
        try Stage.run { stage in
            for shell in ["bash", "zsh", "fish"] {
                let script = try stage.run(["completion", shell])
                #expect(script.status == 0, script.story)
                #expect(script.output.contains("node-cli") && script.output.contains("rollover"))
            }
            try Site(stage: stage, name: "none").refuses(["completion", "csh"], 2, "USAGE")
        }
    }

    @Test("a district is made and shown by its own words, with its schools")
    func district() throws {
        try Stage.run { stage in
            let hub = try stage.hub()
            try hub.done("reference", "import", "schools", "-", input: Site.schools)
            let made = try hub.done(
                "district", "create", "--name", "Kansas City, KS", "--district", "2000000")
            #expect(made["tenant"]["slug"].string == "kansas-city-ks")
            #expect(made["api_key"].string?.count == 64)
            let shown = try hub.done("district", "show", "kansas-city-ks")["district"]
            #expect(shown["id"] == made["tenant"]["id"] && shown["parent_id"] == .null)
            #expect(shown["children"].items.compactMap(\.["name"].string) == ["North High", "South Middle"])
            #expect(shown["children"].items.allSatisfy { $0["parent_id"] == shown["id"] })
            try hub.refuses(["district", "show", "nowhere"], 6, "TENANT_NOT_FOUND")
            let node = try stage.node("node")
            try node.refuses(["district", "create", "--name", "X"], 9, "HUB_OWNED")
        }
    }

    @Test("a watched status or sync goes on until it is stopped, and ends with 0 and the last answer")
    func watch() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let server = try RunningServer(hub)
            let node = try stage.node("node", joining: hub, through: server.port)
            let status = try node.start("status", "--watch")
            let sync = try node.start("sync", "--watch")
            try hub.done("teacher", "add", "--name", "A", "--email", "a@t.org", "--school", "North High")
            try node.done("teacher", "add", "--name", "B", "--email", "b@t.org", "--school", "North High")
            let both = waitUntil(seconds: 60, everyMicroseconds: 200_000) {
                (try? hub.teachers().count) == 2
            }
            #expect(both)
            for child in [status, sync] { child.send(SIGINT) }
            #expect(try status.wait() == .status(0))
            #expect(try sync.wait() == .status(0))
            #expect(try JSON(status.output)["data"]["role"].string == "node")
            #expect(try JSON(sync.output)["data"]["verdict"].string != nil)
        }
    }
}
