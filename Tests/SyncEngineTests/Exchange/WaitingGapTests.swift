import GRDB
import TestSupport
import Testing

@testable import NodeCore
@testable import SyncEngine

/// Changes that wait at the hub for ones on a disk that is gone: they are listed, given up by a signed entry, and
/// taken all the same when the disk turns up.
@Suite struct WaitingGapTests {
    static let template = Result { try World.Template(nodes: 2, settled: 2) }

    /// A node that writes four times, of which the hub gets all but the second by a parcel.
    private func stage() throws -> (world: World, node: World.Site, found: NodeAdministration.Found) {
        let world = try World(Self.template.get(), nodes: 2, seed: 1), node = world.sites[1]
        for name in ["One", "Two", "Three", "Four"] {
            try node.write { try $0.put(Schema.teacher, id: "t", ["name": .text(name)]) }
        }
        let frames = try node.store.read { reader in
            try reader.deltas(newest: 4).map { try reader.frame($0.facts.stamp)! }
        }
        _ = try world.hub.store.replicate {
            try DeltaApplier.receive([frames[0], frames[2], frames[3]], in: $0)
        }
        return (world, node, try NodeAdministration.find("node1", tenant: nil, at: world.hub.installation))
    }

    private func entries(_ site: World.Site, _ action: String) throws -> [String] {
        try site.store.read { reader in
            try reader.rows("SELECT reason FROM audit_entry WHERE action = ?", [action]).map { $0[0] }
        }
    }

    @Test("what waits and for what is listed; the hub's entry says so everywhere; nothing waits any more")
    func voided() throws {
        let (world, node, found) = try stage()
        let head = try node.store.read { try $0.ownOrigin()!.headSeq }
        let gap = try world.hub.store.read { try WaitingGap(found.origin.id, in: $0) }
        #expect(gap.missing == [.init(origin: found.origin.id, seq: head - 2)])
        #expect(gap.waiting.map(\.seq) == [head - 1, head])
        world.hub.clock.advance(2 * 3_600_000)
        let told = try Doctor(world.hub.installation, leaseDays: 30).sync(nil)
        #expect(told.contains { $0.next.contains("nodes void \(found.origin.id.hex)") })

        let voided = try NodeAdministration.void(found, as: world.hub.actor)
        #expect(voided.waiting.map(\.hash) == gap.waiting.map(\.hash))
        #expect(
            try voided.waiting.compactMap(\.delta).flatMap { try $0.writes() }.filter { $0.id == "t" }.count
                == 2)
        #expect(try world.hub.store.read { try $0.waitingCount() } == 0)
        let other = world.sites[2]
        try world.sync(other)
        for site in [world.hub, other] {
            let entry = try #require(try entries(site, "node.void").first)
            #expect(entry.contains("2 deltas, \(head - 1) to \(head), waited for \(head - 2) of"))
        }
        // Nothing more to void, and no entry for it.
        #expect(try NodeAdministration.void(found, as: world.hub.actor).waiting.isEmpty)
        #expect(try entries(world.hub, "node.void").count == 1)
        let log = try LogAudit.verify(world.hub.tenant)
        #expect(log.problems == [])
    }

    @Test("a disk that turns up after all brings everything")
    func turnsUp() throws {
        let (world, node, found) = try stage()
        try NodeAdministration.void(found, as: world.hub.actor)
        try world.settle()
        #expect(try world.hub.store.read { try $0.shown(Schema.teacher, id: "t")?["name"] } == "Four")
        #expect(try world.hub.digest() == node.digest())
        #expect(try node.store.read { try $0.pending().deltas } == 0)
    }

    @Test("revoking a node gives up what waits of it, and returns it")
    func revoked() throws {
        let (world, _, found) = try stage()
        let gap = try NodeAdministration.revoke(found, as: world.hub.actor, at: world.hub.installation)
        #expect(gap.waiting.count == 2)
        #expect(try world.hub.store.read { try $0.origin(found.origin.id)!.isRevoked })
        #expect(try world.hub.store.read { try $0.waitingCount() } == 0)
        try world.sync(world.sites[2])
        #expect(try entries(world.sites[2], "node.void").count == 1)
        #expect(try world.sites[2].digest() == world.hub.digest())
    }

    @Test("what waits and was damaged stops nobody's push, is listed, and can be given up")
    func damaged() throws {
        let (world, node, found) = try stage()
        try world.hub.change("UPDATE sync_waiting SET body = zeroblob(length(body))")
        let other = world.sites[2]
        try other.write { try $0.put(Schema.teacher, id: "o", ["name": "Other"]) }
        #expect(try world.sync(other).error == nil)
        let gap = try NodeAdministration.void(found, as: world.hub.actor)
        #expect(gap.waiting.count == 2 && gap.waiting.allSatisfy { $0.delta == nil })
        try world.settle()
        #expect(try world.hub.store.read { try $0.shown(Schema.teacher, id: "t")?["name"] } == "Four")
        #expect(try world.hub.digest() == node.digest())
    }

    @Test("what builds on another key's missing change names that one")
    func ofAnother() throws {
        let (world, node, _) = try stage()
        let other = world.sites[2]
        let frames = try node.store.read { reader in
            try reader.deltas(newest: 4).map { try reader.frame($0.facts.stamp)! }
        }
        _ = try other.store.replicate { try DeltaApplier.receive(frames, in: $0) }
        try other.write { try $0.put(Schema.teacher, id: "u", ["name": "Built on it"]) }
        let built = try other.store.read { reader in
            try reader.deltas(newest: 1).map { try reader.frame($0.facts.stamp)! }
        }
        _ = try world.hub.store.replicate { try DeltaApplier.receive(built, in: $0) }
        let found = try NodeAdministration.find("node2", tenant: nil, at: world.hub.installation)
        let head = try node.store.read { try $0.ownOrigin()! }
        let gap = try world.hub.store.read { try WaitingGap(found.origin.id, in: $0) }
        #expect(gap.missing == [.init(origin: head.id, seq: head.headSeq)])
        #expect(gap.waiting.count == 1)
    }
}
