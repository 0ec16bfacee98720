import Foundation
import GRDB
import TestSupport
import Testing

@testable import NodeCore
@testable import SyncEngine

/// What was replaced long ago goes from bodies, and nobody can tell by the state: what it is checked by, what is undone,
/// what comes late and who is erased end the same.
@Suite struct RetentionTests {
    static let ids = (0..<8).map { "t\($0)" }
    static let day: Int64 = 86_400_000

    func world(_ nodes: Int = 2, seed: UInt64 = 1) throws -> World {
        let world = try World(nodes: nodes, seed: seed)
        try world.settle()
        return world
    }

    /// Teachers, and their names written anew again and again by the first sites.
    func history(_ world: World, rounds: Int = 6, _ tag: String = "", by sites: Int = 2) throws {
        if try world.hub.store.read({ try $0.shown(Schema.teacher, id: "t0") }) == nil {
            try world.sites[1].write { transaction in
                for id in Self.ids {
                    try transaction.put(
                        Schema.teacher, id: id, ["name": .text(id), "email": .text("\(id)@d.org")])
                }
            }
            try settle(world, sites)
        }
        for round in 0..<rounds {
            try rename(world.sites[round % sites], "Round \(tag)\(round)")
            try settle(world, sites)
        }
    }

    func rename(_ site: World.Site, _ name: String, ids: [String] = ids) throws {
        try site.write { transaction in
            for id in ids {
                try transaction.edit(Schema.teacher, id: id, ["name": .text("\(name) \(id)")])
            }
        }
    }

    /// Only the first sites sync, until nothing moves.
    func settle(_ world: World, _ sites: Int) throws {
        world.advance(1000)
        for _ in 0..<3 { for site in world.sites.dropFirst().prefix(sites) { try world.sync(site) } }
    }

    func bodyBytes(_ site: World.Site) throws -> Int {
        try site.store.read { try $0.count("SELECT sum(length(body)) FROM sync_body") }
    }

    func expectSound(_ world: World, sourceLocation: SourceLocation = #_sourceLocation) throws {
        try world.settle()
        let digest = try world.hub.digest()
        for site in world.sites {
            #expect(try site.digest() == digest, "\(site.name)", sourceLocation: sourceLocation)
            let report = try StoreVerifier.verify(
                site.tenant, deep: true, scratch: site.installation.scratchFile("verify"))
            #expect(report.problems == [], "\(site.name)", sourceLocation: sourceLocation)
            #expect(try LogAudit.verify(site.tenant).isOK, "\(site.name)", sourceLocation: sourceLocation)
        }
    }

    @Test("a file in which nothing is old enough is left alone; then it is looked through once a day")
    func young() throws {
        let world = try world(), hub = world.hub, retention = BodyRetention(keep: 10 * Self.day)
        try history(world, rounds: 2)
        let file = hub.installation.stamp(of: world.slug)
        for _ in 0..<3 {
            #expect(try retention.runIfDue(hub.tenant) == nil)
            hub.clock.advance(2 * Self.day)
        }
        #expect(hub.installation.stamp(of: world.slug) == file)
        hub.clock.advance(5 * Self.day)
        #expect(try retention.runIfDue(hub.tenant) != nil)
        #expect(try retention.runIfDue(hub.tenant) == nil)
        hub.clock.advance(2 * Self.day)
        #expect(try retention.runIfDue(hub.tenant) != nil)
    }

    @Test(
        "after a jump of the clock nothing goes at once, and what came in the future by a wrong clock goes in time"
    )
    func clocks() throws {
        let world = try world(), hub = world.hub, retention = BodyRetention(keep: 10 * Self.day)
        let years = 5 * 365 * Self.day
        /// A run, and how much of the log was not settled by then.
        func run(after days: Int64) throws -> (done: BodyRetention.Outcome?, young: Int64) {
            hub.clock.advance(days * Self.day)
            let done = try retention.runIfDue(hub.tenant)
            return (done, try hub.store.read { try $0.logSize() - $0.settledPosition() })
        }
        hub.clock.advance(years)
        try history(world, rounds: 2)
        hub.clock.advance(-years)
        try world.settle()
        let size = try hub.store.read { try $0.logSize() }
        #expect(
            try run(after: 11) == (.some(BodyRetention.Outcome()), size),
            "nobody knows for how long nothing ran")
        let early = try run(after: 1)
        #expect(early.young > 0 && early.young < size)
        #expect(try run(after: 6).young == early.young, "what came in the future is six days old")
        hub.clock.advance(years)
        #expect(try run(after: 0) == (.some(BodyRetention.Outcome()), early.young), "a jump")
        hub.clock.advance(-years)
        let late = try run(after: 5)
        #expect(late.done?.swept ?? 0 > 0 && late.young < early.young)
        try expectSound(world)
    }

    @Test("what is being swept counts as swept, so that nothing is undone from half of it")
    func halfSwept() throws {
        let world = try world(), hub = world.hub
        try history(world, rounds: 2)
        try world.letReplacedGo()
        let newest = try hub.store.read { try $0.deltas() }.last { $0.facts.seq > 1 }
        let facts = try #require(newest).facts
        try hub.store.replicate { replica in
            #expect(try replica.isSwept(facts) == false)
            try replica.noteSweeping(facts.origin, through: facts.seq)
            #expect(try replica.isSwept(facts))
        }
    }

    @Test("a body that is damaged stays as it is and stops nothing; verify tells of it")
    func damaged() throws {
        let world = try world(), hub = world.hub
        try history(world, rounds: 3)
        let first = try #require(try hub.store.read { try $0.deltas() }.first { $0.facts.seq == 2 })
        try hub.store.replicate { replica in
            try replica.db.execute(
                sql: "UPDATE sync_body SET body = ? WHERE number = ?",
                arguments: [Data([1, 2, 3]), first.facts.stamp])
        }
        hub.clock.advance(Self.day)
        let done = try hub.letReplacedGo()
        #expect(done.swept > 0)
        let report = try StoreVerifier.verify(
            hub.tenant, deep: false, scratch: hub.installation.scratchFile("verify"))
        #expect(report.problems != [])
    }

    @Test("bodies become short, and state, proofs, explanations and the next exchange are as they were")
    func goes() throws {
        let world = try world()
        try history(world)
        world.advance(10)
        let before = try world.sites.map(bodyBytes), digest = try world.hub.digest()
        let rehearsed = try BodyRetention(keep: 1).run(world.hub.tenant, dryRun: true)
        #expect(try bodyBytes(world.hub) == before[0] && rehearsed.bytes > 0)
        let first = try world.hub.letReplacedGo()
        #expect(first == rehearsed)
        #expect(try world.hub.digest() == digest)
        let outcomes = try world.letReplacedGo()
        #expect(first.trimmed == 5 && outcomes.dropFirst().allSatisfy { $0.trimmed == 5 && $0.bytes > 0 })
        for (site, bytes) in zip(world.sites, before) { #expect(try bodyBytes(site) < bytes) }
        try expectSound(world)
        #expect(try world.letReplacedGo().allSatisfy { $0.trimmed == 0 })
        for site in world.sites {
            let why = try ConflictService.explain(
                table: "teacher", row: "t1", column: "name", in: site.tenant)
            #expect(why.value == "Round 5 t1" && why.isSignatureValid)
            let life = try ConflictService.history(
                table: "teacher", row: "t1", column: "name", in: site.tenant)
            #expect(life.compactMap(\.value) == ["t1", "Round 5 t1"])
            #expect(try ConflictService.isHistoryTrimmed(in: site.tenant))
            let frames = try site.store.read { reader in
                try reader.deltas().compactMap { try reader.frame($0.facts.stamp) }.filter(\.isTrimmed)
            }
            #expect(frames.count == 5)
            for frame in frames {
                #expect(throws: NodeError.self) { try frame.sealed(by: site.tenant) }
            }
        }
        try rename(world.sites[1], "Afterwards")
        try expectSound(world)
    }

    @Test("of old checkpoints and receipts one a month is left, and what they prove is proved")
    func proofs() throws {
        let world = try world()
        for _ in 0..<40 {
            world.advance(3 * Self.day)
            try news(world)
            try world.settle()
        }
        let before = try counts(world.sites[1])
        for site in world.sites { try site.letReplacedGo(keep: 10 * Self.day) }
        let after = try counts(world.sites[1])
        #expect(before.checkpoints >= 40 && (4...before.checkpoints / 2).contains(after.checkpoints))
        #expect(before.receipts >= 40 && (4...before.receipts / 2).contains(after.receipts))
        try world.sites[1].store.read { reader in
            let own = try #require(try reader.ownOrigin())
            for seq in 1...own.headSeq { #expect(try reader.receipt(origin: own.number, seq: seq) != nil) }
        }
        try expectSound(world)
    }

    private func news(_ world: World) throws {
        try world.sites[1].write { try $0.put(Schema.teacher, id: try $0.freshID(), ["name": "New"]) }
        try world.hub.write { try $0.put(Schema.skill, id: try $0.freshID(), ["name": "New"]) }
    }

    private func counts(_ site: World.Site) throws -> (checkpoints: Int, receipts: Int) {
        try site.store.read { reader in
            (
                try reader.checkpoints().count, try reader.count("SELECT count(*) FROM sync_receipt")
            )
        }
    }

    @Test("damage is damage: a missing body, one that was changed, and one that can't have been trimmed yet")
    func damage() throws {
        let world = try world(), node = world.sites[1]
        try history(world)
        world.advance(10)
        try world.letReplacedGo()
        try rename(node, "Unsettled")
        func problems(_ sql: String) throws -> [String] {
            let copy = try world.copy(node)
            try node.change(sql)
            let found = try StoreVerifier.verify(node.tenant, deep: false, scratch: "").problems
            try world.restore(node, from: copy)
            return found
        }
        let trimmed = "(SELECT min(number) FROM sync_trimmed)", last = "(SELECT max(number) FROM sync_delta)"
        let found = [
            try problems("DELETE FROM sync_body WHERE number = \(trimmed)"),
            try problems("UPDATE sync_body SET body = zeroblob(length(body)) WHERE number = \(trimmed)"),
            try problems("UPDATE sync_trimmed SET hash = zeroblob(32) WHERE number = \(trimmed)"),
            try problems("INSERT INTO sync_trimmed VALUES (\(last), zeroblob(32))"),
            try problems("DELETE FROM sync_trimmed WHERE number = \(trimmed)"),
        ]
        for one in found { #expect(!one.isEmpty) }
        #expect(found[0].contains { $0.hasSuffix("has no body") })
        #expect(found[3].contains { $0.hasSuffix("lacks writes that retention can't have let go") })
        #expect(
            try StoreVerifier.verify(node.tenant, deep: true, scratch: world.folder + "/s.db").problems == [])
    }

    // MARK: Undoing

    func roster(_ site: World.Site, grade: Int) throws -> String {
        let text = "Building,Name,Email,Grade\nNorth,Ann,ann@d.org,\(grade)\nSouth,Bo,bo@d.org,\(grade)\n"
        return try RosterService(site.installation, site.tenant, actor: site.actor)
            .importFile(Array(text.utf8), .init()).importID
    }

    func grades(_ site: World.Site) throws -> [String] {
        let grade = try #require(Schema.teacherYear.position(of: "grade"))
        return try site.shownRows().filter { $0.key.hasPrefix("teacher_year ") }.values
            .compactMap { $0[grade].text }.sorted()
    }

    @Test("an import within the time is undone, whatever is older; one that is older is refused in words")
    func undo() throws {
        let world = try world(), node = world.sites[1]
        _ = try roster(world.hub, grade: 1)
        try world.settle()
        world.advance(50 * Self.day)
        let old = try roster(node, grade: 2)
        try world.settle()
        world.advance(100 * Self.day)
        let new = try roster(node, grade: 3)
        try world.settle()
        let outcomes = try world.letReplacedGo(keep: 90 * Self.day)
        #expect(outcomes[0].swept > 0 && outcomes[0].trimmed == 0)
        #expect(try ImportUndo(node.tenant, actor: node.actor).undo(new).restored == 2)
        #expect(try grades(node) == ["2", "2"])
        let refused = #expect(throws: NodeError.self) {
            try ImportUndo(world.hub.tenant, actor: world.hub.actor).undo(old)
        }
        #expect(refused?.code == .deltaNotFound)
        try world.settle()
        world.advance(100 * Self.day)
        #expect(try world.letReplacedGo(keep: 90 * Self.day).allSatisfy { $0.trimmed > 0 })
        #expect(try grades(world.hub) == ["2", "2"])
        try expectSound(world)
    }

    // MARK: Late writes

    /// What teachers are shown once a machine that was away from the beginning has written in ignorance of all that
    /// happened since.
    func late(retained: Bool) throws -> [String: [Value]] {
        let world = try world(3, seed: 11), away = world.sites[3]
        try history(world, rounds: 0, by: 3)
        try settle(world, 3)
        try world.settle()
        let copy = try world.copy(away)
        try history(world, rounds: 6, by: 3)
        try world.hub.write { transaction in
            try transaction.edit(Schema.teacher, id: "t1", ["email": "b1@d.org"])
            try transaction.delete(Schema.teacher, id: "t2")
            try transaction.delete(Schema.teacher, id: "t3")
        }
        try settle(world, 3)
        try rename(world.sites[1], "Last", ids: ["t0", "t1", "t4"])
        try settle(world, 3)
        try world.settle()
        world.advance(10)
        if retained { #expect(try world.letReplacedGo().allSatisfy { $0.trimmed > 0 }) }
        #expect(try world.hub.store.read { try $0.isCollected("teacher", id: "t2") })
        try world.restore(away, from: copy)
        try rename(away, "Late", ids: ["t0", "t2"])
        try away.write { transaction in
            let names = try transaction.replica.erasedNames()
            try transaction.put(
                Schema.erasure, id: try transaction.freshID(),
                [
                    "kind": "teacher", "rows": "teacher/nobody", "at": 1,
                    "keys": .text(names.email("b1@d.org")),
                ])
        }
        try world.settle()
        try expectSound(world)
        return try world.hub.shownRows().filter { $0.key.hasPrefix("teacher ") }
    }

    @Test("a machine that was put back writes late, and gives late orders, as where nothing had gone")
    func lateWrites() throws {
        let kept = try late(retained: false), gone = try late(retained: true)
        #expect(kept == gone)
        // The order took away the address that it names, and the one before stands again.
        #expect(gone["teacher t1"]?.first == "t1@d.org")
        #expect(gone["teacher t2"] != nil && gone["teacher t3"] == nil)
    }

    @Test("who was erased after a name of theirs had gone is not brought back by it")
    func erased() throws {
        let stage = try ErasureStage(nodes: 2)
        try stage.add(stage.hub)
        try stage.world.settle()
        for number in ["One", "Two", "Three"] {
            try stage.rename(stage.hub, "Zyxwvut Canary-\(number)")
            try stage.world.settle()
        }
        stage.world.advance(10)
        #expect(try stage.world.letReplacedGo().allSatisfy { $0.trimmed > 0 })
        let records = try stage.persons(stage.hub).export(ErasureStage.email, learner: false)
        #expect(records.isTrimmed && !records.history.contains { $0.values?["name"] == "Zyxwvut Canary-Two" })
        try stage.sessions(stage.node, "S9", name: "Zyxwvut Canary-Two")
        try stage.erase(stage.hub)
        try stage.expectErased()
        #expect(try stage.world.sites[2].digest() == stage.hub.digest())
    }
}
