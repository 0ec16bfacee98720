import NodeCore
import SyncEngine
import TestSupport
import Testing

/// Roster imports against imports and against single edits (docs/CONFLICTS.md).
@Suite struct ImportStories {
    func roster(_ count: Int, grade: String) -> [String] {
        (0..<count).map { "North,Teacher \($0),t\($0)@t.org,\(grade)" }
    }

    @Test("The same roster is imported on both sides, and there is no conflict")
    func sameRoster() throws {
        let story = try Story(teachers: [])
        try story.importRoster(story.hub, roster(30, grade: "5"))
        try story.importRoster(story.node, roster(30, grade: "5"))
        try story.sync()
        #expect(try story.teachers().count == 30)
        #expect(try story.conflicts() == [])
        let imports = try story.agreed { site in
            try site.store.read { try $0.auditEntries(limit: 100, action: "roster.import").count }
        }
        #expect(imports == 2)
    }

    @Test("A large import on one side meets single edits on the other, column by column")
    func largeImport() throws {
        let story = try Story(teachers: [])
        try story.importRoster(story.hub, roster(200, grade: "5"))
        try story.sync()
        try story.edit(story.node, "t3@t.org", grade: "2")
        try story.edit(story.node, "t4@t.org", name: "Renamed")
        try story.delete(story.node, "t5@t.org")
        try story.importRoster(story.hub, roster(200, grade: "9"))
        try story.sync()
        let shown = try story.teachers()
        #expect(shown.count == 200)
        #expect(shown.contains("Teacher 5, t5@t.org, North, 9"))
        #expect(shown.contains("Teacher 3, t3@t.org, North, 9"))
        #expect(shown.contains("Renamed, t4@t.org, North, 9"))
        #expect(
            try story.conflicts() == [
                "settled teacher_year.*: deleted | kept -> kept by update_wins",
                "settled teacher_year.grade: 2 | 9 -> 9 by latest",
            ])
    }

    @Test("A deactivation by hand outlives an import on the other side")
    func deactivatedByHand() throws {
        let story = try Story(teachers: [])
        let ann = "North,Ann,ann@t.org,5"
        let rest = ["North,Bo,bo@t.org,5", "North,Cy,cy@t.org,5"]
        try story.importRoster(story.hub, [ann] + rest)
        try story.importRoster(story.hub, rest)
        try story.sync()
        try story.setActive(story.node, false)
        try story.importRoster(story.hub, [ann] + rest)
        try story.sync()
        #expect(try story.teachers()[0] == "Ann, ann@t.org, North, 5, inactive")
        #expect(try story.conflicts() == [])
        try story.importRoster(story.hub, ["South,Ann,ann@t.org,5"] + rest)
        try story.sync()
        #expect(try story.teachers()[0] == "Ann, ann@t.org, South, 5, inactive")
        try story.setActive(story.hub, true)
        try story.sync()
        #expect(try story.teachers()[0] == "Ann, ann@t.org, South, 5")
    }
}
