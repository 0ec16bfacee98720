import SyncEngine
import TestSupport
import Testing

/// Deleting on one side or both (docs/CONFLICTS.md).
@Suite struct DeleteStories {
    @Test("A teacher deleted on one side is gone on both")
    func delete() throws {
        let story = try Story(teachers: ["Ann", "Bo"])
        try story.delete(story.node)
        try story.sync()
        #expect(try story.teachers() == ["Bo, bo@t.org, North, 5"])
        #expect(try story.conflicts() == [])
    }

    @Test("A teacher deleted and added again is the same row")
    func recreate() throws {
        let story = try Story()
        let id = try story.id(of: "ann@t.org")
        try story.delete(story.hub)
        try story.sync()
        try story.add(story.node, "Ann Two", email: "ann@t.org", grade: "1")
        try story.sync()
        #expect(try story.teachers() == ["Ann Two, ann@t.org, North, 1"])
        #expect(try story.id(of: "ann@t.org") == id)
        #expect(try story.conflicts() == [])
    }

    @Test("A teacher deleted and added again on one side meets an edit of the old one")
    func recreateAgainstEdit() throws {
        let story = try Story()
        try story.delete(story.hub)
        try story.add(story.hub, "Ann Two", email: "ann@t.org", grade: "1")
        try story.edit(story.node, grade: "6")
        try story.sync()
        #expect(try story.teachers() == ["Ann Two, ann@t.org, North, 6"])
        #expect(try story.conflicts() == ["settled teacher_year.grade: 1 | 6 -> 6 by latest"])
    }

    @Test("Both sides delete the same teacher, and there is no conflict")
    func twice() throws {
        let story = try Story()
        try story.delete(story.hub)
        try story.delete(story.node)
        try story.sync()
        #expect(try story.teachers() == [])
        #expect(try story.conflicts() == [])
    }

    @Test("A name edited on one side keeps the teacher that the other side deleted")
    func editOfName() throws {
        let story = try Story()
        try story.delete(story.hub)
        try story.edit(story.node, name: "Ann Lee")
        try story.sync()
        #expect(try story.teachers() == ["Ann Lee, ann@t.org, in no year"])
        #expect(try story.conflicts() == ["settled teacher.*: deleted | kept -> kept by update_wins"])
        let life = try ConflictService(story.hub.tenant, actor: story.hub.actor).list()[0]
        #expect(life.rulePlace == "roster.yaml:8", "where `row` stands")
        try story.resolve(story.hub, "teacher.*", value: "kept")
        try story.sync()
        #expect(try story.teachers() == ["Ann Lee, ann@t.org, North, 5"], "the years come back with her")
        #expect(try story.conflicts() == [])
        #expect(
            try story.conflicts(.resolved) == ["resolved teacher.*: deleted | kept -> kept by update_wins"])
    }

    @Test("A delete against an edit is settled as deleted, and the whole teacher goes")
    func settledAsDeleted() throws {
        let story = try Story()
        try story.delete(story.hub)
        try story.edit(story.node, name: "Ann Lee", grade: "6")
        try story.sync()
        #expect(try story.teachers() == ["Ann Lee, ann@t.org, North, 6"])
        #expect(
            try story.conflicts() == [
                "settled teacher.*: deleted | kept -> kept by update_wins",
                "settled teacher_year.*: deleted | kept -> kept by update_wins",
            ])
        try story.resolve(story.node, "teacher.*", value: "deleted")
        try story.sync()
        #expect(try story.teachers() == [])
        #expect(try story.conflicts() == [])
    }

    @Test("A grade edited on one side keeps the teacher that the other side deleted")
    func editOfGrade() throws {
        let story = try Story()
        try story.delete(story.hub)
        try story.edit(story.node, grade: "6")
        try story.sync()
        #expect(try story.teachers() == ["Ann, ann@t.org, North, 6"], "the person comes back with the year")
        #expect(try story.conflicts() == ["settled teacher_year.*: deleted | kept -> kept by update_wins"])
        try story.resolve(story.node, "teacher_year.*", value: "kept")
        try story.sync()
        #expect(try story.teachers() == ["Ann, ann@t.org, North, 6"])
        #expect(try story.conflicts() == [])
    }

    @Test("Under delete_wins the teacher is gone, and a person can still keep her")
    func deleteWins() throws {
        let story = try Story()
        try story.setRosterRules(
            story.hub, teacher: "{ default: latest, row: delete_wins }",
            year: "{ default: latest, row: delete_wins }")
        try story.sync()
        try story.delete(story.hub)
        try story.edit(story.node, name: "Ann Lee")
        try story.sync()
        #expect(try story.teachers() == [])
        #expect(try story.conflicts() == ["settled teacher.*: deleted | kept -> deleted by delete_wins"])
        try story.resolve(story.node, "teacher.*", value: "kept")
        try story.sync()
        #expect(try story.teachers() == ["Ann Lee, ann@t.org, North, 5"])
        #expect(try story.conflicts() == [])
    }
}
