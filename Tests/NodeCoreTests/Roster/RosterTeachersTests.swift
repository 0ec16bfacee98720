import TestSupport
import Testing

@testable import NodeCore

/// The teachers that an import reads are those that everybody else reads.
@Suite struct RosterTeachersTests {
    private let world: World
    private var hub: World.Site { world.hub }
    private var service: TeacherService { TeacherService(hub.tenant, actor: hub.actor) }

    init() throws {
        world = try World(nodes: 0)
        try roster(
            "2024-2025", "North,Ann Lee,ann@t.org,1\nNorth,Di Fox,di@t.org,2\nNorth,José Ray,jose@t.org,\n")
        try roster(
            "2025-2026", "North,Ann Lee,ann@t.org,3\nSouth,Bo Ray,bo@t.org,\nSouth,Cy Low,cy@t.org,4\n")
    }

    private func roster(_ year: String, _ lines: String) throws {
        var options = RosterService.Options()
        options.year = year
        options.additive = true
        let outcome = try RosterService(hub.installation, hub.tenant, actor: hub.actor)
            .importFile(Array(("Building,Name,Email,Grade\n" + lines).utf8), options)
        #expect(outcome.plan.rowErrors == 0)
    }

    private func check() throws {
        for text in ["2024-2025", "2025-2026", "2030-2031"] {
            let year = try #require(AcademicYear(text))
            try hub.store.read { reader in
                let found = try reader.rosterTeachers(year: year).sorted { $0.id < $1.id }
                let expected = try reader.teachers(year: year, all: true).sorted { $0.id < $1.id }
                #expect(!found.isEmpty && found == expected.map(Self.rosterTeacher))
            }
        }
    }

    private static func rosterTeacher(_ teacher: Teacher) -> RosterTeacher {
        RosterTeacher(
            id: teacher.id, name: teacher.name, email: teacher.email, schoolID: teacher.schoolID,
            grade: teacher.grade, active: teacher.active, inYear: teacher.yearID != nil,
            handDeactivated: teacher.handDeactivated, otherEmails: teacher.otherEmails,
            yearID: teacher.yearID)
    }

    @Test("active ones, those deactivated by hand, and those of other years")
    func plain() throws {
        _ = try service.setActive("bo@t.org", false, year: "2025-2026")
        try check()
    }

    @Test("those who were merged, with the year and the addresses of the others")
    func merged() throws {
        _ = try service.merge("ann@t.org", into: "di@t.org")
        _ = try service.merge("bo@t.org", into: "di@t.org")
        _ = try service.merge("cy@t.org", into: "jose@t.org")
        try check()
    }

    @Test("a merge into a teacher who is gone counts for nothing")
    func dangling() throws {
        let gone = try service.show("di@t.org").id
        _ = try service.merge("ann@t.org", into: "di@t.org")
        try hub.write { try $0.delete(Schema.teacher, id: gone) }
        try check()
    }
}
