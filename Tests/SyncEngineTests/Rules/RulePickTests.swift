import NodeCore
import TestSupport
import Testing

@testable import SyncEngine

/// What each rule shows, whatever the order in which the writes are looked at.
@Suite struct RulePickTests {
    struct Writer {
        var role: Role = .node
        var node = "office"
        var authorRole = "operator"
    }

    static func sibling(_ value: Value, at hlc: Int64, by writer: Writer = .init()) -> RankedSibling {
        let tenant = TenantID(bytes: [UInt8](repeating: 1, count: 16))!
        let key = PublicKey(bytes: [UInt8](repeating: 2, count: 32))!
        return RankedSibling(
            facts: DeltaFacts(
                stamp: hlc, origin: 1, seq: 1, hash: Digest.sha256([UInt8(hlc)]), hlc: HLC(raw: hlc), wall: 0,
                schemaVersion: 2, author: "", authorRole: writer.authorRole, role: writer.role,
                node: writer.node, nodeID: "id of \(writer.node)",
                originID: OriginID(publicKey: key, tenant: tenant), seen: [:]), value: value)
    }

    static let steps = ["FREE": ["RESERVED", "ASSIGNED"], "RESERVED": ["ASSIGNED"], "ASSIGNED": ["FREE"]]
    static let oneWay = ["draft": ["open"], "open": ["closed"]]

    static let cases: [(Rule, [Value], Value)] = [
        (.latest, ["a", "b", "c"], "c"), (.earliest, ["a", "b", "c"], "a"), (.appendOnly, ["a", "b"], "a"),
        (.highest, [3, 12, 7], 12), (.highest, ["9", "10"], "10"), (.highest, ["b", "a"], "b"),
        (.highest, [.null, 0], 0), (.highest, [5, "a"], "a"), (.lowest, [3, 12, 7], 3),
        (.lowest, ["10", "9"], "9"), (.lowest, [1, .null], .null),
        (.longest, ["Ann Lee", "Ann", .null], "Ann Lee"), (.longest, ["abc", "xyz"], "xyz"),
        (.longest, ["e\u{301}e", "abc"], "abc"),
        (.union(separator: " "), ["b a", "c b"], "a b c"),
        (.union(separator: ", "), ["x, y", .null], "x, y"),
        (.union(separator: " "), ["b a", "b a"], "b a"), (.union(separator: " "), ["a", 7], 7),
        (.union(separator: " "), [.null, .null], .null),
        (.nonEmpty(then: .latest), ["a", ""], "a"), (.nonEmpty(then: .earliest), ["", "a", "b", .null], "a"),
        (.nonEmpty(then: .latest), ["", .null], .null),
        (.denyWins([0]), [0, 1], 0), (.denyWins([0]), [1, 2], 2),
        (.denyWins(["off", .null]), ["on", .null, "on"], .null),
        (
            .privilege(["user", "coordinator", "admin"], higher: false), ["admin", "coordinator"],
            "coordinator"
        ),
        (.privilege(["user", "coordinator", "admin"], higher: true), ["admin", "coordinator"], "admin"),
        (.privilege(["user", "admin"], higher: false), ["admin", "unknown"], "unknown"),
        (.privilege(["user", "admin"], higher: true), ["user", "unknown"], "user"),
        (.stateMachine(oneWay, otherwise: .latest), ["closed", "open"], "closed"),
        (.stateMachine(oneWay, otherwise: .latest), ["draft", "closed"], "closed"),
        (.stateMachine(oneWay, otherwise: .earliest), ["open", "odd"], "open"),
        (.stateMachine(steps, otherwise: .earliest), ["FREE", "ASSIGNED"], "FREE"),
        (.manual(default: .earliest, deadline: .init(hours: 24)), ["a", "b"], "a"),
    ]

    @Test("each rule picks by what it says, whatever the order", arguments: cases.indices)
    func picks(_ index: Int) {
        let (rule, values, expected) = Self.cases[index]
        let siblings = values.enumerated().map { Self.sibling($0.element, at: Int64($0.offset + 1)) }
        for order in [siblings, siblings.reversed(), Array(siblings.dropFirst() + siblings.prefix(1))] {
            #expect(rule.pick(order).value == expected, "\(rule) of \(values)")
        }
    }

    @Test("of one write every rule picks its value", arguments: cases.indices)
    func single(_ index: Int) {
        let (rule, values, _) = Self.cases[index]
        for value in values + [.null, 3, "", "b a a", .bytes([1])] {
            #expect(rule.pick([Self.sibling(value, at: 1)]).value == value, "\(rule) of \(value)")
        }
    }

    @Test("prefer means a side, a machine by name or id, or a role, and among those the latest")
    func prefer() {
        let hub = Writer(role: .hub, node: "PrepKC"), admin = Writer(node: "north", authorRole: "admin")
        let siblings = [
            Self.sibling("hub 1", at: 1, by: hub), Self.sibling("north", at: 2, by: admin),
            Self.sibling("hub 2", at: 3, by: hub), Self.sibling("office", at: 4),
        ]
        let expected: [(Rule, Value)] = [
            (.prefer(.hub), "hub 2"), (.prefer(.node), "office"), (.prefer(.node("north")), "north"),
            (.prefer(.node("id of north")), "north"), (.prefer(.authorRole("admin")), "north"),
            (.prefer(.node("nobody")), "office"),
        ]
        for (rule, value) in expected {
            #expect(rule.pick(siblings).value == value && rule.pick(siblings.reversed()).value == value)
        }
    }

    @Test("a rule's words survive: every rule can be written in a file and is read back as itself")
    func words() throws {
        let texts: [String: Rule] = [
            "latest": .latest, "earliest": .earliest, "prefer_hub": .prefer(.hub),
            "prefer_node": .prefer(.node),
            "highest": .highest, "lowest": .lowest, "longest": .longest, "append_only": .appendOnly,
            "union": .union(separator: " "), "{ rule: union, separator: ',' }": .union(separator: ","),
            "{ rule: prefer, node: north }": .prefer(.node("north")),
            "{ rule: prefer, role: admin }": .prefer(.authorRole("admin")),
            "{ rule: non_empty, then: earliest }": .nonEmpty(then: .earliest),
            "{ rule: deny_wins, deny: [0, 'off'] }": .denyWins([0, "off"]),
            "{ rule: lower_privilege, order: [a, b] }": .privilege(["a", "b"], higher: false),
            "{ rule: higher_privilege, order: [a, b] }": .privilege(["a", "b"], higher: true),
            "{ rule: state_machine, transitions: { a: [b] }, otherwise: earliest }":
                .stateMachine(["a": ["b"]], otherwise: .earliest),
            "{ rule: manual, default: { rule: non_empty }, deadline: 36h }":
                .manual(default: .nonEmpty(then: .latest), deadline: .init(hours: 36)),
        ]
        for (text, rule) in texts {
            let file = try RuleFile(
                yaml: "version: 1\ndomain: roster\ntables:\n  teacher:\n    default: \(text)\n")
            #expect(file.tables["teacher"]?.fallback.last.rule == rule, "\(text)")
        }
        #expect(Set(texts.values.map(\.word)) == Set(RuleWord.allCases), "every word of the language is here")
    }
}
