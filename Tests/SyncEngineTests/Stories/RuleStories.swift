import SyncEngine
import TestSupport
import Testing

/// The same two edits under other rules (docs/CONFLICTS.md).
@Suite struct RuleStories {
    /// Hub and node, in this order unless turned round, change the name apart.
    func torn(under rule: String, hubFirst: Bool = true) throws -> Story {
        let story = try Story()
        try story.setRosterRules(story.hub, teacher: "{ default: \(rule) }")
        try story.sync()
        let edits: [() throws -> Void] = [
            { try story.edit(story.hub, name: "Hub") }, { try story.edit(story.node, name: "Node") },
        ]
        for edit in hubFirst ? edits : edits.reversed() { try edit() }
        try story.sync()
        return story
    }

    @Test("Under earliest the first change shows")
    func earliest() throws {
        let story = try torn(under: "earliest")
        #expect(try story.teachers() == ["Hub, ann@t.org, North, 5"])
        #expect(try story.conflicts() == ["settled teacher.name: Hub | Node -> Hub by earliest"])
    }

    @Test("Under prefer_hub the hub's change shows, however much later the node's was")
    func preferHub() throws {
        let story = try torn(under: "prefer_hub")
        #expect(try story.teachers() == ["Hub, ann@t.org, North, 5"])
        #expect(try story.conflicts() == ["settled teacher.name: Hub | Node -> Hub by prefer_hub"])
        try story.edit(story.node, name: "Later")
        try story.sync()
        #expect(try story.teachers() == ["Later, ann@t.org, North, 5"], "it had seen the hub's")
        #expect(try story.conflicts() == [])
    }

    @Test("Under prefer_node the node's change shows, however much later the hub's was")
    func preferNode() throws {
        let story = try torn(under: "prefer_node", hubFirst: false)
        #expect(try story.teachers() == ["Node, ann@t.org, North, 5"])
        #expect(try story.conflicts() == ["settled teacher.name: Node | Hub -> Node by prefer_node"])
        try story.resolve(story.node, "teacher.name", take: 2)
        try story.sync()
        #expect(try story.teachers() == ["Hub, ann@t.org, North, 5"], "a decision beats any rule")
    }

    @Test("New rules change what standing conflicts show, on every side")
    func changedRules() throws {
        let story = try Story()
        try story.edit(story.hub, name: "Hub")
        try story.edit(story.node, name: "Node")
        try story.sync()
        #expect(try story.conflicts() == ["open teacher.name: Hub | Node -> Node by manual"])
        try story.setRosterRules(story.hub, teacher: "{ default: prefer_hub }")
        try story.sync()
        #expect(try story.teachers() == ["Hub, ann@t.org, North, 5"])
        #expect(try story.conflicts() == ["settled teacher.name: Hub | Node -> Hub by prefer_hub"])
    }
}
