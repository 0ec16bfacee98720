import Foundation
import TestSupport
import Testing

@testable import NodeCore
@testable import SyncEngine

/// Old audit entries leave the lists of every installation, and nothing that proves them goes.
@Suite struct AuditArchiveTests {
    let world: World
    let cut: Int64

    init() throws {
        world = try World(nodes: 2, seed: 5)
        for (index, site) in world.sites.enumerated() { _ = try Self.add("Ann \(index)", at: site) }
        try world.settle()
        cut = world.hub.clock.milliseconds() + 1000
        world.advance(60_000)
        for (index, site) in world.sites.enumerated() { _ = try Self.add("Bob \(index)", at: site) }
        try world.settle()
    }

    @discardableResult
    static func add(_ name: String, at site: World.Site) throws -> String {
        let id = site.tenant.origin.identifiers.derived(table: "teacher", key: "\(name) \(site.name)")
        try site.write("teacher.create") { try $0.put(Schema.teacher, id: id, ["name": .text(name)]) }
        return id
    }

    private func service(_ site: World.Site) -> AuditArchiveService {
        AuditArchiveService(site.tenant, actor: site.actor)
    }

    private func old(_ site: World.Site) throws -> Int {
        try site.store.read { try $0.auditCount(AuditFilter(until: cut)) }
    }

    private func verified(_ site: World.Site) throws -> [String] {
        let folder = NSTemporaryDirectory() + "archive-\(UUID().uuidString).db"
        return try StoreVerifier.verify(site.tenant, deep: true, scratch: folder).problems
    }

    @Test(
        "every installation drops the same entries; digests, deep verification and the file agree everywhere")
    func everywhere() throws {
        let before = try old(world.hub)
        let all = try world.hub.store.read { try $0.auditCount() }
        var file: [UInt8] = []
        let made = try #require(try service(world.hub).create(before: cut) { file = $0 })
        #expect(
            before >= 3 && made.entries == before
                && String(decoding: file, as: UTF8.self).split(separator: "\n").count == before + 1)
        try world.settle()
        for site in world.sites {
            #expect(try old(site) == 0)
            #expect(try site.store.read { try $0.auditCount() } == all - before + 1, "and one that says so")
            #expect(try verified(site) == [])
            #expect(try service(site).file(made.id).bytes == file)
            #expect(try service(site).verify(file).problems == [])
        }
        #expect(try Set(world.sites.map { try $0.digest() }).count == 1)
        #expect(
            try service(world.hub).create(before: cut) { _ in Issue.record("there is nothing left") } == nil)
        let next = try #require(
            try service(world.hub).create(before: world.hub.clock.milliseconds() + 1) { _ in })
        #expect(next.entries == all - before + 1, "none twice")
    }

    @Test("an entry that comes late stays, whichever came first, and a deep rebuild says the same")
    func late() throws {
        let hub = world.sites[0], away = world.sites[2]
        _ = try Self.add("Late", at: away)
        let end = hub.clock.milliseconds() + 1000
        let made = try #require(try service(hub).create(before: end) { _ in })
        try world.settle()
        for site in world.sites {
            let left = try site.store.read { try $0.auditEntries(AuditFilter(until: end), limit: 100) }
            #expect(
                left.map(\.action).sorted() == ["audit.archive", "teacher.create"],
                "what the author of the order had seen is gone")
            #expect(try verified(site) == [])
        }
        #expect(try Set(world.sites.map { try $0.digest() }).count == 1)
        let file = try service(away).file(made.id)
        #expect(file.digest == made.digest)
    }

    @Test("a file that was changed, cut or that isn't one is told apart; a foreign id isn't found")
    func tampered() throws {
        var file: [UInt8] = []
        let made = try #require(try service(world.hub).create(before: cut) { file = $0 })
        let text = String(decoding: file, as: UTF8.self)
        let edited = Array(text.replacing("teacher.create", with: "teacher.delete").utf8)
        #expect(edited != file)
        #expect(try service(world.hub).verify(edited).problems.count == 1)
        let lines = text.split(separator: "\n").map { $0 + "\n" }
        let cutOff = Array(lines.dropLast().joined().utf8)
        #expect(try service(world.hub).verify(cutOff).problems.count == 1)
        for bad in [
            "", "x", "{}\n", "{\"format\":\"prepkc-audit-archive-v1\"}\n", text.replacing(made.id, with: "1"),
        ] {
            #expect(throws: NodeError.self) { try service(world.hub).verify(Array(bad.utf8)) }
        }
    }

    @Test("only the hub archives; when the file can't be written nothing has changed")
    func refused() throws {
        let error = #expect(throws: NodeError.self) {
            try service(world.sites[1]).create(before: cut) { _ in }
        }
        #expect(error?.code == .hubOwned)
        let digest = try world.hub.digest()
        #expect(throws: NodeError.self) {
            try service(world.hub).create(before: cut) { _ in throw NodeError(.storageFull, "full", hint: "")
            }
        }
        #expect(try world.hub.digest() == digest && service(world.hub).list().isEmpty)
        #expect(
            try service(world.hub).create(before: cut, dryRun: true) { _ in Issue.record("written") } != nil)
        #expect(try world.hub.digest() == digest)
    }

    @Test("who had seen an archived entry can't write it anew, as where it still is")
    func anew() throws {
        let hub = world.sites[0], node = world.sites[1]
        let entry = try #require(
            try hub.store.read { try $0.auditEntries(AuditFilter(until: cut), limit: 1) }.first)
        _ = try service(hub).create(before: cut) { _ in }
        // The node has not heard of the order: there the entry is refused because it is there.
        #expect(throws: NodeError.self) {
            try node.write("test.forge") {
                try $0.put(Schema.auditEntry, id: entry.id, ["at": .int(cut + 5)])
            }
        }
        #expect(throws: NodeError.self) {
            try hub.write("test.forge") { try $0.put(Schema.auditEntry, id: entry.id, ["at": .int(cut + 5)]) }
        }
    }

    @Test("retention archives by the month, into a folder, and not before anything is due")
    func retention() throws {
        let folder = NSTemporaryDirectory() + "archive-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let month = AuditRetention.day * Int64(AuditRetention.batchDays)
        let policy = AuditRetention(keepDays: 90, folder: folder)
        #expect(try policy.run(world.hub.tenant) == nil)
        world.advance(90 * AuditRetention.day)
        #expect(try policy.run(world.hub.tenant) == nil, "a month's worth first")
        world.advance(month)
        let made = try #require(try policy.run(world.hub.tenant))
        #expect(made.entries > 0 && made.path.hasPrefix(folder))
        let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: made.path)))
        #expect(try service(world.hub).verify(bytes).problems == [])
        #expect(try policy.run(world.hub.tenant) == nil)
        #expect(try AuditRetention(keepDays: 0, folder: folder).run(world.hub.tenant) == nil, "0 is for ever")
    }
}
