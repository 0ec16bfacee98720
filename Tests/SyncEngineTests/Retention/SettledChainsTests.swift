import Foundation
import TestSupport
import Testing

@testable import NodeCore
@testable import SyncEngine

/// Who may let go of what, and what whoever comes later gets in its place.
@Suite struct SettledChainsTests {
    let stage = RetentionTests()

    @Test(
        "nothing goes before every node has passed it, before it is old enough, or while it is switched off")
    func conditions() throws {
        let world = try stage.world(), away = world.sites[2]
        try stage.history(world, by: 1)
        try stage.settle(world, 1)
        world.advance(10)
        #expect(try world.hub.letReplacedGo().trimmed == 0)
        let holds = try BodyRetention(keep: 1).status(world.hub.tenant).holds
        #expect(holds == [.node(away.name)])
        try world.settle()
        #expect(try world.hub.letReplacedGo(keep: RetentionTests.day).trimmed == 0)
        #expect(try world.hub.letReplacedGo(keep: 0).trimmed == 0)
        // A node goes by its hub's word.
        #expect(try away.letReplacedGo().trimmed == 0)
        world.advance(10)
        #expect(try world.hub.letReplacedGo().trimmed == 5)
        #expect(try away.letReplacedGo().trimmed == 0)
        try world.hub.write { try $0.put(Schema.skill, id: "s", ["name": "News"]) }
        try world.settle()
        #expect(try away.letReplacedGo(keep: RetentionTests.day).trimmed == 0)
        #expect(try away.letReplacedGo().trimmed == 5)
        try stage.expectSound(world)
    }

    @Test(
        "a node that is alone, at a hub that writes nothing, is told too; a revoked node holds nothing back")
    func alone() throws {
        let world = try stage.world(1), node = world.sites[1]
        let gone = try world.addNode("gone", seed: 70)
        try stage.history(world, rounds: 1, by: 1)
        for round in 0..<4 {
            try stage.rename(node, "Alone \(round)")
            try world.sync(node)
        }
        try world.sync(node)
        world.advance(10)
        #expect(try world.hub.letReplacedGo().trimmed == 0)
        let found = try NodeAdministration.find(gone.name, tenant: world.slug, at: world.hub.installation)
        try NodeAdministration.revoke(found, as: world.hub.actor, at: world.hub.installation)
        world.remove(gone)
        try world.settle()
        world.advance(10)
        #expect(try world.hub.letReplacedGo().trimmed == 4)
        try stage.rename(node, "Alone, and told")
        try world.sync(node)
        world.advance(10)
        #expect(try node.letReplacedGo().trimmed == 4)
        try stage.expectSound(world)
    }

    // MARK: Backups

    func backup(_ world: World) throws -> BackupService.Made {
        world.advance(5000)
        return try BackupService(world.hub.installation).create(in: nil)
    }

    @Test("what a backup that is still kept doesn't have stays; unless it is known which are kept, all stays")
    func backups() throws {
        let world = try stage.world()
        try stage.history(world, rounds: 1)
        let first = try backup(world).file
        try stage.history(world, rounds: 4, "b")
        let second = try backup(world).file
        world.advance(10)
        #expect(try world.hub.letReplacedGo(backups: nil).swept == 0)
        #expect(try world.hub.letReplacedGo(backups: [first.manifest, second.manifest]).trimmed == 0)
        let held = BodyRetention(keep: 1, backups: [first.manifest, second.manifest])
        #expect(try held.status(world.hub.tenant).holds == [.backup(first.manifest.createdAt)])
        #expect(try world.hub.letReplacedGo(backups: [second.manifest]).trimmed == 4)
        // As the hub itself finds them.
        let hub = world.hub.installation
        #expect(
            try hub.bodyRetention(keepDays: 1, backupFolder: nil).backups == [
                first.manifest, second.manifest,
            ])
        #expect(try hub.bodyRetention(keepDays: 1, backupFolder: "/nowhere").backups == nil)
        // A folder that can't be listed is one that is away, too.
        #expect(try hub.bodyRetention(keepDays: 1, backupFolder: first.path).backups == nil)
        #expect(try world.sites[1].installation.bodyRetention(keepDays: 1, backupFolder: nil).backups == [])
    }

    @Test(
        "a hub that is restored from the oldest backup that is kept is filled again, the nodes having let go")
    func restored() throws {
        let world = try stage.world()
        try stage.history(world, rounds: 4)
        let made = try backup(world)
        try stage.history(world, rounds: 3, "b")
        let second = try backup(world).file
        let outcomes = try world.letReplacedGo(backups: [made.file.manifest, second.manifest])
        #expect(outcomes.allSatisfy { $0.trimmed == 3 })
        try stage.history(world, rounds: 2, "c")
        try restore(world, made)
        for node in world.nodes { try world.sync(node) }
        #expect(try world.hub.store.read { try $0.trimmedCount() } == 0)
        let shown = try world.hub.store.read { try $0.shown(Schema.teacher, id: "t0")?["name"] }
        #expect(shown == "Round c1 t0")
        try stage.rename(world.hub, "After the restore")
        try stage.expectSound(world)
        world.advance(10)
        #expect(try world.letReplacedGo().allSatisfy { $0.trimmed > 0 })
        try stage.expectSound(world)
    }

    @Test("a hub that is restored from an older one is told in words that it can't be filled again")
    func tooOld() throws {
        let world = try stage.world()
        try stage.history(world, rounds: 1)
        let made = try backup(world)
        try stage.history(world, rounds: 4, "b")
        world.advance(10)
        #expect(try world.letReplacedGo().allSatisfy { $0.trimmed > 0 })
        try restore(world, made)
        let digest = try world.sites[1].digest()
        let caught = #expect(throws: NodeError.self) {
            if let error = try world.sync(world.sites[1]).error { throw error }
        }
        #expect(caught?.code == .hubBehind && caught?.message.contains("no longer has it") == true)
        #expect(try world.sites[1].digest() == digest)
    }

    func restore(_ world: World, _ made: BackupService.Made) throws {
        let hub = world.hub.installation
        _ = try BackupRestore(into: hub.directory, environment: hub.environment)
            .restore(made.file, with: #require(made.recoveryKey))
        try World.Site.restart([world.hub])
    }

    // MARK: Whoever comes later

    @Test(
        "a node that has just joined takes a snapshot, by its own wish or the hub's",
        arguments: [true, false])
    func joins(asks: Bool) throws {
        let world = try stage.world()
        if asks { world.hub.snapshots = SnapshotOffer(bytes: .max) }
        try stage.history(world)
        world.advance(10)
        try world.letReplacedGo()
        let late = try world.addNode("late", seed: 90)
        late.clock.advance(world.hub.clock.milliseconds() - late.clock.milliseconds())
        let outcome = try world.sync(late)
        #expect(outcome.error == nil && outcome.snapshot != nil)
        try stage.expectSound(world)
        #expect(try late.store.read { try $0.trimmedCount() } == 5)
        // From here on it is one of them.
        try stage.history(world, rounds: 3, "b")
        try world.settle()
        world.advance(10)
        #expect(try world.letReplacedGo().allSatisfy { $0.trimmed == 3 })
        try stage.expectSound(world)
    }

    @Test("the log from before is given to nobody: hello, pull and dry run say so, and nothing is stored")
    func verdicts() throws {
        let world = try stage.world()
        try stage.history(world)
        world.advance(10)
        try world.letReplacedGo()
        let late = try world.addNode("late", seed: 91), port = world.hub.port(for: late.origin)
        guard case .begin(let position, _) = try NodePort(late.tenant, takesSnapshots: true).begin() else {
            return
        }
        var hello = NodeExchange.hello(position, frames: [])
        #expect(
            try port.hello(hello, isRevoked: false, at: world.hub.installation).verdict == .snapshotRequired)
        hello.schemaVersion -= 1
        #expect(
            try port.hello(hello, isRevoked: false, at: world.hub.installation).verdict == .upgradeRequired)
        hello = NodeExchange.hello(position, frames: [])
        hello.snapshotLayout = 1
        #expect(
            try port.hello(hello, isRevoked: false, at: world.hub.installation).verdict == .upgradeRequired)
        hello.snapshotLayout = nil
        let bare = try port.hello(hello, isRevoked: false, at: world.hub.installation)
        #expect(bare.verdict == .exchange && bare.entries.isEmpty && bare.cursor == 0)
        let pull = PullRequest(tenant: late.tenant.id, cursor: 0, cursorHash: nil, maxBytes: 1 << 20)
        #expect(try port.pull(pull).verdict == .snapshotRequired)
        let end = try world.hub.store.read { try $0.trimmedThrough() }
        let after = PullRequest(
            tenant: late.tenant.id, cursor: end,
            cursorHash: try world.hub.store.read { try $0.logEntry(end)?.hash }, maxBytes: 1 << 20)
        #expect(try port.pull(after).verdict == .exchange)
        var line = DirectLine(hub: world.hub, node: late)
        let rehearsed = try DryRun.run(NodePort(late.tenant), over: &line)
        #expect(rehearsed.exchange.error == nil && rehearsed.exchange.verdict == .snapshotRequired)
        #expect(try late.store.read { try $0.deltas().isEmpty })
    }

    /// The hub in the same process.
    struct DirectLine: ExchangeLine {
        let hub: World.Site
        let node: World.Site
        func hello(_ request: HelloRequest) throws -> HubAnswer {
            try hub.port(for: node.origin).hello(request, isRevoked: false, at: hub.installation)
        }
        func check(_ request: CheckRequest) throws -> CheckAnswer {
            throw NodeError(.internalError, "nothing is to be checked")
        }
        func pull(_ request: PullRequest) throws -> HubAnswer {
            try hub.port(for: node.origin).pull(request)
        }
    }

    @Test("by file, too, a new node gets a snapshot, with what came after it, once and twice")
    func byFile() throws {
        let world = try stage.world()
        try stage.history(world)
        world.advance(10)
        try world.letReplacedGo()
        let late = try world.addNode("late", seed: 92)
        try world.take(try world.file(of: late))
        let answer = try world.answer(to: late)
        let outcome = try world.take(answer, at: late)
        #expect(outcome.error == nil && outcome.snapshot != nil && outcome.pulled.deltas > 5)
        #expect(try late.digest() == world.hub.digest())
        let again = try world.take(answer, at: late)
        #expect(again.error == nil && again.snapshot == nil)
        try late.write { try $0.put(Schema.teacher, id: "mine", ["name": "By file"]) }
        try stage.rename(world.hub, "Meanwhile")
        try world.carry(late)
        try world.carry(late)
        #expect(try late.digest() == world.hub.digest())
        try stage.expectSound(world)
        // A cut file changes nothing.
        let other = try world.addNode("other", seed: 93)
        try world.take(try world.file(of: other))
        let cut = Array(try world.answer(to: other).dropLast(100))
        #expect(throws: NodeError.self) { try world.take(cut, at: other) }
        #expect(try other.store.read { try $0.deltas().isEmpty })
    }

    @Test(
        "by file, a node that is put back to before what has gone goes on as a new origin, then takes a snapshot"
    )
    func putBackByFile() throws {
        let world = try stage.world(), node = world.sites[2]
        try stage.history(world, rounds: 2)
        try world.settle()
        let copy = try world.copy(node)
        try stage.rename(node, "Synced, then lost here")
        try stage.history(world, rounds: 4, "b")
        try world.settle()
        world.advance(10)
        #expect(try world.letReplacedGo().allSatisfy { $0.trimmed > 0 })
        try world.restore(node, from: copy)
        try node.write { try $0.put(Schema.teacher, id: "mine", ["name": "Written since"]) }
        var isTaken = false
        for _ in 0..<4 where !isTaken { isTaken = try world.carry(node).snapshot != nil }
        #expect(isTaken)
        try stage.expectSound(world)
        #expect(try world.hub.store.read { try $0.shown(Schema.teacher, id: "mine") } != nil)
        let own = try #require(try node.store.read { try $0.ownOrigin() })
        #expect(own.succession != nil)
    }

    @Test("a node that is put back to before what has gone hands in what it wrote, and takes a snapshot")
    func putBack() throws {
        let world = try stage.world(), node = world.sites[2]
        try stage.history(world, rounds: 2)
        try world.settle()
        let copy = try world.copy(node)
        try stage.history(world, rounds: 4, "b")
        try stage.rename(node, "Synced, then lost here")
        try world.settle()
        try stage.history(world, rounds: 2, "c")
        try world.settle()
        world.advance(10)
        #expect(try world.letReplacedGo().allSatisfy { $0.trimmed > 0 })
        try world.restore(node, from: copy)
        try node.write { try $0.put(Schema.teacher, id: "mine", ["name": "Written since"]) }
        let outcome = try world.sync(node)
        #expect(outcome.error == nil && outcome.snapshot != nil && outcome.succession != nil)
        try stage.expectSound(world)
        #expect(try world.hub.store.read { try $0.shown(Schema.teacher, id: "mine") } != nil)
    }

    @Test("cut at any commit, a run is done again and ends the same")
    func cut() throws {
        for commits in 0..<8 {
            let world = try stage.world(1)
            try stage.history(world)
            world.advance(10)
            let digest = try world.hub.digest()
            do {
                let fault = CommitFault(world.hub.store)
                fault.arm(after: commits)
                do { try world.hub.letReplacedGo() } catch is PowerCut {}
                try World.Site.restart([world.hub])
            }
            #expect(try world.hub.digest() == digest)
            try world.hub.letReplacedGo()
            #expect(try world.hub.store.read { try $0.trimmedCount() } == 5)
            try stage.expectSound(world)
        }
    }
}
