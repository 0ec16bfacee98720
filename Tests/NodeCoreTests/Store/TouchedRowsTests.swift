import TestSupport
import Testing

@testable import NodeCore

/// Which writes make the arbiter look at a row.
@Suite struct TouchedRowsTests {
    private let world: World
    private let teacher: String
    private let user: String

    init() throws {
        world = try World(nodes: 0)
        let hub = world.hub
        teacher = try hub.tenant.identifiers.derived(table: "teacher", key: "a@t.org")
        user = try hub.tenant.identifiers.derived(table: "user", key: "b@t.org")
        let (teacher, user) = (teacher, user)
        try hub.write {
            try $0.put(Schema.teacher, id: teacher, ["name": "Ann", "email": "a@t.org"])
            try $0.put(Schema.user, id: user, ["email": "b@t.org", "active": 1])
        }
    }

    private func touches(_ table: SyncedTable, _ id: String, _ values: [String: Value]) throws -> Bool {
        try world.hub.write { transaction in
            try transaction.edit(table, id: id, values)
            return transaction.replica.touched.contains(table)
        }
    }

    @Test("an edit of what no case depends on touches nothing; the first and a later one of a key do")
    func edits() throws {
        #expect(try !touches(Schema.teacher, teacher, ["name": "Anne"]))
        #expect(try touches(Schema.teacher, teacher, ["email": "c@t.org"]))
        #expect(try touches(Schema.teacher, teacher, ["email": "a@t.org"]))
        #expect(try !touches(Schema.teacher, teacher, ["name": "Ann"]))
    }

    @Test("whatever is edited of a user touches it: whether an admin is left depends on it")
    func people() throws {
        #expect(try touches(Schema.user, user, ["active": 0]))
        #expect(try touches(Schema.user, user, ["first_name": "Bo"]))
    }

    @Test("a state that loses a write, or has more than it shows, is looked at")
    func states() {
        var touched = TouchedRows()
        var plain = RowState()
        plain.writes = [.init(stamp: 1, values: ["name": "Ann", "email": "a@t.org"])]
        var edited = plain
        edited.cells["email"] = [.init(stamp: 2, value: "b@t.org")]
        touched.note(Schema.teacher, "1", from: edited, to: plain)
        #expect(touched.ids(of: Schema.teacher) == ["1"], "an erasure took the edit away")
        var other = plain
        other.writes[0].values["email"] = "c@t.org"
        touched.note(Schema.teacher, "2", from: plain, to: other)
        touched.note(Schema.teacher, "3", from: nil, to: plain)
        edited = plain
        edited.cells["name"] = [.init(stamp: 2, value: "Anne")]
        touched.note(Schema.teacher, "4", from: plain, to: edited)
        #expect(touched.ids(of: Schema.teacher) == ["1", "2", "3"])
    }

    @Test("beyond a number of rows a table's are not told apart; other tables' are")
    func floods() {
        var touched = TouchedRows(), row = RowState()
        row.writes = [.init(stamp: 1, values: [:])]
        touched.note(Schema.user, "1", from: nil, to: row)
        for number in 0..<TouchedRows.limit {
            touched.note(Schema.teacher, "\(number)", from: nil, to: row)
        }
        #expect(touched.ids(of: Schema.teacher)?.count == TouchedRows.limit)
        touched.note(Schema.teacher, "one more", from: nil, to: row)
        #expect(touched.ids(of: Schema.teacher) == nil && touched.contains(Schema.teacher))
        touched.note(Schema.user, "2", from: nil, to: row)
        touched.note(Schema.user, "1", from: nil, to: row)
        #expect(touched.ids(of: Schema.user) == ["1", "2"])
        #expect(!touched.contains(Schema.seat) && touched.ids(of: Schema.seat) == [])
    }
}
