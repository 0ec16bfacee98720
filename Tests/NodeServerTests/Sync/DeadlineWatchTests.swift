import Logging
import NodeCore
import SyncEngine
import TestSupport
import Testing

@testable import NodeServer

/// What falls due at the hub falls due in every tenant.
@Suite struct DeadlineWatchTests {
    @Test("an archive that can't be written keeps no other tenant's cases waiting")
    func apart() throws {
        let worlds = try World.worlds(
            World.Template(nodes: 1, settled: 1, beside: 1), nodes: [1, 1], seed: 4)
        for world in worlds {
            try world.hub.write {
                for name in ["Ann", "Anne"] {
                    try $0.put(
                        Schema.teacher, id: try $0.freshID(), ["name": .text(name), "email": "a@t.org"])
                }
            }
        }
        worlds[0].hub.clock.advance(40 * 86_400_000)
        let retention = AuditRetention(keepDays: 1, folder: "/dev/null/archive")
        #expect(throws: NodeError.self) { try retention.run(worlds[0].hub.tenant) }
        DeadlineWatch(
            worlds[0].hub.installation, retention: { retention }, bodies: { BodyRetention(keepDays: 0) },
            logger: Logger(label: "test")
        ).round()
        for world in worlds {
            #expect(try world.hub.actions().contains("cases.repair"), "\(world.slug)")
        }
    }

    @Test("a tenant that is written before its first turn is looked at in the next round")
    func turns() throws {
        let worlds = try World.worlds(
            World.Template(nodes: 1, settled: 1, beside: 1), nodes: [1, 1], seed: 5)
        let hub = worlds[0].hub.installation
        let watch = DeadlineWatch(
            hub, retention: { AuditRetention(keepDays: 0, folder: "/dev/null") },
            bodies: { BodyRetention(keepDays: 0) }, logger: Logger(label: "test"))
        watch.round(maxResting: 0)
        let atRest = hub.stamp(of: worlds[0].slug)
        try worlds[1].hub.write {
            for name in ["Ann", "Anne"] {
                try $0.put(Schema.teacher, id: try $0.freshID(), ["name": .text(name), "email": "a@t.org"])
            }
        }
        watch.round(maxResting: 0)
        #expect(try worlds[1].hub.actions().contains("cases.repair"))
        #expect(hub.stamp(of: worlds[0].slug) == atRest)
    }

    @Test("a tenant is looked at again when its file was written or something in it comes due, and only then")
    func rest() throws {
        let world = try World(nodes: 0), hub = world.hub
        let watch = DeadlineWatch(
            hub.installation, retention: { AuditRetention(keepDays: 0, folder: "/dev/null") },
            bodies: { BodyRetention(keepDays: 0) }, logger: Logger(label: "test"))
        for _ in 0..<3 { watch.round() }
        let atRest = hub.installation.stamp(of: world.slug)
        watch.round()
        #expect(hub.installation.stamp(of: world.slug) == atRest)
        try hub.write {
            for name in ["Ann", "Anne"] {
                try $0.put(Schema.teacher, id: try $0.freshID(), ["name": .text(name), "email": "a@t.org"])
            }
        }
        #expect(hub.installation.stamp(of: world.slug) != atRest)
        watch.round()
        #expect(try hub.actions().contains("cases.repair"))
        // Noted by nobody but the clock: no file changes when a reservation ends.
        #expect(try !hub.store.read { try $0.hasDeadlines() })
        try hub.store.replicate { try $0.noteReviews(["conflict"], at: 0) }
        #expect(try hub.store.read { try $0.hasDeadlines() })
        watch.round()
        #expect(try !hub.store.read { try $0.hasDeadlines() }, "a review of what isn't open any more")
    }
}
