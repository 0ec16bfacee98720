import Foundation
import NodeCore
import SyncEngine
import TestSupport
import Testing

/// Keys that are changed, taken out of use, and named anew.
@Suite struct NodeKeysTests {
    func world() throws -> World {
        let world = try World(nodes: 2)
        try world.settle()
        return world
    }

    func add(_ site: World.Site, _ name: String) throws {
        try site.write { try $0.put(Schema.teacher, id: name, ["name": .text(name)]) }
    }

    func own(_ site: World.Site) throws -> OriginRecord { try site.store.read { try $0.ownOrigin()! } }

    func expectEqual(_ world: World) throws {
        try world.settle()
        #expect(Set(try world.sites.map { try $0.digest() }).count == 1)
        for site in world.sites {
            let report = try StoreVerifier.verify(
                site.tenant, deep: true, scratch: world.folder + "/scratch.db")
            #expect(report.problems.isEmpty)
        }
    }

    func seats(_ site: World.Site) -> SeatService { SeatService(site.tenant, actor: site.actor) }

    @Test("a rotated key keeps the node's life and its seats; what it wrote before is handed in")
    func rotates() throws {
        let world = try world(), node = world.sites[1], old = try own(node)
        let seat = try seats(world.hub).purchase(school: "North", count: 1, grant: "node1")[0]
        try world.sync(node)
        try add(node, "before")
        try node.installation.beginRotation(world.slug)
        try add(node, "meanwhile")
        let outcome = try world.sync(node)
        #expect(outcome.error == nil)
        let new = try own(node)
        #expect(new.id != old.id && new.life == old.id)
        #expect(new.succession == Succession(predecessor: old.id, reason: .rotation))
        _ = try seats(node).allocate(learner: "L1", seat: seat.id, school: nil)
        try add(node, "after")
        try expectEqual(world)
        for site in world.sites {
            let shown = try site.store.read { try $0.seat(seat.id) }
            #expect(shown.state == .assigned && shown.holder.origin == old.id.hex)
            #expect(try site.store.read { try $0.refusedWrites().isEmpty })
            #expect(try site.store.read { try $0.present(ofLife: old.id)?.id } == new.id)
        }
    }

    @Test("a rotation cut at any request ends with the next sync", arguments: 0..<4)
    func rotationCut(at broken: Int) throws {
        for fate in [World.Fate.lost, .answerLost, .repeated] {
            let world = try world(), node = world.sites[1], old = try own(node)
            try add(node, "a")
            try node.installation.beginRotation(world.slug)
            var count = 0
            try world.sync(node) { _ in
                defer { count += 1 }
                return count == broken ? fate : .delivered
            }
            try add(node, "b")
            try World.Site.restart([node])
            try node.installation.beginRotation(world.slug)
            try expectEqual(world)
            #expect(try own(node).life == old.id)
        }
    }

    @Test("a rotation that was cut before its key file was in place: the next one keeps the key that writes")
    func rotationCutAtItsEnd() throws {
        let world = try world(), node = world.sites[1], old = try own(node), files = FileManager.default
        let directory = node.installation.directory
        let key = directory.tenantKey(slug: world.slug), next = directory.nextTenantKey(slug: world.slug)
        try files.copyItem(atPath: key, toPath: key + ".before")
        try node.installation.beginRotation(world.slug)
        #expect(try world.sync(node).error == nil)
        // As a stop after the certificate was taken leaves the files.
        try files.moveItem(atPath: key, toPath: next)
        try files.moveItem(atPath: key + ".before", toPath: key)
        try World.Site.restart([node])
        let between = try own(node)
        #expect(between.id != old.id)
        try add(node, "a")
        try node.installation.beginRotation(world.slug)
        try add(node, "b")
        try expectEqual(world)
        let new = try own(node)
        #expect(new.succession == Succession(predecessor: between.id, reason: .rotation))
        #expect(new.life == old.id)
    }

    @Test(
        "a node that goes on with a key that the hub doesn't know yet keeps it when it is rotated or restored"
    )
    func rotationBeforeCertificate() throws {
        let world = try world(), node = world.sites[1]
        try node.installation.beginSuccession(world.slug, reason: .restore)
        try node.refresh()
        try add(node, "a")
        let waiting = try own(node)
        try node.installation.beginRotation(world.slug)
        try node.installation.beginSuccession(world.slug, reason: .restore)
        try node.refresh()
        try add(node, "b")
        try expectEqual(world)
        #expect(try own(node).id == waiting.id && own(node).isCertified)
        #expect(try node.store.read { try $0.pending().deltas } == 0)
    }

    @Test("a rotation by one of two clones leaves the other to go on as a new origin")
    func rotationOfClone() throws {
        let world = try world(), node = world.sites[1], old = try own(node)
        let clone = try world.clone(node, seed: 5)
        try node.installation.beginRotation(world.slug)
        try world.sync(node)
        try add(clone, "c")
        try clone.installation.beginRotation(world.slug)
        #expect(try world.sync(clone).error == nil)
        try expectEqual(world)
        #expect(try own(node).life == old.id && own(clone).life == own(clone).id)
    }

    @Test("the hub's own key is rotated without the nodes' doing anything, and it keeps its seats")
    func hubRotates() throws {
        let world = try world(), old = try own(world.hub)
        try world.hub.installation.rotateHubKey(world.slug)
        try World.Site.restart([world.hub])
        try add(world.hub, "h")
        try add(world.sites[1], "n")
        try expectEqual(world)
        #expect(try own(world.hub).id != old.id)
        #expect(try world.sites[2].store.read { try $0.life(of: own(world.hub).id) } == old.id)
    }

    @Test("a revoked key is cut at what the hub had: later deltas are taken nowhere, earlier ones stay")
    func revokes() throws {
        let world = try world(), (node, other) = (world.sites[1], world.sites[2])
        try add(node, "kept")
        try world.settle()
        try add(node, "cut")
        let late = try node.store.read { reader in
            let own = try reader.ownOrigin()!
            return try reader.stamps(origin: own.number, after: 1).map { try reader.frame($0)! }
        }
        let found = try NodeAdministration.find("node1", tenant: nil, at: world.hub.installation)
        for _ in 0..<2 {
            try NodeAdministration.revoke(found, as: world.hub.actor, at: world.hub.installation)
        }
        try world.sync(other)
        for site in [world.hub, other] {
            let summary = try site.store.replicate { try DeltaApplier.receive(late, in: $0) }
            #expect(summary.deltas == 0 && summary.waiting == 0)
            #expect(try site.store.read { try $0.shown(Schema.teacher, id: "kept") } != nil)
            #expect(try site.store.read { try $0.shown(Schema.teacher, id: "cut") } == nil)
            #expect(try site.store.read { try $0.origin(found.origin.id)!.isRevoked })
        }
        #expect(try world.hub.digest() == other.digest())
        #expect(try node.store.read { try $0.shown(Schema.teacher, id: "cut") } != nil)
    }

    @Test("a new name reaches every installation, once, whatever is read again")
    func renames() throws {
        let world = try world()
        let found = try NodeAdministration.find("node1", tenant: world.slug, at: world.hub.installation)
        for name in ["first", "north-office"] {
            try NodeAdministration.rename(found, to: name, at: world.hub.installation)
        }
        try world.settle()
        for site in world.sites {
            #expect(try site.store.read { try $0.origin(found.origin.id)!.name } == "north-office")
        }
        #expect(throws: NodeError.self) {
            try NodeAdministration.rename(found, to: "", at: world.hub.installation)
        }
        #expect(throws: NodeError.self) {
            try NodeAdministration.find("node1", tenant: nil, at: world.hub.installation)
        }
    }
}
