import Testing

@testable import NodeCore

@Suite("Roster file")
struct RosterFileTests {
    private static let header = "Building,Name,Email\n"

    private static func file(_ rows: String) throws -> RosterFile {
        try RosterFile(Array((header + rows).utf8))
    }

    @Test("records are handed on one by one, with how far the reading is")
    func progress() throws {
        let rows = (0..<3_000).map { "North,Teacher \($0),t\($0)@x.org\n" }.joined()
        let file = try Self.file(rows)
        var places: [Int] = []
        var emails: [String] = []
        let count = try file.forEach(progress: { done, total in
            #expect(done <= total)
            places.append(done)
        }) { record, _ in emails.append(record.email) }
        #expect(count == 3_000 && emails.count == 3_000)
        #expect(places.count == 2 && places[0] < places[1])
        #expect(try file.forEach { _, _ in } == 3_000, "it can be read again")
        #expect(file.bytes == Array((Self.header + rows).utf8))
    }

    @Test("errors of the header come at once, later ones when they are met")
    func errors() throws {
        #expect(throws: NodeError.self) { try RosterFile(Array("Name\nx\n".utf8)) }
        let file = try Self.file("North,A,a@x.org\nNorth,\"B,b@x.org\n")
        let error = #expect(throws: NodeError.self) { try file.forEach { _, _ in } }
        #expect(error?.code == .unterminatedQuote)
        let none = #expect(throws: NodeError.self) { try Self.file("").forEach { _, _ in } }
        #expect(none?.code == .noRows)
    }

    @Test("every record can be read again from its place, whatever stands between")
    func places() throws {
        let rows =
            "North,A,a@x.org\r\n\r\n\"No\nrth\",\"B \"\"b\"\"\",b@x.org\r , ,\nNorth,,c@x\n\nNorth,D,d@x.org,x"
        for mark in ["", "\u{FEFF}"] {
            let file = try RosterFile(Array((mark + Self.header + rows).utf8))
            var read: [(record: RosterRecord, place: Int)] = []
            _ = try file.forEach { read.append(($0, $1)) }
            #expect(read.map(\.record.row) == [2, 4, 6, 8])
            for one in read.reversed() {
                #expect(file.records.record(at: one.place, row: one.record.row) == one.record)
            }
        }
    }

    @Test("a report is cut, and the counts are of all records")
    func cut() throws {
        let total = RosterPlanner.maxMessages + 5
        let records = (0..<total).map { row in
            RosterRecord(
                row: row + 2, building: "Nowhere", name: "A", email: "a\(row)@x.org", grade: "",
                problem: nil, mentions: RosterMentions(emails: [], names: []))
        }
        var planner = RosterPlanner(
            hasGrade: false, schools: [], teachers: [], records: .list(records))
        for (place, record) in records.enumerated() { planner.take(record, at: place) }
        let plan = planner.plan(records: total, options: RosterOptions())
        #expect(plan.rowErrors == total && plan.messages == total)
        #expect(plan.rows.count == RosterPlanner.maxMessages)
    }
}
