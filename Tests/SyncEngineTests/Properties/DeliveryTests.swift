import Foundation
import TestSupport
import Testing

@testable import NodeCore
@testable import SyncEngine

/// Frames that come early, twice, in pieces, or with a false place in their chain.
@Suite struct DeliveryTests {
    func world(_ nodes: Int = 2) throws -> World {
        let world = try World(nodes: nodes)
        try world.settle()
        return world
    }

    func write(_ site: World.Site, _ name: Value, id: String) throws {
        try site.write { try $0.put(Schema.teacher, id: id, ["email": "a@t.org", "name": name]) }
    }

    /// Own deltas of an installation after a number.
    func frames(_ site: World.Site, after seq: Int64 = 0) throws -> [DeltaFrame] {
        try site.store.read { reader in
            try reader.stamps(origin: reader.ownOrigin()!.number, after: seq).map { try reader.frame($0)! }
        }
    }

    @discardableResult
    func receive(_ frames: [DeltaFrame], _ site: World.Site) throws -> ApplySummary {
        try site.store.replicate { try DeltaApplier.receive(frames, in: $0) }
    }

    func counts(_ site: World.Site) throws -> [Int] {
        try site.store.read { [try $0.deltas().count, try $0.waitingCount(), try $0.rowCount()] }
    }

    @Test("a delta that comes before its predecessor waits and is applied when that is there")
    func earlyInChain() throws {
        let world = try world()
        let (from, to) = (world.sites[1], world.sites[2])
        for name: Value in ["one", "two", "three"] { try write(from, name, id: "t") }
        let frames = try frames(from)
        let before = try to.digest()
        #expect(try receive([frames[2]], to).waiting == 1)
        #expect(try receive([frames[1]], to).waiting == 1)
        #expect(try to.digest() == before)
        #expect(try receive([frames[0]], to).deltas == 3)
        #expect(try to.store.read { try $0.waitingCount() } == 0)
        #expect(try to.digest() == from.digest())
    }

    @Test("a delta waits for what its author had seen of others")
    func earlyForSeen() throws {
        let world = try world(3)
        let (first, second, third) = (world.sites[1], world.sites[2], world.sites[3])
        try write(first, "one", id: "t")
        try receive(frames(first), second)
        try write(second, "two", id: "t")
        #expect(try receive(frames(second), third).waiting == 1)
        #expect(try third.store.read { try $0.shown(Schema.teacher, id: "t") } == nil)
        #expect(try receive(frames(first), third).deltas == 2)
        #expect(try third.store.read { try $0.shown(Schema.teacher, id: "t")?["name"] } == "two")
        #expect(try third.store.read { try $0.conflicts().isEmpty })
    }

    @Test("the same delta again, alone or twice in one batch, changes nothing")
    func duplicates() throws {
        let world = try world()
        let (from, to) = (world.sites[1], world.sites[2])
        try write(from, "one", id: "t")
        try from.write { try $0.delete(Schema.teacher, id: "t") }
        let frames = try frames(from)
        #expect(try receive(frames + frames.reversed() + frames, to).deltas == 2)
        let (counts, digest) = (try counts(to), try to.digest())
        #expect(try receive(frames + frames, to) == ApplySummary())
        #expect(try self.counts(to) == counts)
        #expect(try to.digest() == digest)
        #expect(try digest == from.digest())
    }

    /// A delta of the site's key with a place in the chain of the test's choosing.
    func forged(
        _ site: World.Site, seq: Int64, previous: Hash?, seen: [SeenEntry] = [], parts: Int = 1,
        body: [UInt8]? = nil
    ) throws -> DeltaFrame {
        let replication = SignedReplication()
        let body =
            try body
            ?? replication.encodeBody(
                [RecordedWrite(table: "teacher", id: "forged", change: .row(["name": "forged"]))],
                salt: [UInt8](repeating: 1, count: 32))
        let own = try site.store.read { try $0.ownOrigin()! }
        let sealed = try replication.seal(
            DeltaDraft(
                tenant: site.tenant.id, origin: own.id, seq: seq, previous: previous,
                hlc: HLC(raw: 1 << 40), wall: 0, schemaVersion: 1, policyVersion: 1, ruleSetVersion: 1,
                author: "a", authorRole: "operator", seen: seen, writes: 1, part: 0, parts: parts, body: body),
            with: site.tenant.origin.key)
        return DeltaFrame(envelope: sealed.envelope, body: body)
    }

    @Test("a delta that names another predecessor than the one applied is never applied")
    func falsePredecessor() throws {
        let world = try world()
        let (from, to) = (world.sites[1], world.sites[2])
        for name: Value in ["one", "two"] { try write(from, name, id: "t") }
        let sound = try frames(from)
        try receive([sound[0]], to)
        let before = try to.digest()
        let stray = try forged(from, seq: 2, previous: Digest.sha256([1]))
        #expect(try receive([stray], to).deltas == 0)
        #expect(throws: DeltaError.self) { try receive([try forged(from, seq: 2, previous: nil)], to) }
        #expect(try to.digest() == before)
        #expect(try receive([sound[1]], to).deltas == 1)
        #expect(try to.digest() == from.digest())
    }

    @Test("another delta under an applied number begins a branch; in any order both are there, and equal")
    func fork() throws {
        let world = try world(3)
        let (from, to, other) = (world.sites[1], world.sites[2], world.sites[3])
        for name: Value in ["one", "two"] { try write(from, name, id: "t") }
        let sound = try frames(from), branch = try forged(from, seq: 2, previous: hash(sound[0], to))
        try receive([sound[0], sound[1], branch], to)
        for frame in [branch, sound[1], sound[0]] { try receive([frame], other) }
        let id = try from.store.read { try $0.ownOrigin()!.id }
        for site in [to, other] {
            try site.store.read { reader in
                let origin = try #require(try reader.origin(id))
                #expect(try reader.heads(of: origin).count == 2)
                #expect(try reader.isForked(origin) && reader.waitingCount() == 0)
            }
        }
        #expect(try to.digest() == other.digest())
        #expect(try to.store.read { try $0.headsHash() } == other.store.read { try $0.headsHash() })
    }

    func hash(_ frame: DeltaFrame, _ site: World.Site) throws -> Hash {
        try site.store.read { try DeltaVerifier.verify(frame, in: $0).hash }
    }

    @Test("a branch that begins inside a transaction is never applied")
    func forkInsideTransaction() throws {
        let world = try world()
        let (from, to) = (world.sites[1], world.sites[2])
        try from.write { transaction in
            for name: Value in ["one", "two"] { try transaction.put(Schema.teacher, id: "t", ["name": name]) }
        }
        let parts = try frames(from), stray = try forged(from, seq: 2, previous: hash(parts[0], to))
        try receive([stray], to)
        #expect(try receive(parts, to).deltas == 2)
        #expect(try to.digest() == from.digest())
    }

    @Test("a delta whose author had seen another delta under that number waits, and changes nothing")
    func seenOnAnotherBranch() throws {
        let world = try world(3)
        let (first, second, to) = (world.sites[1], world.sites[2], world.sites[3])
        try write(first, "one", id: "t")
        try receive(frames(first), to)
        let before = try to.digest()
        let head = try first.store.read { try $0.ownOrigin()! }
        for (prefix, isOurs) in [(Digest.sha256([1]).prefix8, false), (head.headHash!.prefix8, true)] {
            let seen = [SeenEntry(origin: head.id, seq: 1, hashPrefix: prefix)]
            let frame = try forged(second, seq: 1, previous: nil, seen: seen)
            #expect(try receive([frame], to).deltas == (isOurs ? 1 : 0))
            #expect(try (to.digest() == before) == !isOurs)
        }
    }

    @Test("every delta names the hash of its predecessor")
    func chained() throws {
        let world = try world()
        let site = world.sites[1]
        for name: Value in ["one", "two", "three"] { try write(site, name, id: "t") }
        let frames = try frames(site)
        let chain = try site.store.read { reader in
            try frames.map { try DeltaVerifier.verify($0, in: reader) }
        }
        #expect(chain.map(\.header.previous) == [nil] + chain.dropLast().map(\.hash))
    }

    @Test("the parts of a large transaction in any order, with losses, are applied at once or not at all")
    func partsInAnyOrder() throws {
        let world = try world()
        let (from, to) = (world.sites[1], world.sites[2])
        try from.write { transaction in
            for index in 0..<2100 {
                try transaction.put(
                    Schema.teacher, id: "row-\(index)", ["name": .text("T\(index)")])
            }
        }
        let parts = try frames(from)
        #expect(parts.count == 3)
        let (before, rows) = (try to.digest(), try to.store.read { try $0.rowCount() })
        for part in [2, 0, 0, 2] {
            #expect(try receive([parts[part]], to).deltas == 0)
            #expect(try to.store.read { try $0.rowCount() } == rows)
        }
        #expect(try to.digest() == before)
        #expect(throws: CancellationError.self) {
            try to.store.replicate { replica in
                _ = try DeltaApplier.receive([parts[1]], in: replica)
                throw CancellationError()
            }
        }
        #expect(try to.digest() == before)
        #expect(try receive([parts[1]], to).deltas == 3)
        #expect(try to.digest() == from.digest())
        #expect(try to.store.read { try $0.waitingCount() } == 0)
    }

    @Test("a stray delta under the number of a part doesn't stop the transaction")
    func strayPart() throws {
        let world = try world()
        let (from, to) = (world.sites[1], world.sites[2])
        try from.write { transaction in
            for name: Value in ["one", "two", "three"] {
                try transaction.put(Schema.teacher, id: "t", ["name": name])
            }
        }
        let parts = try frames(from)
        #expect(parts.count == 3)
        try receive([try forged(from, seq: 2, previous: Digest.sha256([1]))], to)
        #expect(try receive([parts[0], parts[2]], to).deltas == 0)
        #expect(try receive([parts[1]], to).deltas == 3)
        #expect(try to.digest() == from.digest())
    }

    @Test("waiting parts that don't fit together don't stop the author they wait for")
    func brokenPartsOfAnother() throws {
        let world = try world(3)
        let (sound, broken, to) = (world.sites[1], world.sites[2], world.sites[3])
        try write(sound, "one", id: "t")
        let awaited = try frames(sound)
        let head = try sound.store.read { try $0.ownOrigin()! }
        let seen = [SeenEntry(origin: head.id, seq: 1, hashPrefix: head.headHash!.prefix8)]
        let first = try forged(broken, seq: 1, previous: nil, seen: seen, parts: 2)
        let hash = try to.store.read { try DeltaVerifier.verify(first, in: $0).hash }
        #expect(try receive([first, forged(broken, seq: 2, previous: hash)], to).waiting == 2)
        #expect(try receive(awaited, to).deltas == 1)
        #expect(try to.store.read { try $0.shown(Schema.teacher, id: "t")?["name"] } == "one")
    }

    @Test("a delta whose body can't be read is refused at once, not kept to stop others later")
    func unreadableBodyWaits() throws {
        let world = try world()
        let (from, to) = (world.sites[1], world.sites[2])
        let counts = try counts(to)
        let frame = try forged(
            from, seq: 2, previous: Digest.sha256([1]), body: [UInt8](repeating: 0, count: 40))
        #expect(throws: DeltaError.self) { try receive([frame], to) }
        #expect(try self.counts(to) == counts)
    }
}
