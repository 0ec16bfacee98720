import NodeCore
import SyncEngine
import TestSupport
import Testing

@Suite struct ConflictServiceTests {
    /// Hub and node with one teacher whose name both changed apart.
    func torn() throws -> (world: World, id: String, teacher: String) {
        let world = try World(nodes: 1)
        try world.settle()
        let (hub, node) = (world.hub, world.sites[1])
        let service = TeacherService(node.tenant, actor: node.actor)
        let teacher = try service.add(
            name: "Ann", email: "ann@t.org", school: "North", grade: "5", year: nil, dryRun: false)
        _ = try service.add(
            name: "Bo", email: "bo@t.org", school: "South", grade: "5", year: nil, dryRun: false)
        try world.settle()
        _ = try service.edit("ann@t.org", .init(name: "Ann Node"), year: nil)
        _ = try TeacherService(hub.tenant, actor: hub.actor).edit(
            "ann@t.org", .init(name: "Ann Hub"), year: nil)
        try world.settle()
        let open = try ConflictService(hub.tenant, actor: hub.actor).list(.open)
        #expect(open.count == 1)
        return (world, try #require(open.first).id, teacher.id)
    }

    @Test(
        "a value of one's own is checked as an edit would be",
        arguments: ["", "a\u{1B}b", String(repeating: "x", count: 256)])
    func checkedName(value: String) throws {
        let (world, id, _) = try torn()
        let service = ConflictService(world.hub.tenant, actor: world.hub.actor)
        let error = #expect(throws: NodeError.self) { try service.resolve(id, take: nil, value: value) }
        #expect(error?.code == .validation)
        #expect(try service.list(.open).count == 1)
    }

    @Test("a sibling that isn't there and a conflict that isn't there are told apart")
    func unknown() throws {
        let (world, id, _) = try torn()
        let service = ConflictService(world.hub.tenant, actor: world.hub.actor)
        #expect(throws: NodeError.self) { try service.resolve(id, take: 3, value: nil) }
        let error = #expect(throws: NodeError.self) { try service.resolve("nope", take: 1, value: nil) }
        #expect(error?.code == .conflictNotFound)
    }

    @Test(
        "why checks the signature anew and says so when what is stored isn't what the author signed",
        arguments: [true, false])
    func forged(isDamaged: Bool) throws {
        let (world, _, teacher) = try torn()
        let node = world.sites[1]
        func why() throws -> Explanation {
            try ConflictService.explain(table: "teacher", row: teacher, column: "name", in: node.tenant)
        }
        #expect(try why().isSignatureValid)
        try node.store.replicate { replica in
            let own = try replica.ownOrigin()!
            let last = try replica.stamp(origin: own.number, seq: own.headSeq)!
            // Another delta's bytes, sound or with one bit of the signature turned.
            let frame = try replica.frame(last)!, facts = try replica.facts(last)
            var envelope = frame.envelope
            if isDamaged { envelope[envelope.count - 1] ^= 1 }
            let next = DeltaFacts(
                stamp: try replica.nextStamp(), origin: own.number, seq: own.headSeq + 1,
                hash: Digest.sha256([9]), hlc: facts.hlc, wall: facts.wall, schemaVersion: 1, author: "x",
                authorRole: "x", role: .node, node: facts.node, nodeID: facts.nodeID,
                originID: facts.originID, seen: facts.seen)
            try replica.insert(
                StoredDelta(
                    facts: next, seen: SeenVector(), part: 0, parts: 1, writes: 1, envelope: envelope,
                    body: frame.body))
            let old = try replica.loadRow("teacher", id: teacher)
            var state = old
            state.apply(.columns(["name": "Forged"]), stamp: next.stamp) { _ in true }
            try replica.saveRow("teacher", id: teacher, state, replacing: old)
        }
        #expect(try why().value == "Forged")
        #expect(try !why().isSignatureValid)
    }

    @Test("by rule all that may be settled here is settled, and the others are named with the reason")
    func partly() throws {
        let (world, id, _) = try torn()
        let (hub, node) = (world.hub, world.sites[1])
        let policy = """
            version: 1
            domain: roster
            tables:
              teacher: { default: { rule: manual, default: latest } }
              teacher_year: { default: { rule: manual, default: latest }, owners: { grade: hub } }
            """
        _ = try TeacherService(hub.tenant, actor: hub.actor).edit("ann@t.org", .init(grade: "6"), year: nil)
        _ = try TeacherService(node.tenant, actor: node.actor).edit("ann@t.org", .init(grade: "7"), year: nil)
        try world.settle()
        _ = try RuleService(hub.tenant, actor: hub.actor).apply(policy, asPolicy: true)
        try world.settle()
        let service = ConflictService(node.tenant, actor: node.actor)
        #expect(Set(try service.list(.open).map(\.column)) == ["name", "grade"])
        for dryRun in [true, false] {
            let done = try service.resolveByRule(ConflictFilter(), dryRun: dryRun)
            #expect(done.settled.map(\.id) == [id] && done.settled.map(\.state) == [.resolved])
            #expect(done.refused.map(\.conflict.column) == ["grade"])
            #expect(done.refused.map(\.cause.code) == [.hubOwned])
            #expect(try service.list(.open).count == (dryRun ? 2 : 1))
        }
        let error = #expect(throws: NodeError.self) { try service.resolveByRule(ConflictFilter()) }
        #expect(error?.code == .hubOwned, "nothing else is left")
        try world.settle()
        #expect(try ConflictService(hub.tenant, actor: hub.actor).list(.open).map(\.column) == ["grade"])
    }

    @Test("who may not settle conflicts about users can't by rule either")
    func rightsByRule() throws {
        let world = try World(nodes: 1)
        try world.settle()
        let (hub, node) = (world.hub, world.sites[1])
        let id = try hub.write { transaction in
            let id = try transaction.freshID()
            try transaction.put(
                Schema.user, id: id, ["email": "u@t.org", "first_name": "U", "last_name": "V"])
            return id
        }
        _ = try RuleService(hub.tenant, actor: hub.actor).apply(
            "version: 1\ndomain: people\ntables:\n  user: { default: { rule: manual, default: latest } }\n",
            asPolicy: true)
        try world.settle()
        try hub.write { try $0.edit(Schema.user, id: id, ["first_name": "Hub"]) }
        try node.write { try $0.edit(Schema.user, id: id, ["first_name": "Node"]) }
        try world.settle()
        let person = Actor(id: "c", role: "coordinator", via: "rest")
        let error = #expect(throws: NodeError.self) {
            try ConflictService(node.tenant, actor: person).resolveByRule(ConflictFilter())
        }
        #expect(error?.code == .forbidden)
        let done = try ConflictService(node.tenant, actor: node.actor).resolveByRule(ConflictFilter())
        #expect(done.settled.map(\.column) == ["first_name"])
    }

    @Test("taking back that a teacher was kept takes away the years that came back with her")
    func undoKept() throws {
        let story = try Story()
        try story.delete(story.hub)
        try story.edit(story.node, name: "Ann Lee")
        try story.sync()
        let before = try story.teachers()
        let service = ConflictService(story.hub.tenant, actor: story.hub.actor)
        let id = try service.list()[0].id
        try story.resolve(story.hub, "teacher.*", value: "kept")
        try story.sync()
        #expect(try story.teachers() == ["Ann Lee, ann@t.org, North, 5"])
        #expect(try service.undo(id, dryRun: true).shown == "kept")
        _ = try service.undo(id)
        try story.sync()
        #expect(try story.teachers() == before && before == ["Ann Lee, ann@t.org, in no year"])
        let error = #expect(throws: NodeError.self) { try service.undo(id) }
        #expect(error?.code == .stale)
    }

    @Test("taking back that a teacher was deleted brings back what went with her")
    func undoDeleted() throws {
        let story = try Story()
        try story.delete(story.hub)
        try story.edit(story.node, name: "Ann Lee", grade: "6")
        try story.sync()
        let before = try story.teachers()
        let service = ConflictService(story.node.tenant, actor: story.node.actor)
        let id = try #require(try service.list().first { $0.table == "teacher" }).id
        try story.resolve(story.node, "teacher.*", value: "deleted")
        try story.sync()
        #expect(try story.teachers() == [])
        _ = try service.undo(id)
        try story.sync()
        #expect(try story.teachers() == before && before == ["Ann Lee, ann@t.org, North, 6"])
    }

    @Test("why of the column * says who wrote, kept or deleted the row, by which rule")
    func whyLife() throws {
        let (world, _, teacher) = try torn()
        let (hub, node) = (world.hub, world.sites[1])
        func why(_ row: String = teacher, at site: World.Site) throws -> Explanation {
            try ConflictService.explain(table: "teacher", row: row, column: "*", in: site.tenant)
        }
        let one = try why(at: hub)
        #expect(one.value == "kept" && one.siblings.count == 1 && one.isSignatureValid)
        try hub.write { try $0.delete(Schema.teacher, id: teacher) }
        #expect(try why(at: hub).value == "deleted" && why(at: hub).node == "hub")
        world.advance(1000)
        try node.write { try $0.edit(Schema.teacher, id: teacher, ["email": "ann2@t.org"]) }
        try world.settle()
        for site in world.sites {
            let torn = try why(at: site)
            #expect(torn.value == "kept" && torn.node == "node1" && torn.rule == "update_wins")
            #expect(torn.siblings.map(\.value) == ["deleted", "kept"])
            #expect(torn.rulePlace == "roster.yaml:8")
        }
        let life = try ConflictService.history(table: "teacher", row: teacher, column: "*", in: hub.tenant)
        #expect(life.first?.kind == "row" && life.first?.value == "kept")
        #expect(life.count { $0.value == nil } == 1)
        let error = #expect(throws: NodeError.self) { try why("nope", at: hub) }
        #expect(error?.code == .recordNotFound)
    }

    @Test("keeping a deleted row leaves its open cell conflicts open, on every side")
    func keepLeavesCells() throws {
        let (world, _, teacher) = try torn()
        let (hub, node) = (world.hub, world.sites[1])
        try hub.write { try $0.delete(Schema.teacher, id: teacher) }
        try node.write { try $0.edit(Schema.teacher, id: teacher, ["email": "ann2@t.org"]) }
        try world.settle()
        let service = ConflictService(node.tenant, actor: node.actor)
        let life = try #require(try service.list().first { $0.column == "*" })
        #expect(life.shown == "kept")
        _ = try service.resolve(life.id, take: nil, value: "kept")
        try world.settle()
        for site in world.sites {
            let left = try ConflictService(site.tenant, actor: site.actor).list()
            #expect(left.map(\.column) == ["name"])
            #expect(try site.digest() == hub.digest())
        }
    }

    @Test(
        "why names author, installation, delta with a valid signature, rule, siblings, and the receipt at the node"
    )
    func why() throws {
        let (world, _, teacher) = try torn()
        let node = world.sites[1]
        let here = try ConflictService.explain(
            table: "teacher", row: teacher, column: "name", in: node.tenant)
        #expect(here.siblings.map(\.value).contains("Ann Hub") && here.siblings.count == 2)
        #expect(here.isSignatureValid && here.rule == "manual" && here.rulePlace.hasPrefix("roster.yaml:"))
        #expect(here.settled.isEmpty)
        let open = try ConflictService(node.tenant, actor: node.actor).list(.open)
        let id = try #require(open.first).id
        _ = try ConflictService(node.tenant, actor: node.actor).resolve(id, take: 1, value: nil)
        let after = try ConflictService.explain(
            table: "teacher", row: teacher, column: "name", in: node.tenant)
        #expect(after.siblings.count == 1 && after.settled == here.siblings)
        let own = try ConflictService.explain(
            table: "teacher", row: teacher, column: "email", in: node.tenant)
        #expect(
            own.node == "node1" && own.siblings.count == 1 && own.receipt != nil
                && own.author.hasPrefix("operator:"))
        let atHub = try ConflictService.explain(
            table: "teacher", row: teacher, column: "email", in: world.hub.tenant)
        #expect(atHub.isInHubLog && atHub.delta == own.delta && atHub.receipt == nil)
        for (table, row, column) in [
            ("nope", teacher, "name"), ("teacher", teacher, "nope"), ("teacher", "nope", "name"),
        ] {
            #expect(throws: NodeError.self) {
                try ConflictService.explain(table: table, row: row, column: column, in: node.tenant)
            }
        }
    }
}
