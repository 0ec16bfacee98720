import NodeCore
import SyncEngine
import TestSupport
import Testing

/// The thin line in one process: the stories that every other test builds on.
@Suite struct ThinLineTests {
    func roster(_ rows: [(String, String, String)]) -> [UInt8] {
        Array(("Building,Name,Email\n" + rows.map { "\($0.0),\($0.1),\($0.2)\n" }.joined()).utf8)
    }

    func importRoster(_ site: World.Site, _ rows: [(String, String, String)]) throws {
        _ = try RosterService(site.installation, site.tenant, actor: site.actor).importFile(
            roster(rows), .init())
    }

    @Test("a new node pulls the whole log and is equal")
    func joining() throws {
        let world = try World(nodes: 2)
        try world.settle()
        #expect(try world.sites.map { try $0.digest() }.allSatisfy { try $0 == world.hub.digest() })
    }

    @Test("an offline import reaches the hub and the other node; equal means one request")
    func importThenSync() throws {
        let world = try World(nodes: 2)
        try world.settle()
        try importRoster(
            world.sites[1], [("North", "Ann Lee", "ann@t.org"), ("South", "Bo Ray", "bo@t.org")])
        #expect(try world.sites[1].digest() != world.hub.digest())
        try world.settle()
        for site in world.sites {
            let teachers = try TeacherService(site.tenant, actor: site.actor).list(year: nil, all: false)
                .teachers
            #expect(teachers.map(\.email) == ["ann@t.org", "bo@t.org"])
            #expect(try site.digest() == world.hub.digest())
        }
        #expect(try world.sync(world.sites[1]).verdict == .equal)
    }

    @Test("edits on both sides become an open conflict that one resolve ends everywhere")
    func conflictAndResolve() throws {
        let world = try World(nodes: 2)
        try world.settle()
        try importRoster(world.sites[1], [("North", "Ann Lee", "ann@t.org")])
        try world.settle()
        let (hub, node, other) = (world.hub, world.sites[1], world.sites[2])
        world.advance(1000)
        _ = try TeacherService(hub.tenant, actor: hub.actor).edit(
            "ann@t.org", .init(name: "Ann Hub"), year: nil)
        world.advance(1000)
        _ = try TeacherService(node.tenant, actor: node.actor).edit(
            "ann@t.org", .init(name: "Ann Node"), year: nil)
        try world.settle()
        var ids: Set<String> = []
        for site in world.sites {
            let open = try ConflictService(site.tenant, actor: site.actor).list(.open)
            #expect(open.count == 1)
            #expect(open.first?.shown == "Ann Node")
            #expect(open.first?.siblings.map(\.value) == ["Ann Hub", "Ann Node"])
            ids.formUnion(open.map(\.id))
        }
        #expect(ids.count == 1)
        _ = try ConflictService(node.tenant, actor: node.actor).resolve(ids.first!, take: 1, value: nil)
        try world.settle()
        for site in [hub, node, other] {
            let service = ConflictService(site.tenant, actor: site.actor)
            #expect(try service.list().isEmpty)
            #expect(try service.list(.resolved).map(\.id) == Array(ids))
            #expect(try TeacherService(site.tenant, actor: site.actor).show("ann@t.org").name == "Ann Hub")
            #expect(try site.digest() == hub.digest())
        }
    }

    @Test("the same roster imported apart meets in the same rows without a conflict")
    func twins() throws {
        let world = try World(nodes: 2)
        try world.settle()
        let rows = [("North", "Ann Lee", "ann@t.org"), ("South", "Bo Ray", "bo@t.org")]
        try importRoster(world.sites[1], rows)
        try importRoster(world.sites[2], rows)
        try world.settle()
        for site in world.sites {
            #expect(
                try TeacherService(site.tenant, actor: site.actor).list(year: nil, all: true).teachers.count
                    == 2)
            #expect(try ConflictService(site.tenant, actor: site.actor).list(.open).isEmpty)
            #expect(try site.digest() == world.hub.digest())
        }
    }

    @Test("a node's write to what the hub owns fails with HUB_OWNED and leaves nothing")
    func ownership() throws {
        let world = try World(nodes: 1)
        try world.settle()
        let node = world.sites[1]
        let before = try node.digest()
        let error = #expect(throws: NodeError.self) {
            try node.write { try $0.edit(Schema.tenant, id: node.tenant.id.description, ["name": "Mine"]) }
        }
        #expect(error?.code == .hubOwned)
        #expect(try node.digest() == before)
    }

    @Test("a transaction in many parts is applied at once or not at all")
    func parts() throws {
        let world = try World(nodes: 2)
        try world.settle()
        let node = world.sites[1]
        try node.write { transaction in
            for index in 0..<2500 {
                try transaction.put(
                    Schema.teacher, id: try transaction.freshID(),
                    ["name": .text("T\(index)"), "email": .text("t\(index)@t.org")])
            }
        }
        try world.settle()
        let count = try world.hub.store.read { try $0.rowCount() }
        #expect(try node.store.read { try $0.rowCount() } == count)
        #expect(try world.sites[2].digest() == world.hub.digest())
        let parts = try world.hub.store.read { try $0.deltas().filter { $0.parts > 1 } }
        #expect(parts.map(\.writes) == [1000, 1000, 501])
    }

    @Test("verify --deep rebuilds the same state from the deltas")
    func deepVerify() throws {
        let world = try World(nodes: 1)
        try world.settle()
        try importRoster(world.sites[1], [("North", "Ann Lee", "ann@t.org")])
        try world.settle()
        for site in world.sites {
            let report = try StoreVerifier.verify(
                site.tenant, deep: true, scratch: world.folder + "/scratch.db")
            #expect(report.problems == [])
        }
    }
}
