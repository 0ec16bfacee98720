import SyncEngine
import TestSupport
import Testing

/// Wrong clocks, and changes that take the long way (docs/CONFLICTS.md).
@Suite struct ClockStories {
    static let year: Int64 = 365 * 86_400_000

    @Test("A clock a year ahead doesn't beat a write that had seen its write")
    func seenBeatsClock() throws {
        let story = try Story()
        story.node.clock.setSkew(Self.year)
        try story.edit(story.node, name: "Ann Ahead")
        try story.sync()
        try story.edit(story.hub, name: "Ann Now")
        try story.sync()
        #expect(try story.teachers() == ["Ann Now, ann@t.org, North, 5"])
        #expect(try story.conflicts() == [])
    }

    @Test("A clock a year ahead wins a tie under latest, until somebody edits again")
    func tie() throws {
        let story = try Story()
        story.node.clock.setSkew(Self.year)
        try story.edit(story.node, grade: "7")
        try story.edit(story.hub, grade: "8")
        try story.sync()
        #expect(try story.teachers() == ["Ann, ann@t.org, North, 7"])
        #expect(try story.conflicts() == ["settled teacher_year.grade: 8 | 7 -> 7 by latest"])
        try story.edit(story.hub, grade: "9")
        try story.sync()
        #expect(try story.teachers() == ["Ann, ann@t.org, North, 9"])
        #expect(try story.conflicts() == [])
    }

    @Test("A change passes through a third installation before it meets its rival")
    func chain() throws {
        let story = try Story(nodes: 2)
        try story.edit(story.node, name: "Ann One")
        for site in [story.node, story.other] { try story.world.sync(site) }
        try story.edit(story.other, name: "Ann Two")
        try story.edit(story.node, name: "Ann Three")
        try story.sync()
        #expect(try story.conflicts() == ["open teacher.name: Ann Two | Ann Three -> Ann Three by manual"])
        try story.resolve(story.hub, "teacher.name", take: 1)
        try story.sync()
        #expect(try story.teachers() == ["Ann Two, ann@t.org, North, 5"])
        #expect(try story.conflicts() == [])
    }
}
