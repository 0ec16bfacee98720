import Testing

@testable import NodeCore

@Suite("Roster sheet")
struct RosterSheetTests {
    private static func parse(_ text: String) throws -> RosterSheet {
        try RosterSheet.parse(Array(text.utf8))
    }

    @Test(
        "columns come in any order and case, with any delimiter and a mark",
        arguments: [
            "Building,Name,Email,Grade\nLincoln,Ann Lee,Ann@X.org,5\n",
            "\u{FEFF}grade;EMAIL;name;\u{A0} building \r\n5;Ann@X.org;Ann Lee;Lincoln",
            "NAME\t\"Building\"\tGrade\tEmail\rAnn Lee\t Lincoln \t5\t\u{200B}ann@x.org\r",
        ])
    func columns(text: String) throws {
        let sheet = try Self.parse(text)
        let record = try #require(sheet.records.first)
        #expect(sheet.records.count == 1)
        #expect(sheet.notices.isEmpty)
        #expect(sheet.hasGrade)
        #expect(record.row == 2)
        #expect(
            [record.building, record.name, record.email, record.grade]
                == ["Lincoln", "Ann Lee", "ann@x.org", "5"])
        #expect(record.problem == nil)
        #expect(record.mentions == RosterMentions(emails: ["ann@x.org"], names: []))
    }

    @Test("unknown columns are ignored with one notice that names them; unnamed ones silently")
    func unknownColumns() throws {
        let sheet = try Self.parse("Room,Building,Name,Email,,Phone,\n1,L,A,a@x.org,x,2,\n")
        #expect(sheet.notices.map(\.code) == ["UNKNOWN_COLUMN"])
        #expect(sheet.notices.first?.message == "Ignored the columns Room, Phone.")
        #expect(sheet.records.map(\.problem) == [nil])
        #expect(!sheet.hasGrade)
    }

    @Test("Windows-1252 is read with a notice")
    func windows1252() throws {
        let bytes = Array("Building,Name,Email\nL,Jos".utf8) + [0xE9] + Array(",a@x.org\n".utf8)
        let sheet = try RosterSheet.parse(bytes)
        #expect(sheet.notices.map(\.code) == ["ENCODING_ASSUMED"])
        #expect(sheet.records.first?.name == "José")
    }

    @Test("blank records aren't counted but their numbers are")
    func blankRecords() throws {
        let sheet = try Self.parse(
            "\nBuilding,Name,Email\n\n,,\n\"L\n1\",A,a@x.org\n \u{A0},\u{200B},\n\nL,B,b@x.org\n\n")
        #expect(sheet.records.map(\.row) == [5, 8])
        #expect(sheet.records.map(\.building) == ["L 1", "L"])
    }

    @Test(
        "file errors",
        arguments: [
            ("", ErrorCode.emptyFile), ("\u{FEFF}", .emptyFile), ("\n \n,,\n", .emptyFile),
            ("Building,Name,Email", .noRows), ("Building,Name,Email\n,,\n\n", .noRows),
            ("Building,Grade\nL,5\n", .missingColumn),
            ("Building,Name,Email,name\nL,A,B,C", .duplicateColumn),
            ("Building,Name,Email\nL,\"A,a@x.org\n", .unterminatedQuote), ("B\0u\0i\0l\0d\0", .encoding),
        ])
    func fileErrors(text: String, code: ErrorCode) {
        let error = #expect(throws: NodeError.self) { try Self.parse(text) }
        #expect(error?.code == code)
    }

    @Test("all missing columns are named at once, with those that were found")
    func missingColumns() {
        let error = #expect(throws: NodeError.self) { try Self.parse("Building,Grade\nL,5\n") }
        #expect(error?.message == "The file lacks the columns Name, Email; found: Building, Grade.")
    }

    @Test("a file without a header doesn't have its first person repeated in the error")
    func noHeader() {
        let error = #expect(throws: NodeError.self) { try Self.parse("L,Ann Lee,ann@x.org\n") }
        #expect(error?.code == .missingColumn)
        #expect(error?.message.contains("Ann") == false)
    }

    @Test("an open quote is reported with its line and row")
    func openQuote() {
        let text = "Building,Name,Email\n\"L\n1\",A,a@x.org\nL,\"B,b@x.org\nL,C,c@x.org\n"
        let error = #expect(throws: NodeError.self) { try Self.parse(text) }
        #expect(error?.message.contains("line 4") == true)
        #expect(error?.row == 3)
    }

    @Test(
        "row errors",
        arguments: [
            ("L,A", RowCode.missingValue), ("L,,a@x.org", .missingValue), (" ,A,a@x.org", .missingValue),
            ("L,A,ann", .invalidEmail), ("L,A,a b@x.org", .invalidEmail),
            ("L,A,\"a@x.org,b@x.org\"", .invalidEmail), ("L,A\u{7},a@x.org", .controlCharacter),
            ("L,A,a\u{1B}@x.org", .controlCharacter), ("L,A,a@x.org,5,", .tooManyCells),
            ("L,\"A\" B,a@x.org", .textAfterQuote),
            ("L,\(String(repeating: "é", count: 256)),a@x.org", .tooLong),
            ("L,A,a@x.org,\(String(repeating: "5", count: 21))", .tooLong),
            ("L,A,\(String(repeating: "a", count: 255))@x.org", .tooLong),
        ])
    func rowErrors(row: String, code: RowCode) throws {
        let sheet = try Self.parse("Building,Name,Email,Grade\n\(row)\n")
        #expect(sheet.records.map(\.problem?.code) == [code])
        #expect(sheet.records.map(\.problem?.row) == [2])
    }

    @Test(
        "what is no error",
        arguments: [
            "L,A,a@x.org", "L,A,a@x.org,", "L,\"A\" ,a@x.org", "L,\"A\tB\nC\",a@x.org",
            "L,A\u{200B}\u{A0}B,a@x.org\u{FEFF}", "L,\(String(repeating: "é", count: 255)),a@x.org",
            "L,A,a@x.org,\(String(repeating: "5", count: 20))",
        ])
    func good(row: String) throws {
        let sheet = try Self.parse("Building,Name,Email,Grade\n\(row)\n")
        #expect(sheet.records.map(\.problem) == [nil])
    }

    @Test("a row with several faults names all of them")
    func severalFaults() throws {
        let sheet = try Self.parse("Building,Name,Email,Grade\n,,bad,\(String(repeating: "5", count: 21))\n")
        let problem = try #require(sheet.records.first?.problem)
        #expect(problem.code == .missingValue)
        #expect(problem.message.hasPrefix("Building and Name are empty."))
        #expect(problem.message.contains("Grade is longer"))
        #expect(problem.message.contains("no @"))
    }

    @Test("the template is a header that the reader accepts")
    func template() throws {
        let sheet = try Self.parse(RosterSheet.template + "L,A,a@x.org,5\n")
        #expect(sheet.notices.isEmpty)
        #expect(sheet.records.map(\.problem) == [nil])
    }
}
