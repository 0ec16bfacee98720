import Foundation
import TestSupport
import Testing

/// `roster preview`, reports, held imports, history, undo, export, rollover, aliases and OneRoster sets.
@Suite(.serialized, .blocking) struct RosterHistoryProcessTests {
    static let people = [
        ("North High", "Ann Lee", "ann@t.org", "5"), ("North High", "Bo Ray", "bo@t.org", ""),
        ("South Middle", "Cy Moe", "cy@t.org", "7"),
    ]

    @Test("a preview says what each row would do and writes nothing")
    func preview() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            try hub.done("roster", "import", try stage.roster("r.csv", Self.people))
            let state = try hub.state()
            let file = try stage.roster(
                "next.csv",
                [
                    ("South Middle", "Ann Lee", "ann@t.org", "6"), ("North High", "Bo Ray", "bo@t.org", ""),
                    ("Nowhere", "Dee", "dee@t.org", ""), ("North High", "New", "new@t.org", ""),
                    ("North High", "New", "new@t.org", ""),
                ])
            let outcome = try hub.run("roster", "preview", file)
            #expect(outcome.status == 3, outcome.story)
            let data = try outcome.envelope()["data"]
            let steps = data["steps"].items
            #expect(
                steps.compactMap(\.["action"].string) == [
                    "update", "unchanged", "error", "create", "skip", "deactivate",
                ])
            let changes = steps[0]["changes"].items.map {
                "\($0["column"].string ?? "") \($0["from"].string ?? "") \($0["to"].string ?? "")"
            }
            #expect(changes == ["school North High South Middle", "grade 5 6"])
            #expect(data["deactivations"][0]["email"].string == "cy@t.org")
            #expect(data["import_id"] == .null)
            #expect(try hub.state() == state)
        }
    }

    @Test("a report names row, column, code and suggestions, as CSV that no spreadsheet runs")
    func report() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let file = try stage.roster(
                "r.csv",
                [
                    ("Nort High", "Ann", "ann@t.org", ""), ("=1+1", "Bo", "bo@t.org", ""),
                    ("North High", "Cy", "cy", ""),
                ])
            let path = stage.folder + "/report.csv"
            let outcome = try hub.run("roster", "import", file, "--report", path)
            #expect(outcome.status == 3, outcome.story)
            let rows = try outcome.envelope()["data"]["rows"].items
            #expect(rows.compactMap(\.["column"].string) == ["Building", "Building", "Email"])
            let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\r\n")
            #expect(lines[0] == "Row,Column,Code,Message,Suggestions")
            #expect(lines[1] == "2,Building,SCHOOL_NOT_FOUND,School not found: Nort High,North High")
            #expect(lines[3].hasPrefix("4,Email,INVALID_EMAIL"))
            try hub.refuses(["roster", "import", file, "--report", path], 6, "FILE_EXISTS")
            let again = try hub.run("roster", "import", file, "--report", path, "--force")
            #expect(again.status == 3, again.story)
        }
    }

    @Test("a held import says who would go, and is listed until it is approved")
    func held() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            try hub.done("roster", "import", try stage.roster("r", count: 6).path)
            let few = try stage.roster("few.csv", [("North High", "Teacher r 0", "r-0@t.org", "0")])
            let outcome = try hub.run("roster", "import", few)
            #expect(outcome.status == 4, outcome.story)
            #expect(try outcome.envelope()["data"]["deactivations"].items.count == 5)
            let held = try hub.done("roster", "held")["held"].items
            #expect(held.count == 1)
            let id = try #require(held[0]["id"].string)
            #expect(try hub.done("roster", "held", id)["deactivations"].items.count == 5)
            try hub.done("roster", "approve", id)
            #expect(try hub.done("roster", "held")["held"].items.isEmpty)
            try hub.refuses(["roster", "held", id], 6, "IMPORT_NOT_FOUND")
        }
    }

    @Test("a held import is forgotten once a full list of its year is applied, not after an additive one")
    func forgotten() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let whole = try stage.roster("r", count: 6).path
            try hub.done("roster", "import", whole)
            let few = try stage.roster("few.csv", [("North High", "Teacher r 0", "r-0@t.org", "0")])
            #expect(try hub.run("roster", "import", few).status == 4)
            try hub.done("roster", "import", whole, "--dry-run")
            try hub.done("roster", "import", few, "--additive")
            try hub.done("roster", "import", whole, "--year", "2031-2032")
            #expect(try hub.done("roster", "held")["held"].items.count == 1)
            try hub.done("roster", "import", whole)
            #expect(try hub.done("roster", "held")["held"].items.isEmpty)
        }
    }

    @Test("an import is undone, the undo is in the history and can be undone")
    func undo() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            try hub.done("roster", "import", try stage.roster("r.csv", Self.people))
            let before = try hub.done("roster", "export")["csv"]
            let next = try stage.roster(
                "next.csv",
                [
                    ("South Middle", "Ann Moore", "ann@t.org", "6"), ("North High", "New", "new@t.org", ""),
                    ("South Middle", "Cy Moe", "cy@t.org", "7"),
                ])
            let id = try #require(try hub.done("roster", "import", next)["import_id"].string)
            let after = try hub.done("roster", "export")["csv"]
            let dry = try hub.done("roster", "undo", id, "--dry-run")
            #expect([dry["restored"].int, dry["removed"].int] == [3, 2])
            #expect(try hub.done("roster", "export")["csv"] == after)
            let undo = try #require(try hub.done("roster", "undo", id)["undo_id"].string)
            #expect(try hub.done("roster", "export")["csv"] == before)
            let state = try hub.state()
            let again = try hub.done("roster", "undo", id)
            #expect([again["restored"].int, again["removed"].int] == [0, 0])
            #expect(try hub.state() == state)
            let history = try hub.done("roster", "imports")["imports"].items
            #expect(history.compactMap(\.["source"].string) == ["undo", "csv", "csv"])
            #expect(history[1]["undone_by"].string == undo)
            #expect(try hub.done("roster", "imports", "show", id)["import"]["undone_by"].string == undo)
            try hub.done("roster", "undo", undo)
            #expect(try hub.done("roster", "export")["csv"] == after)
            try hub.refuses(["roster", "undo", "nonsense"], 6, "IMPORT_NOT_FOUND")
            #expect(try hub.state(deep: true).digest.isEmpty == false)
        }
    }

    @Test("an export imports again unchanged, also where two schools have one name")
    func export() throws {
        try Stage.run { stage in
            let hub = try stage.hub()
            try hub.done(
                "reference", "import", "schools", "-",
                input:
                    "nces_school_id,nces_lea_id,name\n200000000001,2000000,Twin\n200000000002,2000000,Twin\n")
            try hub.done("tenant", "create", "--name", "T", "--slug", "testville", "--district", "2000000")
            let ids = try hub.done("school", "list")["schools"].items.compactMap(\.["id"].string)
            let file = try stage.roster(
                "r.csv",
                [(ids[0], "\"Lee, \"\"Ann\"\"\"", "ann@t.org", "=5"), (ids[1], "Zoë;Ray", "zoe@t.org", "")])
            #expect(try hub.done("roster", "import", file)["created"].int == 2)
            let out = stage.folder + "/out.csv"
            try hub.done("roster", "export", "--out", out)
            let state = try hub.state()
            let again = try hub.done("roster", "import", out)
            #expect(again["unchanged"].int == 2)
            #expect(try hub.state() == state)
            try hub.refuses(["roster", "export", "--out", out], 6, "FILE_EXISTS")
        }
    }

    @Test("a year is rolled over with those who are active, and the preview writes nothing")
    func rollover() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            try hub.done("roster", "import", try stage.roster("r.csv", Self.people), "--year", "2025-2026")
            try hub.done("teacher", "deactivate", "bo@t.org")
            let state = try hub.state()
            let years = ["--from", "2025-2026", "--to", "2026-2027"]
            let dry = try hub.done(["roster", "rollover"] + years + ["--dry-run"])
            #expect([dry["carried"].int, dry["inactive"].int] == [2, 1])
            #expect(try hub.state() == state)
            let done = try hub.done(["roster", "rollover"] + years)
            #expect(done["teachers"].items.compactMap(\.["email"].string) == ["ann@t.org", "cy@t.org"])
            #expect(try hub.done("teacher", "list", "--year", "2026-2027")["teachers"].items.count == 2)
            #expect(try hub.done(["roster", "rollover"] + years)["carried"].int == 0)
            try hub.refuses(
                ["roster", "rollover", "--from", "2026-2027", "--to", "2025-2026"], 6, "VALIDATION_ERROR")
            try hub.done("roster", "undo", try #require(done["import_id"].string))
            #expect(try hub.done("teacher", "list", "--year", "2026-2027")["teachers"].items.isEmpty)
        }
    }

    @Test("an alias is remembered, shown and forgotten; a school's own name isn't taken")
    func aliases() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let file = try stage.roster("r.csv", [("The  Hill", "Ann", "ann@t.org", "")])
            #expect(try hub.run("roster", "import", file).status == 3)
            try hub.done("school", "alias", "the hill", "--for", "North High")
            #expect(try hub.done("roster", "import", file)["created"].int == 1)
            #expect(try hub.done("school", "alias")["aliases"][0]["alias"].string == "the hill")
            #expect(
                try hub.done("school", "list")["schools"].items.contains {
                    $0["aliases"][0].string == "the hill"
                })
            try hub.refuses(["school", "alias", "South MIDDLE", "--for", "North High"], 6, "CONFLICT")
            try hub.refuses(["school", "alias", "x", "--for", "Nowhere"], 6, "SCHOOL_NOT_FOUND")
            try hub.refuses(["school", "alias", "x"], 2, "USAGE")
            try hub.done("school", "alias", "THE HILL", "--remove")
            try hub.refuses(["school", "alias", "the hill", "--remove"], 6, "RECORD_NOT_FOUND")
        }
    }

    @Test("a OneRoster set is taken as zip and as folder, its year with it, and a delta after it")
    func oneRoster() throws {
        try Stage.run { stage in
            let hub = try stage.hub()
            try hub.done(
                "reference", "import", "schools", "-",
                input:
                    "nces_school_id,nces_lea_id,name\n200000000001,2000000,North\n200000000002,2000000,South\n"
            )
            try hub.done("tenant", "create", "--name", "T", "--slug", "testville", "--district", "2000000")
            let zip = stage.folder + "/set.zip"
            try Data(OneRosterFixture.v1_1.zip.bytes).write(to: URL(filePath: zip))
            let first = try hub.done("roster", "import", zip)
            #expect([first["created"].int, first["records"].int] == [3, 3])
            #expect(first["year"].string == "2025-2026")
            let state = try hub.state()
            let folder = stage.folder + "/set"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for (name, text) in OneRosterFixture.v1_2.files {
                try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
            }
            #expect(try hub.done("roster", "import", folder)["unchanged"].int == 3)
            #expect(try hub.state() == state)
            try Data(OneRosterFixture.delta.zip.bytes).write(to: URL(filePath: zip))
            let delta = try hub.run("roster", "import", zip, "--year", "2025-2026")
            #expect(delta.status == 3, delta.story)
            let data = try delta.envelope()["data"]
            #expect([data["updated"].int, data["deactivated"].int, data["row_errors"].int] == [2, 1, 1])
            #expect(try hub.teachers()["ann@t.org"]?["name"].string == "Ann Moore")
            #expect(try hub.done("roster", "imports")["imports"][0]["source"].string == "oneroster")
            try Data([0x50, 0x4B, 3, 4, 0, 0]).write(to: URL(filePath: zip))
            try hub.refuses(["roster", "import", zip], 6, "ARCHIVE_INVALID")
        }
    }

    @Test("no file moves the cursor of a terminal, by messages, previews or exports")
    func escapes() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let file = try stage.file(
                "r.csv",
                "Building,Name,Email,\u{1B}[2JShoe\n\u{1B}]0;x\u{7},A,a@t.org,\nNo\u{9B}31m,B,b@t.org,\nNorth High,\u{202E}C,c@t.org,\nNo where,D,d\u{1B}[1m@t.org,\n"
            )
            for command in [["import", file], ["preview", file], ["preview", file, "--all"]] {
                for form in [[], ["--json"], ["--plain"]] {
                    let outcome = try stage.run(["roster"] + command + form + ["--data", hub.folder])
                    let text = outcome.output + outcome.messages
                    let raw: Set<UInt32> = [0x1B, 0x7, 0x9B, 0x202E]
                    #expect(!text.unicodeScalars.contains { raw.contains($0.value) }, outcome.story)
                }
            }
        }
    }
}
