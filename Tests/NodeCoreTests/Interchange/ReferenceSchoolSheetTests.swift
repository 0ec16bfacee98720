import Testing

@testable import NodeCore

@Suite("Reference schools")
struct ReferenceSchoolSheetTests {
    private static func parse(_ text: String) throws -> ReferenceSchoolSheet {
        try ReferenceSchoolSheet.parse(Array(text.utf8))
    }

    @Test("a file of the NCES Common Core of Data is read, other columns are ignored silently")
    func commonCore() throws {
        let sheet = try Self.parse(
            """
            nces_school_id,nces_lea_id,school_name,district_name,state,low_grade,high_grade,level,virtual
            200405000029,2004050,Bonner Springs Elementary,Bonner Springs,KS,PK,05,Elementary,N
            200405000031,2004050,Bonner Springs High,Bonner Springs,KS,09,12,High,N

            """)
        #expect(sheet.rowErrors.isEmpty)
        #expect(sheet.notices.isEmpty)
        #expect(sheet.schools.count == 2)
        let expected = ReferenceSchool(
            row: 3, ncesSchoolID: "200405000031", ncesLEAID: "2004050", name: "Bonner Springs High",
            districtName: "Bonner Springs", state: "KS", level: "High")
        #expect(sheet.schools.last == expected)
    }

    @Test("any file with a name column will do")
    func nameOnly() throws {
        let sheet = try Self.parse("Phone;Name\n1; Lincoln\u{A0} High \n;\n2;Truman\n")
        #expect(sheet.schools.map(\.name) == ["Lincoln High", "Truman"])
        #expect(sheet.schools.map(\.row) == [2, 4])
        #expect(sheet.schools.allSatisfy { $0.ncesSchoolID.isEmpty && $0.ncesLEAID.isEmpty })
    }

    @Test(
        "rows with a bad id, without a name or that stand there twice are errors",
        arguments: [
            ("20040500002,2004050,A", RowCode.invalidID), ("200405000029,204050,A", .invalidID),
            ("20040500002x,2004050,A", .invalidID), ("２00405000029,2004050,A", .invalidID),
            ("200405000029,2004050,", .missingValue), ("200405000099,2004050,A", .duplicateRow),
            ("200405000029,2004050,A,B", .tooManyCells), ("200405000029,2004050,A\u{7}", .controlCharacter),
            ("200405000029,2004050,A\0", .controlCharacter),
        ])
    func rowErrors(row: String, code: RowCode) throws {
        let sheet = try Self.parse(
            "nces_school_id,nces_lea_id,school_name\n200405000099,2004050,First\n\(row)\n")
        #expect(sheet.schools.map(\.name) == ["First"])
        #expect(sheet.rowErrors.map(\.code) == [code])
        #expect(sheet.rowErrors.map(\.row) == [3])
    }

    @Test(
        "file errors are those of a roster",
        arguments: [
            ("", ErrorCode.emptyFile), ("name\n", .noRows), ("school\nA\n", .missingColumn),
            ("name,Name\nA,B\n", .duplicateColumn), ("name\n\"A\n", .unterminatedQuote),
            ("n\0a\0m\0e\0\n\0A\0\n\0", .encoding),
        ])
    func fileErrors(text: String, code: ErrorCode) {
        let error = #expect(throws: NodeError.self) { try Self.parse(text) }
        #expect(error?.code == code)
    }
}
