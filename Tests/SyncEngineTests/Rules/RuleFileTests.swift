import ConflictRules
import NodeCore
import Testing

@testable import SyncEngine

@Suite struct RuleFileTests {
    @Test("the shipped files are readable and each table has its rules in its domain's file")
    func shipped() throws {
        let files = try ShippedRules.documents.map { try RuleFile(yaml: $0.yaml) }
        #expect(files.map(\.domain) == ShippedRules.documents.map(\.domain))
        for table in Schema.tables where ![Schema.ruleSet.name, Schema.rulePolicy.name].contains(table.name) {
            let owners = files.filter { $0.tables[table.name] != nil }.map(\.domain)
            #expect(owners == [table.domain], "\(table.name)")
        }
    }

    static let broken: [(String, String)] = [
        ("", "empty"),
        ("version: 2\ndomain: roster", "'version' must be 1"),
        ("version: 1", "'domain' is missing"),
        ("version: 1\ndomain: roster\ntables:\n  teacher:\n    columns: {}", "no 'default'"),
        ("version: 1\ndomain: roster\ntables:\n  techer:\n    default: latest", "no table 'techer'"),
        (
            "version: 1\ndomain: tenant\ntables:\n  teacher:\n    default: latest",
            "belongs to the domain 'roster'"
        ),
        ("version: 1\ndomain: roster\ntables:\n  teacher:\n    default: newest", "no rule 'newest'"),
        ("version: 1\ndomain: roster\ntables:\n  teacher:\n    default: manual", "needs a 'default'"),
        (
            "version: 1\ndomain: roster\ntables:\n  teacher:\n    default: latest\n    columns: {nme: latest}",
            "no column 'nme'"
        ),
        (
            "version: 1\ndomain: roster\ntables:\n  teacher:\n    default: latest\n    rwo: x",
            "unknown key 'rwo'"
        ),
        (
            "version: 1\ndomain: roster\ntables:\n  teacher:\n    default: latest\n    row: maybe",
            "'row' must be"
        ),
        ("version: 1\ndomain: [", "not valid YAML"),
    ]

    @Test("a file that isn't total is refused with what is wrong", arguments: broken)
    func refusals(yaml: String, words: String) throws {
        let error = #expect(throws: NodeError.self) { try RuleFile(yaml: yaml) }
        #expect(error?.code == .validation)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test("a mistake is told with line and column")
    func places() throws {
        let yaml = "version: 1\ndomain: roster\ntables:\n  teacher:\n    default: newest\n"
        let error = #expect(throws: NodeError.self) { try RuleFile(yaml: yaml) }
        #expect(error?.message.hasPrefix("line 5, column 14") == true, "\(error?.message ?? "")")
    }

    func sibling(_ value: Value, hlc: Int64, role: Role = .node, salt: UInt8 = 0) -> RankedSibling {
        let tenant = TenantID(bytes: [UInt8](repeating: 1, count: 16))!
        let key = PublicKey(bytes: [UInt8](repeating: 2, count: 32))!
        return RankedSibling(
            facts: DeltaFacts(
                stamp: 1, origin: 1, seq: 1, hash: Digest.sha256([salt]), hlc: HLC(raw: hlc), wall: 0,
                schemaVersion: 1,
                author: "", authorRole: "", role: role, node: "", nodeID: "",
                originID: OriginID(publicKey: key, tenant: tenant),
                seen: [:]), value: value)
    }

    @Test("each rule picks by what it says, whatever the order")
    func picks() {
        let early = sibling("early", hlc: 1, role: .hub), late = sibling("late", hlc: 9)
        let middle = sibling("middle", hlc: 5, role: .hub)
        let cases: [(Rule, Value)] = [
            (.latest, "late"), (.earliest, "early"), (.prefer(.hub), "middle"), (.prefer(.node), "late"),
            (.manual(default: .earliest), "early"), (.manual(default: .latest), "late"),
        ]
        for (rule, expected) in cases {
            for order in [[early, late, middle], [middle, early, late], [late, middle, early]] {
                #expect(rule.pick(order).value == expected, "\(rule)")
            }
        }
    }

    @Test("equal clocks are decided by the delta's hash, the same everywhere")
    func ties() {
        let one = sibling("one", hlc: 4, salt: 1), two = sibling("two", hlc: 4, salt: 2)
        let winner: Value = one.facts.hash > two.facts.hash ? "one" : "two"
        #expect(Rule.latest.pick([one, two]).value == winner)
        #expect(Rule.latest.pick([two, one]).value == winner)
        #expect(Rule.earliest.pick([two, one]).value != winner)
    }

    @Test(
        "a document that can't be read leaves its tables with the built-in rule, and rule_set is always the hub's"
    )
    func total() {
        let rules = TenantRules(documents: [RuleDocument(domain: "roster", yaml: "version: 7")])
        func last(_ table: String, _ column: String) -> TenantRules.Ruling {
            rules.choices(table: table, column: column).last!.ruling
        }
        #expect(last("teacher", "name").rule == .latest)
        #expect(last("rule_set", "document").rule == .prefer(.hub))
        #expect(last("rule_policy", "document").rule == .prefer(.hub))
        #expect(last("nobody_knows", "x").place == "built-in")
    }
}
