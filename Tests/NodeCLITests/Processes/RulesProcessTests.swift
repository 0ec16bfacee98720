import Foundation
import Testing

/// `rules show|check|test|backtest|apply` with the real binary, between a hub and a node.
@Suite(.serialized, .blocking) struct RulesProcessTests {
    /// A district's file with one rule for a teacher's name.
    static func roster(_ name: String, more: String = "") -> String {
        """
        version: 1
        domain: roster
        tables:
          teacher:
            default: latest
            columns:
              name: \(name)
        \(more)
        """
    }

    /// A hub and a node that wrote two names of one teacher apart and have met since: the hub's longer one
    /// first, so that the node's shows until a person decides.
    static func torn(_ stage: Stage) throws -> (hub: Site, node: Site, server: RunningServer, row: String) {
        let hub = try stage.hubWithTenant()
        let server = try RunningServer(hub)
        let node = try stage.node("office", joining: hub, through: server.port)
        try node.done(
            "teacher", "add", "--name", "A", "--email", "a@t.org", "--school", "North High")
        try node.done("sync")
        try hub.done("teacher", "edit", "a@t.org", "--name", "Ann Lee-Jones")
        try node.done("teacher", "edit", "a@t.org", "--name", "Ann Lee")
        try node.done("sync")
        return (hub, node, server, try #require(try node.teachers()["a@t.org"]?["id"].string))
    }

    @Test("a file with mistakes exits 6 with every one of them by file, line and column, and a suggestion")
    func mistakes() throws {
        try Stage.run { stage in
            let text = Self.roster("longset").replacing("default: latest", with: "defualt: latest")
            let file = try stage.file("mine.yaml", text)
            let absent = Site(stage: stage, name: "absent")
            let hub = try stage.hubWithTenant()
            for site in [absent, hub] {
                let outcome = try site.run("rules", "check", file)
                #expect(outcome.status == 6, outcome.story)
                let envelope = try outcome.envelope(), errors = envelope["errors"].items
                #expect(envelope["data"] == .null)
                #expect(errors.count == 3, outcome.story)
                for error in errors { #expect(error["code"].string == "RULE_INVALID") }
                #expect(Set(errors.compactMap(\.["row"].int)) == [4, 5, 7] || errors[0]["row"].int == 5)
                let misspelt = errors.first { $0["message"].string?.contains("longset") == true }
                #expect(misspelt?["message"].string?.hasPrefix("\(file):7:13: ") == true, outcome.story)
                #expect(misspelt?["hint"].string == "Did you mean 'longest'?")
            }
            for verb in ["test", "backtest", "apply"] {
                let outcome = try hub.run("rules", verb, file)
                #expect(outcome.status == 6, outcome.story)
                let codes = try outcome.envelope()["errors"].items.map(\.["code"].string)
                #expect(codes == Array(repeating: "RULE_INVALID", count: 3), outcome.story)
            }
            let sound = try stage.file("sound.yaml", Self.roster("longest"))
            let data = try absent.done("rules", "check", sound)
            #expect(data["ok"].bool == true && data["domain"].string == "roster")
            #expect(data["problems"].items.isEmpty)
            let plain = try hub.plainly("rules", "check", sound)
            #expect(plain.output == "\(sound) is sound: 1 table, no examples.\n", plain.story)
        }
    }

    @Test("a file that isn't there, isn't text, is locked, or fails its own examples is refused")
    func refusals() throws {
        try Stage.run { stage in
            let (hub, node, server, _) = try Self.torn(stage)
            defer { server.kill() }
            let state = try node.state()
            let bytes = "\(stage.folder)/bytes.yaml"
            try Data([0x76, 0xff, 0xfe]).write(to: URL(filePath: bytes))
            let tenant = "version: 1\ndomain: tenant\ntables:\n  tenant:\n    default: latest\n"
            let locked = try stage.file("locked.yaml", tenant + "    columns: { active: latest }\n")
            let failing = try stage.file(
                "failing.yaml",
                Self.roster(
                    "earliest",
                    more: """
                        tests:
                          - name: the last name shows
                            table: teacher
                            writes:
                              - { by: hub, row: { name: A } }
                              - { by: office, row: { name: B } }
                            shows: { name: B }
                        """))
            let sound = try stage.file("sound.yaml", Self.roster("longest"))
            for verb in ["check", "test", "backtest", "apply"] {
                try node.refuses(["rules", verb, "\(stage.folder)/none.yaml"], 6, "FILE_NOT_FOUND")
                try node.refuses(["rules", verb, bytes], 6, "ENCODING")
            }
            try node.refuses(["rules", "check", locked], 6, "RULE_INVALID")
            try node.refuses(["rules", "apply", locked], 6, "RULE_INVALID")
            for verb in ["test", "apply"] {
                try node.refuses(["rules", verb, failing], 6, "RULE_TEST_FAILED")
            }
            try node.refuses(["rules", "apply", sound, "--policy"], 9, "HUB_OWNED")
            try node.refuses(["rules", "apply", "--remove", "roster"], 6, "RECORD_NOT_FOUND")
            try node.refuses(["rules", "apply"], 2, "USAGE")
            try node.refuses(["rules", "apply", sound, "--remove", "roster"], 2, "USAGE")
            try node.refuses(["rules", "backtest", sound, "--days", "-1"], 2, "USAGE")
            try node.refuses(["rules", "show", "--table", "techer"], 6, "VALIDATION_ERROR")
            #expect(try node.state() == state)
            #expect(try hub.done("rules", "check", locked, "--policy")["ok"].bool == true)
        }
    }

    @Test(
        "from file to both sides: test, backtest and a dry run foretell what apply then shows; remove undoes it"
    )
    func walk() throws {
        try Stage.run { stage in
            let (hub, node, server, row) = try Self.torn(stage)
            defer { server.kill() }
            let file = try stage.file(
                "mine.yaml",
                Self.roster(
                    "longest",
                    more: """
                        tests:
                          - name: the fuller name shows
                            table: teacher
                            writes:
                              - { by: hub, row: { name: Ann Lee } }
                              - { by: office, row: { name: Ann } }
                            shows: { name: Ann Lee }
                            open: []
                        """))
            let state = try node.state()
            let test = try node.done("rules", "test", file)
            #expect(test["passed"].int == 1 && test["failed"].int == 0)
            #expect(test["tests"][0]["name"].string == "the fuller name shows")
            let backtest = try node.done("rules", "backtest", file)
            #expect(backtest["standing"].int == 1 && backtest["past"].int == 0)
            #expect(backtest["open_before"].int == 1 && backtest["open_after"].int == 0)
            let change = backtest["changes"][0]
            #expect(change["row_id"].string == row && change["column"].string == "name")
            #expect(change["before"].string == "Ann Lee" && change["after"].string == "Ann Lee-Jones")
            #expect(change["rule_before"].string == "manual" && change["rule_after"].string == "longest")
            let dry = try node.done("rules", "apply", file, "--dry-run")
            #expect(dry["changes"] == backtest["changes"])
            #expect(try node.state() == state)

            let applied = try node.done("rules", "apply", file)
            #expect(applied["domain"].string == "roster" && applied["version"].int == 2)
            #expect(applied["changed"].bool == true && applied["removed"].bool == false)
            #expect(applied["changes"] == backtest["changes"])
            #expect(try node.done("rules", "apply", file)["changed"].bool == false, "the same again")
            try node.done("sync")
            for site in [hub, node] {
                #expect(try site.teachers()["a@t.org"]?["name"].string == "Ann Lee-Jones")
                let conflict = try site.done("conflicts", "list")["conflicts"][0]
                #expect(conflict["state"].string == "settled" && conflict["rule"].string == "longest")
                #expect(conflict["rule_place"].string == "roster.yaml:7 (district, version 2)")
                let shown = try site.done("rules", "show", "--table", "teacher")
                let line = shown["rules"].items.first { $0["column"].string == "name" }
                #expect(line?["rule"].string == "longest" && line?["locked"].bool == false)
                #expect(line?["owner"].string == "either" && line?["when"].items.isEmpty == true)
                #expect(shown["documents"].items.contains { $0["layer"].string == "district" })
            }
            #expect(try hub.state() == node.state())
            let removed = try hub.done("rules", "apply", "--remove", "roster")
            #expect(removed["removed"].bool == true && removed["changes"][0]["after"].string == "Ann Lee")
            try node.done("sync")
            #expect(try node.teachers()["a@t.org"]?["name"].string == "Ann Lee")
            #expect(try hub.state(deep: true) == node.state(deep: true))
        }
    }

    @Test("the hub's policy holds for the district, and what it locks the district can't change")
    func policy() throws {
        try Stage.run { stage in
            let (hub, node, server, _) = try Self.torn(stage)
            defer { server.kill() }
            let policy = Self.roster("longest").trimmingCharacters(in: .newlines) + "\n    locked: [name]\n"
            let file = try stage.file("policy.yaml", policy)
            #expect(try hub.done("rules", "apply", file, "--policy")["changes"].items.count == 1)
            try node.done("sync")
            #expect(try node.teachers()["a@t.org"]?["name"].string == "Ann Lee-Jones")
            let line = try node.done("rules", "show", "--table", "teacher")["rules"].items.first {
                $0["column"].string == "name"
            }
            #expect(line?["locked"].bool == true && line?["place"].string == "roster.yaml:7")
            let own = try stage.file("own.yaml", Self.roster("earliest"))
            try node.refuses(["rules", "apply", own], 6, "RULE_INVALID")
            let plain = try node.plainly("conflicts", "list")
            #expect(plain.output.contains("rule longest, roster.yaml:7, locked)"), plain.story)
        }
    }
}
