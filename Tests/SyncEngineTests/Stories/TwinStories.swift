import NodeCore
import SyncEngine
import TestSupport
import Testing

/// The same person, or the same address, made on two sides (docs/CONFLICTS.md).
@Suite struct TwinStories {
    @Test("Both sides add the same teacher, and there is one teacher")
    func twins() throws {
        let story = try Story(teachers: [])
        try story.add(story.hub, "Ann Lee", email: "ann@t.org", school: "North")
        try story.add(story.node, "Ann Li", email: "Ann@T.org", school: "South")
        try story.sync()
        #expect(try story.teachers() == ["Ann Li, ann@t.org, South, 5"])
        #expect(
            try story.conflicts() == [
                "open teacher.name: Ann Lee | Ann Li -> Ann Li by manual",
                "settled teacher_year.school_id: North | South -> South by latest",
            ])
        try story.resolve(story.hub, "teacher.name", take: 1)
        try story.sync()
        #expect(try story.teachers() == ["Ann Lee, ann@t.org, South, 5"])
    }

    @Test("An address that became free is given to somebody new on both sides")
    func freedAddress() throws {
        let story = try Story()
        let ann = try story.id(of: "ann@t.org")
        try story.edit(story.hub, name: "Anna", email: "anna@t.org")
        try story.sync()
        try story.add(story.hub, "Ann New", email: "ann@t.org", grade: "1")
        try story.add(story.node, "Ann New", email: "ann@t.org", grade: "2")
        try story.sync()
        #expect(try story.teachers() == ["Ann New, ann@t.org, North, 2", "Anna, anna@t.org, North, 5"])
        #expect(try story.conflicts() == ["settled teacher_year.grade: 1 | 2 -> 2 by latest"])
        #expect(try story.id(of: "anna@t.org") == ann)
        #expect(try story.id(of: "ann@t.org") != ann)
    }

    @Test("An address moves on one side while the other, which never saw it, gives it to somebody else")
    func movedAddress() throws {
        let story = try Story(teachers: [])
        try story.add(story.hub, "Ann")
        try story.edit(story.hub, name: "Anna", email: "anna@t.org")
        try story.add(story.node, "Ann Other", email: "ann@t.org")
        try story.sync()
        #expect(try story.teachers() == ["Ann Other, ann@t.org, North, 5"])
        #expect(
            try story.conflicts() == [
                "open teacher.email: anna@t.org | ann@t.org -> ann@t.org by manual",
                "open teacher.name: Anna | Ann Other -> Ann Other by manual",
            ])
        try story.resolve(story.hub, "teacher.email", take: 1)
        try story.resolve(story.hub, "teacher.name", take: 1)
        try story.add(story.hub, "Ann Other", email: "ann@t.org")
        try story.sync()
        #expect(try story.teachers() == ["Ann Other, ann@t.org, North, 5", "Anna, anna@t.org, North, 5"])
        #expect(try story.conflicts() == [])
    }

    @Test("Two teachers end up with one address and become one person, until somebody takes that back")
    func sharedAddress() throws {
        let story = try Story(teachers: ["Bo"])
        let bo = try story.id(of: "bo@t.org")
        try story.edit(story.hub, "bo@t.org", email: "office@t.org")
        try story.add(story.node, "Cy", email: "office@t.org")
        try story.sync()
        #expect(try story.teachers() == ["Bo, office@t.org, North, 5"])
        #expect(try story.conflicts() == [])
        let service = TeacherService(story.node.tenant, actor: story.node.actor)
        #expect(try service.show("office@t.org").id == bo)
        _ = try service.unmerge("office@t.org")
        try story.sync()
        #expect(try story.teachers() == ["Bo, office@t.org, North, 5", "Cy, office@t.org, North, 5"])
        try story.refuses(story.node, .conflict) { try story.id(of: "office@t.org") }
        let cases = try story.agreed { try ConflictService($0.tenant, actor: $0.actor).cases() }
        #expect(cases.map(\.kind) == [.duplicate] && cases[0].isOpen && cases[0].rows[0] == bo)
        try story.edit(story.node, bo, email: "bo@t.org")
        try story.sync()
        #expect(try story.teachers() == ["Bo, bo@t.org, North, 5", "Cy, office@t.org, North, 5"])
    }
}
