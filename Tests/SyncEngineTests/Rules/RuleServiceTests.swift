import NodeCore
import TestSupport
import Testing

@testable import SyncEngine

/// A district's own rules from file to every installation.
@Suite struct RuleServiceTests {
    let world: World
    var node: World.Site { world.sites[1] }

    init() throws {
        world = try World(nodes: 2)
        try world.settle()
    }

    func service(_ site: World.Site) -> RuleService { RuleService(site.tenant, actor: site.actor) }
    func conflicts(_ site: World.Site) -> ConflictService { ConflictService(site.tenant, actor: site.actor) }

    static func roster(_ teacher: String) -> String {
        "version: 1\ndomain: roster\ntables:\n  teacher:\n    default: latest\n    columns:\n      name: \(teacher)\n"
    }

    /// Two names of one teacher; hub: "Ann Lee-Jones" first, node: "Ann".
    func twoNames() throws -> String {
        let id = try node.write { transaction -> String in
            let id = try transaction.freshID()
            try transaction.put(Schema.teacher, id: id, ["name": "A", "email": "a@t.org"])
            return id
        }
        try world.settle()
        try world.hub.write { try $0.edit(Schema.teacher, id: id, ["name": "Ann Lee-Jones"]) }
        world.advance(1000)
        try node.write { try $0.edit(Schema.teacher, id: id, ["name": "Ann"]) }
        try world.settle()
        return id
    }

    func shown(_ id: String, at site: World.Site) throws -> Value? {
        try site.store.read { try $0.shown(Schema.teacher, id: id)?["name"] }
    }

    @Test("a district's rules reach every installation and show conflicts that stand anew")
    func apply() throws {
        let id = try twoNames()
        #expect(try shown(id, at: world.hub) == "Ann")
        let applied = try service(node).apply(Self.roster("longest"))
        #expect(applied.version == 2 && applied.changes.map(\.after) == ["Ann Lee-Jones"])
        try world.settle()
        for site in world.sites {
            #expect(try shown(id, at: site) == "Ann Lee-Jones")
            let conflict = try conflicts(site).list()[0]
            #expect(conflict.rule == "longest" && conflict.state == .settled)
            #expect(conflict.rulePlace == "roster.yaml:7 (district, version 2)")
        }
        #expect(try Set(world.sites.map { try $0.digest() }).count == 1)
        let heads = try node.store.read { try $0.heads() }
        #expect(try !service(node).apply(Self.roster("longest")).isNew)
        #expect(try node.store.read { try $0.heads() } == heads, "the same again writes nothing")
        _ = try service(world.hub).remove(domain: "roster")
        try world.settle()
        for site in world.sites { #expect(try shown(id, at: site) == "Ann") }
    }

    @Test("the version of a file grows on, also where the one before it was taken away")
    func versions() throws {
        #expect(try service(node).apply(Self.roster("longest")).version == 2)
        #expect(try service(node).apply(Self.roster("earliest")).version == 3)
        _ = try service(node).remove(domain: "roster")
        try world.settle()
        #expect(try service(world.hub).apply(Self.roster("lowest"), dryRun: true).version == 4)
        #expect(try service(node).apply(Self.roster("highest")).version == 4)
        try world.settle()
        #expect(try service(world.hub).apply(Self.roster("lowest")).version == 5)
        #expect(try service(world.hub).apply(Self.roster("latest"), asPolicy: true).version == 6)
    }

    @Test("two rule sets written apart: the hub's stands on every installation, and the conflict is listed")
    func apart() throws {
        let id = try twoNames()
        _ = try service(world.hub).apply(Self.roster("earliest"))
        _ = try service(node).apply(Self.roster("{ rule: manual, default: latest }"))
        try world.settle()
        for site in world.sites {
            #expect(try shown(id, at: site) == "Ann Lee-Jones")
            #expect(try conflicts(site).list().contains { $0.table == "rule_set" && $0.column == "document" })
        }
        #expect(try Set(world.sites.map { try $0.digest() }).count == 1)
    }

    @Test("what the policy locks can't be overridden, and only the hub sets the policy")
    func locks() throws {
        func refuses(_ yaml: String, _ words: String) throws {
            let problems = try service(node).check(yaml).problems
            #expect(problems.contains { $0.isError && $0.message.contains(words) }, "\(problems)")
            #expect(throws: NodeError.self) { try service(node).apply(yaml) }
        }
        let tenant = "version: 1\ndomain: tenant\ntables:\n  tenant:\n    default: latest\n"
        try refuses(tenant + "    columns: { active: latest }\n", "tenant.active is locked")
        try refuses(tenant + "    row: delete_wins\n", "row rule of tenant is locked")
        try refuses(tenant + "    locked: [time_zone]\n", "only the hub's policy can lock")
        try refuses(
            "version: 1\ndomain: audit\ntables:\n  audit_entry:\n    default: latest\n",
            "'audit_entry' is locked")
        let found = try service(node).check(tenant + "    columns: { active: latest }\n").problems
        #expect(found.first.map { [$0.line, $0.column] } == [6, 24], "the entry's own place: \(found)")
        #expect(try service(node).check(tenant).problems.filter(\.isError).isEmpty)
        let error = #expect(throws: NodeError.self) {
            try service(node).apply(Self.roster("longest"), asPolicy: true)
        }
        #expect(error?.code == .hubOwned)
        _ = try service(world.hub).apply(Self.roster("longest") + "    locked: [name]\n", asPolicy: true)
        try world.settle()
        try refuses(Self.roster("latest"), "teacher.name is locked")
    }

    @Test("a condition looks at what another column of the row shows, and at who wrote")
    func conditions() throws {
        let rule = """

                  - { when: { column: email, is: a@t.org }, rule: longest }
                  - latest
            """
        let id = try twoNames()
        _ = try service(node).apply(Self.roster(rule))
        try world.settle()
        #expect(try shown(id, at: world.hub) == "Ann Lee-Jones")
        try world.hub.write { try $0.edit(Schema.teacher, id: id, ["email": "b@t.org"]) }
        try world.settle()
        for site in world.sites { #expect(try shown(id, at: site) == "Ann") }
        let writers = """

                  - { when: { writers: all, side: node }, rule: latest }
                  - { when: { writers: any, side: hub }, rule: earliest }
                  - latest
            """
        _ = try service(node).apply(Self.roster(writers))
        #expect(try shown(id, at: node) == "Ann Lee-Jones")
    }

    @Test("rules that an enrolled installation doesn't know yet are refused, naming it")
    func tooOld() throws {
        let old = world.sites[2]
        let origin = try old.store.read { try $0.ownOrigin()! }
        // The newest delta of that installation, as an older version would have sealed it.
        let file = try RuleFile(yaml: Self.roster("longest"))
        let plain = try RuleFile(yaml: Self.roster("latest"))
        #expect(file.since == 2 && plain.since == 1)
        try world.hub.store.replicate(commit: false) { replica in
            let known = try replica.origin(origin.id)!
            try replica.insert(
                StoredDelta(
                    facts: DeltaFacts(
                        stamp: replica.nextStamp(), origin: known.number, seq: known.headSeq + 1,
                        hash: Digest.sha256([9]), hlc: HLC(raw: 1), wall: 1, schemaVersion: 1, author: "x",
                        authorRole: "x", role: .node, node: old.name, nodeID: origin.nodeID,
                        originID: origin.id, seen: [:]), seen: SeenVector(), part: 0, parts: 1, writes: 0,
                    envelope: [], body: []))
            let error = #expect(throws: NodeError.self) {
                try replica.requireKnowing(file.since, for: "a rule")
            }
            #expect(error?.code == .upgradeRequired && error?.message.contains(old.name) == true)
            try replica.requireKnowing(plain.since, for: "a rule")
        }
    }

    @Test("at the deadline the hub settles with what was shown; the time runs from when the hub knew")
    func deadline() throws {
        _ = try service(node).apply(Self.roster("{ rule: manual, default: earliest, deadline: 14d }"))
        let id = try twoNames()
        let deadlines = ReviewDeadlines(world.hub.tenant, nodeID: "hub")
        #expect(try deadlines.run() == 0)
        world.advance(14 * 86_400_000 - 1)
        #expect(try deadlines.run() == 0)
        #expect(try ReviewDeadlines(node.tenant, nodeID: "n").run() == 0, "a node never settles")
        world.advance(1)
        #expect(try deadlines.run() == 1)
        #expect(try deadlines.run() == 0)
        try world.settle()
        for site in world.sites {
            #expect(try shown(id, at: site) == "Ann Lee-Jones")
            #expect(try conflicts(site).list(.open).isEmpty)
        }
        let entry = try node.store.read { try $0.auditEntries(limit: 1, action: "conflict.resolve")[0] }
        #expect(entry.actor == "hub:hub" && entry.reason == "the deadline has passed")
    }

    @Test("resolve by rule, undo and notes are ordinary writes that reach everybody")
    func queue() throws {
        let id = try twoNames()
        let conflict = try conflicts(node).list(.open)[0]
        #expect(try conflicts(node).list(ConflictFilter(table: "seat")).isEmpty)
        #expect(try conflicts(node).list(ConflictFilter(before: 0)).isEmpty)
        #expect(try conflicts(node).list(ConflictFilter(rule: "manual")).map(\.id) == [conflict.id])
        _ = try conflicts(world.hub).note(conflict.id, "asked the school")
        #expect(try conflicts(node).resolveByRule(ConflictFilter(rule: "latest")).settled.isEmpty)
        #expect(try conflicts(node).resolveByRule(ConflictFilter()).settled.map(\.id) == [conflict.id])
        try world.settle()
        #expect(try conflicts(node).notes(conflict.id).map(\.text) == ["asked the school"])
        #expect(throws: NodeError.self, "it showed the same before") { try conflicts(node).undo(conflict.id) }
        try node.write { try $0.edit(Schema.teacher, id: id, ["name": "A"]) }
        try world.hub.write { try $0.edit(Schema.teacher, id: id, ["name": "B"]) }
        try world.settle()
        let open = try conflicts(world.hub).list(.open)[0]
        let take = open.siblings.firstIndex { $0.value != open.shown }! + 1
        _ = try conflicts(world.hub).resolve(open.id, take: take, value: nil)
        #expect(try conflicts(world.hub).undo(open.id).shown == open.shown)
        try world.settle()
        for site in world.sites { #expect(try shown(id, at: site) == open.shown) }
        let stale = #expect(throws: NodeError.self) { try conflicts(world.hub).undo(open.id) }
        #expect(stale?.code == .stale)
    }

    @Test("the life of a cell names every write and what it had not seen")
    func history() throws {
        let id = try twoNames()
        let life = try ConflictService.history(
            table: "teacher", row: id, column: "name", in: world.hub.tenant)
        #expect(life.map(\.value) == ["A", "Ann Lee-Jones", "Ann"])
        #expect(life.map(\.replaced) == [[], [1], [1]])
    }

    @Test("examples beside the rules say what holds and what doesn't, and a failing one keeps the file out")
    func examples() throws {
        let yaml =
            Self.roster("longest") + """
                tests:
                  - name: the fuller name
                    table: teacher
                    writes:
                      - { by: hub, row: { name: A, email: e } }
                      - { by: north, set: { name: Ann Lee }, seen: [1] }
                      - { by: hub, set: { name: Ann } }
                    shows: { name: Ann Lee, email: e }
                    open: []
                  - name: seen is no conflict
                    table: teacher
                    writes:
                      - { by: hub, row: { name: Ann Lee } }
                      - { by: north, set: { name: A }, seen: [1] }
                    shows: { name: A }
                  - name: an edit keeps the row
                    table: teacher
                    writes:
                      - { by: hub, row: { name: A } }
                      - { by: north, delete: true, seen: [1] }
                      - { by: hub, set: { name: B } }
                    shows: { name: B }
                """
        #expect(try service(node).test(yaml).allSatisfy { $0.failures.isEmpty })
        let wrong = yaml.replacing("shows: { name: A }", with: "shows: { name: Ann Lee }")
        let outcomes = try service(node).test(wrong)
        #expect(outcomes.map { $0.failures.isEmpty } == [true, false, true])
        #expect(outcomes[1].failures == ["name shows A instead of Ann Lee"])
        let error = #expect(throws: NodeError.self) { try service(node).apply(wrong) }
        #expect(error?.code == .ruleTestFailed)
    }
}
