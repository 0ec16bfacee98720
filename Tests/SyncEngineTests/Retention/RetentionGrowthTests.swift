import TestSupport
import Testing

@testable import NodeCore
@testable import SyncEngine

/// Daily imports of the same teachers: what they write stops adding up.
@Suite struct RetentionGrowthTests {
    /// What a file holds on a day.
    struct Size {
        /// Writes of teachers and their years in all bodies.
        var writes = 0
        /// Bytes of pages that are in use.
        var bytes = 0
    }

    /// `changed` of the teachers have another grade each day, in turn. By site, the sizes on days 30 and 60.
    func run(teachers: Int, changed: Int, keepDays: Int) throws -> [(early: Size, late: Size)] {
        let world = try World(nodes: 1), node = world.sites[1]
        try world.settle()
        var early: [Size] = [], grades = [Int](repeating: 0, count: teachers)
        for day in 1...60 {
            world.advance(BodyRetention.day)
            for index in 0..<changed { grades[(day * changed + index) % teachers] += 1 }
            let lines = grades.enumerated().map { "North,Name \($0),t\($0)@d.org,\($1)\n" }.joined()
            let outcome = try RosterService(node.installation, node.tenant, actor: node.actor)
                .importFile(Array("Building,Name,Email,Grade\n\(lines)".utf8), .init())
            #expect(!outcome.isHeld && outcome.plan.rowErrors == 0)
            if let error = try world.sync(node).error { throw error }
            for site in world.sites { try site.letReplacedGo(keep: Int64(keepDays) * BodyRetention.day) }
            if day == 30 { early = try world.sites.map(size) }
        }
        let digests = try world.sites.map { try $0.digest() }
        #expect(digests[0] == digests[1])
        for site in world.sites {
            let report = try StoreVerifier.verify(
                site.tenant, deep: true, scratch: site.installation.scratchFile("verify"))
            #expect(report.problems == [])
        }
        return Array(zip(early, try world.sites.map(size))).map { (early: $0, late: $1) }
    }

    func size(_ site: World.Site) throws -> Size {
        try site.store.read { reader in
            var size = Size()
            size.bytes =
                try (reader.count("PRAGMA page_count") - reader.count("PRAGMA freelist_count"))
                * reader.count("PRAGMA page_size")
            for delta in try reader.deltas() {
                guard let frame = try reader.frame(delta.facts.stamp) else { continue }
                size.writes += try DeltaVerifier.verify(frame, in: reader).writes().count {
                    $0.table.hasPrefix("teacher")
                }
            }
            return size
        }
    }

    @Test("of 100 teachers of whom 20 change each day, as many writes are kept on day 60 as on day 30")
    func someChange() throws {
        let kept = try run(teachers: 100, changed: 20, keepDays: 0)
        for (early, late) in kept { #expect(late.writes - early.writes == 30 * 20) }
        let let10 = try run(teachers: 100, changed: 20, keepDays: 10)
        for (early, late) in let10 {
            // Both rows of each, the newest grade of each, and what was replaced in the last ten days.
            #expect(early.writes <= 200 + 100 + 12 * 20)
            #expect(abs(late.writes - early.writes) <= 20)
        }
    }

    @Test("of 200 teachers who all change each day, the file grows by what an import is recorded with")
    func allChange() throws {
        let kept = try run(teachers: 200, changed: 200, keepDays: 0)
        let let10 = try run(teachers: 200, changed: 200, keepDays: 10)
        for (without, with) in zip(kept, let10) {
            #expect(without.late.writes - without.early.writes == 30 * 200)
            #expect(with.late.writes == with.early.writes)
            #expect(3 * (with.late.bytes - with.early.bytes) < 2 * (without.late.bytes - without.early.bytes))
        }
    }
}
