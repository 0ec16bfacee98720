import TestSupport
import Testing

@testable import NodeCore
@testable import SyncEngine

/// What one enrolled key must not be able to do to everybody.
@Suite struct HostileDeltaTests {
    /// A body that an honest encoder refuses to make.
    func body(_ groups: CBOR) -> [UInt8] {
        [UInt8](repeating: 7, count: 32) + [0] + CBOR.array([groups]).encoded()
    }

    func group(id: String, column: String = "name", value: CBOR = .text("x"), table: String = "teacher")
        -> CBOR
    {
        .array([
            .int(1), .text(table), .array([.text(column)]), .array([.text(id)]), .array([.array([value])]),
        ])
    }

    @Test(
        "names, ids and values that could be read in two ways are refused",
        arguments: [
            ("x\u{0}one", "name", "v", "teacher"), ("", "name", "v", "teacher"),
            ("a b", "name", "v", "teacher"),
            ("\u{e9}", "name", "v", "teacher"), ("a", "n\u{e9}", "v", "teacher"),
            ("a", "Name", "v", "teacher"),
            ("a", "name", "a\u{0}b", "teacher"), ("a", "name", "v", "tea cher"), ("a", "", "v", "teacher"),
            ("a", "name", "v", "teacher\"; DROP TABLE teacher"),
        ])
    func ambiguous(id: String, column: String, value: String, table: String) {
        #expect(throws: (any Error).self) {
            try DeltaBody.decode(
                body(group(id: id, column: column, value: .text(value), table: table)), writes: 1)
        }
    }

    @Test("the control group is taken")
    func control() throws {
        #expect(try DeltaBody.decode(body(group(id: "a")), writes: 1).count == 1)
    }

    @Test("local writes that could not travel fail before anything is signed")
    func localRefusals() throws {
        let world = try World(nodes: 0)
        let heads = try world.hub.store.read { try $0.heads() }
        let long = String(repeating: "a", count: (1 << 20) + 1)
        for (value, code) in [("a\u{0}b", ErrorCode.validation), (long, .tooLarge)] {
            let error = #expect(throws: NodeError.self) {
                try world.hub.write { try $0.put(Schema.skill, id: try $0.freshID(), ["name": .text(value)]) }
            }
            #expect(error?.code == code)
        }
        #expect(try world.hub.store.read { try $0.heads() } == heads)
    }

    @Test("a name of few characters and many code points is refused at the write")
    func combiningMarks() throws {
        let world = try World(nodes: 1)
        try world.settle()
        let node = world.sites[1]
        let service = TeacherService(node.tenant, actor: node.actor)
        _ = try service.add(
            name: "Ann", email: "ann@t.org", school: "North", grade: nil, year: nil, dryRun: false)
        let name = "a" + String(repeating: "\u{301}", count: 60_000)
        let error = #expect(throws: NodeError.self) {
            try service.edit("ann@t.org", .init(name: name), year: nil)
        }
        #expect(error?.code == .validation)
        try world.settle()
        #expect(try node.digest() == world.hub.digest())
    }

    @Test("rows of several megabytes in an unknown table are kept and can be read and verified")
    func largeUnknownRows() throws {
        let world = try World(nodes: 1)
        try world.settle()
        let node = world.sites[1]
        let wide = SyncedTable("gadget", domain: "roster", since: 2, (0..<6).map { ("c\($0)", .text, nil) })
        // Compresses some fifty times: less than a bomb, and more than the body's limit when plain.
        var generator = SeededGenerator(seed: 3)
        let blocks = (0..<20).map { _ in generator.bytes(1000).hex }
        let text = (0..<440).map { _ in blocks.randomElement(using: &generator)! + generator.bytes(8).hex }
            .joined()
        let value = Value.text(text)
        try node.write {
            try $0.put(wide, id: "g", ["c0": value, "c1": value, "c2": value, "c3": value, "c4": value])
        }
        try world.settle()
        #expect(try node.digest() == world.hub.digest())
        let report = try StoreVerifier.verify(world.hub.tenant, deep: true, scratch: world.folder + "/s.db")
        #expect(report.problems == [])
    }

    @Test("a rule set with a negative version, aliases or deep nesting stops nobody")
    func hostileRules() throws {
        let world = try World(nodes: 1)
        try world.settle()
        let node = world.sites[1]
        let id = node.tenant.identifiers.derived(table: "rule_set", key: "roster")
        let bomb = "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n? *c\n: 1\n"
        for text in [bomb, String(repeating: "[", count: 5000), String(repeating: "- ", count: 20_000)] {
            #expect(throws: NodeError.self) { try RuleFile(yaml: text) }
            try node.write {
                try $0.put(
                    Schema.ruleSet, id: id, ["domain": "roster", "version": -7, "document": .text(text)])
            }
            try world.settle()
        }
        try world.hub.write { try $0.put(Schema.skill, id: try $0.freshID(), ["name": "Chess"]) }
        try world.settle()
        #expect(try node.digest() == world.hub.digest())
    }
}
