import SyncEngine
import TestSupport
import Testing

/// Adding and editing on two sides (docs/CONFLICTS.md).
@Suite struct EditStories {
    @Test("A teacher added on one side appears on the other")
    func add() throws {
        let story = try Story(teachers: [])
        try story.add(story.node, "Ann")
        #expect(try story.teachers(at: story.hub).isEmpty)
        try story.sync()
        #expect(try story.teachers() == ["Ann, ann@t.org, North, 5"])
        #expect(try story.conflicts() == [])
    }

    @Test("Two sides change different columns of one teacher, and both changes stand")
    func differentColumns() throws {
        let story = try Story()
        try story.edit(story.hub, name: "Ann Lee")
        try story.edit(story.node, grade: "6")
        try story.sync()
        #expect(try story.teachers() == ["Ann Lee, ann@t.org, North, 6"])
        #expect(try story.conflicts() == [])
    }

    @Test("Two sides change the same grade, and the later change shows")
    func latest() throws {
        let story = try Story()
        try story.edit(story.hub, grade: "6")
        try story.edit(story.node, grade: "7")
        try story.sync()
        #expect(try story.teachers() == ["Ann, ann@t.org, North, 7"])
        #expect(try story.conflicts() == ["settled teacher_year.grade: 6 | 7 -> 7 by latest"])
        try story.resolve(story.hub, "teacher_year.grade", take: 1)
        try story.sync()
        #expect(try story.teachers() == ["Ann, ann@t.org, North, 6"])
        #expect(try story.conflicts() == [])
        #expect(try story.conflicts(.resolved) == ["resolved teacher_year.grade: 6 | 7 -> 6 by latest"])
    }

    @Test("Two sides change the same name, and it stays open until a person settles it")
    func manual() throws {
        let story = try Story()
        try story.edit(story.hub, name: "Ann Lee")
        try story.edit(story.node, name: "Ann Li")
        try story.sync()
        #expect(try story.teachers() == ["Ann Li, ann@t.org, North, 5"])
        #expect(try story.conflicts() == ["open teacher.name: Ann Lee | Ann Li -> Ann Li by manual"])
        let views = try ConflictService(story.hub.tenant, actor: story.hub.actor).list()
        #expect(views.map(\.label) == ["ann@t.org"], "the list says whose name it is")
        try story.edit(story.node, grade: "6")
        try story.sync()
        #expect(try story.conflicts(.open).count == 1, "an edit of another column leaves it open")
        try story.resolve(story.node, "teacher.name", value: "Ann Lee-Li")
        try story.sync()
        #expect(try story.teachers() == ["Ann Lee-Li, ann@t.org, North, 6"])
        #expect(try story.conflicts() == [])
    }

    @Test("Both sides make the same change, and there is no conflict")
    func equal() throws {
        let story = try Story()
        try story.edit(story.hub, name: "Ann Lee", grade: "6")
        try story.edit(story.node, name: "Ann Lee", grade: "6")
        try story.sync()
        #expect(try story.teachers() == ["Ann Lee, ann@t.org, North, 6"])
        #expect(try story.conflicts() == [])
    }

    @Test("An edit that had seen the conflict settles it")
    func settledByEdit() throws {
        let story = try Story()
        try story.edit(story.hub, name: "Ann Lee")
        try story.edit(story.node, name: "Ann Li")
        try story.sync()
        try story.edit(story.hub, name: "Ann Li")
        try story.sync()
        #expect(try story.conflicts(.open).count == 1, "the shown value again is no change")
        try story.edit(story.hub, name: "Ann Lindt")
        try story.sync()
        #expect(try story.teachers() == ["Ann Lindt, ann@t.org, North, 5"])
        #expect(try story.conflicts() == [])
        #expect(
            try story.conflicts(.resolved) == [
                "resolved teacher.name: Ann Lee | Ann Li -> Ann Lindt by manual"
            ])
    }

    @Test("Both sides settle the same conflict at once with different values, and it is open again")
    func resolvedTwice() throws {
        let story = try Story()
        try story.edit(story.hub, name: "Ann Lee")
        try story.edit(story.node, name: "Ann Li")
        try story.sync()
        try story.resolve(story.hub, "teacher.name", take: 1)
        try story.resolve(story.node, "teacher.name", value: "Ann Lindt")
        try story.sync()
        #expect(try story.conflicts() == ["open teacher.name: Ann Lee | Ann Lindt -> Ann Lindt by manual"])
        try story.resolve(story.hub, "teacher.name", take: 2)
        try story.resolve(story.node, "teacher.name", take: 2)
        try story.sync()
        #expect(try story.teachers() == ["Ann Lindt, ann@t.org, North, 5"])
        #expect(try story.conflicts() == [], "the same choice twice is no conflict")
    }

    @Test("Three installations change one name, and one decision settles all three")
    func three() throws {
        let story = try Story(nodes: 2)
        try story.edit(story.hub, name: "Ann Lee")
        try story.edit(story.node, name: "Ann Li")
        try story.edit(story.other, name: "Ann Low")
        try story.sync()
        #expect(
            try story.conflicts() == ["open teacher.name: Ann Lee | Ann Li | Ann Low -> Ann Low by manual"])
        try story.resolve(story.other, "teacher.name", take: 2)
        try story.sync()
        #expect(try story.teachers() == ["Ann Li, ann@t.org, North, 5"])
        #expect(try story.conflicts() == [])
    }
}
