import NodeCore
import SyncEngine
import TestSupport
import Testing

/// Hub and nodes are upgraded on different days. The versions of `Schema.laterVersions` are fixtures: a new
/// table, new columns, some of them the hub's.
@Suite struct VersionSkewTests {
    static let template = Result { try World.Template(nodes: 2, settled: 2) }
    static let newest = Schema.versions.last!

    /// By installation, the hub first: how many versions it is ahead.
    func world(_ ahead: [Int]) throws -> World {
        try World.worlds(Self.template.get(), nodes: [2], seed: 1, schema: { Schema.versions[ahead[$0]] })[0]
    }

    func expectSound(_ world: World) throws {
        let digests = try Set(world.sites.map { try $0.digest() })
        #expect(digests.count == 1)
        for site in world.sites {
            let report = try StoreVerifier.verify(
                site.tenant, deep: true, scratch: "\(world.folder)/scratch-\(site.name).db")
            #expect(report.problems == [])
        }
    }

    /// What a later program writes: a row of a table and columns that earlier ones don't know.
    func writeAhead(_ site: World.Site) throws {
        try site.write { transaction in
            try transaction.put(Operation.gadget, id: "g1", ["colour": "red", "size": 7])
            try transaction.put(Operation.gadget, id: "g2", ["colour": "blue", "size": 8])
            try transaction.put(
                Operation.newerTeacher, id: "new", ["email": "n@t.org", "name": "N", "phone": "1"])
        }
        try site.write { transaction in
            try transaction.edit(Operation.newerTeacher, id: "old", ["phone": "2"])
            try transaction.edit(Operation.gadget, id: "g1", ["colour": "green"])
            try transaction.delete(Operation.gadget, id: "g2")
        }
    }

    func expectShown(at site: World.Site) throws {
        let version = site.schema.version
        var cells: [(table: String, id: String, column: String, value: Value?)] = [
            ("teacher", "new", "name", "N"), ("teacher", "old", "name", "O"),
        ]
        if version > Schema.version {
            cells += [
                ("gadget", "g1", "colour", "green"), ("gadget", "g2", "colour", nil),
                ("teacher", "new", "phone", "1"), ("teacher", "old", "phone", "2"),
            ]
        }
        if version == Self.newest.version { cells.append(("gadget", "g1", "size", 7)) }
        for cell in cells {
            let shown = try site.store.read { reader in
                try reader.schema.table(cell.table).flatMap { try reader.shown($0, id: cell.id) }
            }
            #expect(shown?[cell.column] == cell.value, "\(cell) at \(site.name)")
        }
    }

    @Test(
        "what a later version writes is kept and forwarded by an earlier one, and shown once that is upgraded",
        arguments: [[0, 2, 2], [2, 0, 0], [0, 2, 0], [1, 2, 0], [2, 1, 0], [0, 0, 2], [1, 0, 2]])
    func keptForwardedShown(ahead: [Int]) throws {
        let world = try world(ahead)
        try world.hub.write { try $0.put(Schema.teacher, id: "old", ["email": "o@t.org", "name": "O"]) }
        try world.settle()
        try writeAhead(try #require(world.sites.first { $0.schema.version == Self.newest.version }))
        try world.settle()
        try expectSound(world)
        for site in world.sites { try expectShown(at: site) }
        let digest = try world.hub.digest(), heads = try world.hub.store.read { try $0.headsHash() }
        for site in world.sites {
            try World.Site.restart([site], schema: Self.newest)
            try expectShown(at: site)
        }
        for site in world.sites {
            let after = try site.digest(), headsAfter = try site.store.read { try $0.headsHash() }
            #expect(after == digest)
            #expect(headsAfter == heads, "an upgrade writes no delta")
        }
        try expectSound(world)
        let shown = try world.sites.map { try $0.shownRows(of: Self.newest) }
        #expect(shown.allSatisfy { $0 == shown[0] })
    }

    @Test("a column is added without a delta, and rows of before have it empty, in no conflict")
    func addedColumn() throws {
        let world = try world([0, 0, 0]), node = world.sites[1]
        for site in [world.hub, node] {
            try site.write { try $0.put(Schema.teacher, id: "t", ["email": "t@t.org", "name": "T"]) }
        }
        try world.settle()
        let deltas = try world.hub.store.read { try $0.deltas().count }, digest = try world.hub.digest()
        try World.Site.restart([world.hub], schema: Self.newest)
        try world.hub.store.read { reader in
            let shown = try reader.shown(Operation.newerTeacher, id: "t")
            let (count, after) = (try reader.deltas().count, try reader.stateDigest())
            #expect(count == deltas && after == digest && shown?["phone"] == .null)
        }
        // The earlier version writes the row anew beside an edit of what it doesn't know.
        try node.write { try $0.put(Schema.teacher, id: "t", ["email": "t@t.org", "name": "T2"]) }
        try world.hub.write { try $0.edit(Operation.newerTeacher, id: "t", ["phone": "3"]) }
        try world.settle()
        try expectSound(world)
        for site in world.sites { try World.Site.restart([site], schema: Self.newest) }
        for site in world.sites {
            try site.store.read { reader in
                let shown = try reader.shown(Operation.newerTeacher, id: "t")
                #expect(shown?["phone"] == "3" && shown?["name"] == "T2")
                let conflicts = try reader.conflicts()
                #expect(conflicts.isEmpty)
            }
        }
        try expectSound(world)
    }

    @Test("a row that doesn't name a column of its own table is the same row for those who know the table")
    func unnamedColumn() throws {
        let world = try world([0, 1, 2])
        let poor = try world.sites[1].store.read { $0.schema.table("gadget")! }
        try world.sites[1].write { try $0.put(poor, id: "g", ["colour": "red"]) }
        try world.settle()
        try expectSound(world)
    }

    @Test("who may write what only a later version knows is judged when an earlier one is upgraded")
    func judgedAtUpgrade() throws {
        let world = try world([0, 2, 2]), broken = world.sites[1]
        try world.hub.write { try $0.put(Operation.gadget, id: "g", ["colour": "red", "level": "hub"]) }
        try world.settle()
        let region = Self.newest.table("region")!
        let frames = try broken.framesOfBrokenProgram { transaction in
            try transaction.put(region, id: "r", ["name": "Mine"])
            try transaction.edit(Operation.gadget, id: "g", ["level": "mine", "colour": "blue"])
        }
        _ = try broken.store.replicate { try DeltaApplier.receive(frames, in: $0) }
        try world.settle()
        try World.Site.restart([world.hub], schema: Self.newest)
        try expectSound(world)
        for site in world.sites {
            try site.store.read { reader in
                let mine = try reader.shown(region, id: "r")
                #expect(mine == nil)
                let gadget = try reader.shown(Operation.gadget, id: "g")
                #expect(gadget?["level"] == "hub" && gadget?["colour"] == "blue")
                let refused = try reader.refusedWrites().map(\.column).sorted()
                #expect(refused == ["level", "name"])
            }
        }
    }

    @Test("a file of a later version is left alone")
    func newerFile() throws {
        let world = try world([0, 1, 0])
        #expect(throws: NodeError.self) { try World.Site.restart([world.sites[1]], schema: .current) }
    }
}
