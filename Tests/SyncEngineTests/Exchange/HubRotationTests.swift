import Foundation
import TestSupport
import Testing

@testable import NodeCore
@testable import SyncEngine

/// A hub goes on with another identity key, by its own word or by the recovery key's.
@Suite struct HubRotationTests {
    private func add(_ site: World.Site, _ name: String) throws {
        try site.write { try $0.put(Schema.teacher, id: name, ["name": .text(name)]) }
    }

    private func known(_ site: World.Site) throws -> HubIdentity {
        try site.store.read { try $0.hubIdentity() }
    }

    /// Equal digests, whole logs, no evidence, and everybody knows the hub by its present key.
    private func expectWhole(_ world: World, sourceLocation: SourceLocation = #_sourceLocation) throws {
        try world.settle()
        #expect(Set(try world.sites.map { try $0.digest() }).count == 1, sourceLocation: sourceLocation)
        for site in world.sites {
            #expect(
                try known(site).key == world.hub.installation.identity.publicKey,
                sourceLocation: sourceLocation)
            let audit = try LogAudit.verify(site.tenant)
            #expect(audit.isOK, "\(audit.problems)", sourceLocation: sourceLocation)
        }
    }

    @Test("nodes follow a rotation with their next hello, also one that brings nothing else")
    func rotation() throws {
        let world = try World(nodes: 2)
        try world.settle()
        let before = world.hub.installation.identity.publicKey
        for round in 0..<3 {
            try world.hub.installation.rotateIdentity()
            if round == 1 { for site in world.sites { try add(site, "r\(round)-\(site.name)") } }
            try expectWhole(world)
        }
        #expect(world.hub.installation.identity.publicKey != before)
        #expect(try known(world.sites[1]).former.contains(before))
        #expect(try known(world.sites[2]).statements.count == 3)
    }

    @Test("a hub that runs, and its tenants, notice the keys that another process put in place")
    func otherProcess() throws {
        let world = try World(nodes: 1), hub = world.hub.installation
        let other = try Installation.open(hub.directory, environment: hub.environment)
        for _ in 0..<2 {
            // What was verified is kept until other bytes are there.
            #expect(try known(world.hub) == hub.hubIdentity)
            try other.rotateIdentity()
            #expect(hub.identity.publicKey != other.identity.publicKey)
            try hub.refreshIdentity()
            #expect(hub.identity.publicKey == other.identity.publicKey)
            #expect(try known(world.hub) == other.hubIdentity)
        }
        try expectWhole(world)
    }

    @Test("who enrols after a rotation, also with a token of before it, takes the old log")
    func joining() throws {
        let world = try World(nodes: 1)
        try add(world.sites[1], "early")
        try world.settle()
        let token = try world.hub.installation.invite(slug: world.slug, minutes: 60, needsApproval: true)
            .token
        try world.hub.installation.rotateIdentity()
        try world.addNode("after", seed: 40)
        let late = try EnrolmentApprovalTests.Stage.installation(world, "late", seed: 41)
        let ask = { try Enrolment.admit(Enrolment.request(token, from: late).0, at: world.hub.installation) }
        #expect(throws: NodeError.self) { _ = try ask() }
        _ = try EnrolmentApproval.approve(
            "late", words: late.enrolmentWords(token).joined(separator: " "), tenant: nil,
            at: world.hub.installation)
        _ = try Enrolment.complete(
            JoinAnswer(encoded: ask().encoded()), token: token, hubURL: "http://127.0.0.1:1", at: late)
        try expectWhole(world)
        #expect(
            try late.tenant(world.slug).store.read { try $0.hubIdentity().key }
                == world.hub.installation.identity.publicKey)
    }

    @Test("a node that rotates its own key meanwhile follows too")
    func bothRotate() throws {
        let world = try World(nodes: 1), node = world.sites[1]
        try world.settle()
        try world.hub.installation.rotateIdentity()
        try node.installation.beginRotation(world.slug)
        try expectWhole(world)
        #expect(try node.store.read { try $0.ownOrigin()?.succession?.reason } == .rotation)
    }

    @Test(
        "a rotation that is cut at any step is gone on with by whoever opens the hub next", arguments: 0..<4)
    func cuts(step: Int) throws {
        let world = try World(nodes: 1), directory = world.hub.installation.directory
        try world.settle()
        let before = world.hub.installation.identity.publicKey
        let copies = world.folder + "/before"
        try FileManager.default.copyItem(atPath: directory.keys, toPath: copies)
        try world.hub.installation.rotateIdentity()
        // Put back, step by step, what the rotation had not done yet.
        let after = try world.hub.installation.keys.load(directory.identityKey).publicKey
        if step < 3 {
            try FileManager.default.moveItem(atPath: directory.identityKey, toPath: directory.nextIdentityKey)
            try FileManager.default.copyItem(
                atPath: copies + "/identity.key", toPath: directory.identityKey)
            try world.hub.installation.control.set("hub_identity_applied", .bytes([]))
        }
        if step < 2 {
            try world.hub.store.replicate { try $0.setHubIdentity(HubIdentity(key: before)) }
        }
        if step == 0 { try FileManager.default.removeItem(atPath: directory.identityChain) }
        try World.Site.restart([world.hub])
        #expect(world.hub.installation.identity.publicKey == (step == 0 ? before : after))
        #expect(
            try world.hub.installation.keys.load(directory.identityKey).publicKey
                == (step == 0 ? before : after))
        try add(world.hub, "after")
        try expectWhole(world)
        try world.hub.installation.rotateIdentity()
        try expectWhole(world)
    }

    @Test("an API key that nobody has seen yet can be shown after a rotation")
    func sealedKeys() throws {
        let world = try World(nodes: 0), hub = world.hub.installation
        try hub.keepSealedKey("nobody-has-seen-this", of: world.hub.tenant)
        try hub.rotateIdentity()
        #expect(try hub.takeSealedKey(world.hub.tenant) == "nobody-has-seen-this")
    }

    /// A hub whose machine is gone: a backup, its recovery key, and what was written since.
    private func lost(_ world: World) throws -> (file: BackupFile, key: RecoveryKey) {
        try world.settle()
        let made = try BackupService(world.hub.installation).create(in: nil)
        let file = world.folder + "/saved.backup"
        try FileManager.default.copyItem(atPath: made.file.path, toPath: file)
        try world.settle()
        return (try BackupFile(file), try #require(made.recoveryKey))
    }

    private func restore(_ world: World, _ file: BackupFile, _ key: RecoveryKey) throws
        -> BackupRestore.Restored
    {
        try FileManager.default.removeItem(atPath: world.hub.installation.directory.path)
        let restored = try BackupRestore(
            into: world.hub.installation.directory, environment: world.hub.installation.environment
        ).restore(file, with: key)
        try World.Site.restart([world.hub])
        return restored
    }

    @Test(
        "a hub on a new machine proves itself by the recovery key; nodes follow and bring back what it lost")
    func recovery() throws {
        let world = try World(nodes: 2)
        try add(world.hub, "before")
        let (file, key) = try lost(world)
        let old = world.hub.installation.identity.publicKey
        for site in world.sites { try add(site, "since-\(site.name)") }
        try world.settle()
        #expect(try restore(world, file, RecoveryKey(key.text)).isNewIdentity)
        #expect(world.hub.installation.identity.publicKey != old)
        for node in world.nodes { _ = try world.sync(node) }
        try expectWhole(world)
        for site in world.sites {
            let names = try site.shownRows().keys.filter { $0.hasPrefix("teacher ") }.count
            #expect(names == 4)
        }
        try world.addNode("new", seed: 30)
        try expectWhole(world)
    }

    @Test("without the recovery key that nodes know, a restored hub is refused before anything changes")
    func otherRecoveryKey() throws {
        let world = try World(nodes: 1)
        _ = try lost(world)
        world.hub.clock.advance(60_000)
        let second = try BackupService(world.hub.installation).create(in: nil, newKey: true)
        let file = world.folder + "/second.backup"
        try FileManager.default.copyItem(atPath: second.file.path, toPath: file)
        let error = #expect(throws: NodeError.self) {
            _ = try restore(world, BackupFile(file), #require(second.recoveryKey))
        }
        #expect(error?.code == .keyPermissions)
    }

    @Test("a node that never heard of the recovery key refuses another hub key, and goes on offline")
    func unheard() throws {
        let world = try World(nodes: 1), node = world.sites[1]
        try world.settle()
        let made = try BackupService(world.hub.installation).create(in: nil)
        let file = world.folder + "/saved.backup"
        try FileManager.default.copyItem(atPath: made.file.path, toPath: file)
        _ = try restore(world, BackupFile(file), #require(made.recoveryKey))
        let outcome = try world.sync(node)
        #expect(outcome.error?.code == .verificationFailed)
        try add(node, "offline")
    }
}
