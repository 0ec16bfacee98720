import NodeCore
import SyncEngine
import TestSupport
import Testing

/// The hub's policy divides what both sides may write; each write is judged by what its author had seen of it.
@Suite struct OwnershipPolicyTests {
    let world: World

    init() throws {
        world = try World(nodes: 2)
        try world.settle()
    }

    func policy(_ tables: String) throws {
        world.advance(1000)
        let rules = RuleService(world.hub.tenant, actor: world.hub.actor)
        let base = try world.hub.store.read { try $0.ruleDocuments() }.first { $0.domain == "roster" }
        #expect(base != nil)
        _ = try rules.apply("version: 1\ndomain: roster\ntables:\n\(tables)", asPolicy: true)
    }

    func teacher(_ site: Int) -> TeacherService {
        TeacherService(world.sites[site].tenant, actor: world.sites[site].actor)
    }

    func add(_ site: Int, _ email: String, grade: String? = nil) throws -> Teacher {
        try teacher(site).add(
            name: "Ann", email: email, school: "North", grade: grade, year: nil, dryRun: false)
    }

    func refusal(_ body: () throws -> Void) -> ErrorCode? {
        do { try body() } catch { return (error as? NodeError)?.code }
        return nil
    }

    func grades(_ id: String) throws -> Set<String> {
        try world.settle()
        #expect(try Set(world.sites.map { try $0.digest() }).count == 1)
        return try Set(world.sites.indices.map { try teacher($0).show(id).grade })
    }

    @Test("what the policy gives to nodes the hub can't write, and the other way round")
    func divided() throws {
        let id = try add(0, "a@t.org", grade: "1").id
        try policy("  teacher_year:\n    default: latest\n    owners: { grade: node, school_id: hub }\n")
        try world.settle()
        #expect(refusal { _ = try teacher(0).edit(id, .init(grade: "2"), year: nil) } == .nodeOnly)
        #expect(refusal { _ = try teacher(1).edit(id, .init(school: "South"), year: nil) } == .hubOwned)
        _ = try teacher(1).edit(id, .init(grade: "3"), year: nil)
        _ = try teacher(0).edit(id, .init(school: "South"), year: nil)
        #expect(try grades(id) == ["3"])
        let lines = try RuleService(world.hub.tenant, actor: world.hub.actor).show(table: "teacher_year")
        #expect(lines.first { $0.column == "grade" }?.owner == .node)
        #expect(lines.first { $0.column == "school_id" }?.owner == .hub)
    }

    @Test("a row that one side makes leaves the other side's columns to it")
    func rows() throws {
        try policy("  teacher_year:\n    default: latest\n    owners: { grade: node }\n")
        try world.settle()
        #expect(refusal { _ = try add(0, "b@t.org", grade: "5") } == .nodeOnly)
        let id = try world.hub.write { transaction in
            let id = try transaction.freshID()
            try transaction.put(Schema.teacherYear, id: id, ["year": "2026-2027", "teacher_id": "t"])
            return id
        }
        try world.settle()
        try world.sites[1].write { _ = try $0.edit(Schema.teacherYear, id: id, ["grade": "4"]) }
        try world.settle()
        for site in world.sites {
            #expect(try site.store.read { try $0.shown(Schema.teacherYear, id: id)?["grade"] } == "4")
            #expect(try site.store.read { try $0.conflicts() } == [])
        }
    }

    @Test("a write whose author hadn't seen the policy stands everywhere; one that had is refused everywhere")
    func judgedByWhatWasSeen() throws {
        let id = try add(0, "a@t.org", grade: "1").id
        try world.settle()
        world.advance(1000)
        _ = try teacher(1).edit(id, .init(grade: "2"), year: nil)
        try policy("  teacher_year:\n    default: latest\n    owner: hub\n")
        #expect(try grades(id) == ["2"], "it was right where it was made")
        #expect(try world.sites.allSatisfy { try $0.store.read { try $0.refusedWrites().isEmpty } })
        // A broken program at the node writes all the same: past the write API's own check.
        let year = try world.hub.store.read { try $0.teacherYearIDs(teacher: id)[0] }
        let frames = try world.sites[1].framesOfBrokenProgram { transaction in
            _ = try transaction.edit(Schema.teacherYear, id: year, ["grade": "9"])
        }
        for site in [world.hub, world.sites[2]] {
            _ = try site.store.replicate { try DeltaApplier.receive(frames, in: $0) }
            #expect(try site.store.read { try $0.shown(Schema.teacherYear, id: year)?["grade"] } == "2")
            #expect(try site.store.read { try $0.refusedWrites() }.map(\.reason) == ["HUB_OWNED"])
        }
    }

    @Test("the policy given back, both sides write again; what a past one refused stays refused")
    func givenBack() throws {
        let id = try add(0, "a@t.org", grade: "1").id
        try policy("  teacher_year:\n    default: latest\n    owner: hub\n")
        try world.settle()
        #expect(refusal { _ = try teacher(1).edit(id, .init(grade: "2"), year: nil) } == .hubOwned)
        try policy("  teacher_year:\n    default: latest\n")
        try world.settle()
        _ = try teacher(1).edit(id, .init(grade: "2"), year: nil)
        #expect(try grades(id) == ["2"])
    }

    static let wrong = [
        ("tenant", "  tenant:\n    default: latest\n    owners: { active: either }\n"),
        ("seat", "  seat:\n    default: latest\n    owner: either\n"),
        ("audit", "  audit_entry:\n    default: append_only\n    owner: hub\n"),
        ("roster", "  teacher:\n    default: latest\n    owners: { nme: hub }\n"),
        ("roster", "  teacher:\n    default: latest\n    owner: nobody\n"),
    ]

    @Test("what the program needs as it is no policy changes, and a district's file says nothing of owners")
    func refused() throws {
        for (domain, tables) in Self.wrong {
            let yaml = "version: 1\ndomain: \(domain)\ntables:\n\(tables)"
            #expect(RuleFile.read(yaml).file == nil, "\(yaml)")
        }
        let rules = RuleService(world.sites[1].tenant, actor: world.sites[1].actor)
        let own = "version: 1\ndomain: roster\ntables:\n  teacher:\n    default: latest\n    owner: node\n"
        let problems = try rules.check(own).problems
        #expect(problems.map(\.message) == ["only the hub's policy says who owns what"])
    }
}
