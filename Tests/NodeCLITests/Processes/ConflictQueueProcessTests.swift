import Testing

/// The conflict queue with the real binary: filters, notes, resolve, undo, and `why --history`.
@Suite(.serialized, .blocking) struct ConflictQueueProcessTests {
    @Test("list takes state, rule, table and age; show has siblings, proposal and notes")
    func filters() throws {
        try Stage.run { stage in
            let (hub, node, server, row) = try RulesProcessTests.torn(stage)
            defer { server.kill() }
            let all = try node.done("conflicts", "list")
            #expect(all["conflicts"].items.count == 1 && all["total"].int == 1)
            let conflict = all["conflicts"][0]
            let id = try #require(conflict["id"].string)
            #expect(conflict["row_id"].string == row && conflict["label"].string == "a@t.org")
            #expect(
                conflict["siblings"].items.compactMap(\.["value"].string) == ["Ann Lee-Jones", "Ann Lee"])
            let found: [[String]] = [
                ["--state", "open"], ["--rule", "manual"], ["--table", "teacher"], ["--newer-than", "1d"],
                ["--older-than", "0h"],
            ]
            let none: [[String]] = [
                ["--state", "settled"], ["--rule", "latest"], ["--table", "seat"], ["--older-than", "1d"],
                ["--newer-than", "0h"],
            ]
            for options in found {
                let list = try node.run(["conflicts", "list"] + options).envelope()["data"]["conflicts"]
                #expect(list.items.count == 1, "\(options)")
            }
            for options in none {
                let list = try node.run(["conflicts", "list"] + options).envelope()["data"]["conflicts"]
                #expect(list.items.isEmpty, "\(options)")
            }
            try node.refuses(["conflicts", "list", "--older-than", "2w"], 2, "USAGE")
            try node.done("conflicts", "note", id, "asked the school", "--dry-run")
            try hub.done("conflicts", "note", id, "asked the school")
            try node.done("sync")
            let shown = try node.done("conflicts", "show", id)
            #expect(shown["notes"].items.compactMap(\.["text"].string) == ["asked the school"])
            #expect(shown["proposal"].string == "Ann Lee")
            let sibling = shown["conflict"]["siblings"][1]
            #expect(sibling.keys.isSuperset(of: ["value", "origin", "node", "author", "at", "delta"]))
            #expect(sibling["node"].string == "office")
            try node.refuses(["conflicts", "note", id, ""], 6, "VALIDATION_ERROR")
            try node.refuses(["conflicts", "note", "none", "x"], 6, "CONFLICT_NOT_FOUND")
        }
    }

    @Test("resolve and undo are changes that the other side takes; by rule all that the filters take")
    func settling() throws {
        try Stage.run { stage in
            let (hub, node, server, _) = try RulesProcessTests.torn(stage)
            defer { server.kill() }
            let id = try #require(try node.done("conflicts", "list")["conflicts"][0]["id"].string)
            try node.refuses(["conflicts", "resolve", id, "--all-by-rule"], 2, "USAGE")
            try node.refuses(["conflicts", "resolve"], 2, "USAGE")
            try node.refuses(["conflicts", "undo", id], 6, "CONFLICT_NOT_FOUND")
            #expect(
                try node.done("conflicts", "resolve", "--all-by-rule", "--table", "seat")["count"].int == 0)
            try node.done("conflicts", "resolve", id, "--take", "1", "--note", "by phone")
            try node.done("sync")
            #expect(try hub.teachers()["a@t.org"]?["name"].string == "Ann Lee-Jones")
            #expect(try hub.done("conflicts", "list")["conflicts"].items.isEmpty)
            let past = try hub.done("conflicts", "list", "--state", "resolved")["conflicts"]
            #expect(past.items.compactMap(\.["id"].string) == [id])
            let dry = try node.plainly("conflicts", "undo", id, "--dry-run")
            #expect(dry.output == "Would take back: teacher.name would be Ann Lee.\n", dry.story)
            #expect(try node.done("conflicts", "undo", id)["conflict"]["shown"].string == "Ann Lee")
            try node.refuses(["conflicts", "undo", id], 6, "STALE")
            try node.done("sync")
            #expect(try hub.teachers()["a@t.org"]?["name"].string == "Ann Lee")

            try hub.done("teacher", "edit", "a@t.org", "--name", "Hub")
            try node.done("teacher", "edit", "a@t.org", "--name", "Node")
            try node.done("sync")
            let settled = try hub.done("conflicts", "resolve", "--all-by-rule", "--rule", "manual")
            #expect(settled["count"].int == 1 && settled["conflicts"][0]["id"].string == id)
            #expect(settled["conflicts"][0]["state"].string == "resolved")
            try node.done("sync")
            #expect(try node.done("conflicts", "list")["conflicts"].items.isEmpty)
            #expect(try hub.state(deep: true) == node.state(deep: true))
        }
    }

    @Test("why tells a value's author, delta, rule and siblings, and with --history its whole life")
    func why() throws {
        try Stage.run { stage in
            let (hub, node, server, row) = try RulesProcessTests.torn(stage)
            defer { server.kill() }
            let why = try node.done("why", "teacher", row, "name", "--history")
            #expect(why["value"].string == "Ann Lee" && why["node"].string == "office")
            #expect(why["delta"]["signature_valid"].bool == true)
            #expect(why["rule"].string == "manual" && why["receipt"]["seq"].int != nil)
            #expect(why["siblings"].items.compactMap(\.["value"].string) == ["Ann Lee-Jones", "Ann Lee"])
            let life = why["history"].items
            #expect(Set(life.compactMap(\.["value"].string)) == ["A", "Ann Lee-Jones", "Ann Lee"])
            #expect(life.map { $0["kind"].string } == ["row", "column", "column"])
            #expect(life.map(\.["replaced"].items) == [[], [.number(1)], [.number(1)]])
            for write in life { #expect(write["delta"]["hash"].string?.count == 64) }
            #expect(try hub.done("why", "teacher", row, "name")["history"] == .null)
            #expect(try hub.done("why", "teacher", row, "name")["in_hub_log"].bool == true)
            let there = try node.done("why", "teacher", row, "*", "--history")
            #expect(there["value"].string == "kept" && there["rule"].string == "update_wins")
            #expect(there["history"].items.map(\.["value"].string) == ["kept", "kept", "kept"])
            let words = try node.plainly("why", "teacher", row, "name", "--history")
            #expect(words.output.contains("chosen by the rule manual"), words.story)
            #expect(words.output.contains("without having seen 2"), words.story)
        }
    }
}
