import GRDB
import TestSupport
import Testing

@testable import NodeCore

@Suite struct ControlStoreTests {
    private func level(_ installation: Installation) throws -> Int? {
        try installation.control.read { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
    }

    private func record(pulled: Int = 0, error: NodeError? = nil) -> ExchangeRecord {
        ExchangeRecord(
            tenant: "testville", verdict: "equal", pushed: 0, pulled: pulled, roundTrips: 1, milliseconds: 3,
            error: error)
    }

    @Test(
        "the line of a sync in which nothing happened doesn't wait for the disk; whatever comes after it does"
    )
    func durability() throws {
        let world = try World(nodes: 1), node = world.sites[1].installation
        defer { withExtendedLifetime(world) {} }
        #expect(try level(node) == Durability.full.rawValue)
        try node.record(record())
        #expect(try level(node) == Durability.normal.rawValue)
        try node.record(record())
        #expect(try node.exchanges(limit: 10).count == 2)
        try node.note("test.note", "anything")
        #expect(try level(node) == Durability.full.rawValue)
        try node.record(record())
        try node.record(record(pulled: 1))
        #expect(try level(node) == Durability.full.rawValue)
        try node.record(record())
        try node.record(record(error: NodeError(.hubUnreachable, "the line broke")))
        #expect(try level(node) == Durability.full.rawValue)
        #expect(try node.exchanges(limit: 10).count == 6)
    }

    @Test("such a line is there for other processes at once, and after this one was killed")
    func visibility() throws {
        let world = try World(nodes: 1), node = world.sites[1].installation
        let other = try Installation.open(node.directory, environment: node.environment)
        try node.record(record())
        #expect(try other.exchanges(limit: 10).count == 1)
        try World.Site.restart([world.sites[1]])
        #expect(try world.sites[1].installation.exchanges(limit: 10).count == 1)
    }

    @Test("a read that fails leaves the connection as it was: the next one sees what was written since")
    func failedRead() throws {
        struct Stop: Error {}
        let world = try World(nodes: 1), node = world.sites[1].installation
        defer { withExtendedLifetime(world) {} }
        #expect(throws: Stop.self) { try node.control.read { _ in throw Stop() } }
        #expect(throws: NodeError.self) {
            try node.control.read { try Int.fetchOne($0, sql: "SELECT nonsense") }
        }
        try node.record(record())
        #expect(try node.exchanges(limit: 1).count == 1)
    }

    @Test("what is read in one transaction is of one moment, whatever others commit meanwhile")
    func oneMoment() throws {
        let world = try World(nodes: 1), node = world.sites[1].installation
        defer { withExtendedLifetime(world) {} }
        let other = try Installation.open(node.directory, environment: node.environment)
        let counts = try node.control.read { db in
            let question = "SELECT count(*) FROM exchange_log"
            let before = try Int.fetchOne(db, sql: question)
            try other.record(record())
            return [before, try Int.fetchOne(db, sql: question)]
        }
        #expect(counts == [0, 0])
        #expect(try node.exchanges(limit: 10).count == 1)
    }
}
