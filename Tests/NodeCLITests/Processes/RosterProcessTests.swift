import Foundation
import Testing

/// `roster import` from end to end: counts, exit statuses, what is held, what is written.
@Suite(.serialized, .blocking) struct RosterProcessTests {
    @Test("errors of the file exit 6 with their code and write nothing")
    func fileErrors() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let state = try hub.state()
            let cases: [(String, String)] = [
                ("", "EMPTY_FILE"), ("Building,Name,Email\n", "NO_ROWS"),
                ("Building,Grade\nx,1\n", "MISSING_COLUMN"),
                ("Building,Name,Email,name\na,b,c,d\n", "DUPLICATE_COLUMN"),
                ("Building,Name,Email\nNorth High,\"Ann,ann@t.org\n", "UNTERMINATED_QUOTE"),
            ]
            for (text, code) in cases {
                let file = try stage.file("wrong.csv", text)
                try hub.refuses(["roster", "import", file], 6, code)
                try hub.refuses(["roster", "import", file, "--dry-run"], 6, code)
            }
            #expect(try hub.state() == state)
        }
    }

    @Test("bytes that are no text are refused; Windows-1252 is read with a warning, UTF-16 and BOMs without")
    func encodings() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let text = "Building;Name;Email\r\nNorth High;Zoë Lee;zoe@t.org\r\n"
            let utf16 = [UInt8]([0xFF, 0xFE]) + text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
            let forms: [(Data, [String])] = [
                (Data(text.unicodeScalars.map { UInt8($0.value) }), ["ENCODING_ASSUMED"]), (Data(utf16), []),
                (Data([0xEF, 0xBB, 0xBF] + Array(text.utf8)), []), (Data(text.utf8), []),
            ]
            let file = try stage.file("roster.csv", "")
            for (index, (bytes, warnings)) in forms.enumerated() {
                try bytes.write(to: URL(filePath: file))
                let outcome = try hub.run("roster", "import", file)
                #expect(outcome.status == 0, outcome.story)
                let envelope = try outcome.envelope()
                #expect(envelope["warnings"].items.compactMap(\.["code"].string) == warnings)
                #expect(envelope["data"][index == 0 ? "created" : "unchanged"].int == 1, outcome.story)
            }
            #expect(try hub.teachers()["zoe@t.org"]?["name"].string == "Zoë Lee")
            let marred = "Building,Name,Email\nNorth High,A\0nn,ann@t.org\nNorth High,Bo,bo@t.org\n"
            try Data(marred.utf8).write(to: URL(filePath: file))
            let partly = try hub.run("roster", "import", file)
            let rows = try partly.envelope()["data"]["rows"].items
            #expect(partly.status == 3 && rows.map(\.["code"].string) == ["CONTROL_CHARACTER"], partly.story)
            #expect(try hub.teachers()["bo@t.org"] != nil)
            try Data(utf16.dropLast()).write(to: URL(filePath: file))
            try hub.refuses(["roster", "import", file], 6, "ENCODING")
        }
    }

    @Test("rows in error are reported with exit 3, the good ones are written, every record is counted")
    func rowErrors() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let file = try stage.file(
                "roster.csv",
                """
                Name,EMAIL,building,Grade,Shoe size
                Ann Lee,Ann@T.org,North High,5,9
                Bo Ray,not an address,North High,,
                ,,,,
                Cy Moe,cy@t.org,Nort High,,
                Dee Poe,dee@t.org,SOUTH  MIDDLE,,
                Ann Again,ann@t.org,South Middle,,

                """)
            let outcome = try hub.run("roster", "import", file)
            #expect(outcome.status == 3, outcome.story)
            let data = try outcome.envelope()["data"]
            let counts = [
                "created", "updated", "unchanged", "skipped", "row_errors", "records", "deactivated",
            ]
            #expect(counts.map { data[$0].int } == [2, 0, 0, 1, 2, 5, 0])
            #expect(data["rows"].items.compactMap(\.["row"].int) == [3, 5, 7])
            let suggestions = data["rows"].items.first { $0["row"].int == 5 }?["suggestions"].items
            #expect(suggestions?.contains(.string("North High")) == true)
            #expect(
                try outcome.envelope()["warnings"].items.contains { $0["code"].string == "UNKNOWN_COLUMN" })
            let teachers = try hub.teachers()
            #expect(teachers.keys.sorted() == ["ann@t.org", "dee@t.org"])
            #expect(teachers["ann@t.org"]?["name"].string == "Ann Lee")
            #expect(teachers["dee@t.org"]?["school"].string == "South Middle")
        }
    }

    @Test("the same file again makes no delta; changes are updates; the missing become inactive")
    func repeating() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let file = try stage.roster("r", count: 6).path
            #expect(try hub.done("roster", "import", file)["created"].int == 6)
            let state = try hub.state()
            let again = try hub.done("roster", "import", file)
            #expect(again["unchanged"].int == 6)
            #expect(try hub.state() == state)

            let changed = try stage.roster(
                "changed.csv",
                [
                    ("South Middle", "Teacher r 0", "R-0@t.org", "0"),
                    ("South Middle", "New Name", "r-1@t.org", "1"),
                    ("North High", "Teacher r 2", "r-2@t.org", "2"),
                    ("South Middle", "Teacher r 3", "r-3@t.org", "3"),
                ])
            let additive = try hub.done("roster", "import", changed, "--additive")
            #expect(
                [additive["updated"].int, additive["unchanged"].int, additive["deactivated"].int] == [
                    2, 2, 0,
                ])
            #expect(try hub.done("teacher", "list")["teachers"].items.count == 6)
            #expect(try hub.done("roster", "import", changed)["deactivated"].int == 2)
            #expect(try hub.done("teacher", "list")["teachers"].items.count == 4)
            #expect(try hub.teachers()["r-5@t.org"]?["active"].bool == false)

            try hub.done("teacher", "deactivate", "r-2@t.org")
            try hub.done("roster", "import", changed)
            #expect(try hub.teachers()["r-2@t.org"]?["active"].bool == false, "made inactive by hand")
            try hub.done("teacher", "reactivate", "r-2@t.org")
            #expect(try hub.teachers()["r-2@t.org"]?["active"].bool == true)
        }
    }

    @Test("an import that would deactivate too many is held with exit 4 until it is approved")
    func held() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            try hub.done("roster", "import", try stage.roster("r", count: 6).path)
            let few = try stage.roster("few.csv", [("North High", "Teacher r 0", "r-0@t.org", "0")])
            let state = try hub.state()
            let dry = try hub.run("roster", "import", few, "--dry-run")
            #expect(dry.status == 4, dry.story)
            let outcome = try hub.run("roster", "import", few)
            #expect(outcome.status == 4, outcome.story)
            #expect(try outcome.code() == "HELD")
            let data = try outcome.envelope()["data"]
            #expect(data["held"].bool == true)
            #expect(data["deactivated"].int == 5)
            #expect(try hub.state() == state)

            let wrong = try hub.run("roster", "import", few, "--approve-deactivate", "4")
            #expect(wrong.status == 4, wrong.story)
            let id = try #require(data["import_id"].string)
            #expect(try hub.done("roster", "approve", id, "--dry-run")["deactivated"].int == 5)
            #expect(try hub.state() == state)
            #expect(try hub.done("roster", "approve", id)["deactivated"].int == 5)
            #expect(try hub.done("teacher", "list")["teachers"].items.count == 1)
            try hub.refuses(["roster", "approve", id], 6, "IMPORT_NOT_FOUND")

            try hub.done("roster", "import", try stage.roster("s", count: 6).path, "--additive")
            let approved = try hub.done("roster", "import", few, "--approve-deactivate", "6")
            #expect(approved["deactivated"].int == 6)
        }
    }

    @Test("dry runs of every writing command write nothing")
    func dryRuns() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            try hub.done("roster", "import", try stage.roster("r", count: 3).path)
            let state = try hub.state()
            let other = try stage.roster("s", count: 3).path
            let schools = try stage.file("schools.csv", "name\nNew School\n")
            let commands: [[String]] = [
                ["roster", "import", other, "--additive"],
                ["teacher", "edit", "r-0@t.org", "--name", "Else"],
                ["teacher", "deactivate", "r-0@t.org"], ["teacher", "reactivate", "r-0@t.org"],
                ["teacher", "add", "--name", "N", "--email", "n@t.org", "--school", "North High"],
                ["tenant", "create", "--name", "X", "--slug", "xx"],
                ["reference", "import", "schools", schools],
            ]
            for command in commands {
                let outcome = try hub.run(command + ["--dry-run"])
                #expect(outcome.status == 0, outcome.story)
            }
            #expect(try hub.done("roster", "import", other, "--additive", "--dry-run")["created"].int == 3)
            #expect(try hub.state() == state)
            #expect(try hub.done("tenant", "list")["tenants"].items.count == 1)
            #expect(try hub.done("reference", "import", "schools", schools)["created"].int == 1)
        }
    }
}
