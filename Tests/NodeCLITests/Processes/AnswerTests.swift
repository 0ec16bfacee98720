import Foundation
import Glibc
import Testing

/// What commands print: the keys of CONTRACT section 2, tables for people, lines for programs.
@Suite(.serialized, .blocking) struct AnswerTests {
    /// A hub and a node with a settled past: a synced roster and one open conflict.
    private static func twoSites(_ stage: Stage) throws -> (hub: Site, node: Site, server: RunningServer) {
        let hub = try stage.hubWithTenant()
        let server = try RunningServer(hub)
        let node = try stage.node("node", joining: hub, through: server.port)
        try node.done("roster", "import", try stage.roster("r", count: 4).path)
        try node.done("sync")
        try hub.done("teacher", "edit", "r-0@t.org", "--name", "Hub")
        try node.done("teacher", "edit", "r-0@t.org", "--name", "Node")
        try node.done("sync")
        return (hub, node, server)
    }

    @Test("every command's --json is one object with the contract's keys; reading writes no delta")
    func keys() throws {
        try Stage.run { stage in
            let (hub, node, server) = try Self.twoSites(stage)
            defer { server.kill() }
            let state = try node.state()
            let conflict = try node.done("conflicts", "list")["conflicts"][0]
            let id = try #require(conflict["id"].string), row = try #require(conflict["row_id"].string)
            let delta = try node.done("delta", "list", "--limit", "1")["deltas"][0]
            let name = ["--origin", delta["origin"].string ?? "", "--seq", String(delta["seq"].int ?? 0)]
            let conflictKeys = ["id", "table", "row_id", "column", "state", "shown", "rule", "siblings"]
            let cases: [(Site, [String], String?, [String])] = [
                (node, ["version"], nil, ["version"]), (node, ["config", "show"], nil, ["settings"]),
                (node, ["status"], nil, ["role", "node_id", "tenants"]),
                (
                    node, ["status"], "tenants",
                    [
                        "slug", "active", "pending_deltas", "pending_bytes", "last_sync_at", "last_error",
                        "conflicts_open", "seats", "lease_until",
                    ]
                ),
                (node, ["tenant", "list"], "tenants", ["id", "slug", "name", "active", "flags"]),
                (hub, ["tenant", "show"], "tenant", ["id", "slug", "name", "active", "flags"]),
                (node, ["school", "list"], "schools", ["id", "name", "nces_school_id"]),
                (
                    node, ["teacher", "list", "--all"], "teachers",
                    ["id", "name", "email", "school", "grade", "active"]
                ),
                (
                    node, ["teacher", "show", "r-1@t.org"], "teacher",
                    ["id", "name", "email", "school", "grade", "active"]
                ),
                (node, ["conflicts", "list"], "conflicts", conflictKeys),
                (node, ["conflicts", "show", id], "conflict", conflictKeys),
                (
                    node, ["why", "teacher", row, "name"], nil,
                    ["value", "author", "at", "delta", "rule", "siblings", "receipt"]
                ),
                (node, ["delta", "list"], "deltas", ["origin", "seq", "hash"]),
                (node, ["delta", "show"] + name, "delta", ["origin", "seq", "hash"]),
                (
                    node, ["delta", "export", "--out", stage.folder + "/d.cose"] + name, nil,
                    ["origin", "seq", "public_key", "hash"]
                ),
                (
                    node, ["audit", "list"], "entries",
                    [
                        "id", "at", "actor", "via", "tenant", "action", "target_type", "target_id", "outcome",
                        "reason",
                    ]
                ),
                (node, ["verify"], nil, ["ok", "digest", "heads", "problems"]),
                (node, ["verify", "--deep"], nil, ["ok", "digest", "heads", "problems"]),
                (
                    node, ["sync"], nil,
                    ["verdict", "pushed", "pulled", "conflicts", "round_trips", "duration_ms"]
                ),
                (hub, ["nodes", "invite"], nil, ["token", "expires_at", "hub_fingerprint"]),
                (hub, ["nodes", "list"], "nodes", ["node_id", "origin", "tenant", "name"]),
                (node, ["roster", "template"], nil, ["template"]),
                (
                    node, ["roster", "import", stage.folder + "/r.csv", "--dry-run"], nil,
                    [
                        "import_id", "created", "updated", "unchanged", "deactivated", "skipped",
                        "row_errors",
                        "records", "held", "rows",
                    ]
                ),
            ]
            for (site, arguments, member, keys) in cases {
                let outcome = try site.run(arguments)
                #expect(outcome.status == 0, outcome.story)
                #expect(outcome.messages.isEmpty, outcome.story)
                let data = try outcome.envelope()["data"]
                let object = member.map { data[$0].items.first ?? data[$0] } ?? data
                #expect(object.keys.isSuperset(of: keys), outcome.story)
            }
            #expect(try node.state() == state)
            try Self.checkExport(node, stage, name)
        }
    }

    @Test("writing commands answer with the contract's keys too")
    func writingKeys() throws {
        try Stage.run { stage in
            let teacher = ["id", "name", "email", "school", "grade", "active"]
            let (hub, node) = (Site(stage: stage, name: "hub"), Site(stage: stage, name: "node"))
            func expect(_ data: JSON, _ keys: [String]) {
                #expect(data.keys.isSuperset(of: keys), "\(keys) wanted, \(data.keys) found")
            }
            expect(try hub.done("init", "--role", "hub"), ["role", "node_id", "name"])
            expect(
                try hub.done("reference", "import", "schools", "-", input: Site.schools),
                ["created", "updated", "unchanged"])
            let created = try hub.done("tenant", "create", "--name", "T", "--slug", Site.slug)
            expect(created, ["tenant", "database", "reference", "api_key"])
            expect(created["reference"], ["schools", "skills", "career_types"])
            try node.done("init", "--role", "node")
            let server = try RunningServer(hub)
            defer { server.kill() }
            let token = try #require(try hub.done("nodes", "invite")["token"].string)
            let url = "http://127.0.0.1:\(server.port)"
            expect(
                try node.done("join", url, "--token-file", "-", input: token),
                ["node_id", "origin", "tenant"])
            let add = ["--name", "A", "--email", "a@t.org", "--school", "North High"]
            let commands = [
                ["add"] + add, ["edit", "a@t.org", "--name", "B"], ["deactivate", "a@t.org"],
                ["reactivate", "a@t.org"],
            ]
            for command in commands {
                let outcome = try node.run(["teacher"] + command)
                #expect(outcome.status == 0, outcome.story)
                expect(try outcome.envelope()["data"]["teacher"], teacher)
            }
            let entries = try node.done("audit", "list", "--limit", "4")["entries"].items
            #expect(
                entries.compactMap(\.["action"].string)
                    == ["teacher.reactivate", "teacher.deactivate", "teacher.edit", "teacher.add"])
            #expect(entries.allSatisfy { $0["via"].string == "local" && $0["outcome"].string == "ok" })
        }
    }

    @Test("a conflict is resolved with a value of one's own only if the column may hold it")
    func resolving() throws {
        try Stage.run { stage in
            let (hub, node, server) = try Self.twoSites(stage)
            defer { server.kill() }
            let id = try #require(try node.done("conflicts", "list")["conflicts"][0]["id"].string)
            let state = try node.state()
            for choice in [
                ["--take", "3"], ["--take", "0"], ["--value", "  "], ["--value", "a\u{1B}[31mb"],
            ] {
                try node.refuses(["conflicts", "resolve", id] + choice, 6, "VALIDATION_ERROR")
            }
            try node.done("conflicts", "resolve", id, "--take", "1", "--dry-run")
            #expect(try node.state() == state)
            try node.done("conflicts", "resolve", id, "--value", "Both")
            try node.done("sync")
            #expect(try hub.teachers()["r-0@t.org"]?["name"].string == "Both")
            #expect(try hub.state() == node.state())
            #expect(try hub.done("conflicts", "list", "--state", "resolved")["conflicts"].items.count == 1)
        }
    }

    private static func checkExport(_ node: Site, _ stage: Stage, _ name: [String]) throws {
        let path = stage.folder + "/d.cose"
        #expect(FileManager.default.contents(atPath: path)?.isEmpty == false)
        #expect(FileManager.default.contents(atPath: path + ".body")?.isEmpty == false)
        try node.refuses(["delta", "export", "--out", path] + name, 6, "FILE_EXISTS")
        let forced = try node.run(["delta", "export", "--force", "--out", path] + name)
        #expect(forced.status == 0, forced.story)
    }

    @Test("why names the author's node and its signed delta, with the hub's receipt")
    func why() throws {
        try Stage.run { stage in
            let (hub, node, server) = try Self.twoSites(stage)
            defer { server.kill() }
            let row = try #require(try node.teachers()["r-0@t.org"]?["id"].string)
            let why = try node.done("why", "teacher", row, "name")
            #expect(why["value"].string == "Node")
            #expect(why["delta"]["signature_valid"].bool == true)
            #expect(why["siblings"].items.count == 2)
            #expect(why["receipt"] != .null)
            #expect(try hub.done("why", "teacher", row, "name")["value"].string == "Node")
        }
    }

    @Test("--plain prints one record a line, tabs between cells; a pipe gets aligned columns")
    func plain() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            try hub.done("roster", "import", try stage.roster("r", count: 3).path)
            let plain = try hub.plainly("teacher", "list", "--plain")
            #expect(plain.status == 0, plain.story)
            let lines = plain.output.split(separator: "\n")
            #expect(lines.count == 3)
            #expect(
                lines.allSatisfy { $0.split(separator: "\t", omittingEmptySubsequences: false).count == 6 })
            #expect(lines.first?.hasPrefix("Teacher r 0\tr-0@t.org\tNorth High\t0\tyes\t") == true)
            let piped = try hub.plainly("teacher", "list")
            #expect(piped.output.split(separator: "\n").count == 4)
            #expect(piped.output.hasPrefix("name "))
            #expect(!piped.output.contains("\u{1B}"))
            let refused = try hub.plainly("teacher", "show", "nobody@t.org")
            #expect(refused.status == 6 && refused.output.isEmpty)
            #expect(refused.messages.contains("[TEACHER_NOT_FOUND]"))
            let help = try stage.run(["teacher", "edit", "--help"])
            #expect(help.status == 0 && help.output.contains("Example:"), help.story)
        }
    }

    @Test("characters that could move a terminal are refused, and never reach it in a message")
    func escaping() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let evil = "A\u{1B}[31m\u{202E}b"
            try hub.refuses(["tenant", "create", "--name", evil, "--slug", "evil"], 6, "VALIDATION_ERROR")
            let json = try hub.run("tenant", "show", evil)
            #expect(json.output.contains("A\\u001b[31m\\u202eb"), json.story)
            #expect(try json.envelope()["errors"][0]["message"].string?.contains(evil) == true)
            let plain = try hub.plainly("tenant", "show", evil)
            #expect(plain.messages.contains("A\\u{1b}[31m\\u{202e}b"), plain.story)
            let others = [
                [evil], ["teacher", "show", evil], ["roster", "import", evil],
                ["teacher", "list", "--year", evil],
            ]
            for arguments in others {
                let refused = try stage.run(arguments + ["--data", hub.folder])
                #expect(refused.status != 0, refused.story)
                #expect(!refused.messages.contains("\u{1B}"), refused.story)
            }
        }
    }

    @Test("names with control characters are refused at the roster and by hand")
    func controlCharacters() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let add = ["teacher", "add", "--email", "a@t.org", "--school", "North High", "--name"]
            for name in ["a\u{1B}[31mb", "a\u{7}b", "A\u{202E}b"] {
                try hub.refuses(add + [name], 6, "VALIDATION_ERROR")
                let file = try stage.roster("control.csv", [("North High", name, "a@t.org", "1")])
                let outcome = try hub.run("roster", "import", file)
                #expect(outcome.status == 3, outcome.story)
                #expect(try outcome.envelope()["data"]["rows"][0]["code"].string == "CONTROL_CHARACTER")
            }
            #expect(try hub.teachers().isEmpty)
        }
    }

    @Test("a reader that goes away early is no failure")
    func closedPipe() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            try hub.done("roster", "import", try stage.roster("r", count: 2000).path)
            for form in [["--json"], ["--plain"], []] {
                let pipe = try ClosingPipe()
                let child = try stage.start(
                    ["teacher", "list", "--data", hub.folder] + form, output: pipe.writingEnd)
                #expect(pipe.readThenClose(10) == 10)
                #expect(try child.wait() == .status(0))
                #expect(child.messages.isEmpty, "\(child.messages)")
            }
        }
    }
}

/// A pipe whose reader goes away; neither end reaches a child but by `output`.
private struct ClosingPipe {
    let writingEnd: Int32
    private let readingEnd: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw HarnessError("no pipe: errno \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (readingEnd, writingEnd) = (ends[0], ends[1])
    }

    /// Reads so many bytes at most, then closes both ends; how many came.
    func readThenClose(_ limit: Int) -> Int {
        close(writingEnd)
        var buffer = [UInt8](repeating: 0, count: limit)
        defer { close(readingEnd) }
        return read(readingEnd, &buffer, limit)
    }
}
