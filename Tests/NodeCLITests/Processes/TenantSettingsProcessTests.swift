import Foundation
import Testing

/// `tenant edit|deactivate|activate`, `flag` and `teacher delete` from end to end.
@Suite(.serialized, .blocking) struct TenantSettingsProcessTests {
    @Test("tenant edit and flag set change what they name, refuse what is wrong, and dry runs write nothing")
    func editing() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let edited = try hub.done(
                "tenant", "edit", Site.slug, "--name", "New Name", "--flag", "recruitment=on",
                "--cors-origin", "https://B.org/", "--cors-origin", "https://a.org:443")["tenant"]
            #expect(edited.keys.isSuperset(of: ["id", "slug", "name", "active", "flags"]))
            #expect(edited["name"].string == "New Name")
            #expect(edited["flags"]["recruitment"].bool == true && edited["flags"]["events"].bool == true)
            #expect(edited["cors_origins"].items == [.string("https://a.org"), .string("https://b.org")])
            let flags = try hub.done("flag", "set", Site.slug, "events=off", "volunteers=off")
            #expect(flags["tenant"]["flags"]["events"].bool == false)
            let listed = try hub.done("flag", "list")["flags"].items
            #expect(
                listed.compactMap(\.["name"].string) == [
                    "events", "volunteers", "recruitment", "prepkc_visibility",
                ])
            #expect(listed.compactMap(\.["on"].bool) == [false, false, true, false])
            let state = try hub.state()
            let wrong: [([String], Int32, String)] = [
                (["tenant", "edit", Site.slug], 2, "USAGE"), (["flag", "set", Site.slug], 2, "USAGE"),
                (["tenant", "edit", Site.slug, "--name", " "], 6, "VALIDATION_ERROR"),
                (["tenant", "edit", Site.slug, "--cors-origin", "*"], 6, "VALIDATION_ERROR"),
                (["tenant", "edit", Site.slug, "--time-zone", "Mars/Base"], 6, "VALIDATION_ERROR"),
                (["flag", "set", Site.slug, "unknown=on"], 6, "VALIDATION_ERROR"),
                (["flag", "set", Site.slug, "events=maybe"], 6, "VALIDATION_ERROR"),
                (["flag", "set", "nowhere", "events=on"], 6, "TENANT_NOT_FOUND"),
                (["tenant", "edit", "nowhere", "--name", "X"], 6, "TENANT_NOT_FOUND"),
            ]
            for (arguments, status, code) in wrong { try hub.refuses(arguments, status, code) }
            try hub.done("tenant", "edit", Site.slug, "--name", "Other", "--dry-run")
            try hub.done("flag", "set", Site.slug, "events=on", "--dry-run")
            try hub.done("flag", "set", Site.slug, "events=off")
            #expect(try hub.state() == state)
            #expect(try hub.done("tenant", "show")["tenant"]["name"].string == "New Name")
        }
    }

    @Test("a deactivated tenant refuses changes with exit 12 and goes on being read; asked for first")
    func deactivating() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            try hub.done("roster", "import", try stage.roster("r", count: 1).path)
            try hub.done("seats", "purchase", "--school", "North High", "--count", "1")
            let state = try hub.state()
            let deactivate = ["tenant", "deactivate", Site.slug]
            try hub.refuses(deactivate, 2, "CONFIRMATION_NEEDED")
            let dry = try hub.plainly("tenant", "deactivate", Site.slug, "--dry-run")
            #expect(dry.status == 0 && dry.output == "Would deactivate testville.\n", dry.story)
            #expect(try hub.state() == state)

            let off = try hub.done("tenant", "deactivate", Site.slug, "--yes", "--reason", "ended")
            #expect(off["tenant"]["active"].bool == false)
            #expect(try hub.done("status")["tenants"][0]["active"].bool == false)
            let silent = try hub.state()
            let changes: [[String]] = [
                ["teacher", "edit", "r-0@t.org", "--name", "N"], ["teacher", "delete", "r-0@t.org", "--yes"],
                ["seats", "purchase", "--school", "North High", "--count", "1"],
                ["seats", "allocate", "--learner", "L", "--school", "North High"],
                ["tenant", "edit", Site.slug, "--name", "N"], ["flag", "set", Site.slug, "events=off"],
                ["roster", "import", try stage.roster("s", count: 2).path],
            ]
            for arguments in changes { try hub.refuses(arguments, 12, "TENANT_INACTIVE") }
            for read in [["teacher", "list"], ["seats", "summary"], ["flag", "list"], ["audit", "list"]] {
                #expect(try hub.run(read).status == 0)
            }
            try hub.done("tenant", "deactivate", Site.slug, "--yes")
            #expect(try hub.state() == silent, "the same again writes nothing")
            let entry = try hub.done("audit", "list", "--limit", "1")["entries"][0]
            #expect(entry["action"].string == "tenant.deactivate" && entry["reason"].string == "ended")
            #expect(try hub.done("tenant", "activate", Site.slug)["tenant"]["active"].bool == true)
            try hub.done("teacher", "edit", "r-0@t.org", "--name", "N")
        }
    }

    @Test("at a node name, flags and activation are the hub's; they reach it by sync, exit 12 with them")
    func atNode() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let server = try RunningServer(hub)
            let node = try stage.node("node", joining: hub, through: server.port)
            try node.done("sync")
            let state = try node.state()
            let owned: [[String]] = [
                ["tenant", "edit", Site.slug, "--name", "Mine"], ["flag", "set", Site.slug, "events=off"],
                ["tenant", "deactivate", Site.slug], ["tenant", "deactivate", Site.slug, "--yes"],
                ["tenant", "edit", Site.slug, "--flag", "events=off", "--time-zone", "America/Denver"],
            ]
            for arguments in owned { try node.refuses(arguments, 9, "HUB_OWNED") }
            #expect(try node.state() == state)
            try node.done("tenant", "edit", Site.slug, "--time-zone", "America/Denver")
            try hub.done("flag", "set", Site.slug, "recruitment=on")
            try hub.done("tenant", "deactivate", Site.slug, "--yes")
            try node.done("sync")
            let shown = try node.done("tenant", "show")["tenant"]
            #expect(shown["active"].bool == false && shown["flags"]["recruitment"].bool == true)
            #expect(try hub.done("tenant", "show")["tenant"] == shown)
            try node.refuses(["tenant", "edit", "--time-zone", "America/Chicago"], 12, "TENANT_INACTIVE")
        }
    }

    @Test("teacher delete asks, deletes every year, exits 6 the second time; added again it is the same row")
    func teacherDelete() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            try hub.done("roster", "import", try stage.roster("r", count: 2).path, "--year", "2024-2025")
            try hub.done("roster", "import", try stage.roster("r", count: 2).path, "--year", "2025-2026")
            let id = try #require(try hub.teachers()["r-0@t.org"]?["id"].string)
            let state = try hub.state()
            try hub.refuses(["teacher", "delete", "r-0@t.org"], 2, "CONFIRMATION_NEEDED")
            #expect(try hub.done("teacher", "delete", id, "--dry-run")["teacher"]["id"].string == id)
            #expect(try hub.state() == state)
            let gone = try hub.done("teacher", "delete", "R-0@t.org", "--yes")["teacher"]
            #expect(
                gone.keys.isSuperset(of: ["id", "name", "email", "school", "grade", "active"])
                    && gone["id"].string == id)
            try hub.refuses(["teacher", "delete", "r-0@t.org", "--yes"], 6, "TEACHER_NOT_FOUND")
            try hub.refuses(["teacher", "delete", id], 6, "TEACHER_NOT_FOUND")
            for year in ["2024-2025", "2025-2026"] {
                #expect(try hub.done("teacher", "list", "--year", year)["teachers"].items.count == 1)
            }
            let back = try hub.done(
                "teacher", "add", "--name", "Back", "--email", "r-0@t.org", "--school", "North High")
            #expect(back["teacher"]["id"].string == id)
            #expect(try hub.done("verify", "--deep")["ok"].bool == true)
        }
    }
}
