import Foundation
import TestSupport
import Testing

@testable import NodeCore

/// Sessions imported on one installation, and what the report counts.
@Suite struct UsageTests {
    static let header = """
        Session ID,Title,Date,Status,SignUp Role,Name,School,Attended Educator Count

        """

    let world: World
    var hub: World.Site { world.hub }
    var sessions: SessionService { SessionService(hub.installation, hub.tenant, actor: hub.actor) }
    var usage: UsageService { UsageService(hub.tenant, actor: hub.actor) }

    init() throws {
        world = try World(nodes: 0)
        try roster("2025-2026", "North,Ann Lee,ann@t.org\nSouth,Bo Ray,bo@t.org\nSouth,Cy Low,cy@t.org\n")
    }

    func roster(_ year: String, _ lines: String) throws {
        var options = RosterService.Options()
        options.year = year
        let text = "Building,Name,Email\n" + lines
        let outcome = try RosterService(hub.installation, hub.tenant, actor: hub.actor)
            .importFile(Array(text.utf8), options)
        #expect(outcome.plan.rowErrors == 0 && !outcome.isHeld)
    }

    @discardableResult
    func take(_ lines: String, header: String = header) throws -> SessionService.Outcome {
        try sessions.importFile(Array((header + lines).utf8))
    }

    func counts(_ semester: Semester = .year, year: String = "2025-2026") throws -> [String: Int] {
        let rows = try usage.report(year: year, semester: semester).buildings.flatMap(\.rows)
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.email, $0.sessions) })
    }

    @Test("completed sessions that an educator attended count, each once; nothing else does")
    func counting() throws {
        let outcome = try take(
            """
            S1,A,2025-09-15,Completed,Educator,Ann Lee,,1
            S1,A,2025-09-15,completed,educator,ann lee,,1
            S2,B,2025-09-16,Cancelled,Educator,Ann Lee,,1
            S3,C,2025-09-17,Completed,Educator,Ann Lee,,0
            S4,D,2025-09-18,Completed,Educator,Ann Lee,,
            S5,E,2025-09-19,Completed,Student,Ann Lee,,1
            S6,F,2025-09-20,Completed,Educator,Bo Ray,,4
            S6,F,2025-09-20,Completed,Educator,Di Fox,,4

            """)
        #expect(try counts() == ["ann@t.org": 1, "bo@t.org": 1, "cy@t.org": 0])
        let report = try usage.report()
        #expect(report.buildings.map(\.name) == ["North", "South"])
        #expect(report.buildings.map(\.sessions) == [1, 1])
        #expect(report.unmatched == 1 && report.distinctSessions == 2)
        #expect(report.teachers == 3 && report.teachersWithSessions == 2 && report.sessions == 2)
        #expect(outcome.plan.records == 8 && outcome.matched == 6 && outcome.unmatched == 1)
    }

    @Test("semesters end on their days; June and July are in the year and in no semester")
    func semesters() throws {
        let days = [
            "2025-07-31", "2025-08-01", "2025-12-31", "2026-01-01", "2026-05-31", "2026-06-01", "2026-07-31",
            "2026-08-01",
        ]
        for (index, day) in days.enumerated() {
            try take("S\(index),A,\(day),Completed,Educator,Ann Lee,,1\n")
        }
        #expect(try counts(.fall)["ann@t.org"] == 2)
        #expect(try counts(.spring)["ann@t.org"] == 2)
        #expect(try counts(.year)["ann@t.org"] == 6)
        #expect(try counts(.year, year: "2024-2025")["ann@t.org"] == 1)
    }

    @Test(
        "teachers of any year, active or not, are matched and count under the building of the year asked for")
    func years() throws {
        try roster("2026-2027", "South,Ann Lee,ann@t.org\nSouth,Bo Ray,bo@t.org\nNorth,Di Fox,di@t.org\n")
        _ = try TeacherService(hub.tenant, actor: hub.actor).setActive("bo@t.org", false, year: "2025-2026")
        try take(
            "S1,A,2025-09-15,Completed,Educator,Ann Lee,,1\nS2,A,2025-09-16,Completed,Educator,Bo Ray,,1\n")
        try take("S3,A,2025-10-15,Completed,Educator,Di Fox,,1\n")
        let report = try usage.report(year: "2025-2026")
        #expect(report.buildings.map(\.name) == ["North", "South", ""])
        #expect(
            report.buildings.map { $0.rows.map(\.email) } == [
                ["ann@t.org"], ["bo@t.org", "cy@t.org"], ["di@t.org"],
            ])
        #expect(report.buildings[1].rows[0].active == false && report.buildings[1].rows[0].sessions == 1)
        #expect(try usage.report().year.description == "2026-2027")
        #expect(try usage.report(year: "2025-2026", building: "south").teachers == 2)
        #expect(throws: NodeError.self) { try usage.report(building: "West") }
    }

    @Test("the same export again changes nothing and makes no delta; a later one changes what it says anew")
    func again() throws {
        let file =
            "S1,A,9/15/2025,Planned,Educator,Ann Lee,North,0\nS1,A,9/15/2025,Planned,Student,Sid,North,0\n"
        #expect(try take(file).plan.created == 2)
        let before = try hub.store.read { try $0.heads() }
        let again = try take(file).plan
        #expect(again.imported == 0 && again.duplicates == 2 && again.unchanged == 2)
        #expect(try hub.store.read { try $0.heads() } == before)
        let later = try take(file.replacing("Planned", with: "Completed").replacing(",0", with: ",1")).plan
        #expect(later.updated == 2 && later.created == 0)
        #expect(try counts()["ann@t.org"] == 1)
        let fewer = try take(
            "S1,A,9/15/2025,Completed,Educator,Ann Lee\n",
            header: "Session ID,Title,Date,Status,SignUp Role,Name\n")
        #expect(fewer.plan.created == 1, "without a School cell it may be somebody else")
        #expect(try counts()["ann@t.org"] == 1)
    }

    @Test("names of students and guests are not kept")
    func nobodyElse() throws {
        try take(
            "S1,A,2025-09-15,Completed,Student,Sid Secret,North,1\nS1,A,2025-09-15,Completed,Professional,Pat Secret,,1\n"
        )
        let named = try hub.store.read {
            try $0.count("SELECT count(*) FROM attendance WHERE name IS NOT NULL")
        }
        #expect(named == 0)
    }

    @Test("the queue groups by person; match, ignore and reopen move people out of it and back")
    func queue() throws {
        try take(
            """
            S1,A,2025-09-15,Completed,Educator,Anne Lee,North,1
            S2,B,2025-10-15,Completed,Educator,anne lee,NORTH,1
            S2,B,2025-10-15,Completed,Educator,Guest,West,1

            """)
        var queue = try sessions.unmatched()
        #expect(queue.map(\.name) == ["Anne Lee", "Guest"] && queue.map(\.sessions) == [2, 1])
        #expect(queue[0].dates == "2025-09-15"..."2025-10-15")
        #expect(queue[0].candidates.map(\.email) == ["ann@t.org"])
        _ = try sessions.match(queue[0].id, to: "ann@t.org", dryRun: true)
        #expect(try sessions.unmatched().count == 2)
        _ = try sessions.match(queue[0].id, to: "ann@t.org")
        _ = try sessions.ignore("guest")
        #expect(try sessions.unmatched().isEmpty)
        #expect(try counts()["ann@t.org"] == 2)
        #expect(try usage.report().unmatched == 0)
        let heads = try hub.store.read { try $0.heads() }
        _ = try sessions.match("Anne Lee", to: "ann@t.org")
        #expect(try hub.store.read { try $0.heads() } == heads, "the same decision again writes nothing")
        _ = try sessions.match("Anne Lee", to: "bo@t.org")
        #expect(try counts()["bo@t.org"] == 2)
        _ = try sessions.reopen("Anne Lee")
        queue = try sessions.unmatched()
        #expect(queue.map(\.name) == ["Anne Lee"])
        #expect(throws: NodeError.self) { try sessions.match("Nobody", to: "ann@t.org") }
        #expect(throws: NodeError.self) { try sessions.match("Guest", to: "nobody@t.org") }
    }

    @Test("a person twice in a session and a session described twice are said; the first counts")
    func oddities() throws {
        let plan = try take(
            """
            S1,A,2025-09-15,Completed,Educator,Ann Lee,,1
            S1,A,2025-09-15,Completed,Educator,Ann Lee,,2
            S1,Another,2026-02-01,Completed,Educator,Bo Ray,,1
            S1,A,no date,Completed,Educator,Cy Low,,1

            """
        ).plan
        #expect(plan.rows.map(\.code) == [.duplicateAttendance, .sessionDiffers, .invalidDate])
        #expect(plan.created == 2 && plan.skipped == 1 && plan.rowErrors == 1)
        #expect(try counts(.fall) == ["ann@t.org": 1, "bo@t.org": 1, "cy@t.org": 0])
    }

    @Test("sheets have a total for each building, and no text in them is a formula")
    func sheets() throws {
        try roster(
            "2026-2027",
            "South,\"=HYPERLINK(\"\"x\"\")\",a@t.org\nSouth,\"Lee, Ann\",b@t.org\nNorth,-1+2,c@t.org\n")
        let report = try usage.report(year: "2026-2027")
        let csv = try #require(String(validating: UsageSheet(report).csv.dropFirst(3), as: UTF8.self))
        let lines = csv.split(separator: "\r\n").map(String.init)
        #expect(lines[0] == "Building,Teacher,Email,Active,Sessions")
        #expect(lines.contains("South,\"'=HYPERLINK(\"\"x\"\")\",a@t.org,yes,0"))
        #expect(lines.contains("North,'-1+2,c@t.org,yes,0"))
        #expect(lines.contains("South total,2 teachers,,,0") && lines.last == "Total,3 teachers,,,0")
        let path = world.folder + "/usage.xlsx"
        try UsageExport.write(report, to: path)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) && bytes.count > 3000)
        #expect(!FileManager.default.fileExists(atPath: path + ".new"))
        #expect(throws: NodeError.self) { try UsageExport.write(report, to: world.folder + "/usage.pdf") }
        #expect(throws: NodeError.self) { try UsageExport.write(report, to: world.folder + "/no/usage.xlsx") }
    }
}
