import Foundation
import NodeCore
import SyncEngine
import TestSupport
import Testing

/// Backups made while others work, and what comes back from them.
@Suite struct BackupTests {
    func world() throws -> World {
        let world = try World(nodes: 2)
        try world.settle()
        return world
    }

    func add(_ site: World.Site, _ names: String...) throws {
        for name in names {
            try site.write { try $0.put(Schema.teacher, id: name, ["name": .text(name)]) }
        }
    }

    func names(_ site: World.Site) throws -> [String] {
        try site.shownRows().compactMap { $0.key.hasPrefix("teacher ") ? String($0.key.dropFirst(8)) : nil }
            .sorted()
    }

    func backup(_ site: World.Site) throws -> (file: BackupFile, key: RecoveryKey) {
        let made = try BackupService(site.installation).create(in: nil)
        return (made.file, try #require(made.recoveryKey))
    }

    func scratch(_ world: World) -> DataDirectory { DataDirectory(path: world.folder + "/scratch") }

    func environment(_ site: World.Site) -> NodeCore.Environment { site.installation.environment }

    /// Restores into a directory and opens it as the site.
    func restore(_ site: World.Site, _ file: BackupFile, _ key: RecoveryKey) throws
        -> BackupRestore.Restored
    {
        let restored = try BackupRestore(
            into: site.installation.directory, environment: environment(site)
        ).restore(file, with: key)
        try World.Site.restart([site])
        return restored
    }

    @Test("a backup restores into a scratch folder as it was, and leaves nothing behind")
    func verifies() throws {
        let world = try world(), node = world.sites[1]
        try add(node, "a", "b")
        let (file, key) = try backup(node)
        #expect(file.manifest.tenants.map(\.digest) == [try node.digest()])
        let found = try BackupService.verify(
            file, with: key, scratch: scratch(world), environment: environment(node))
        #expect(found == file.manifest.tenants)
        #expect(!FileManager.default.fileExists(atPath: scratch(world).path))
        let left = try FileManager.default.contentsOfDirectory(
            atPath: node.installation.directory.backups)
        #expect(left == [(file.path as NSString).lastPathComponent])
    }

    @Test("no key, no name and no readable page of the database stands in a backup")
    func sealed() throws {
        let world = try world(), node = world.sites[1]
        try add(node, "Wilhelmina-Featherstonehaugh")
        let (file, key) = try backup(node)
        let bytes = try Data(contentsOf: URL(filePath: file.path))
        for secret in [
            "Wilhelmina", "SQLite format", "prepkc-ed25519-seed", try node.tenant.origin.key.seed().hex,
        ] {
            #expect(bytes.range(of: Data(secret.utf8)) == nil)
        }
        #expect(try bytes.range(of: Data(node.tenant.origin.key.seed())) == nil)
        let unpacked = scratch(world)
        try file.unpack(into: unpacked, with: key)
        #expect(try FileManager.default.contentsOfDirectory(atPath: unpacked.keys).isEmpty)
        for name in file.manifest.files.map(\.name) {
            let plain = try Data(contentsOf: URL(filePath: "\(unpacked.path)/\(name)"))
            #expect(try plain.range(of: Data(node.tenant.origin.key.seed())) == nil)
            #expect(try plain.range(of: Data(node.installation.identity.seed())) == nil)
        }
    }

    @Test("another key, a flipped bit anywhere, or a cut file is refused")
    func damaged() throws {
        let world = try world(), node = world.sites[1]
        let (file, key) = try backup(node)
        let other = try RecoveryKey.generate(from: SeededRandom(seed: 9))
        #expect(throws: NodeError.self) { try file.unpack(into: scratch(world), with: other) }
        let bytes = try Data(contentsOf: URL(filePath: file.path)), broken = world.folder + "/broken.backup"
        for index in stride(from: 0, to: bytes.count, by: bytes.count / 40) {
            var copy = bytes
            copy[index] ^= 1
            try copy.write(to: URL(filePath: broken))
            #expect(throws: NodeError.self) { try BackupFile(broken) }
            try bytes.prefix(index).write(to: URL(filePath: broken))
            #expect(throws: NodeError.self) { try BackupFile(broken) }
        }
        #expect(try RecoveryKey(key.text).publicKey == key.publicKey)
        #expect(throws: NodeError.self) { try RecoveryKey(String(key.text.dropLast()) + "0") }
    }

    @Test("a node restored from a backup takes its own deltas back and goes on as a new origin")
    func restoredNode() throws {
        let world = try world(), node = world.sites[1]
        try add(node, "a")
        try world.sync(node)
        let (file, key) = try backup(node)
        try add(node, "b")
        try world.sync(node)
        try add(node, "lost")
        let old = try node.store.read { try $0.ownOrigin()! }
        let restored = try restore(node, file, key)
        #expect(try names(node) == ["a"])
        let kept = try #require(restored.keptIn)
        #expect(FileManager.default.fileExists(atPath: kept + "/control.db"))
        try add(node, "c")
        try world.settle()
        #expect(try names(node) == ["a", "b", "c"] && names(world.hub) == ["a", "b", "c"])
        let own = try node.store.read { try $0.ownOrigin()! }
        #expect(own.succession == Succession(predecessor: old.id, reason: .restore) && own.isCertified)
        #expect(Set(try world.sites.map { try $0.digest() }).count == 1)
    }

    @Test("a node that is restored twice before it syncs hands in what it wrote in between")
    func restoredTwice() throws {
        let world = try world(), node = world.sites[1]
        let (first, key) = try backup(node)
        _ = try restore(node, first, key)
        try add(node, "between")
        world.advance(60_000)
        let second = try BackupService(node.installation).create(in: nil)
        _ = try restore(node, second.file, second.recoveryKey ?? key)
        try add(node, "after")
        try world.settle()
        #expect(try names(node) == ["after", "between"] && names(world.hub) == ["after", "between"])
        #expect(try node.store.read { try $0.pending().deltas } == 0)
        #expect(Set(try world.sites.map { try $0.digest() }).count == 1)
    }

    @Test("on a new machine without keys a node enrols anew and hands in what it had not synced")
    func newMachine() throws {
        let world = try world(), node = world.sites[1]
        try add(node, "a")
        try world.sync(node)
        try add(node, "unsynced")
        let (file, key) = try backup(node)
        let fresh = DataDirectory(path: world.folder + "/fresh")
        let restored = try BackupRestore(into: fresh, environment: environment(node)).restore(file, with: key)
        #expect(restored.toEnrol == [world.slug] && restored.keptIn == nil)
        let installation = try Installation.open(fresh, environment: environment(node))
        #expect(installation.nodeID != node.installation.nodeID)
        #expect(throws: NodeError.self) { try installation.beginSuccession(world.slug, reason: .restore) }
        let token = try world.hub.installation.invite(slug: world.slug, minutes: 60).token
        let (request, _) = try Enrolment.request(token, from: installation)
        let answer = try Enrolment.admit(request, at: world.hub.installation)
        _ = try Enrolment.complete(answer, token: token, hubURL: "http://127.0.0.1:1", at: installation)
        let site = try world.opened("fresh", fresh, like: node)
        try add(site, "later")
        try world.settle()
        for one in [world.hub, world.sites[2], site] {
            #expect(try names(one) == ["a", "later", "unsynced"])
        }
        #expect(try site.store.read { try $0.pending().deltas } == 0)
    }

    @Test("a restore that is cut at any step is finished by whoever opens the directory next")
    func cutRestore() throws {
        let world = try world(), node = world.sites[1]
        try add(node, "a")
        let (file, key) = try backup(node)
        try add(node, "b")
        let directory = node.installation.directory, files = FileManager.default
        _ = try restore(node, file, key)
        let digest = try node.digest()
        // The same state once more, as a stop between any two moves leaves it.
        let parts = ["control.db", "tenants", "keys"]
        for cut in 0...6 {
            let ready = directory.path + "/restore.ready", aside = directory.path + "/before-restore-1"
            if files.fileExists(atPath: aside) { try files.removeItem(atPath: aside) }
            try World.Site.restart([node])
            try files.createDirectory(atPath: ready, withIntermediateDirectories: true)
            try Data("before-restore-1".utf8).write(to: URL(filePath: ready + "/aside"))
            for part in parts {
                try files.copyItem(atPath: "\(directory.path)/\(part)", toPath: "\(ready)/\(part)")
            }
            try files.createDirectory(atPath: aside, withIntermediateDirectories: true)
            for step in 0..<cut {
                let part = parts[step / 2]
                if step % 2 == 0 {
                    try files.moveItem(atPath: "\(directory.path)/\(part)", toPath: "\(aside)/\(part)")
                } else {
                    try files.moveItem(atPath: "\(ready)/\(part)", toPath: "\(directory.path)/\(part)")
                }
            }
            try World.Site.restart([node])
            #expect(try node.digest() == digest)
            #expect(!files.fileExists(atPath: ready))
        }
        try world.settle()
    }

    @Test(
        "a backup of another installation is refused; a hub's without its keys goes on with another identity")
    func wrongPlace() throws {
        let world = try world()
        let (file, key) = try backup(world.hub)
        #expect(throws: NodeError.self) { try restore(world.sites[1], file, key) }
        let bare = DataDirectory(path: world.folder + "/bare")
        let renewed = try BackupRestore(into: bare, environment: environment(world.hub)).restore(
            file, with: key)
        #expect(renewed.isNewIdentity)
        let fresh = DataDirectory(path: world.folder + "/fresh")
        let keys = world.hub.installation.directory.keys
        let restored = try BackupRestore(into: fresh, environment: environment(world.hub), keys: keys)
            .restore(file, with: key)
        #expect(restored.toEnrol.isEmpty && !restored.isNewIdentity)
        let hub = try Installation.open(fresh, environment: environment(world.hub))
        #expect(hub.identity.publicKey == world.hub.installation.identity.publicKey)
    }

    @Test("only so many backups are kept, and those of other installations are left alone")
    func retention() throws {
        let world = try world(), node = world.sites[1], service = BackupService(node.installation)
        let (first, _) = try backup(node)
        let foreign = try BackupService(world.sites[2].installation).create(
            in: node.installation.directory.backups
        ).file
        for _ in 0..<3 {
            world.advance(3_600_000)
            #expect(try service.create(in: nil).recoveryKey == nil)
        }
        #expect(try service.prune(in: nil, keep: 2) == 2)
        let left = try service.list(in: nil).backups
        #expect(left.count == 3 && left.contains { $0.path == foreign.path })
        #expect(!left.contains { $0.path == first.path })
    }
}
