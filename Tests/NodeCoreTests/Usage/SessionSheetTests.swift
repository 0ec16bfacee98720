import Testing

@testable import NodeCore

@Suite struct SessionSheetTests {
    static let header = "Session ID,Title,Date,Status,SignUp Role,Name"

    static func sheet(_ header: String = header, _ lines: String...) throws -> SessionSheet {
        try SessionSheet.parse(Array(([header] + lines).joined(separator: "\n").utf8))
    }

    @Test(
        "dates are taken as written, whatever way districts write them",
        arguments: [
            ("2025-09-15", "2025-09-15"), ("2025-09-15 23:30:00", "2025-09-15"),
            ("2025-09-15T23:30:00Z", "2025-09-15"),
            ("9/5/2025", "2025-09-05"), ("09/15/2025 10:00 AM", "2025-09-15"), ("9/15/25", "2025-09-15"),
            ("Sep 15, 2025", "2025-09-15"), ("OCTOBER 1 2025", "2025-10-01"), ("15 Sept. 2025", "2025-09-15"),
            ("2024-02-29", "2024-02-29"),
        ])
    func dates(written: String, date: String) throws {
        let record = try Self.sheet(Self.header, "S1,A,\"\(written)\",Completed,Educator,Ann Lee").records[0]
        #expect(record.problem == nil)
        #expect(record.date == date)
    }

    @Test(
        "what is no date is a row error",
        arguments: [
            "2025-02-29", "2025-13-01", "15/9/2025", "tomorrow", "45915", "2025-9-15", "1/2/3",
            "Sep 31, 2025", "1825-01-01",
            "September", "9/15", "2025-09-15x",
        ])
    func noDates(written: String) throws {
        let record = try Self.sheet(Self.header, "S1,A,\"\(written)\",Completed,Educator,Ann Lee").records[0]
        #expect(record.problem?.code == .invalidDate)
    }

    @Test("columns are known in any order, case and spelling; all that are missing are named at once")
    func columns() throws {
        let sheet = try Self.sheet(
            "name,signup_role,STATUS,date,title,SessionID,user auth id,Educator Attended Count,Mood",
            "Ann Lee,Educator,Completed,2025-09-15,A,S1,U7,2,good")
        let record = sheet.records[0]
        #expect(record.problem == nil && record.session == "S1" && record.userID == "U7")
        #expect(record.counts == [nil, nil, nil, 2])
        #expect(sheet.notices.map(\.code) == ["UNKNOWN_COLUMN"])
        #expect(
            try Self.sheet(Self.header, "S1,A,2025-09-15,C,E,N").notices.map(\.code) == ["ATTENDANCE_UNKNOWN"]
        )
        let error = #expect(throws: NodeError.self) { try Self.sheet("Session ID,Name,Date", "S,N,D") }
        #expect(error?.code == .missingColumn)
        #expect(error?.message.contains("Title, Status, SignUp Role") == true)
    }

    @Test(
        "a record in error names its faults; a person with a user id needs no name",
        arguments: [
            (",A,2025-09-15,Completed,Educator,Ann,,1", RowCode.missingValue),
            ("S1,A,2025-09-15,,Educator,Ann,,1", .missingValue),
            ("S1,A,2025-09-15,Completed,Educator,,,1", .missingValue),
            ("S1,A,2025-09-15,Completed,Educator,Ann,,one", .invalidNumber),
            ("S1,A,2025-09-15,Completed,Educator,Ann,,-1", .invalidNumber),
            ("S1,A,2025-09-15,Completed,Educator,A\u{7}nn,,1", .controlCharacter),
            ("S1,A,2025-09-15,Completed,Educator,Ann,,1,more", .tooManyCells),
        ])
    func rowErrors(line: String, code: RowCode) throws {
        let sheet = try Self.sheet(Self.header + ",User Auth Id,Attended Educator Count", line)
        #expect(sheet.records[0].problem?.code == code)
    }

    @Test(
        "a fault of one cell names its column",
        arguments: [
            ("S1,A,soon,Completed,Educator,Ann,1", "Date"), (",A,2025-09-15,,Educator,Ann,1", "Session ID"),
            ("S1,A,2025-09-15,Completed,Educator,Ann,x", "Attended Educator Count"),
            ("S1,A,2025-09-15,Completed,Educator,\(String(repeating: "n", count: 256)),1", "Name"),
        ])
    func columnOfFault(line: String, column: String) throws {
        let sheet = try Self.sheet(Self.header + ",Attended Educator Count", line)
        #expect(sheet.records[0].problem?.column == column)
    }

    @Test("counts may be empty or as spreadsheets write them, and titles may be empty")
    func soundRecords() throws {
        let sheet = try Self.sheet(
            Self.header + ",User Auth Id,Attended Educator Count",
            "S1,,2025-09-15,Completed,EDUCATOR,,U1,3.0",
            "S1,A,2025-09-15,Completed,Student,Bo,,")
        #expect(sheet.records.map(\.problem) == [nil, nil])
        #expect(sheet.records.map { $0.counts[3] } == [3, nil])
        #expect(sheet.records.map(\.isEducator) == [true, false])
    }
}
