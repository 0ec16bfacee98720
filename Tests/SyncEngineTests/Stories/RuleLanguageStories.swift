import NodeCore
import SyncEngine
import TestSupport
import Testing

/// One story a rule of the language (docs/CONFLICTS.md, "Every rule").
@Suite struct RuleLanguageStories {
    /// The hub and then the node change the grade apart, under a rule for it that the district applied.
    func torn(_ rule: String, hub: String, node: String) throws -> Story {
        let story = try Story()
        let year = "{ default: latest, columns: { grade: \(rule) } }"
        try story.setRosterRules(story.node, teacher: "{ default: latest }", year: year)
        try story.sync()
        try story.edit(story.hub, grade: hub)
        try story.edit(story.node, grade: node)
        try story.sync()
        return story
    }

    @Test("Under highest the greater grade shows, whoever wrote last")
    func highest() throws {
        let story = try torn("highest", hub: "10", node: "9")
        #expect(try story.conflicts() == ["settled teacher_year.grade: 10 | 9 -> 10 by highest"])
    }

    @Test("Under lowest the smaller grade shows, whoever wrote last")
    func lowest() throws {
        let story = try torn("lowest", hub: "9", node: "10")
        #expect(try story.conflicts() == ["settled teacher_year.grade: 9 | 10 -> 9 by lowest"])
    }

    @Test("Under longest the fuller name shows")
    func longest() throws {
        let story = try Story()
        try story.setRosterRules(story.node, teacher: "{ default: longest }")
        try story.sync()
        try story.edit(story.hub, name: "Ann Lee-Jones")
        try story.edit(story.node, name: "Ann Lee")
        try story.sync()
        let listed = "settled teacher.name: Ann Lee-Jones | Ann Lee -> Ann Lee-Jones by longest"
        #expect(try story.conflicts() == [listed])
    }

    @Test("Under union the origins of both lists show")
    func union() throws {
        let story = try Story()
        let yaml = "version: 1\ndomain: tenant\ntables:\n  tenant: { default: prefer_hub, columns: "
        _ = try RuleService(story.node.tenant, actor: story.node.actor).apply(
            yaml + "{ cors_origins: union } }\n")
        try story.sync()
        for (site, origin) in [(story.hub, "https://b.org"), (story.node, "https://a.org")] {
            story.later()
            let service = TenantSettings(site.tenant, actor: site.actor)
            _ = try service.edit(.init(corsOrigins: [origin]))
        }
        try story.sync()
        let shown = try story.agreed { try $0.store.read { try $0.tenant().corsOrigins } }
        #expect(shown == ["https://a.org", "https://b.org"])
        let both = "https://b.org | https://a.org -> https://a.org https://b.org"
        #expect(try story.conflicts() == ["settled tenant.cors_origins: \(both) by union"])
    }

    @Test("Under non_empty a grade beats an empty one")
    func nonEmpty() throws {
        let story = try torn("non_empty", hub: "6", node: "")
        #expect(try story.conflicts() == ["settled teacher_year.grade: 6 |  -> 6 by non_empty"])
    }

    @Test("Under deny_wins a teacher whom one side took out stays out")
    func denyWins() throws {
        let story = try Story()
        let columns = "{ active: deny_wins, hand_deactivated: { rule: deny_wins, deny: [1] } }"
        let year = "{ default: latest, columns: \(columns) }"
        try story.setRosterRules(story.node, teacher: "{ default: latest }", year: year)
        try story.sync()
        try story.setActive(story.hub, false)
        try story.setActive(story.node, false)
        try story.setActive(story.node, true)
        try story.sync()
        #expect(try story.teachers() == ["Ann, ann@t.org, North, 5, inactive"])
        let listed = try story.conflicts()
        #expect(listed.contains("settled teacher_year.active: 0 | 1 -> 0 by deny_wins"), "\(listed)")
    }

    @Test("Under lower_privilege what stands first in the order shows")
    func lowerPrivilege() throws {
        let rule = "{ rule: lower_privilege, order: [guest, member, lead] }"
        let story = try torn(rule, hub: "member", node: "lead")
        let listed = "settled teacher_year.grade: member | lead -> member by lower_privilege"
        #expect(try story.conflicts() == [listed])
    }

    @Test("Under higher_privilege what stands last in the order shows")
    func higherPrivilege() throws {
        let rule = "{ rule: higher_privilege, order: [guest, member, lead] }"
        let story = try torn(rule, hub: "lead", node: "member")
        let listed = "settled teacher_year.grade: lead | member -> lead by higher_privilege"
        #expect(try story.conflicts() == [listed])
    }

    @Test("Under state_machine the state that the other leads to shows")
    func stateMachine() throws {
        let rule = "{ rule: state_machine, transitions: { draft: [open], open: [closed] } }"
        let story = try torn(rule, hub: "closed", node: "open")
        let listed = "settled teacher_year.grade: closed | open -> closed by state_machine"
        #expect(try story.conflicts() == [listed])
        let lost = try torn(rule, hub: "closed", node: "elsewhere")
        let otherwise = "settled teacher_year.grade: closed | elsewhere -> elsewhere by state_machine"
        #expect(try lost.conflicts() == [otherwise], "no way leads from one to the other: the latest")
    }

    @Test("Under append_only the first write stands")
    func appendOnly() throws {
        let story = try torn("append_only", hub: "6", node: "7")
        #expect(try story.conflicts() == ["settled teacher_year.grade: 6 | 7 -> 6 by append_only"])
    }

    @Test("Under prefer with a node that installation's change shows")
    func preferNode() throws {
        let story = try Story(nodes: 2)
        try story.setRosterRules(story.hub, teacher: "{ default: { rule: prefer, node: node1 } }")
        try story.sync()
        try story.edit(story.node, name: "Ann One")
        try story.edit(story.other, name: "Ann Two")
        try story.edit(story.hub, name: "Ann Hub")
        try story.sync()
        let listed = "settled teacher.name: Ann One | Ann Two | Ann Hub -> Ann One by prefer"
        #expect(try story.conflicts() == [listed])
    }

    @Test("Under prefer with a role the change of somebody with it shows")
    func preferRole() throws {
        let story = try Story()
        try story.setRosterRules(story.hub, teacher: "{ default: { rule: prefer, role: admin } }")
        try story.sync()
        let admin = Actor(id: "p1", role: "admin", via: "test")
        story.later()
        _ = try TeacherService(story.node.tenant, actor: admin).edit(
            "ann@t.org", .init(name: "Ann Admin"), year: nil)
        try story.edit(story.hub, name: "Ann Hub")
        try story.sync()
        let listed = "settled teacher.name: Ann Admin | Ann Hub -> Ann Admin by prefer"
        #expect(try story.conflicts() == [listed])
    }

    @Test("Under archive a deleted row that was edited stays, inactive")
    func archive() throws {
        let story = try Story()
        let year = "{ row: archive, default: latest }"
        try story.setRosterRules(story.node, teacher: "{ default: latest }", year: year)
        try story.sync()
        try story.delete(story.hub)
        try story.edit(story.node, name: "Ann Lee", grade: "6")
        try story.sync()
        #expect(try story.teachers() == ["Ann Lee, ann@t.org, North, 6, inactive"])
        #expect(
            try story.conflicts() == [
                "settled teacher.*: deleted | kept -> kept by update_wins",
                "settled teacher_year.*: deleted | kept -> kept by archive",
            ])
    }
}
