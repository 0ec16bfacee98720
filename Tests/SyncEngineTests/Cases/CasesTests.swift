import NodeCore
import SyncEngine
import TestSupport
import Testing

/// What merging breaks between rows: listed the same everywhere, repaired by the hub, never in a loop.
@Suite struct CasesTests {
    let world: World

    init() throws {
        world = try World(nodes: 2)
        try world.settle()
    }

    func teachers(_ site: Int) -> TeacherService {
        TeacherService(world.sites[site].tenant, actor: world.sites[site].actor)
    }

    @discardableResult
    func add(_ email: String, at site: Int) throws -> Teacher {
        world.advance(1000)
        return try teachers(site).add(
            name: "Ann \(site)", email: email, school: "North", grade: nil, year: nil, dryRun: false)
    }

    func rename(_ id: String, to email: String, at site: Int) throws {
        world.advance(1000)
        _ = try teachers(site).edit(id, .init(email: email), year: nil)
    }

    /// The cases that every installation lists, which must be the same.
    func cases() throws -> [RowCase] {
        let all = try world.sites.map { try $0.store.read { try $0.cases() } }
        #expect(all.allSatisfy { $0 == all[0] }, "every installation lists the same cases")
        return all[0]
    }

    /// Exchanges until all rests; then the arbiter has nothing to do and another round writes nothing.
    func settle() throws {
        try world.settle()
        #expect(try Set(world.sites.map { try $0.digest() }).count == 1)
        let heads = try world.hub.store.read { try $0.heads() }
        #expect(try Arbiter(world.hub.tenant).run() == 0)
        try world.settle()
        #expect(try world.hub.store.read { try $0.heads() } == heads, "no repair loops")
    }

    func apply(_ tables: String) throws {
        _ = try RuleService(world.hub.tenant, actor: world.hub.actor)
            .apply("version: 1\ndomain: roster\ntables:\n\(tables)")
        try world.settle()
    }

    /// A teacher at the hub and another at a node, who get one address while apart. The hub's is older.
    func twins() throws -> (hub: String, node: String) {
        let hub = try add("ann@t.org", at: 0).id, node = try add("old@t.org", at: 1).id
        try rename(node, to: "ann@t.org", at: 1)
        return (hub, node)
    }

    @Test("two teachers with one address become one person on every installation")
    func merged() throws {
        let ids = try twins()
        try settle()
        #expect(try cases().isEmpty)
        for site in world.sites.indices {
            let list = try teachers(site).list(year: nil, all: true).teachers
            #expect(list.map(\.id) == [ids.hub] && list[0].otherEmails == ["ann@t.org"])
            #expect(try teachers(site).show(ids.node).id == ids.hub, "the old id names the person")
        }
        let audit = try world.hub.store.read { try $0.auditEntries(limit: 5) }
        #expect(audit.contains { $0.action == "cases.repair" && $0.via == "arbiter" })
    }

    @Test("a merge that a person takes back stays taken back, and is a case for people")
    func keptApart() throws {
        let ids = try twins()
        try settle()
        #expect(try teachers(2).unmerge(ids.node).id == ids.node)
        try settle()
        let one = try #require(cases().first)
        #expect(one.kind == .duplicate && one.isOpen && one.rows == [ids.hub, ids.node])
        #expect(one.subject == ["ann@t.org"])
        try rename(ids.node, to: "ann.other@t.org", at: 1)
        try settle()
        #expect(try cases().isEmpty)
    }

    @Test("under the rule review nothing is merged until a person does")
    func review() throws {
        try apply("  teacher:\n    duplicate: review\n    default: latest\n")
        let ids = try twins()
        try settle()
        let one = try #require(cases().first)
        #expect(one.isOpen && one.rows == [ids.hub, ids.node] && one.rule == "review")
        #expect(one.rulePlace == "roster.yaml:5 (district, version 2)")
        #expect(throws: NodeError.self) { try teachers(1).show("ann@t.org") }
        _ = try teachers(1).merge(ids.node, into: ids.hub)
        try settle()
        #expect(try cases().isEmpty)
    }

    @Test("a case can be noted like a conflict, once for all of its rows, on every side")
    func noted() throws {
        try apply("  teacher:\n    duplicate: review\n    default: latest\n")
        _ = try twins()
        try settle()
        let one = try #require(cases().first)
        let node = world.sites[1]
        let service = ConflictService(node.tenant, actor: node.actor)
        _ = try service.note(one.id, "asked the school", dryRun: true)
        _ = try service.note(one.id, "asked the school")
        world.advance(1000)
        _ = try service.note(one.id, "two people")
        try settle()
        for site in world.sites {
            let notes = try ConflictService(site.tenant, actor: site.actor).notes(of: one)
            #expect(notes.map(\.text) == ["asked the school", "two people"])
        }
        let error = #expect(throws: NodeError.self) { try service.note("none", "x") }
        #expect(error?.code == .conflictNotFound)
    }

    @Test("merged the other way round on two sides, the same one counts on both")
    func ring() throws {
        let one = try add("a@t.org", at: 0).id, two = try add("b@t.org", at: 0).id
        try world.settle()
        world.advance(1000)
        _ = try teachers(0).merge(one, into: two)
        _ = try teachers(1).merge(two, into: one)
        try settle()
        for site in world.sites.indices {
            #expect(try teachers(site).list(year: nil, all: true).teachers.map(\.id) == [min(one, two)])
        }
    }

    @Test("years follow the person, and come back when the merge is taken back")
    func references() throws {
        let one = try add("a@t.org", at: 0).id, two = try add("b@t.org", at: 1).id
        try world.settle()
        _ = try teachers(1).edit(two, .init(grade: "7"), year: "2023-2024")
        _ = try teachers(0).merge(two, into: one)
        try settle()
        #expect(try teachers(2).show(one, year: "2023-2024").grade == "7")
        _ = try teachers(2).unmerge("b@t.org")
        try settle()
        #expect(try teachers(0).show(one, year: "2023-2024").grade == "")
        #expect(try teachers(0).show(two, year: "2023-2024").grade == "7")
        _ = try teachers(0).merge(two, into: one)
        _ = try teachers(0).delete(one)
        try settle()
        #expect(try teachers(1).list(year: nil, all: true).teachers.isEmpty, "the person is gone whole")
    }

    /// The hub deletes a teacher whose year a node edits meanwhile.
    func orphanedYear() throws -> String {
        let id = try add("ann@t.org", at: 0).id
        try world.settle()
        world.advance(1000)
        _ = try teachers(0).delete(id)
        _ = try teachers(1).edit(id, .init(grade: "9"), year: nil)
        return id
    }

    @Test("a year whose teacher was deleted elsewhere brings the teacher back")
    func revived() throws {
        let id = try orphanedYear()
        try settle()
        #expect(try cases().isEmpty)
        for site in world.sites.indices { #expect(try teachers(site).show(id).grade == "9") }
    }

    @Test("or goes with the teacher, where the rules say so")
    func removed() throws {
        try apply("  teacher_year:\n    missing_parent: remove\n    default: latest\n")
        let id = try orphanedYear()
        try settle()
        #expect(try cases().isEmpty)
        #expect(
            try world.sites.allSatisfy { try $0.store.read { try $0.teacherYearIDs(teacher: id).isEmpty } })
    }

    @Test("or waits for a person")
    func reviewed() throws {
        try apply("  teacher_year:\n    missing_parent: review\n    default: latest\n")
        let id = try orphanedYear()
        try settle()
        let one = try #require(cases().first)
        #expect(one.kind == .missingParent && one.isOpen && one.subject == [id])
    }

    @Test("a seat's school that was deleted comes back")
    func seatWithoutSchool() throws {
        let seats = SeatService(world.hub.tenant, actor: world.hub.actor)
        let seat = try seats.purchase(school: "North", count: 1, grant: "node1")[0]
        try world.settle()
        world.advance(1000)
        try world.hub.write { try $0.delete(Schema.tenant, id: seat.schoolID) }
        #expect(try world.hub.store.read { try $0.cases() }.map(\.kind) == [.missingParent])
        _ = try SeatService(world.sites[1].tenant, actor: world.sites[1].actor)
            .allocate(learner: "L1", seat: seat.id, school: nil)
        #expect(try Arbiter(world.hub.tenant).run() == 1)
        try settle()
        #expect(try cases().isEmpty)
        for site in world.sites {
            #expect(try site.store.read { try $0.seat(seat.id) }.school == "North")
        }
    }

    @Test("a stop between a push and the arbiter is made good by its next run")
    func stopped() throws {
        let ids = try twins()
        let node = world.sites[1]
        let frames = try node.store.read { reader in
            try reader.deltas().filter { $0.facts.role == .node }.compactMap {
                try reader.frame($0.facts.stamp)
            }
        }
        _ = try world.hub.store.replicate { try DeltaApplier.receive(frames, in: $0) }
        #expect(try world.hub.store.read { try $0.cases() }.count == 1)
        #expect(try Arbiter(world.hub.tenant).run() == 1)
        #expect(try teachers(0).show(ids.node).id == ids.hub)
        #expect(try Arbiter(world.hub.tenant).run() == 0)
    }

    @Test(
        "who looks at some rows leaves the mark of those that were written meanwhile, or looks at them, too")
    func marks() throws {
        let world = try World(nodes: 0), hub = world.hub
        func mark() throws -> Int64? { try hub.store.read { try $0.state(.casesPending)?.int } }
        func put(_ address: Value) throws -> TouchedRows {
            try hub.write { transaction in
                try transaction.put(
                    Schema.teacher, id: try transaction.freshID(), ["name": "Ann", "email": address])
                return transaction.replica.touched
            }
        }
        try Arbiter(hub.tenant).run()
        #expect(try mark() == nil)
        let rows = try put("a@t.org"), first = try mark()
        _ = try put("b@t.org")
        _ = try put("b@t.org")
        #expect(try first != nil && mark() != first)
        #expect(try Arbiter(hub.tenant).run(among: rows, of: first) == 1)
        #expect(try hub.store.read { try $0.cases().isEmpty })
        #expect(try mark() == nil)
    }

    @Test("no history of addresses, deletes, merges and undos makes a repair that repeats", arguments: 0..<12)
    func randomHistories(_ seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed) &+ 77)
        let emails = ["a@t.org", "b@t.org", "c@t.org"]
        for _ in 0..<14 {
            world.advance(1000)
            let site = Int.random(in: 0...2, using: &generator)
            let known = try teachers(site).list(year: nil, all: true).teachers.map(\.id)
            let one = known.randomElement(using: &generator), two = known.randomElement(using: &generator)
            let email = emails.randomElement(using: &generator)!
            do {
                switch Int.random(in: 0...6, using: &generator) {
                case 0, 1: try add(email, at: site)
                case 2: if let one { try rename(one, to: email, at: site) }
                case 3: if let one { _ = try teachers(site).delete(one) }
                case 4: if let one, let two { _ = try teachers(site).merge(one, into: two) }
                case 5: _ = try teachers(site).unmerge(email)
                default: _ = try world.sync(world.sites[Int.random(in: 1...2, using: &generator)])
                }
            } catch let error as NodeError {
                let refusals: [ErrorCode] = [.emailTaken, .teacherNotFound, .validation, .conflict]
                #expect(refusals.contains(error.code), "\(error)")
            }
        }
        try settle()
        #expect(try cases().allSatisfy(\.isOpen), "what the rules repair is repaired")
    }
}
