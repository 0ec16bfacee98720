import Foundation
import GRDB
import NodeCore
import SyncEngine
import TestSupport
import Testing

/// Tenant files of earlier programs (`Tests/Fixtures`, see ORIGINS.md there): a hub's, after rosters that two
/// nodes had imported apart and edits beside each other.
@Suite struct MigrationTests {
    struct Earlier: Sendable, CustomTestStringConvertible {
        let version: Int
        /// What that program's own `verify` said.
        let digest: String
        let deltas: Int
        let rows: Int
        var testDescription: String { "schema \(version)" }
    }
    static let files = [
        Earlier(
            version: 1, digest: "83c62bb24d3c0a62ef7eaba82b8156817a08a4bf79b49dde21e84025d66c9668",
            deltas: 5, rows: 23),
        // The last one with a row of `sync_cell` for each write of a column.
        Earlier(
            version: 3, digest: "c1bb717c130f6e8688c5e365b866efc6a14f5c50470ee5a6fef4a8c4e32e6e72",
            deltas: 12, rows: 75),
    ]

    func copy(_ earlier: Earlier) throws -> String {
        let path = NSTemporaryDirectory() + "earlier-\(UUID().uuidString).db"
        let fixture = Vectors.root("Fixtures/schema-\(earlier.version).db")
        try FileManager.default.copyItem(atPath: fixture.path, toPath: path)
        return path
    }

    func open(_ path: String, _ schema: Schema = .current, copies: String? = nil) throws -> TenantStore {
        let environment = NodeCore.Environment(
            clock: MovableClock(), random: SeededRandom(seed: 1), replication: SignedReplication(),
            schema: schema)
        return try TenantStore(
            path: path, environment: environment, identifiers: Identifiers(slug: "", secret: []),
            copies: copies)
    }

    @Test(
        "a file of an earlier program keeps its state and its deltas, and gets what it lacked",
        arguments: files)
    func keepsState(earlier: Earlier) throws {
        let store = try open(try copy(earlier))
        defer { store.remove() }
        try store.read { reader in
            let digest = try reader.stateDigest(), count = try reader.deltas().count
            #expect(digest.hex == earlier.digest)
            #expect(count == earlier.deltas)
            #expect(try reader.rowCount() == earlier.rows)
            #expect(try reader.projectionProblems() == [])
            #expect(try reader.integrityProblems() == [])
            #expect(try !reader.conflicts().isEmpty)
        }
        try store.read { reader in
            for table in Schema.current.tables { _ = try reader.shown(table, id: "none") }
        }
        let again = try open(store.path)
        #expect(try again.read { try $0.stateDigest() }.hex == earlier.digest)
    }

    @Test("a file is copied as it was before it is migrated, once", arguments: files)
    func copiesBefore(earlier: Earlier) throws {
        let path = try copy(earlier)
        let folder = path + ".copies"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { unlink(path) }
        defer { _ = try? FileManager.default.removeItem(atPath: folder) }
        for _ in 0..<2 {
            let store = try open(path, copies: folder)
            #expect(try store.read { try $0.stateDigest() }.hex == earlier.digest)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            let copy = try #require(names.first { $0 == "\(store.fileName).before-migration" })
            #expect(names.count == 1)
            let queue = try DatabaseQueue(path: "\(folder)/\(copy)")
            #expect(
                try queue.read { try $0.columns(in: "sync_cell").map(\.name) }
                    == ["tbl", "id", "col", "stamp", "value", "absent"])
            try queue.close()
            // An earlier program can go on with it.
            try FileManager.default.copyItem(atPath: "\(folder)/\(copy)", toPath: path + ".again")
            let before = try open(path + ".again", Schema.current.asOf(earlier.version))
            defer { before.remove() }
            #expect(try before.read { try $0.deltas().count } == earlier.deltas)
        }
    }

    // Of schema 3 there is no program here that knows less than this one.
    @Test("an earlier program leaves a file alone that a later one has opened", arguments: files.prefix(1))
    func leavesLaterFilesAlone(earlier: Earlier) throws {
        let path = try copy(earlier)
        let store = try open(path)
        defer { store.remove() }
        #expect(throws: NodeError.self) { _ = try open(path, Schema.current.asOf(earlier.version)) }
    }
}
