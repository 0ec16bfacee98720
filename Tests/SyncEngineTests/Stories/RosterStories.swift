import NodeCore
import SyncEngine
import TestSupport
import Testing

/// Rosters that meet: moves, imports, undos, aliases and rollovers on two sides (docs/CONFLICTS.md). Each in
/// both orders: who acted later by the clock is not who synced last.
@Suite struct RosterStories {
    static let roster = ["North,Ann,ann@t.org,5", "North,Bo,bo@t.org,5", "South,Cy,cy@t.org,5"]

    /// The two sides of a story in the order in which they act.
    func sides(_ story: Story, hubFirst: Bool) -> (World.Site, World.Site) {
        hubFirst ? (story.hub, story.node) : (story.node, story.hub)
    }

    @Test("A teacher is moved on both sides, and is where the later move put her", arguments: [true, false])
    func movedTwice(hubFirst: Bool) throws {
        let story = try Story(teachers: ["Ann"])
        let (first, second) = sides(story, hubFirst: hubFirst)
        try story.edit(first, school: "South")
        try story.edit(second, school: "North", grade: "6")
        try story.edit(second, school: "South")
        try story.edit(second, school: "North")
        try story.sync()
        #expect(try story.teachers() == ["Ann, ann@t.org, North, 6"])
        #expect(
            try story.conflicts() == [
                "settled teacher_year.school_id: South | North -> North by latest"
            ])
    }

    @Test("A node imports while the hub edits, and both stand, column by column", arguments: [true, false])
    func importMeetsEdits(hubFirst: Bool) throws {
        let story = try Story(teachers: [])
        try story.importRoster(story.hub, Self.roster)
        try story.sync()
        func edits() throws {
            try story.edit(story.hub, "ann@t.org", school: "South")
            try story.edit(story.hub, "bo@t.org", name: "Bo Ray")
            try story.add(story.hub, "Dee")
        }
        func imports() throws {
            try story.importRoster(
                story.node, ["North,Ann,ann@t.org,6", "South,Bo,bo@t.org,5", "South,Cy,cy@t.org,5"])
        }
        if hubFirst { try edits() }
        try imports()
        if !hubFirst { try edits() }
        try story.sync()
        // Nobody was moved by both, so nothing is in conflict; Dee wasn't known to the import.
        #expect(
            try story.teachers() == [
                "Ann, ann@t.org, South, 6", "Bo Ray, bo@t.org, South, 5", "Cy, cy@t.org, South, 5",
                "Dee, dee@t.org, North, 5",
            ])
        #expect(try story.conflicts() == [])
    }

    @Test(
        "Two installations import one roster apart, and each teacher is one row", arguments: [true, false])
    func twins(otherFirst: Bool) throws {
        let story = try Story(nodes: 2, teachers: [])
        let (first, second) = otherFirst ? (story.other, story.node) : (story.node, story.other)
        try story.importRoster(first, Self.roster)
        try story.importRoster(second, Self.roster.reversed())
        try story.sync()
        #expect(try story.teachers().count == 3)
        #expect(try story.conflicts() == [])
        // And once more, by who has both: nothing to write.
        let heads = try story.hub.store.read { try $0.heads() }
        try story.importRoster(story.hub, Self.roster)
        #expect(try story.hub.store.read { try $0.heads() } == heads)
    }

    @Test(
        "An import is undone on the other side, and what was edited since stays", arguments: [true, false])
    func undoneElsewhere(atHub: Bool) throws {
        let story = try Story(teachers: [])
        try story.importRoster(story.hub, Self.roster)
        try story.sync()
        let (importer, undoer) = atHub ? (story.node, story.hub) : (story.hub, story.node)
        try story.importRoster(
            importer, ["South,Ann,ann@t.org,6", "North,Bo Ray,bo@t.org,5", "North,New,new@t.org,1"])
        try story.sync()
        try story.edit(undoer, "ann@t.org", grade: "7")
        let outcome = try story.undoLastImport(undoer)
        try story.sync()
        #expect(
            try story.teachers() == [
                "Ann, ann@t.org, North, 7", "Bo, bo@t.org, North, 5", "Cy, cy@t.org, South, 5",
            ])
        #expect(outcome.kept.map(\.column) == ["grade"])
        #expect(try story.conflicts() == [])
        // The undo is undone in turn.
        _ = try story.undoLastImport(importer)
        try story.sync()
        #expect(
            try story.teachers() == [
                "Ann, ann@t.org, South, 7", "Bo Ray, bo@t.org, North, 5", "Cy, cy@t.org, South, 5, inactive",
                "New, new@t.org, North, 1",
            ])
    }

    @Test(
        "An import is undone while the other side edits a new teacher, who stays", arguments: [true, false])
    func undoneApart(editFirst: Bool) throws {
        let story = try Story(teachers: [])
        try story.importRoster(story.hub, Self.roster)
        try story.sync()
        if editFirst { try story.edit(story.node, "ann@t.org", name: "Ann Lee") }
        _ = try story.undoLastImport(story.hub)
        if !editFirst { try story.edit(story.node, "ann@t.org", name: "Ann Lee") }
        try story.sync()
        #expect(try story.teachers() == ["Ann Lee, ann@t.org, in no year"])
        // In the order of the clocks.
        let siblings = editFirst ? "kept | deleted" : "deleted | kept"
        #expect(
            try story.conflicts() == ["settled teacher.*: \(siblings) -> kept by update_wins"])
    }

    @Test(
        "One name is remembered for two schools, and the later word counts on both sides",
        arguments: [true, false])
    func aliases(hubFirst: Bool) throws {
        let story = try Story(teachers: [])
        let (first, second) = sides(story, hubFirst: hubFirst)
        story.later()
        _ = try SchoolAliases(first.tenant, actor: first.actor).add("The Hill", to: "North")
        story.later()
        _ = try SchoolAliases(second.tenant, actor: second.actor).add("THE  HILL", to: "South")
        try story.sync()
        try story.importRoster(story.node, ["the hill,Ann,ann@t.org,5"])
        try story.sync()
        #expect(try story.teachers() == ["Ann, ann@t.org, South, 5"])
        #expect(
            try story.conflicts().contains("settled school_alias.school_id: North | South -> South by latest")
        )
    }

    @Test("A year is rolled over on both sides, and each teacher is carried once", arguments: [true, false])
    func rolledOver(hubFirst: Bool) throws {
        let story = try Story(teachers: [])
        try story.importRoster(story.hub, Self.roster)
        try story.sync()
        let (first, second) = sides(story, hubFirst: hubFirst)
        for site in [first, second] {
            story.later()
            let service = RosterService(site.installation, site.tenant, actor: site.actor)
            #expect(try service.rollOver(from: nil, to: nil).carried.count == 3)
        }
        try story.sync()
        #expect(try story.teachers().count == 3)
        #expect(try story.conflicts() == [])
        let again = RosterService(story.hub.installation, story.hub.tenant, actor: story.hub.actor)
        let years = try story.hub.store.read { try $0.latestRosterYear() }
        #expect(
            try again.rollOver(from: years.map { "\(AcademicYear(startYear: $0.startYear - 1))" }, to: nil)
                .carried.isEmpty)
    }
}

extension Story {
    /// `roster undo` of the newest import that the site knows.
    func undoLastImport(_ site: World.Site) throws -> ImportUndo.Outcome {
        later()
        let newest = try #require(try site.store.read { try $0.rosterImports() }.first)
        return try ImportUndo(site.tenant, actor: site.actor).undo(newest.id)
    }
}
