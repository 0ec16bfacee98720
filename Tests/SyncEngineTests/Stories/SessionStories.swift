import NodeCore
import SyncEngine
import TestSupport
import Testing

/// Sessions, decisions and the report on two sides.
@Suite struct SessionStories {
    static let header = "Session ID,Title,Date,Status,SignUp Role,Name,School,Attended Educator Count\n"

    /// Imports lines such as `S1,Completed,Ann,1`.
    func take(_ story: Story, _ site: World.Site, _ lines: [String]) throws {
        story.later()
        let rows = lines.map { line in
            let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            return "\(cells[0]),Space,2025-09-15,\(cells[1]),Educator,\(cells[2]),,\(cells[3])\n"
        }
        let outcome = try sessions(site).importFile(Array((Self.header + rows.joined()).utf8))
        #expect(outcome.plan.rowErrors == 0)
    }

    func sessions(_ site: World.Site) -> SessionService {
        SessionService(site.installation, site.tenant, actor: site.actor)
    }

    /// Sessions a teacher, `Ann 1, Bob 0, unmatched 2`, the same everywhere.
    func usage(_ story: Story) throws -> String {
        try story.agreed { site in
            let report = try UsageService(site.tenant, actor: site.actor).report()
            let rows = report.buildings.flatMap(\.rows).map { "\($0.name) \($0.sessions)" }
            return (rows + ["unmatched \(report.unmatched)"]).joined(separator: ", ")
        }
    }

    /// The names in the queue, the same everywhere.
    func queue(_ story: Story) throws -> [String] {
        try story.agreed { try sessions($0).unmatched() }.map(\.name)
    }

    @Test("The same session export is imported on both sides, and there is no conflict")
    func twins() throws {
        let story = try Story(teachers: ["Ann", "Bob"])
        let lines = ["S1,Completed,Ann,1", "S1,Completed,Zed,1", "S2,Completed,Ann,1"]
        try take(story, story.hub, lines)
        try take(story, story.node, lines)
        try story.sync()
        #expect(try story.conflicts() == [])
        #expect(try usage(story) == "Ann 2, Bob 0, unmatched 1")
        #expect(try queue(story) == ["Zed"])
    }

    @Test("An older export on one side and a newer on the other: the one imported later shows")
    func laterExport() throws {
        let story = try Story(teachers: ["Ann"])
        try take(story, story.node, ["S1,Planned,Ann,0"])
        try take(story, story.hub, ["S1,Completed,Ann,1"])
        try story.sync()
        #expect(try usage(story) == "Ann 1, unmatched 0")
        #expect(try story.conflicts().count == 2)
        #expect(try story.conflicts().allSatisfy { $0.hasPrefix("settled") && $0.hasSuffix("by latest") })
    }

    @Test("Both sides match one name to different teachers, and it is open until a person settles it")
    func matches() throws {
        let story = try Story(teachers: ["Ann", "Bob"])
        try take(story, story.hub, ["S1,Completed,Andy,1"])
        try story.sync()
        story.later()
        _ = try sessions(story.hub).match("Andy", to: "ann@t.org")
        story.later()
        _ = try sessions(story.node).match("Andy", to: "bob@t.org")
        try story.sync()
        #expect(try usage(story) == "Ann 0, Bob 1, unmatched 0")
        #expect(try story.conflicts(.open).count == 1)
        #expect(try story.conflicts(.open)[0].hasPrefix("open session_match.teacher_id:"))
        story.later()
        _ = try sessions(story.hub).match("Andy", to: "ann@t.org")
        try story.sync()
        #expect(try usage(story) == "Ann 1, Bob 0, unmatched 0")
        #expect(try story.conflicts() == [])
    }

    @Test("One side ignores a name that the other matches, and the match counts")
    func ignored() throws {
        let story = try Story(teachers: ["Ann"])
        try take(story, story.hub, ["S1,Completed,Andy,1"])
        try story.sync()
        story.later()
        _ = try sessions(story.node).match("Andy", to: "ann@t.org")
        story.later()
        _ = try sessions(story.hub).ignore("Andy")
        try story.sync()
        #expect(try usage(story) == "Ann 1, unmatched 0")
        #expect(try queue(story) == [])
    }

    @Test("A teacher renamed on one side leaves the queue of both")
    func renamed() throws {
        let story = try Story(teachers: ["Ann"])
        try take(story, story.node, ["S1,Completed,Ann Lee,1"])
        try story.sync()
        #expect(try queue(story) == ["Ann Lee"])
        try story.edit(story.hub, name: "Ann Lee")
        try story.sync()
        #expect(try queue(story) == [])
        #expect(try usage(story) == "Ann Lee 1, unmatched 0")
    }
}
