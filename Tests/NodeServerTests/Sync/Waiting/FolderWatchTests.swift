import Foundation
import NodeCore
import Synchronization
import TestSupport
import Testing

@testable import NodeServer

/// Which tenants' files are written to.
@Suite struct FolderWatchTests {
    private func event(_ mask: Int, _ name: String, padding: Int = 3) -> [UInt8] {
        func bytes(_ number: Int) -> [UInt8] { (0..<4).map { UInt8(number >> (8 * $0) & 0xFF) } }
        let text = name.isEmpty ? [] : Array(name.utf8) + [UInt8](repeating: 0, count: padding)
        return bytes(1) + bytes(mask) + bytes(0) + bytes(text.count) + text
    }

    @Test("writes to write-ahead logs and files that are put in place are seen, by the tenant's name")
    func parses() {
        var found = FolderWatch.Found()
        let (modify, moved) = (0x2, 0x80)
        let bytes =
            event(modify, "polaris_north.db-wal") + event(modify, "polaris_south.db")
            + event(modify, "polaris_east.db-shm") + event(moved, "polaris_west.db", padding: 16)
            + event(moved, "polaris_.db") + event(modify, ".creating-x.db-wal")
            + event(moved, "polaris_a.db.unregistered-5") + event(modify, "polaris_north.db-wal")
            + event(modify, "polaris_kc-2.db-wal", padding: 1)
        FolderWatch.parse(bytes[...], into: &found)
        #expect(found == FolderWatch.Found(slugs: ["north", "west", "kc-2"]))
        // Cut anywhere, it is what is whole.
        for count in 0..<bytes.count {
            var part = FolderWatch.Found()
            FolderWatch.parse(bytes[..<count], into: &part)
            #expect(part.slugs.isSubset(of: found.slugs))
        }
    }

    @Test("a queue that ran over and a folder that has gone are told")
    func special() {
        var found = FolderWatch.Found()
        FolderWatch.parse((event(0x4000, "") + event(0x8000, ""))[...], into: &found)
        #expect(found == FolderWatch.Found(hasOverflowed: true, hasEnded: true))
    }

    /// What a watch reports.
    private final class Reports: Sendable {
        private let slugs = Mutex<[String?]>([])
        var all: [String?] { slugs.withLock { $0 } }
        func add(_ slug: String?) { slugs.withLock { $0.append(slug) } }
        func clear() { slugs.withLock { $0 = [] } }
        func wait(for slug: String) async throws {
            for _ in 0..<500 where !all.contains(slug) { try await Task.sleep(for: .milliseconds(10)) }
            #expect(all.contains(slug))
        }
    }

    @Test("a commit of this installation or of another process's is reported; reading and opening aren't")
    func commits() async throws {
        let world = try World(nodes: 0), hub = world.hub.installation
        let reports = Reports()
        let watch = FolderWatch(hub.directory.tenants, logger: nil) {
        } report: {
            reports.add($0)
        }
        #expect(watch != nil)
        try world.hub.write { try $0.put(Schema.teacher, id: "a", ["name": "A"]) }
        try await reports.wait(for: world.slug)

        // Another process: opens the file, writes, and lets go of it.
        reports.clear()
        do {
            let other = try Installation.open(hub.directory, environment: hub.environment)
            let tenant = try other.tenant(world.slug)
            try tenant.store.write(as: world.hub.actor, origin: tenant.origin) { transaction in
                transaction.audit(AuditAction("test.write", targetType: "test"))
                try transaction.put(Schema.teacher, id: "b", ["name": "B"])
            }
        }
        try await reports.wait(for: world.slug)

        try await Task.sleep(for: .milliseconds(100))
        reports.clear()
        for _ in 0..<3 {
            let other = try Installation.open(hub.directory, environment: hub.environment)
            #expect(try other.tenant(world.slug).store.read { try $0.logSize() } > 0)
            #expect(try world.hub.digest() == world.hub.digest())
        }
        try await Task.sleep(for: .milliseconds(200))
        #expect(reports.all == [], "a look must not cause the next one")
        withExtendedLifetime(watch) {}
    }

    @Test("a file that nobody else has open can be opened, read and closed without a report")
    func openings() async throws {
        let world = try World(nodes: 0), hub = world.hub.installation
        try world.hub.write { try $0.put(Schema.teacher, id: "a", ["name": "A"]) }
        // With what is in its log, as a process that was killed leaves it.
        let copy = DataDirectory(path: world.folder + "/copy")
        try FileManager.default.copyItem(atPath: hub.directory.path, toPath: copy.path)
        let reports = Reports()
        let watch = FolderWatch(copy.tenants, logger: nil) {
        } report: {
            reports.add($0)
        }
        #expect(watch != nil)
        for _ in 0..<5 {
            let other = try Installation.open(copy, environment: hub.environment)
            #expect(try other.tenant(world.slug).store.read { try $0.logSize() } > 0)
        }
        try await Task.sleep(for: .milliseconds(200))
        #expect(reports.all == [])
        withExtendedLifetime(watch) {}
    }

    @Test("a folder that isn't there can't be watched")
    func missing() {
        #expect(FolderWatch("/nowhere/at/all", logger: nil, onEnd: {}, report: { _ in }) == nil)
    }

    @Test("without the kernel's help a write is known by time and size, an empty log isn't")
    func marks() throws {
        let path = NSTemporaryDirectory() + "mark-\(UUID().uuidString).db"
        defer { for end in ["", "-wal"] { try? FileManager.default.removeItem(atPath: path + end) } }
        let none = TenantStamp(path)
        try Data([1, 2]).write(to: URL(filePath: path))
        let file = TenantStamp(path)
        #expect(none != file)
        try Data().write(to: URL(filePath: path + "-wal"))
        #expect(TenantStamp(path) == file, "opening the file makes one")
        try Data([3]).write(to: URL(filePath: path + "-wal"))
        let log = TenantStamp(path)
        #expect(log != file)
        #expect(TenantStamp(path) == log)
    }
}
