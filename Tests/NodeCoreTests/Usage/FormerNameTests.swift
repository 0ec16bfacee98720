import Foundation
import SyncEngine
import TestSupport
import Testing

@testable import NodeCore

/// Sessions stay a teacher's when she is called otherwise, at hub and node alike.
@Suite struct FormerNameTests {
    let world: World
    var hub: World.Site { world.hub }
    var node: World.Site { world.sites[1] }

    init() throws {
        world = try World(nodes: 1)
        try roster("North,Ann Lee,ann@t.org\nSouth,Bo Ray,bo@t.org\n", world.hub)
        try take("S1,Ann Lee,,North", world.hub)
        try world.settle()
    }

    func roster(_ lines: String, _ site: World.Site) throws {
        world.advance(1000)
        var options = RosterService.Options()
        options.year = "2025-2026"
        let outcome = try RosterService(site.installation, site.tenant, actor: site.actor)
            .importFile(Array(("Building,Name,Email\n" + lines).utf8), options)
        #expect(outcome.plan.rowErrors == 0 && !outcome.isHeld)
    }

    /// Imports lines such as `S1,Ann Lee,ann@t.org,North`.
    func take(_ line: String, _ site: World.Site) throws {
        world.advance(1000)
        let cells = line.split(separator: ",", omittingEmptySubsequences: false)
        let text = """
            Session ID,Title,Date,Status,SignUp Role,Name,Email,School,Attended Educator Count
            \(cells[0]),Space,2025-09-15,Completed,Educator,\(cells[1]),\(cells[2]),\(cells[3]),1

            """
        _ = try SessionService(site.installation, site.tenant, actor: site.actor)
            .importFile(Array(text.utf8))
    }

    func edit(_ who: String, _ site: World.Site, name: String? = nil, email: String? = nil) throws {
        world.advance(1000)
        _ = try TeacherService(site.tenant, actor: site.actor).edit(
            who, .init(name: name, email: email), year: nil)
    }

    /// Sessions a teacher and what nobody could match, the same on both sides.
    func usage() throws -> String {
        try world.settle()
        let texts = try [hub, node].map { site in
            let report = try UsageService(site.tenant, actor: site.actor).report(year: "2025-2026")
            let rows = report.buildings.flatMap(\.rows).map { "\($0.name) \($0.sessions)" }
            return (rows + ["unmatched \(report.unmatched)"]).joined(separator: ", ")
        }
        #expect(texts[0] == texts[1])
        #expect(try hub.digest() == node.digest())
        return texts[0]
    }

    @Test("a rename by hand or by a list keeps sessions, and later ones under the old name count too")
    func renamed() throws {
        try edit("ann@t.org", node, name: "Ann Moe")
        try take("S2,Ann Lee,,", hub)
        #expect(try usage() == "Ann Moe 2, Bo Ray 0, unmatched 0")
        try roster("North,Ann Fox,ann@t.org\nSouth,Bo Ray,bo@t.org\n", hub)
        try take("S3,Ann Moe,,", node)
        try take("S4,Ann Fox,,", node)
        #expect(try usage() == "Ann Fox 4, Bo Ray 0, unmatched 0")
        let kept = try node.store.read { try $0.matchableTeachers().first { $0.email == "ann@t.org" } }
        #expect(kept?.otherNames == ["Ann Lee", "Ann Moe"])
    }

    @Test("both sides rename a teacher apart, and sessions by either name count, settled or not")
    func apart() throws {
        try edit("ann@t.org", hub, name: "Ann Moe")
        try take("S2,Ann Moe,,", hub)
        try edit("ann@t.org", node, name: "Ann Fox")
        try take("S3,Ann Fox,,", node)
        #expect(try usage() == "Ann Fox 3, Bo Ray 0, unmatched 0")
        let conflict = try #require(try ConflictService(hub.tenant, actor: hub.actor).list(.open).first)
        _ = try ConflictService(hub.tenant, actor: hub.actor).resolve(
            conflict.id, take: nil, value: "Ann Moe")
        #expect(try usage() == "Ann Moe 3, Bo Ray 0, unmatched 0")
        #expect(try ConflictService(node.tenant, actor: node.actor).list().isEmpty)
    }

    @Test("a name that somebody else has now belongs to nobody until the school or a person says whose")
    func namesake() throws {
        try edit("ann@t.org", hub, name: "Ann Moe")
        _ = try TeacherService(hub.tenant, actor: hub.actor).add(
            name: "Ann Lee", email: "new@t.org", school: "South", grade: nil, year: "2025-2026",
            dryRun: false)
        try take("S2,Ann Lee,,South", hub)
        try take("S3,Ann Lee,,", hub)
        #expect(try usage() == "Ann Moe 1, Ann Lee 1, Bo Ray 0, unmatched 1")
        let sessions = SessionService(node.installation, node.tenant, actor: node.actor)
        let row = try #require(try sessions.unmatched().first)
        #expect(row.candidates.map(\.email).sorted() == ["ann@t.org", "new@t.org"])
        _ = try sessions.match(row.id, to: "ann@t.org")
        #expect(try usage() == "Ann Moe 2, Ann Lee 1, Bo Ray 0, unmatched 0")
    }

    @Test("an import that is taken back takes its name along")
    func undone() throws {
        try roster("North,Zed Who,ann@t.org\nSouth,Bo Ray,bo@t.org\n", hub)
        try take("S2,Zed Who,,", hub)
        #expect(try usage() == "Zed Who 2, Bo Ray 0, unmatched 0")
        let id = try node.store.read { try $0.rosterImports()[0].id }
        #expect(try ImportUndo(node.tenant, actor: node.actor).undo(id).kept.isEmpty)
        #expect(try usage() == "Ann Lee 1, Bo Ray 0, unmatched 1")
    }

    @Test("a new address keeps what was matched by the old one; the same name again leaves no trace")
    func address() throws {
        try take("S2,Annie,ann@t.org,", hub)
        try edit("ann@t.org", node, email: "ann.lee@t.org")
        #expect(try usage() == "Ann Lee 2, Bo Ray 0, unmatched 0")
        try edit("bo@t.org", node, name: "Bo Ray")
        let kept = try hub.store.read { try $0.matchableTeachers() }
        #expect(kept.first { $0.email == "bo@t.org" }?.otherNames == [])
    }

    @Test("at most 32 former names are kept")
    func bounded() throws {
        for number in 0..<40 { try edit("bo@t.org", hub, name: "Bo \(number)") }
        let kept = try hub.store.read { try $0.matchableTeachers().first { $0.email == "bo@t.org" } }
        #expect(kept?.otherNames.count == FormerValues.limit)
    }
}
