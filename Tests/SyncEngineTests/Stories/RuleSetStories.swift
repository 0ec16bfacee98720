import NodeCore
import SyncEngine
import TestSupport
import Testing

/// A tenant's rules as a document: layers, locks, conditions, deadlines (docs/CONFLICTS.md).
@Suite struct RuleSetStories {
    func service(_ site: World.Site) -> RuleService { RuleService(site.tenant, actor: site.actor) }

    static func teacher(_ body: String) -> String {
        "version: 1\ndomain: roster\ntables:\n  teacher: \(body)\n"
    }

    /// The hub and then the node change the name apart.
    func tornName() throws -> Story {
        let story = try Story()
        try story.edit(story.hub, name: "Hub")
        try story.edit(story.node, name: "Node")
        try story.sync()
        return story
    }

    @Test("A table that the district's file names goes by that file alone, every other by the policy")
    func layers() throws {
        let story = try tornName()
        #expect(try story.conflicts() == ["open teacher.name: Hub | Node -> Node by manual"])
        _ = try service(story.node).apply(Self.teacher("{ default: earliest }"))
        try story.sync()
        #expect(try story.conflicts() == ["settled teacher.name: Hub | Node -> Hub by earliest"])
        let places = try story.agreed { site in
            try service(site).show().filter { ["name", "grade"].contains($0.column) }.map(\.place)
        }
        #expect(places.contains("roster.yaml:4 (district, version 2)"), "\(places)")
        #expect(places.contains { !$0.contains("district") }, "\(places)")
    }

    @Test("Taking the district's rules away shows what the policy shows")
    func remove() throws {
        let story = try tornName()
        _ = try service(story.node).apply(Self.teacher("{ default: earliest }"))
        try story.sync()
        #expect(try story.teachers() == ["Hub, ann@t.org, North, 5"])
        _ = try service(story.node).remove(domain: "roster")
        try story.sync()
        #expect(try story.conflicts() == ["open teacher.name: Hub | Node -> Node by manual"])
    }

    @Test("What the policy locks goes by the policy, even where the district's file came first")
    func lock() throws {
        let story = try tornName()
        _ = try service(story.node).apply(Self.teacher("{ default: latest, columns: { name: earliest } }"))
        try story.sync()
        #expect(try story.teachers() == ["Hub, ann@t.org, North, 5"])
        story.later()
        let policy = "{ default: latest, columns: { name: prefer_node }, locked: [name] }"
        _ = try service(story.hub).apply(Self.teacher(policy), asPolicy: true)
        try story.sync()
        #expect(try story.conflicts() == ["settled teacher.name: Hub | Node -> Node by prefer_node"])
        try story.refuses(story.node, .validation) {
            try service(story.node).apply(Self.teacher("{ default: latest, columns: { name: longest } }"))
        }
    }

    @Test("Two rule sets written apart are a conflict of their own, and the hub's is in force")
    func apart() throws {
        let story = try tornName()
        _ = try service(story.hub).apply(Self.teacher("{ default: earliest }"))
        story.later()
        _ = try service(story.node).apply(Self.teacher("{ default: prefer_node }"))
        #expect(try story.teachers(at: story.node) == ["Node, ann@t.org, North, 5"], "until they meet")
        try story.sync()
        #expect(try story.teachers() == ["Hub, ann@t.org, North, 5"])
        let documents = try story.agreed { site in
            try ConflictService(site.tenant, actor: site.actor).list().filter { $0.table == "rule_set" }
                .map { "\($0.column) by \($0.rule)" }
        }
        #expect(documents == ["document by prefer_hub"])
        _ = try service(story.node).apply(Self.teacher("{ default: prefer_node }"))
        try story.sync()
        #expect(try story.conflicts() == ["settled teacher.name: Hub | Node -> Node by prefer_node"])
    }

    @Test("A rule with a condition is asked only where that holds")
    func condition() throws {
        let story = try Story(teachers: ["Ann", "Bo"])
        let rules = "[{ when: { column: email, is: ann@t.org }, rule: earliest }, latest]"
        try story.setRosterRules(
            story.node, teacher: "{ default: latest, columns: { name: \(rules) } }")
        try story.sync()
        for email in ["ann@t.org", "bo@t.org"] {
            try story.edit(story.hub, email, name: "Hub")
            try story.edit(story.node, email, name: "Node")
        }
        try story.sync()
        #expect(try story.teachers() == ["Hub, ann@t.org, North, 5", "Node, bo@t.org, North, 5"])
    }

    @Test("At a deadline the hub settles an open conflict with what it shows")
    func deadline() throws {
        let story = try Story()
        let name = "{ rule: manual, default: longest, deadline: 14d }"
        try story.setRosterRules(story.node, teacher: "{ default: latest, columns: { name: \(name) } }")
        try story.sync()
        try story.edit(story.hub, name: "Ann Lee-Jones")
        try story.edit(story.node, name: "Ann Lee")
        try story.sync()
        let waits = "open teacher.name: Ann Lee-Jones | Ann Lee -> Ann Lee-Jones by manual"
        #expect(try story.conflicts() == [waits])
        let deadlines = ReviewDeadlines(story.hub.tenant, nodeID: "hub")
        #expect(try deadlines.run() == 0, "the time runs from here")
        story.world.advance(13 * 86_400_000)
        #expect(try deadlines.run() == 0)
        story.world.advance(86_400_000)
        #expect(try deadlines.run() == 1)
        try story.sync()
        #expect(try story.conflicts() == [])
        #expect(try story.teachers() == ["Ann Lee-Jones, ann@t.org, North, 5"])
    }
}
