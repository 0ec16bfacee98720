import Foundation
import TestSupport
import Testing

@testable import NodeCore
@testable import SyncEngine

/// What an order to erase a person does, wherever it and the person's writes come from and in whatever order.
@Suite struct ErasureTests {
    @Test(
        "a teacher is gone from every file of every installation, with sessions, conflicts, notes and held imports"
    )
    func everywhere() throws {
        let stage = try ErasureStage()
        let (hub, node) = (stage.hub, stage.node)
        try stage.add(hub)
        try stage.add(hub, name: "Bob", email: "bob@t.org")
        try stage.sessions(node, "S1")
        try stage.world.settle()
        try stage.rename(hub, "Zyxwvut Canary-One")
        try stage.rename(node, "Zyxwvut Canary-Two")
        try stage.world.settle()
        let conflict = try ConflictService(hub.tenant, actor: hub.actor).list(.open)[0]
        _ = try ConflictService(hub.tenant, actor: hub.actor).note(conflict.id, "Canary married")
        _ = try ConflictService(node.tenant, actor: node.actor).resolve(conflict.id, take: 1, value: nil)
        try stage.sessions(hub, "S2", name: "Zyxwvut Canary One")
        _ = try SessionService(hub.installation, hub.tenant, actor: hub.actor)
            .match("Zyxwvut Canary One", to: ErasureStage.email)
        try stage.world.settle()
        var options = RosterService.Options()
        options.approvedDeactivations = 7
        let roster = Array("Building,Name,Email\nNorth,\(ErasureStage.name),\(ErasureStage.email)\n".utf8)
        let held = try RosterService(node.installation, node.tenant, actor: node.actor).importFile(
            roster, options)
        #expect(held.isHeld)
        let heads = try hub.store.read { try $0.deltas().count }

        let plan = try stage.persons(hub).erase(ErasureStage.email, learner: false, dryRun: true)
        #expect(plan.rows == 6 && plan.unresolved == 0)
        #expect(try !stage.holding("anary", hub).isEmpty && !stage.holding("anary", node).isEmpty)
        try stage.erase(hub)
        try stage.expectErased()
        #expect(try hub.store.read { try $0.deltas().count } == heads + 1)
        #expect(try stage.teachers(node).list(year: nil, all: true).teachers.map(\.name) == ["Bob"])
        #expect(try ConflictService(node.tenant, actor: node.actor).list().isEmpty)
        #expect(try stage.persons(node).orders().map(\.kind) == ["teacher"])
        #expect(throws: NodeError.self) { try stage.persons(node).find(ErasureStage.email, learner: false) }
    }

    @Test("a note about a case goes with either of its persons")
    func caseNote() throws {
        let stage = try ErasureStage()
        let hub = stage.hub
        _ = try RuleService(hub.tenant, actor: hub.actor).apply(
            "version: 1\ndomain: roster\ntables:\n  teacher:\n    duplicate: review\n    default: latest\n")
        try stage.world.settle()
        let canary = try stage.add(hub)
        try stage.add(stage.node, name: "Bob", email: "bob@t.org")
        _ = try stage.teachers(stage.node).edit("bob@t.org", .init(email: ErasureStage.email), year: nil)
        try stage.world.settle()
        let service = ConflictService(hub.tenant, actor: hub.actor)
        let one = try #require(try service.cases().first)
        _ = try service.note(one.id, "the Qqword one")
        try stage.world.settle()
        #expect(try !stage.holding("Qqword", stage.node).isEmpty)
        try stage.erase(hub, canary)
        try stage.world.settle()
        #expect(try service.notes(of: one).isEmpty)
        #expect(try stage.holding("Qqword", stage.node).isEmpty && stage.holding("Qqword", hub).isEmpty)
    }

    @Test("late edits, sessions and a roster of somebody who hadn't seen the order bring nobody back")
    func late() throws {
        let stage = try ErasureStage()
        try stage.add(stage.hub)
        try stage.world.settle()
        try stage.rename(stage.node, "Qq Late")
        try stage.sessions(stage.node, "S1")
        try stage.sessions(stage.node, "S2", name: "Qq Late")
        var options = RosterService.Options()
        options.year = "2031-2032"
        let roster = Array("Building,Name,Email\nSouth,\(ErasureStage.name),\(ErasureStage.email)\n".utf8)
        _ = try RosterService(stage.node.installation, stage.node.tenant, actor: stage.node.actor)
            .importFile(roster, options)
        try stage.erase(stage.hub)
        try stage.world.settle()
        let left = try stage.hub.store.read { try $0.educatorRecords().map(\.name) }
        #expect(left == ["Qq Late"], "a name that the order couldn't know is in the queue")
        try stage.expectErased()
        #expect(try stage.teachers(stage.hub).list(year: "2031-2032", all: true).teachers.isEmpty)
    }

    @Test("a node erases what the hub has never seen: the hub takes the rest, later joiners too")
    func beforeSync() throws {
        let stage = try ErasureStage()
        try stage.add(stage.node)
        try stage.add(stage.node, name: "Bob", email: "bob@t.org")
        try stage.sessions(stage.node, "S1")
        try stage.erase(stage.node)
        try stage.expectErased()
        let joiner = try stage.world.addNode("later", seed: 9)
        try stage.expectErased()
        #expect(try stage.teachers(joiner).list(year: nil, all: true).teachers.map(\.name) == ["Bob"])
        let first = try joiner.store.read { reader in
            try reader.deltas().compactMap { try reader.frame($0.facts.stamp)?.redaction }
        }
        #expect(first.count == 2, "two deltas spoke of her, and their bodies are the hub's substitutes")
        #expect(first.allSatisfy { if case .signed = $0 { true } else { false } })
    }

    @Test("an old export that is imported after the order passes over who was erased, until they are back")
    func oldExport() throws {
        let stage = try ErasureStage()
        try stage.add(stage.hub)
        try stage.sessions(stage.hub, "S1")
        try stage.world.settle()
        try stage.erase(stage.hub)
        try stage.world.settle()
        try stage.sessions(stage.node, "S1")
        try stage.sessions(stage.node, "S2", name: "ZYXWVUT CANARY")
        try stage.expectErased()
        #expect(try stage.hub.store.read { try $0.educatorRecords().isEmpty })
        try stage.add(stage.hub)
        try stage.sessions(stage.hub, "S1")
        #expect(try stage.hub.store.read { try $0.educatorRecords().count } == 1)
    }

    @Test("who is added again after the order is there, and stays")
    func again() throws {
        let stage = try ErasureStage()
        try stage.add(stage.hub)
        try stage.world.settle()
        try stage.erase(stage.node)
        try stage.world.settle()
        let id = try stage.add(stage.hub, name: "Zed New")
        try stage.world.settle()
        #expect(try stage.teachers(stage.node).show(id).name == "Zed New")
        try stage.rename(stage.node, "Zed Newer")
        try stage.world.settle()
        #expect(try stage.teachers(stage.hub).show(id).name == "Zed Newer")
        #expect(try stage.hub.digest() == stage.node.digest())
    }

    @Test("a learner's id is replaced everywhere by a name that leads to nobody, and seats still add up")
    func learner() throws {
        let stage = try ErasureStage()
        let (hub, node) = (stage.hub, stage.node)
        let bought = try stage.seats(hub).purchase(school: "North", count: 3)
        _ = try stage.seats(hub).grant(node: "node1", .seat(bought[1].id))
        _ = try stage.seats(hub).allocate(learner: "L-canary", seat: bought[0].id, school: nil)
        try stage.world.settle()
        _ = try stage.seats(hub).reclaim(seat: bought[0].id, reason: nil)
        // The node, which hasn't heard of that, and of the order later, promises a seat of its own.
        _ = try stage.seats(node).allocate(learner: "L-2", seat: bought[1].id, school: nil)
        _ = try stage.seats(node).reclaim(seat: bought[1].id, reason: nil)
        try stage.erase(hub, "L-canary", learner: true)
        let late = try node.write { transaction in
            try transaction.edit(
                Schema.seat, id: bought[1].id,
                ["learner_id": "L-canary", "state": "ASSIGNED", "assigned_at": 1])
            return bought[1].id
        }
        try stage.expectErased(["L-canary"])
        let shown = try hub.store.read { try $0.seat(late).learnerID }
        #expect(shown?.hasPrefix("erased-") == true)
        let history = try node.store.read { try $0.seatHistory(bought[0].id) }
        #expect(
            history.compactMap(\.newLearnerID) == [shown]
                && history.compactMap(\.previousLearnerID) == [shown])
        #expect(try stage.seats(node).reclaim(seat: late, reason: nil).state == .free)
        try stage.expectErased(["L-canary"])
        #expect(throws: NodeError.self) { try stage.persons(hub).find("L-canary", learner: true) }
    }

    @Test("somebody else of the same name keeps what is said late about the name")
    func namesake() throws {
        let stage = try ErasureStage()
        try stage.add(stage.hub)
        try stage.add(stage.hub, email: "other@t.org")
        try stage.world.settle()
        try stage.sessions(stage.node, "S1")
        try stage.erase(stage.hub)
        try stage.world.settle()
        let report = try UsageService(stage.hub.tenant, actor: stage.hub.actor).report(year: "2026-2027")
        #expect(report.buildings.flatMap(\.rows).map(\.sessions) == [1])
        #expect(try stage.hub.digest() == stage.node.digest())
    }

    @Test("an order concerns teachers and what hangs on them, never other tables")
    func hostileOrder() throws {
        let stage = try ErasureStage()
        let seat = try stage.seats(stage.hub).purchase(school: "North", count: 1)[0].id
        try stage.world.settle()
        let tenant = try stage.node.store.read { try $0.tenant() }
        let entry = try stage.node.store.read { try $0.auditEntries(limit: 1)[0].id }
        try stage.node.write { transaction in
            let rows = [
                "tenant/\(tenant.id)", "seat/\(seat)", "audit_entry/\(entry)", "nonsense", "teacher/", "/x",
            ]
            try transaction.put(
                Schema.erasure, id: try transaction.freshID(),
                ["kind": "teacher", "rows": .text(rows.joined(separator: ",")), "keys": ",,x"])
            try transaction.put(
                Schema.erasure, id: try transaction.freshID(), ["kind": "everybody", "rows": 7])
        }
        try stage.expectErased([])
        #expect(try stage.hub.store.read { try $0.tenant() } == tenant)
        #expect(try stage.hub.store.read { try $0.seat(seat).id } == seat)
    }
}
