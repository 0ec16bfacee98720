import Foundation
import NodeCore
import SyncEngine
import TestSupport
import Testing

@Suite struct TenantStoreTests {
    @Test("a change without an audit action fails and leaves nothing")
    func auditIsMandatory() throws {
        let world = try World(nodes: 0)
        let hub = world.hub
        let before = (try hub.digest(), try hub.store.read { try $0.heads() })
        let error = #expect(throws: NodeError.self) {
            try hub.store.write(as: hub.actor, origin: hub.tenant.origin) {
                try $0.put(Schema.skill, id: try $0.freshID(), ["name": "Chess"])
            }
        }
        #expect(error?.code == .internalError)
        #expect(try hub.digest() == before.0 && hub.store.read { try $0.heads() } == before.1)
    }

    @Test("a change that throws half-way leaves rows, chain and clock as they were")
    func atomic() throws {
        struct Stop: Error {}
        let world = try World(nodes: 0)
        let before = (try world.hub.digest(), try world.hub.store.read { try $0.heads() })
        #expect(throws: Stop.self) {
            try world.hub.write { transaction in
                for _ in 0..<1500 {
                    try transaction.put(Schema.skill, id: try transaction.freshID(), ["name": "x"])
                }
                throw Stop()
            }
        }
        #expect(try world.hub.digest() == before.0 && world.hub.store.read { try $0.heads() } == before.1)
    }

    @Test("each transaction has one audit entry with action, count and ids, and no names")
    func oneEntry() throws {
        let world = try World(nodes: 0)
        try world.hub.write("skill.add") { transaction in
            for name in ["A", "B", "C"] {
                try transaction.put(
                    Schema.skill, id: try transaction.freshID(), ["name": .text("Secret \(name)")])
            }
        }
        let entries = try world.hub.store.read { try $0.auditEntries(limit: 10, action: "skill.add") }
        #expect(entries.map(\.count) == [3])
        #expect(entries[0].actor.hasPrefix("operator:") && entries[0].via == "local")
    }

    @Test("an edit to the value that is shown writes no delta")
    func noChange() throws {
        let world = try World(nodes: 0)
        let heads = try world.hub.store.read { try $0.heads() }
        try world.hub.write {
            try $0.edit(Schema.tenant, id: world.hub.tenant.id.description, ["name": "Testville"])
        }
        #expect(try world.hub.store.read { try $0.heads() } == heads)
    }

    @Test("writes of one row in one transaction end as one write where they can, in order where they can't")
    func rewrites() throws {
        let world = try World(nodes: 1)
        let hub = world.hub
        var ids: [String] = []
        try hub.write { transaction in
            for index in 0..<4 {
                let id = try transaction.freshID()
                ids.append(id)
                try transaction.put(Schema.skill, id: id, ["name": .text("first \(index)")])
            }
            try transaction.edit(Schema.skill, id: ids[0], ["name": "second"])
            try transaction.delete(Schema.skill, id: ids[1])
            try transaction.put(Schema.skill, id: ids[2], ["name": "again"])
            try transaction.delete(Schema.skill, id: ids[3])
            try transaction.put(Schema.skill, id: ids[3], ["name": "back"])
        }
        try world.settle()
        for site in world.sites {
            let names = try site.store.read { reader in
                try ids.map { try reader.shown(Schema.skill, id: $0)?["name"] }
            }
            #expect(names == ["second", nil, "again", "back"])
            #expect(try site.digest() == hub.digest())
            #expect(
                try StoreVerifier.verify(site.tenant, deep: true, scratch: world.folder + "/s.db").problems
                    == [])
        }
    }

    @Test("every connection is set to full durability, untrusted schemas and checked cells, read back")
    func settings() throws {
        let world = try World(nodes: 0)
        #expect(try world.hub.store.setting("synchronous") == 2)
        #expect(try world.hub.store.setting("trusted_schema") == 0)
        #expect(try world.hub.store.setting("cell_size_check") == 1)
        #expect(try world.hub.store.setting("foreign_keys") == 0)
    }

    @Test("a file that a newer version migrated is left alone")
    func newerFile() throws {
        let world = try World(nodes: 0)
        let shell = Process()
        shell.executableURL = URL(filePath: "/usr/bin/sqlite3")
        shell.arguments = [world.hub.store.path, "INSERT INTO grdb_migrations VALUES ('9 from the future')"]
        try shell.run()
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 0)
        let environment = world.hub.installation.environment
        let error = #expect(throws: NodeError.self) {
            try TenantStore(
                path: world.hub.store.path, environment: environment,
                identifiers: world.hub.tenant.identifiers)
        }
        #expect(error?.code == .schemaNewer && error?.code.exitStatus == 8)
    }

    @Test(
        "an edit with another program is refused by name, reading is not",
        arguments: [
            "INSERT INTO skill VALUES ('a', 'b', 1)", "UPDATE tenant SET name = 'x'", "DELETE FROM tenant",
        ])
    func guarded(sql: String) throws {
        let world = try World(nodes: 0)
        func run(_ sql: String) throws -> (status: Int32, text: String) {
            let shell = Process(), output = Pipe()
            shell.executableURL = URL(filePath: "/usr/bin/sqlite3")
            shell.arguments = [world.hub.store.path, sql]
            shell.standardOutput = output
            shell.standardError = output
            try shell.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            shell.waitUntilExit()
            return (shell.terminationStatus, text)
        }
        let before = try world.hub.digest()
        let refused = try run(sql)
        #expect(refused.status != 0 && refused.text.contains("no such function: use_node_cli_to_write_here"))
        #expect(try run("SELECT name FROM tenant WHERE kind = 'district'").text == "Testville\n")
        #expect(try run("PRAGMA integrity_check").text == "ok\n")
        #expect(try world.hub.digest() == before)
    }

    @Test("an edit from outside that got past the guard is found by verify --deep")
    func tampered() throws {
        let world = try World(nodes: 0)
        let shell = Process()
        shell.executableURL = URL(filePath: "/usr/bin/sqlite3")
        shell.arguments = [
            world.hub.store.path,
            "DROP TRIGGER tenant_guard_update; UPDATE tenant SET name = 'Mine' WHERE kind = 'district'",
        ]
        try shell.run()
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 0)
        let report = try StoreVerifier.verify(world.hub.tenant, deep: true, scratch: world.folder + "/s.db")
        #expect(!report.isOK && report.problems.contains { $0.contains("not what the deltas give") })
    }
}
