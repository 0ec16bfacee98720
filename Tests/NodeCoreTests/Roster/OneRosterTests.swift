import TestSupport
import Testing

@testable import NodeCore

@Suite("OneRoster")
struct OneRosterTests {
    private static func read(_ fixture: OneRosterFixture) throws -> OneRosterRoster {
        try OneRosterReader.read(OneRosterSet(zip: fixture.zip.bytes))
    }

    private static func lines(_ roster: OneRosterRoster) -> [String] {
        roster.sheet.records.map { one in
            let end = one.problem.map { $0.code.rawValue } ?? (one.removes ? "removed" : "")
            return [one.building, one.name, one.email, one.grade, end].joined(separator: "|")
        }
    }

    @Test("1.1 and 1.2 give the same teachers, at the school where they teach most")
    func bulk() throws {
        for fixture in [OneRosterFixture.v1_1, .v1_2] {
            let roster = try Self.read(fixture)
            #expect(
                Self.lines(roster) == [
                    "The North School|Ann Lee|ann@t.org|05|", "South|Bo Ray|bo@t.org||",
                    "South|Cy Moe|cy@t.org||",
                ])
            #expect(roster.sheet.records[0].schoolNumber == "200000000001")
            #expect(roster.year == AcademicYear(startYear: 2025))
            #expect(!roster.isDelta)
            #expect(roster.sheet.notices.map(\.code) == ["LEARNERS_NOT_KEPT"])
        }
    }

    @Test("a delta changes, removes, and says nothing of schools without orgs.csv")
    func delta() throws {
        let roster = try Self.read(.delta)
        #expect(roster.isDelta)
        #expect(
            Self.lines(roster) == [
                "|Ann Moore|ann@t.org|06|", "|Bo Ray|bo@t.org||removed", "|New One|new@t.org||",
            ])
        let schools = [RosterSchool(id: "s1", name: "North")]
        let teachers = ["ann", "bo", "cy"].map {
            RosterTeacher(id: $0, name: $0, email: "\($0)@t.org", schoolID: "s1")
        }
        let plan = RosterPlan.make(
            sheet: roster.sheet, schools: schools, teachers: teachers, options: RosterOptions(additive: true))
        #expect(
            [plan.created, plan.updated, plan.unchanged, plan.rowErrors, plan.records] == [0, 2, 0, 1, 3])
        #expect(plan.deactivations == ["bo"])
        #expect(plan.rows.map(\.code) == [.schoolNotFound])
    }

    @Test("status and date are empty in bulk and filled in delta, else the row is in error")
    func status() throws {
        var bulk = OneRosterFixture.v1_1
        bulk.files["users.csv"] = bulk.files["users.csv"]?.replacing("u1,,,", with: "u1,active,2025-10-01,")
        let first = try Self.read(bulk).sheet.records[0]
        #expect(first.problem?.code == .invalidStatus)
        #expect(first.problem?.column == "status")
        #expect(first.mentions.emails.contains("ann@t.org"))
        var delta = OneRosterFixture.delta
        delta.files["users.csv"] = delta.files["users.csv"]?.replacing("u1,active,", with: "u1,Active,")
            .replacing("u2,tobedeleted,2025-10-01T00:00:00.000Z", with: "u2,tobedeleted,")
        #expect(
            try Self.read(delta).sheet.records.map(\.problem?.code) == [.invalidStatus, .invalidStatus, nil])
    }

    @Test("a disabled teacher of a full list counts as missing, one of a delta as removed")
    func disabled() throws {
        var bulk = OneRosterFixture.v1_1
        bulk.files["users.csv"] = bulk.files["users.csv"]?.replacing("u1,,,true", with: "u1,,,false")
        let roster = try Self.read(bulk)
        #expect(roster.sheet.records.count == 2)
        #expect(roster.sheet.notices.contains { $0.code == "DISABLED_USERS" })
        var delta = OneRosterFixture.delta
        delta.files["users.csv"] = delta.files["users.csv"]?.replacing(
            "00Z,true,s1,teacher,ann", with: "00Z,false,s1,teacher,ann")
        #expect(try Self.read(delta).sheet.records[0].removes)
    }

    @Test("what is wrong with a set is said in words")
    func refusals() {
        func code(_ change: (inout OneRosterFixture) -> Void) -> ErrorCode? {
            var set = OneRosterFixture.v1_1
            change(&set)
            return #expect(throws: NodeError.self) { try Self.read(set) }?.code
        }
        #expect(code { $0.files["manifest.csv"] = nil } == .oneRosterInvalid)
        #expect(
            code { $0.files["manifest.csv"] = OneRosterFixture.manifest("1.0", ["users"]) }
                == .oneRosterInvalid)
        #expect(
            code { $0.files["manifest.csv"]?.replace("file.users,bulk", with: "file.users,all") }
                == .oneRosterInvalid)
        #expect(code { $0.files["users.csv"] = nil } == .oneRosterInvalid)
        #expect(code { $0.files["manifest.csv"] = OneRosterFixture.manifest("1.1", ["orgs"]) } == .noRows)
        #expect(code { $0.files["users.csv"]?.replace("familyName", with: "name") } == .missingColumn)
        #expect(code { $0.files["orgs.csv"]?.append("\n\"open") } == .unterminatedQuote)
        #expect(code { $0.files["[Content_Types].xml"] = "<x/>" } == .encoding)
    }

    @Test("rows of other files that can't be used are named, and a set reads back as it was held")
    func others() throws {
        var set = OneRosterFixture.v1_1
        set.files["orgs.csv"]?.append("\ns3,active,,East,school,,d1")
        let notices = try Self.read(set).sheet.notices
        #expect(notices.first?.code == "ONEROSTER_ROW")
        #expect(notices.first?.row == 5)
        let whole = try OneRosterSet(zip: set.zip.bytes)
        #expect(try OneRosterSet(packed: whole.packed) == whole)
        #expect(try RosterFile(whole.packed).form == .oneroster)
    }

    @Test("3,000 changed sets never crash, and their counts add up")
    func fuzzed() throws {
        var random = SeededGenerator(seed: SeededGenerator.seed(default: 0x0E))
        let sets = [OneRosterFixture.v1_1, .v1_2, .delta].map { $0.files.mapValues { Array($0.utf8) } }
        let schools = [
            RosterSchool(id: "s1", name: "North", ncesSchoolID: "200000000001"),
            RosterSchool(id: "s2", name: "South"),
        ]
        var read = 0
        for index in 0..<3_000 {
            var files = sets[index % 3]
            let name = files.keys.sorted()[Int.random(in: 0..<files.count, using: &random)]
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0..<(files[name]?.count ?? 1), using: &random)
                files[name]?[place] = Array(",\n\"su12\u{1B}".utf8).randomElement(using: &random) ?? 0
            }
            guard let roster = try? OneRosterReader.read(OneRosterSet(files: files)) else { continue }
            read += 1
            let plan = RosterPlan.make(sheet: roster.sheet, schools: schools, teachers: [])
            #expect(
                plan.created + plan.updated + plan.unchanged + plan.skipped + plan.rowErrors == plan.records)
        }
        #expect(read > 1_000)
    }
}
