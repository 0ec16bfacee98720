import Foundation
import Testing

/// `sessions`, `usage` and `events` from end to end: keys, exit statuses, what is refused, hub and node alike.
@Suite(.serialized, .blocking) struct SessionProcessTests {
    static let export = """
        Session ID,Title,Date,Status,SignUp Role,Name,User Auth Id,School,Attended Educator Count
        S1,Space,9/15/2025,Completed,Educator,Ann Lee,U1,North High,1
        S1,Space,9/15/2025,Completed,Educator,Zed Who,U2,,1
        S1,Space,9/15/2025,Completed,Student,Sid,U3,,
        S2,Sea,2026-02-03,Completed,Educator,ANN LEE,U1,North High,1
        S3,Sun,soon,Completed,Educator,Bo Ray,,,1
        S2,Sea,2026-02-03,Completed,Educator,ANN LEE,U1,North High,1

        """

    static func hub(_ stage: Stage) throws -> Site {
        let hub = try stage.hubWithTenant()
        let roster = try stage.roster(
            "roster.csv",
            [("North High", "Ann Lee", "ann@t.org", "5"), ("South Middle", "Bo Ray", "bo@t.org", "4")])
        try hub.done("roster", "import", roster, "--year", "2025-2026")
        return hub
    }

    @Test("an export is accounted for record by record, again changes nothing, and the queue is worked off")
    func sessions() throws {
        try Stage.run { stage in
            let hub = try Self.hub(stage)
            let file = try stage.file("export.csv", Self.export)
            let dry = try hub.run("sessions", "import", file, "--dry-run")
            let state = try hub.state()
            let first = try hub.run("sessions", "import", file)
            #expect(first.status == 3, first.story)
            let data = try first.envelope()["data"]
            #expect(try dry.envelope()["data"]["imported"] == data["imported"])
            #expect(try hub.state() != state)
            let counts = ["records", "imported", "matched", "unmatched", "duplicates", "row_errors"]
            #expect(counts.map { data[$0].int } == [6, 4, 2, 1, 1, 1])
            #expect(data["rows"].items.map(\.["code"].string) == ["INVALID_DATE", "DUPLICATE_ATTENDANCE"])
            #expect(data["rows"].items.map(\.["row"].int) == [6, 7])
            let known = try hub.state()
            let again = try hub.run("sessions", "import", file).envelope()["data"]
            #expect(again["imported"].int == 0 && again["duplicates"].int == 5)
            #expect(try hub.state() == known)

            let queue = try hub.done("sessions", "unmatched")["unmatched"]
            #expect(queue.items.count == 1 && queue[0]["name"].string == "Zed Who")
            #expect(queue[0].keys.isSuperset(of: ["row", "name", "school", "candidates"]))
            let row = try #require(queue[0]["row"].string)
            try hub.refuses(["sessions", "match", row, "nobody@t.org"], 6, "TEACHER_NOT_FOUND")
            try hub.refuses(["sessions", "match", "Nobody", "bo@t.org"], 6, "RECORD_NOT_FOUND")
            try hub.done("sessions", "match", row, "bo@t.org")
            #expect(try hub.done("sessions", "unmatched")["unmatched"].items.isEmpty)
            #expect(try hub.done("sessions", "decisions")["decisions"].items.count == 1)
            try hub.done("sessions", "reopen", row)
            try hub.done("sessions", "ignore", "zed who")
            #expect(try hub.done("sessions", "unmatched")["unmatched"].items.isEmpty)
            try hub.refuses(["sessions", "import", stage.folder + "/none.csv"], 6, "FILE_NOT_FOUND")
            try hub.refuses(["sessions", "import", "-"], 6, "MISSING_COLUMN", input: "Name,Date\nA,B\n")
            try hub.refuses(["sessions", "import", "-"], 6, "EMPTY_FILE")
        }
    }

    @Test(
        "the report counts by building and semester, is exported once, and goes over districts that allow it")
    func usage() throws {
        try Stage.run { stage in
            let hub = try Self.hub(stage)
            _ = try hub.run("sessions", "import", try stage.file("export.csv", Self.export))
            let year = try hub.done("usage", "--year", "2025-2026")
            #expect(year["totals"]["sessions"].int == 2 && year["unmatched"].int == 1)
            #expect(year["buildings"].items.map(\.["name"].string) == ["North High", "South Middle"])
            #expect(year["buildings"].items.map(\.["teachers"].int) == [1, 1])
            #expect(year["buildings"][0]["rows"][0]["email"].string == "ann@t.org")
            #expect(year["buildings"][1]["rows"][0]["sessions"].int == 0)
            let fall = try hub.done("usage", "--semester", "fall")
            #expect(fall["totals"]["sessions"].int == 1 && fall["unmatched"].int == 1)
            #expect(try hub.done("usage", "--semester", "spring")["unmatched"].int == 0)
            try hub.refuses(["usage", "--year", "2025"], 6, "VALIDATION_ERROR")
            try hub.refuses(["usage", "--semester", "winter"], 2, "USAGE")
            try hub.refuses(["usage", "--building", "Nort"], 6, "SCHOOL_NOT_FOUND")

            for name in ["usage.xlsx", "usage.csv"] {
                let path = stage.folder + "/" + name
                try hub.done("usage", "export", path)
                try hub.refuses(["usage", "export", path], 6, "FILE_EXISTS")
                try hub.done("usage", "export", path, "--force")
            }
            try hub.refuses(["usage", "export", stage.folder + "/usage.pdf"], 6, "VALIDATION_ERROR")
            #expect(try hub.done("usage", "--all-districts")["districts"].items.isEmpty)
            try hub.done("flag", "set", Site.slug, "prepkc_visibility=on")
            let all = try hub.done("usage", "--all-districts")["districts"]
            #expect(all[0]["slug"].string == Site.slug && all[0]["totals"]["sessions"].int == 2)
            #expect(all[0]["buildings"].items.map(\.["teachers"].int) == [1, 1])
            #expect(all[0]["buildings"][0].keys == ["id", "name", "teachers", "sessions"])
            let answer = try hub.run("usage", "--all-districts")
            #expect(!answer.output.contains("ann@t.org"), "no teacher of any district")
        }
    }

    @Test("events are added, published, cancelled after a confirmation, and switched off by their flag")
    func events() throws {
        try Stage.run { stage in
            let hub = try Self.hub(stage)
            let event = try hub.done(
                "events", "add", "--title", "Career day", "--starts", "2099-03-05T10:00")["event"]
            #expect(event["status"].string == "draft")
            let id = try #require(event["id"].string)
            #expect(try hub.done("events", "publish", id)["event"]["status"].string == "published")
            #expect(try hub.done("events", "list", "--upcoming")["events"].items.count == 1)
            try hub.refuses(["events", "cancel", id], 2, "CONFIRMATION_NEEDED")
            try hub.done("events", "edit", id, "--location", "Gym")
            #expect(try hub.done("events", "show", id)["event"]["location"].string == "Gym")
            #expect(try hub.done("events", "cancel", id, "--yes")["event"]["status"].string == "cancelled")
            try hub.refuses(["events", "publish", id], 6, "CONFLICT")
            try hub.refuses(["events", "show", "none"], 6, "EVENT_NOT_FOUND")
            try hub.done("flag", "set", Site.slug, "events=off")
            try hub.refuses(["events", "list"], 9, "FORBIDDEN")
        }
    }
}
