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
        }) { emails.append($0.email) }
        #expect(count == 3_000 && emails.count == 3_000)
        #expect(places.count == 2 && places[0] < places[1])
        #expect(try file.forEach { _ in } == 3_000, "it can be read again")
        #expect(file.bytes == Array((Self.header + rows).utf8))
    }

    @Test("errors of the header come at once, later ones when they are met")
    func errors() throws {
        #expect(throws: NodeError.self) { try RosterFile(Array("Name\nx\n".utf8)) }
        let file = try Self.file("North,A,a@x.org\nNorth,\"B,b@x.org\n")
        let error = #expect(throws: NodeError.self) { try file.forEach { _ in } }
        #expect(error?.code == .unterminatedQuote)
        let none = #expect(throws: NodeError.self) { try Self.file("").forEach { _ in } }
        #expect(none?.code == .noRows)
    }

    @Test("a report is cut, and the counts are of all records")
    func cut() throws {
        var planner = RosterPlanner(hasGrade: false, schools: [], teachers: [])
        let total = RosterPlanner.maxMessages + 5
        for row in 0..<total {
            planner.take(
                RosterRecord(
                    row: row + 2, building: "Nowhere", name: "A", email: "a\(row)@x.org", grade: "",
                    problem: nil, mentions: RosterMentions(emails: [], names: [])))
        }
        let plan = planner.plan(records: total, options: RosterOptions())
        #expect(plan.rowErrors == total && plan.messages == total)
        #expect(plan.rows.count == RosterPlanner.maxMessages)
    }
}
