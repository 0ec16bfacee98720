import Foundation
import TestSupport
import Testing

@testable import NodeCore
@testable import SyncEngine

/// A node that lacks most of the log takes the hub's file in its place: the outcome is the one that reading the log
/// has, nothing that only the node has is lost, and nothing is believed that the log doesn't say.
@Suite struct SnapshotTests {
    static let template = Result { try World.Template(nodes: 3, settled: 1) }

    /// A hub that tells every node to take a snapshot that lacks more than three quarters of all writes.
    func world(_ seed: UInt64) throws -> World {
        let world = try World(Self.template.get(), nodes: 3, seed: seed)
        world.hub.snapshots = SnapshotOffer(bytes: 0)
        return world
    }

    func put(_ site: World.Site, _ id: String, _ name: String) throws {
        try site.write { try $0.put(Schema.teacher, id: id, ["name": .text(name)]) }
    }

    func name(_ site: World.Site, _ id: String) throws -> String? {
        try site.store.read { try $0.shown(Schema.teacher, id: id)?["name"]?.text }
    }

    /// Much that happens at the hub and at another node, none of which `away` hears.
    func history(_ world: World, _ rows: Int = 30) throws {
        for index in 0..<rows {
            try put(world.hub, "h\(index)", "Hub \(index)")
            try put(world.sites[1], "n\(index)", "Node \(index)")
        }
        try world.sync(world.sites[1])
        try put(world.hub, "n1", "From the hub")
        try put(world.sites[1], "n1", "From the node")
        try world.hub.write { try $0.delete(Schema.teacher, id: "h2") }
        try world.sync(world.sites[1])
        try world.sync(world.sites[1])
    }

    func expectSame(_ world: World, _ node: World.Site) throws {
        try #expect(node.digest() == world.hub.digest())
        let report = try StoreVerifier.verify(node.tenant, deep: true, scratch: world.folder + "/deep.db")
        #expect(report.problems == [])
        let log = try LogAudit.verify(node.tenant)
        #expect(log.problems == [] && log.evidence.isEmpty && log.unproved == 0)
        let conflicts = try ConflictService(node.tenant, actor: node.actor).list(.open).map(\.id)
        #expect(
            try conflicts == ConflictService(world.hub.tenant, actor: world.hub.actor).list(.open).map(\.id))
        #expect(try node.store.read { try $0.seatCountProblems() } == [])
    }

    @Test("a node that was away takes a snapshot, keeps what it wrote meanwhile, and goes on by the log")
    func away() throws {
        let world = try world(1), node = world.sites[2]
        try put(node, "mine", "Before")
        try world.sync(node)
        try history(world)
        try put(node, "mine", "Written while away")
        try put(node, "n1", "From the node that was away")
        let outcome = try world.sync(node)
        #expect(outcome.error == nil)
        let taken = try #require(outcome.snapshot)
        #expect(taken.deltas > 30 && taken.bytes > 0)
        #expect(try name(node, "mine") == "Written while away")
        #expect(try name(world.hub, "mine") == "Written while away")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: node.installation.directory.snapshots) == [])
        try world.settle()
        try expectSame(world, node)
        let head = try node.store.read { try $0.ownOrigin()?.headSeq }
        #expect(try node.store.read { try $0.state(.receiptSeq)?.int } == head)
        // From here on it is a node like any other.
        try put(world.hub, "later", "Later")
        try put(node, "n3", "Once more")
        #expect(try world.sync(node).snapshot == nil)
        try world.settle()
        try expectSame(world, node)
        #expect(try world.sync(node).verdict == .equal)
    }

    @Test("a node that has just enrolled takes one; so does one that gets another than the first did")
    func fresh() throws {
        let world = try world(2)
        try history(world)
        let first = try world.addNode("first", seed: 50)
        #expect(try world.sync(first).snapshot != nil)
        try expectSame(world, first)
        let made = try hubFile(world).manifest.id
        let second = try world.addNode("second", seed: 51)
        #expect(try world.sync(second).snapshot != nil)
        #expect(try hubFile(world).manifest.id == made)
        try history(world, 120)
        let third = try world.addNode("third", seed: 52)
        #expect(try world.sync(third).snapshot != nil)
        #expect(try hubFile(world).manifest.id != made)
        try world.settle()
        for node in [first, second, third] { try expectSame(world, node) }
    }

    @Test("a snapshot that the hub's log outgrew while it was fetched is followed by another one")
    func outgrown() throws {
        let world = try world(8), node = world.sites[2]
        try history(world)
        world.snapshotPiece = 1 << 10
        var pieces = 0
        let cut = try world.sync(node) { kind in
            pieces += kind == "snapshot" ? 1 : 0
            return pieces > 2 ? .lost : .delivered
        }
        #expect(cut.error?.code == .hubUnreachable && pieces == 3)
        world.snapshotPiece = 1 << 20
        try history(world, 400)
        let outcome = try world.sync(node)
        #expect(outcome.error == nil && outcome.snapshot != nil)
        try expectSame(world, node)
    }

    @Test("what waits at a node and comes with a snapshot doesn't wait on; what builds on it is applied")
    func waiting() throws {
        let world = try world(9), node = world.sites[2]
        try world.sync(node)
        try history(world, 60)
        let other = world.sites[1]
        try put(other, "late", "One")
        try put(other, "late", "Two")
        try world.sync(other)
        try put(other, "late", "Three")
        let frames = try other.store.read { reader in
            try reader.deltas(newest: 2).map { try reader.frame($0.facts.stamp)! }
        }
        _ = try node.store.replicate { try DeltaApplier.receive(frames, in: $0) }
        #expect(try node.store.read { try $0.waitingCount() } == 2)
        let outcome = try world.sync(node)
        #expect(outcome.error == nil && outcome.snapshot != nil)
        #expect(try node.store.read { try $0.waitingCount() } == 0)
        #expect(try name(node, "late") == "Three")
        try world.settle()
        try expectSame(world, node)
    }

    @Test("a snapshot that another one has replaced has no end")
    func replaced() throws {
        let world = try world(9)
        try history(world)
        func id(_ name: String, seed: UInt64) throws -> [UInt8] {
            #expect(try world.sync(world.addNode(name, seed: seed)).snapshot != nil)
            return try hubFile(world).manifest.id
        }
        let port = world.hub.port(for: world.sites[1].origin)
        let first = try id("first", seed: 50)
        #expect(
            try port.snapshotEnd(first, at: world.hub.installation)?.position
                == hubFile(world).manifest.position)
        try history(world, 120)
        #expect(try id("second", seed: 51) != first)
        #expect(try port.snapshotEnd(first, at: world.hub.installation) == nil)
    }

    @Test("the hub keeps a snapshot for a day")
    func old() throws {
        let world = try world(7)
        try history(world, 5)
        try world.sync(world.sites[2])
        let hub = world.hub.installation, path = hub.directory.snapshot(slug: world.slug)
        let now = world.hub.clock.milliseconds()
        for (age, isKept) in [(86_000_000, true), (87_000_000, false)] {
            let made = Date(timeIntervalSince1970: Double(now - Int64(age)) / 1000)
            try FileManager.default.setAttributes([.modificationDate: made], ofItemAtPath: path)
            try hub.removeOldSnapshots()
            #expect(FileManager.default.fileExists(atPath: path) == isKept)
        }
    }

    func hubFile(_ world: World) throws -> SnapshotFile {
        let hub = world.hub.installation
        return try SnapshotFile(
            hub.directory.snapshot(slug: world.slug), whole: true, signer: hub.identity.publicKey.signer)
    }

    @Test("a line that breaks at every piece loses no piece that came")
    func cuts() throws {
        let world = try world(3), node = world.sites[2]
        try history(world)
        world.snapshotPiece = 1 << 10
        var pieces = 0, syncs = 0, outcome = ExchangeOutcome()
        repeat {
            var fromHere = 0
            outcome = try world.sync(node) { kind in
                guard kind == "snapshot" else { return .delivered }
                pieces += 1
                fromHere += 1
                return fromHere == 1
                    ? .repeated : fromHere == 2 ? .delivered : pieces % 2 == 0 ? .lost : .answerLost
            }
            syncs += 1
        } while outcome.error != nil && syncs < 1000
        #expect(outcome.error == nil && outcome.snapshot != nil)
        let size = try hubFile(world).size
        // Two pieces a sync came through; a third was lost each time.
        #expect(syncs == (size + 2047) / 2048 || syncs == (size + 2047) / 2048 + 1, "\(syncs) for \(size)")
        try world.settle()
        try expectSame(world, node)
    }

    @Test(
        "a file with any bit flipped changes nothing here, and the hub makes another one", arguments: 0..<12)
    func flipped(at place: Int) throws {
        let world = try world(UInt64(10 + place)), node = world.sites[2]
        try history(world, 5)
        let before = try node.digest()
        // The hub's disk, or whoever is on the line, changes it once the node has begun.
        world.snapshotPiece = 1 << 10
        var asked = 0
        let cut = try world.sync(node) { kind in
            asked += kind == "snapshot" ? 1 : 0
            return kind == "snapshot" && asked > 1 ? .lost : .delivered
        }
        #expect(cut.error?.code == .hubUnreachable)
        let path = world.hub.installation.directory.snapshot(slug: world.slug)
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        // Not in what came already, nor in the manifest, which the hub itself would notice.
        let first = 1 << 10, last = bytes.count - 600
        bytes[first + (last - first) * place / 12] ^= 1 << UInt8(place % 8)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let caught = #expect(throws: NodeError.self) {
            if let error = try world.sync(node).error { throw error }
        }
        #expect(caught?.code == .verificationFailed)
        #expect(try node.digest() == before)
        #expect(try world.sync(node).snapshot != nil)
        try world.settle()
        try expectSame(world, node)
    }

    @Test("a hub that changed its past is caught by a snapshot, too, and the evidence kept")
    func changedPast() throws {
        let world = try world(4), node = world.sites[2]
        try world.sync(node)
        let cursor = try node.store.read { try $0.state(.cursor)?.int ?? 0 }
        try history(world)
        var random = SeededGenerator(seed: 3)
        try world.tamper(.backdate, through: min(1, cursor), foreign: [], &random)
        try world.blindCursor(of: node)
        let before = try node.digest()
        let caught = #expect(throws: NodeError.self) {
            if let error = try world.sync(node).error { throw error }
        }
        #expect(caught?.code == .verificationFailed)
        #expect(try node.digest() == before)
        #expect(try node.store.read { try $0.evidence().count } == 1)
    }

    /// What a hub may try that signs whatever it gives, and what it is caught by.
    enum Forgery: CaseIterable {
        case otherState, lostDelta, ownCertificate, otherTable, otherBody, unsignedEntry

        var sql: String {
            switch self {
            case .otherState: "UPDATE teacher SET name = 'forged' WHERE id = 'n2'"
            case .lostDelta: "DELETE FROM sync_log WHERE position = (SELECT max(position) FROM sync_log)"
            case .ownCertificate: "UPDATE sync_origin SET public_key = randomblob(32) WHERE role = 'node'"
            case .otherTable:
                "CREATE TABLE extra (x); CREATE TRIGGER t AFTER INSERT ON extra BEGIN SELECT 1; END"
            case .otherBody: "UPDATE sync_body SET body = zeroblob(length(body)) WHERE number = 3"
            case .unsignedEntry:
                "UPDATE sync_delta SET envelope = zeroblob(length(envelope)) WHERE number = 3"
            }
        }
    }

    /// The hub's own file, changed and signed again with all that was true of it, or with the state it has now.
    func forge(_ sql: String, of world: World, signsState: Bool = false) throws {
        let hub = world.hub.installation, path = hub.directory.snapshot(slug: world.slug)
        let file = try hubFile(world), made = file.manifest, scratch = world.folder + "/forged.db"
        try file.unpack(to: scratch)
        let copy = try TenantStore(
            path: scratch, environment: world.hub.store.environment,
            identifiers: world.hub.tenant.identifiers)
        try copy.change(sql)
        let digest = try signsState ? copy.read { try $0.stateDigest() } : made.digest
        try copy.closeCopy()
        try SnapshotFile.write(scratch, to: path, signedBy: hub.identity) { bytes, hash in
            SnapshotManifest(
                id: [UInt8](repeating: 7, count: 16), tenant: made.tenant, schemaVersion: made.schemaVersion,
                position: made.position, entryHash: made.entryHash, root: made.root, digest: digest,
                fileBytes: bytes, fileHash: hash, createdAt: 0)
        }
    }

    @Test(
        "a snapshot that says something else than the signed log is refused whole",
        arguments: Forgery.allCases)
    func forged(_ forgery: Forgery) throws {
        let world = try world(20), node = world.sites[2]
        try history(world, 5)
        let before = try node.digest()
        _ = try world.sync(node) { $0 == "snapshot" ? .answerLost : .delivered }
        try forge(forgery.sql, of: world)
        let caught = #expect(throws: NodeError.self) {
            if let error = try world.sync(node).error { throw error }
        }
        #expect(caught?.code == .verificationFailed, "\(forgery): \(caught?.message ?? "-")")
        #expect(try node.digest() == before)
        // The next one is an honest one.
        #expect(try world.sync(node).snapshot != nil)
        try world.settle()
        try expectSame(world, node)
    }

    @Test("a state that isn't what the deltas give, signed by the hub, is taken and found by verify --deep")
    func signedLie() throws {
        let world = try world(30), node = world.sites[2]
        try history(world, 5)
        _ = try world.sync(node) { $0 == "snapshot" ? .answerLost : .delivered }
        try forge("UPDATE teacher SET name = 'forged' WHERE id = 'n2'", of: world, signsState: true)
        #expect(try world.sync(node).snapshot != nil)
        #expect(try name(node, "n2") == "forged")
        let scratch = world.folder + "/deep.db"
        #expect(try StoreVerifier.verify(node.tenant, deep: false, scratch: scratch).problems == [])
        let found = try StoreVerifier.verify(node.tenant, deep: true, scratch: scratch).problems
        #expect(found.count == 1 && found[0].hasPrefix("the rows are not what the deltas give"))
    }

    @Test("a hub whose clock is years ahead moves a node's by a snapshot no more than by its deltas")
    func clockAhead() throws {
        let world = try world(31), node = world.sites[2]
        world.hub.clock.advance(10 * 365 * 86_400_000)
        try history(world, 5)
        #expect(try world.sync(node).snapshot != nil)
        let last = HLC(raw: try node.store.read { try $0.state(.hlc)?.int } ?? 0).milliseconds
        #expect(last - node.clock.milliseconds() <= HLC.limitMilliseconds)
    }

    @Test("who was erased while a node was away is gone from its file, its history and its bodies")
    func erased() throws {
        let stage = try ErasureStage()
        stage.world.hub.snapshots = SnapshotOffer(bytes: 0)
        try stage.add(stage.hub)
        try stage.world.settle()
        try stage.rename(stage.hub, "Zyxwvut Canary-One")
        try stage.rename(stage.node, "Zyxwvut Canary-Two")
        try stage.world.settle()
        let conflict = try ConflictService(stage.node.tenant, actor: stage.node.actor).list(.open)[0]
        _ = try ConflictService(stage.node.tenant, actor: stage.node.actor).resolve(
            conflict.id, take: 1, value: nil)
        try stage.world.settle()
        try stage.erase(stage.hub)
        for index in 0..<200 {
            try stage.hub.write { try $0.put(Schema.teacher, id: "t\(index)", ["name": "Somebody"]) }
        }
        let outcome = try stage.world.sync(stage.node)
        #expect(outcome.snapshot != nil && outcome.error == nil)
        try stage.node.installation.finishErasures(stage.node.tenant)
        try stage.world.settle()
        try stage.expectErased()
        #expect(try stage.node.digest() == stage.hub.digest())
    }

    @Test("a node of an older schema or layout, or one that hands in an old key's deltas, reads the log")
    func notForAll() throws {
        let world = try world(6), node = world.sites[2]
        try history(world)
        guard case .begin(let position, _) = try NodePort(node.tenant, takesSnapshots: true).begin() else {
            return
        }
        let now = NodeExchange.hello(position, frames: [])
        var schema = now, layout = now, none = now
        schema.schemaVersion -= 1
        layout.snapshotLayout = 1
        none.snapshotLayout = nil
        for (hello, verdict) in [
            (now, Verdict.snapshotRequired), (schema, .exchange), (layout, .exchange), (none, .exchange),
        ] {
            let sent = try HelloRequest(encoded: hello.encoded())
            #expect(sent.snapshotLayout == hello.snapshotLayout)
            let answer = try world.hub.port(for: node.origin).hello(
                sent, isRevoked: false, at: world.hub.installation)
            #expect(answer.verdict == verdict)
        }
        let copy = try world.copy(node)
        try put(node, "lost", "Written and synced")
        try world.sync(node)
        try world.restore(node, from: copy)
        let outcome = try world.sync(node)
        #expect(outcome.error == nil && outcome.succession != nil)
        try world.settle()
        try expectSame(world, node)
        #expect(try name(node, "lost") == "Written and synced")
    }
}
