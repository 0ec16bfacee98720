import NodeCore
import SyncEngine
import TestSupport
import Testing

/// Hand-made schedules of merging: each closes a way in which an earlier wording of the rules went wrong.
///
/// Schedules of what isn't built yet are left out: snapshots and their swap, restored and cloned
/// installations (new origins, late tails, giving back everything), collected values of dead rows, seats
/// and their holders, caps of stamps from wrong clocks, and the correction of `earliest` for slow clocks.
/// Named branches of a forked chain are in `DeliveryTests`, delivery and lines in `LineScheduleTests`.
@Suite struct MergeScheduleTests {
    static let template = Result { try World.Template(nodes: 2, settled: 2) }

    func world(_ nodes: Int = 2) throws -> World {
        try World(Self.template.get(), nodes: nodes, seed: 1)
    }

    func everywhere(_ world: World, _ check: (World.Site, StoreReader) throws -> Void) throws {
        try world.settle()
        for site in world.sites { try site.store.read { try check(site, $0) } }
        let digests = try world.sites.map { try $0.digest() }
        #expect(Set(digests).count == 1)
    }

    func put(_ site: World.Site, _ id: String, email: String = "a@t.org", name: Value) throws {
        try site.write { try $0.put(Schema.teacher, id: id, ["email": .text(email), "name": name]) }
    }

    func edit(_ site: World.Site, _ id: String, name: Value) throws {
        try site.write { try $0.edit(Schema.teacher, id: id, ["name": name]) }
    }

    func perform(_ site: World.Site, _ operations: Operation...) throws {
        try site.write { for operation in operations { _ = try operation.perform($0, on: site) } }
    }

    func column(_ name: String, of state: RowState, in reader: StoreReader) throws -> [Value] {
        try state.siblings(of: name, covers: reader.covering(state)).compactMap(\.value)
    }

    @Test("a row made again by an older program doesn't show the old value of a column it doesn't know")
    func absentAfterDelete() throws {
        let world = try world(), node = world.sites[1]
        try perform(world.hub, .put(Operation.gadget, "g", ["colour": "red", "size": 7]))
        try world.settle()
        try perform(node, .delete(Operation.smallGadget, "g"))
        try perform(node, .put(Operation.smallGadget, "g", ["colour": "blue"]))
        try everywhere(world) { _, reader throws in
            let state = try reader.loadRow("gadget", id: "g")
            #expect(try column("colour", of: state, in: reader) == ["blue"])
            #expect(try column("size", of: state, in: reader) == [])
        }
    }

    @Test("what an older program doesn't name loses to what a newer one wrote apart, without a conflict")
    func absentBesidePresent() throws {
        let world = try world()
        try perform(world.hub, .put(Operation.gadget, "g", ["colour": "red", "size": 7]))
        try perform(world.sites[1], .put(Operation.smallGadget, "g", ["colour": "red"]))
        try everywhere(world) { _, reader throws in
            let state = try reader.loadRow("gadget", id: "g")
            #expect(try column("size", of: state, in: reader) == [7])
            #expect(try reader.conflicts().isEmpty)
        }
    }

    @Test("twins cost one sibling a row, and only cells that differ are conflicts")
    func twins() throws {
        let world = try world()
        for (site, name) in zip(world.sites, ["one", "two"] as [Value]) {
            try site.write { transaction in
                for index in 0..<200 {
                    try transaction.put(
                        Schema.teacher, id: "t\(index)",
                        ["email": .text("\(index)"), "name": index % 10 == 0 ? name : "same"])
                }
            }
        }
        try everywhere(world) { _, reader throws in
            let states = try (0..<200).map { try reader.loadRow("teacher", id: "t\($0)") }
            #expect(states.allSatisfy { $0.writes.count == 2 && $0.cells.isEmpty })
            let torn = try reader.conflicts()
            #expect(torn.count == 20 && torn.allSatisfy { $0.column == "name" })
        }
    }

    @Test("an edit beside a delete keeps the row, and both are listed")
    func editBesideDelete() throws {
        let world = try world()
        try put(world.hub, "t", name: "one")
        try world.settle()
        try world.hub.write { try $0.delete(Schema.teacher, id: "t") }
        try edit(world.sites[1], "t", name: "two")
        try everywhere(world) { _, reader throws in
            #expect(try reader.shown(Schema.teacher, id: "t")?["name"] == "two")
            #expect(try reader.conflicts().map(\.column) == ["*"])
        }
    }

    @Test("a delete still stands against an edit from before it that arrives a year later")
    func lateEdit() throws {
        let world = try world(), late = world.sites[2]
        try put(world.hub, "t", name: "one")
        try world.settle()
        try edit(late, "t", name: "late")
        try world.hub.write { try $0.delete(Schema.teacher, id: "t") }
        for index in 0..<30 {
            world.advance(12 * 86_400_000)
            try put(world.sites[1], "other\(index)", name: "x")
            try world.sync(world.sites[1])
        }
        try World.Site.restart([world.hub])
        try everywhere(world) { _, reader throws in
            #expect(try reader.shown(Schema.teacher, id: "t")?["name"] == "late")
            let conflict = try #require(try reader.conflicts().first)
            #expect(conflict.column == "*" && conflict.siblings.count == 2)
        }
    }

    @Test("the order in which siblings arrive changes neither the state nor the standing conflicts")
    func arrivalOrder() throws {
        let world = try world()
        try put(world.hub, "t", name: "zero")
        try world.settle()
        let (left, right) = (world.sites[1], world.sites[2])
        let before = try [left, right].map { try $0.store.read { try $0.ownOrigin()!.headSeq } }
        try edit(left, "t", name: "A")
        try edit(right, "t", name: "B")
        try edit(left, "t", name: "A2")
        func frames(_ site: World.Site, after seq: Int64) throws -> [DeltaFrame] {
            try site.store.read { reader in
                try reader.stamps(origin: reader.ownOrigin()!.number, after: seq).map {
                    try reader.frame($0)!
                }
            }
        }
        let (a, b) = (try frames(left, after: before[0]), try frames(right, after: before[1]))
        for (site, order) in [(world.hub, [a[0], b[0], a[1]]), (left, b), (right, [a[0], a[1]])] {
            for frame in order { _ = try site.store.replicate { try DeltaApplier.receive([frame], in: $0) } }
        }
        for site in world.sites {
            let conflicts = try site.store.read { try $0.conflicts() }
            #expect(conflicts.count == 1 && conflicts[0].siblings.count == 2)
        }
        let digests = try world.sites.map { try $0.digest() }
        #expect(Set(digests).count == 1)
    }

    @Test("a clock that is years ahead pulls nobody along, and its own stamps come back with it")
    func clockAhead() throws {
        let world = try world(), node = world.sites[1]
        func newestStamp(_ site: World.Site) throws -> Int64 {
            try site.store.read { try $0.deltas(newest: 1)[0].facts.hlc.milliseconds }
        }
        node.clock.setSkew(3 * 365 * 86_400_000)
        try put(node, "t", name: "from the future")
        try world.settle()
        try put(world.hub, "u", name: "now")
        let limit = HLC.limitMilliseconds
        #expect(try abs(newestStamp(world.hub) - world.hub.clock.milliseconds()) <= limit)
        node.clock.setSkew(0)
        try put(node, "v", name: "now")
        #expect(try abs(newestStamp(node) - node.clock.milliseconds()) <= limit)
        try everywhere(world) { _, reader throws in #expect(try reader.conflicts().isEmpty) }
    }

    @Test("a write that had seen another supersedes it, however wrong its author's clock is")
    func clockBehind() throws {
        let world = try world(), node = world.sites[1]
        try put(world.hub, "t", name: "old")
        try world.settle()
        node.clock.setSkew(-20 * 365 * 86_400_000)
        try edit(node, "t", name: "new")
        try everywhere(world) { _, reader throws in
            #expect(try reader.shown(Schema.teacher, id: "t")?["name"] == "new")
            #expect(try reader.conflicts().isEmpty)
        }
    }

    @Test("new rules show anew what was merged before them, in whatever order they arrive")
    func newRules() throws {
        let world = try world()
        try put(world.hub, "t", name: "zero")
        try world.settle()
        try edit(world.sites[1], "t", name: "node")
        world.advance(1000)
        try edit(world.hub, "t", name: "hub")
        try world.sync(world.sites[1])
        #expect(try world.hub.store.read { try $0.shown(Schema.teacher, id: "t")?["name"] } == "hub")
        let id = world.hub.tenant.identifiers.derived(table: "rule_set", key: "roster")
        let document = Value.text(RuleMeanings.contrary)
        try perform(
            world.hub, .put(Schema.ruleSet, id, ["domain": "roster", "version": 2, "document": document]))
        try everywhere(world) { _, reader throws in
            #expect(try reader.shown(Schema.teacher, id: "t")?["name"] == "node")
        }
    }

    @Test("a write without the right enters no cell, stays listed, and hides nothing that was there")
    func withoutRight() throws {
        let world = try world(), node = world.sites[1], id = world.hub.tenant.id.description
        let name = try world.hub.store.read { try $0.shown(Schema.tenant, id: id)!["name"] }
        let frames = try node.framesOfBrokenProgram {
            _ = try Operation.edit(Schema.tenant, id, ["name": "Mine", "time_zone": "UTC"])
                .perform($0, on: node, force: true)
        }
        _ = try node.store.replicate { try DeltaApplier.receive(frames, in: $0) }
        try everywhere(world) { _, reader throws in
            let shown = try reader.shown(Schema.tenant, id: id)
            #expect(shown?["name"] == name && shown?["time_zone"] == "UTC")
            #expect(try reader.refusedWrites().map(\.column) == ["name"])
            #expect(try reader.conflicts().isEmpty)
        }
    }

    @Test("when a derived id has moved to another address, both sides take the next and meet again")
    func derivedIDTaken() throws {
        let world = try world(), node = world.sites[1]
        func add(_ site: World.Site) throws -> Teacher {
            try TeacherService(site.tenant, actor: site.actor).add(
                name: "Ann", email: "ann@t.org", school: "North", grade: "1", year: "2025-2026",
                dryRun: false)
        }
        let first = try add(world.hub)
        try world.settle()
        _ = try TeacherService(node.tenant, actor: node.actor).edit(
            first.id, .init(email: "ann2@t.org"), year: nil)
        try world.settle()
        let (here, there) = (try add(world.hub), try add(node))
        #expect(here.id == there.id && here.id != first.id)
        try everywhere(world) { site, reader throws in
            #expect(try reader.conflicts().isEmpty)
            let all = try TeacherService(site.tenant, actor: site.actor).year("2025-2026", in: reader)
            #expect(try reader.teachers(year: all, all: true).map(\.email) == ["ann2@t.org", "ann@t.org"])
        }
    }
}
