import TestSupport
import Testing

@testable import NodeCore

/// How a row that both sides have edited stands in the file.
@Suite struct RowShapeTests {
    private let world: World
    private let teacher: String

    init() throws {
        world = try World(nodes: 1)
        let id = world.hub.tenant.identifiers.derived(table: "teacher", key: "a@t.org")
        teacher = id
        try world.hub.write { try $0.put(Schema.teacher, id: id, ["name": "Ann", "email": "a@t.org"]) }
        try world.settle()
    }

    /// Hub and node give a column another value each, without a line.
    private func editApart(_ column: String = "name") throws {
        for site in world.sites {
            try site.write {
                try $0.edit(Schema.teacher, id: teacher, [column: .text("\(column) of \(site.name)")])
            }
        }
        try world.settle()
    }

    /// The columns in conflict at every installation, after a look at what stands there.
    private func conflicts(isLean: Bool, keepsFull: Bool) throws -> [String] {
        let digest = try world.hub.digest()
        let found = try world.sites.map { site in
            #expect(try site.digest() == digest)
            return try site.store.read { reader in
                let lean = try reader.count(
                    "SELECT count(*) FROM teacher WHERE id = '\(teacher)' AND sync_stamp > 0")
                #expect(lean == (isLean ? 1 : 0))
                let full = try reader.count("SELECT count(*) FROM sync_row WHERE tbl = 'teacher'")
                #expect((full > 0) == keepsFull)
                #expect(try reader.projectionProblems() == [])
                return try reader.conflicts().map(\.column)
            }
        }
        #expect(Set(found).count == 1)
        return found[0]
    }

    @Test("columns that both sides wrote leave their row lean; a delete makes it full, a new row lean again")
    func life() throws {
        try editApart()
        #expect(try conflicts(isLean: true, keepsFull: false) == ["name"])
        try editApart("email")
        #expect(try conflicts(isLean: true, keepsFull: false) == ["email", "name"])
        try world.hub.write { try $0.delete(Schema.teacher, id: teacher) }
        try world.settle()
        #expect(try conflicts(isLean: false, keepsFull: true) == [])
        try world.hub.write {
            try $0.put(Schema.teacher, id: teacher, ["name": "Ann", "email": "a@t.org"])
        }
        try world.settle()
        #expect(try conflicts(isLean: true, keepsFull: false) == [])
    }

    @Test("two rows made apart are kept full, whatever is edited then")
    func twins() throws {
        let twin = world.hub.tenant.identifiers.derived(table: "teacher", key: "b@t.org")
        for site in world.sites {
            try site.write {
                try $0.put(Schema.teacher, id: twin, ["name": .text(site.name), "email": "b@t.org"])
            }
        }
        try world.settle()
        #expect(try conflicts(isLean: true, keepsFull: true) == ["name"])
        try world.hub.write {
            try $0.edit(Schema.teacher, id: twin, ["name": "Bo", "email": "bo@t.org"], force: true)
        }
        try world.settle()
        #expect(try conflicts(isLean: true, keepsFull: true) == [])
    }

    /// The hub's row as an earlier version kept it while a column had two writes.
    private func keepFull() throws {
        try world.hub.store.replicate { replica in
            let state = try replica.loadRow("teacher", id: teacher)
            let write = try #require(state.writes.first)
            let insert = try RowStatement(
                "INSERT INTO sync_row VALUES ('teacher', ?1, ?2, 0, ?3)", in: replica.db)
            insert.bind(teacher, at: 1)
            insert.bind(.int(write.stamp), at: 2)
            insert.bind(.bytes(ValueMap.encode(write.values.merging(["name": "Ann"]) { $1 })), at: 3)
            try insert.run()
            try RowStatement("UPDATE teacher SET sync_stamp = 0", in: replica.db).run()
        }
    }

    /// Makes the hub's name of a teacher the one that is shown.
    private func preferHub() throws {
        let rules = """
            version: 1
            domain: roster
            tables:
              teacher: { row: update_wins, default: latest, columns: { name: prefer_hub } }
            """
        try world.hub.write {
            let values: [String: Value] = ["domain": "roster", "version": 1, "document": .text(rules)]
            let id = $0.identifiers.derived(table: "rule_set", key: "roster")
            try $0.put(Schema.ruleSet, id: id, values)
        }
    }

    @Test("other rules change what a row in conflict shows, and it stays lean")
    func otherRules() throws {
        try editApart()
        try preferHub()
        try world.settle()
        #expect(try conflicts(isLean: true, keepsFull: false) == ["name"])
        for site in world.sites {
            let shown = try site.store.read { try $0.shown(Schema.teacher, id: teacher)?["name"] }
            #expect(shown == .text("name of \(world.hub.name)"))
        }
    }

    @Test("a row that an earlier version kept full is the same row, and becomes lean with its next write")
    func earlierShape() throws {
        try editApart()
        let digest = try world.hub.digest()
        try keepFull()
        #expect(try world.hub.digest() == digest)
        #expect(try world.hub.store.read { try $0.conflicts().map(\.column) } == ["name"])
        try world.hub.write { try $0.edit(Schema.teacher, id: teacher, ["email": "c@t.org"]) }
        try world.settle()
        #expect(try conflicts(isLean: true, keepsFull: false) == ["name"])
    }

    @Test("other rules change what such a row shows, not how it is kept; it can be deleted then")
    func earlierShapeUnderOtherRules() throws {
        try editApart()
        try keepFull()
        try preferHub()
        #expect(try world.hub.store.read { try $0.projectionProblems() } == [])
        let shown = try world.hub.store.read { try $0.shown(Schema.teacher, id: teacher)?["name"] }
        #expect(shown == .text("name of \(world.hub.name)"))
        try world.hub.write { try $0.delete(Schema.teacher, id: teacher) }
        try world.settle()
        #expect(try conflicts(isLean: false, keepsFull: true) == [])
    }

    @Test("a file that is wrong about its siblings, or holds none that can be read, is found")
    func damaged() throws {
        try editApart()
        let store = world.hub.store
        for (sql, back) in [("rivals = 0", "rivals = 1"), ("cells = x'80', rivals = 0", nil)] {
            try store.change("UPDATE sync_cell SET \(sql)")
            let problems = try store.read { try $0.projectionProblems() }
            #expect(problems.contains("teacher \(teacher) has other siblings than the file says"))
            if let back { try store.change("UPDATE sync_cell SET \(back)") }
        }
        try store.change("UPDATE sync_cell SET cells = x'81'")
        let error = #expect(throws: NodeError.self) {
            try store.read { try $0.loadRow("teacher", id: teacher) }
        }
        #expect(error?.code == .corrupt)
    }

    @Test(
        "what is saved as it stands writes nothing, and a write that goes its own cell and what was shown of it"
    )
    func onlyWhatChanges() throws {
        try editApart()
        try world.hub.store.replicate { replica in
            let state = try replica.loadRow("teacher", id: teacher)
            #expect(try Self.cost(of: teacher, state, replacing: state, in: replica) == 0)
            for index in 0..<2 {
                var left = state
                let gone = left.cells["name"]?.remove(at: index), kept = left.cells["name"]?.first
                let isShown = try replica.shown(Schema.teacher, id: teacher)?["name"] == gone?.value
                // Whoever looked at another row meanwhile finds this one as it stands.
                _ = try replica.loadRow("tenant", id: world.hub.tenant.id.description)
                let cost = try Self.cost(of: teacher, left, replacing: state, in: replica)
                #expect(cost == (isShown ? 2 : 1))
                #expect(try replica.shown(Schema.teacher, id: teacher)?["name"] == kept?.value)
                let begun = try replica.saveRow("teacher", id: teacher, state, replacing: left)
                #expect(begun == BegunConflicts(open: 1, settled: 0))
            }
        }
        #expect(try conflicts(isLean: true, keepsFull: false) == ["name"])
    }

    /// Rows of SQLite's tables that saving a state writes.
    private static func cost(
        of teacher: String, _ state: RowState, replacing old: RowState, in replica: ReplicaTransaction
    ) throws -> Int {
        let before = try replica.count("SELECT total_changes()")
        try replica.saveRow("teacher", id: teacher, state, replacing: old)
        return try replica.count("SELECT total_changes()") - before
    }
}
