import TestSupport
import Testing

@testable import NodeCore

@Suite struct RowStatementTests {
    /// SQLite's own words for what it was given.
    private static let question = """
        SELECT typeof(?1) = ?2 AND CASE ?2 WHEN 'null' THEN 1 WHEN 'integer' THEN ?1 = ?3
          ELSE hex(?1) = ?3 END
        """

    @Test(
        "a value arrives in SQLite as the same type and the same bytes",
        arguments: [
            (Value.null, "null", Value.null), (.int(.min), "integer", .int(.min)),
            (.int(.max), "integer", .int(.max)), (.text(""), "text", .text("")),
            (.text("José 日本"), "text", .text("4A6F73C3A920E697A5E69CAC")), (.bytes([]), "blob", .text("")),
            (.bytes([0, 255, 7]), "blob", .text("00FF07")),
        ])
    func bindsAsIs(value: Value, type: String, expected: Value) throws {
        let world = try World(nodes: 0)
        try world.hub.store.read { reader in
            let statement = try RowStatement(Self.question, in: reader.db)
            statement.bind(value, at: 1)
            statement.bind(type, at: 2)
            statement.bind(expected, at: 3)
            #expect(try statement.run() == 1)
            #expect(try statement.run() == 1, "bindings stay for the next run")
        }
    }

    @Test("what SQLite refuses is thrown, and the statement can be run again")
    func refusals() throws {
        let world = try World(nodes: 0)
        try world.hub.store.read { reader in
            #expect(throws: (any Error).self) { try RowStatement("SELECT nonsense", in: reader.db) }
            let statement = try RowStatement("SELECT CASE ?1 WHEN 1 THEN abs(?2) ELSE 5 END", in: reader.db)
            statement.bind(.int(1), at: 1)
            statement.bind(.int(.min), at: 2)
            #expect(throws: (any Error).self) { try statement.run() }
            statement.bind(.int(2), at: 1)
            #expect(try statement.run() == 5)
        }
    }
}
