import NodeCore
import TestSupport
import Testing

@testable import SyncEngine

/// What `rules check` finds: every mistake, each with its place and a suggestion.
@Suite struct RuleCheckTests {
    static func problems(_ teacher: String) -> [RuleProblem] {
        RuleFile.read("version: 1\ndomain: roster\ntables:\n  teacher:\n\(teacher)").problems
    }

    @Test("every mistake of a file is told at once, in the order of the lines, with place and suggestion")
    func all() {
        let found = Self.problems(
            """
                row: keep
                default: newest
                columns:
                  nme: latest
                  name: { rule: manual }
                  email: { rule: latest, then: earliest }
            """)
        #expect(found.map(\.line) == [5, 6, 8, 9, 10])
        #expect(found.map(\.column).min() ?? 0 > 0)
        #expect(!found.contains { !$0.isError })
        #expect(found[1].suggestion?.hasPrefix("Did you mean") == true)
        #expect(found[2].suggestion == "Did you mean 'name'?")
    }

    static let broken: [(String, String)] = [
        ("[latest, earliest]", "never reached: it has no 'when'"),
        (
            "[{ when: { column: email, is: a }, rule: earliest }, { when: { column: email, is: a }, "
                + "rule: longest }, latest]", "the same condition stands above"
        ),
        ("[{ when: { column: email, is: a }, rule: earliest }]", "last rule must have no 'when'"),
        ("{ when: { column: email, is: a }, rule: earliest }", "needs another below it"),
        ("[{ when: { column: emial, is: a }, rule: earliest }, latest]", "no column 'emial'"),
        ("[{ when: { column: email }, rule: earliest }, latest]", "one of is, is_not, in, not_in, empty"),
        ("[{ when: { column: email, empty: maybe }, rule: earliest }, latest]", "true or false"),
        ("[{ when: { writers: some, side: hub }, rule: earliest }, latest]", "'writers: any' or 'all'"),
        ("[{ when: { writers: any, side: left }, rule: earliest }, latest]", "hub or node"),
        ("{ rule: prefer }", "needs either 'node'"),
        ("{ rule: prefer, node: a, role: b }", "needs either 'node'"),
        ("{ rule: union, separator: '12345' }", "1 to 4 characters"),
        ("{ rule: lower_privilege, order: [a] }", "from the lowest to the highest"),
        ("{ rule: higher_privilege, order: [a, a] }", "from the lowest to the highest"),
        ("{ rule: state_machine }", "needs 'transitions'"),
        ("{ rule: state_machine, transitions: { a: b } }", "must be a list"),
        ("{ rule: manual, default: manual }", "needs a 'default'"),
        ("{ rule: manual, default: { rule: manual, default: latest } }", "neither manual"),
        ("{ rule: manual, default: latest, deadline: 2w }", "days or hours"),
        ("{ rule: manual, default: latest, deadline: 367d }", "at most a year"),
        ("{ rule: deny_wins, deny: [] }", "a value or a list of values"),
    ]

    @Test("a rule that can't be asked, or isn't whole, is refused with what is wrong", arguments: broken)
    func entries(rule: String, words: String) {
        let found = Self.problems("    default: latest\n    columns:\n      name: \(rule)\n")
        #expect(found.contains { $0.isError && $0.message.contains(words) }, "\(found)")
        #expect(found.allSatisfy { $0.line >= 7 }, "\(found)")
    }

    @Test("conditions that wait for each other are refused, over several columns and through the default")
    func cycles() {
        func found(_ columns: String) -> Bool {
            Self.problems("    default: latest\n    columns:\n\(columns)").contains {
                $0.isError && $0.message.contains("wait for each other")
            }
        }
        let name = "      name: [{ when: { column: email, is: a }, rule: earliest }, latest]\n"
        let email = "      email: [{ when: { column: name, is: a }, rule: earliest }, latest]\n"
        #expect(!found(name) && !found(email))
        #expect(found(name + email))
        #expect(found(name.replacing("column: email", with: "column: name")))
        let through = "    default: [{ when: { column: name, is: a }, rule: earliest }, latest]\n"
        #expect(Self.problems(through).contains { $0.message.contains("wait for each other") })
    }

    @Test("where policy and district wait for each other, every command names the value that is shown")
    func cycleOfLayers() throws {
        let roster = "version: 1\ndomain: roster\ntables:\n  teacher:\n    default: latest\n    columns:\n"
        let name = "      name: [{ when: { column: email, is: a }, rule: earliest }, latest]\n"
        let email = "      email: [{ when: { column: name, is: n2 }, rule: earliest }, latest]\n"
        let rules = TenantRules(documents: [
            RuleDocument(layer: .policy, domain: "roster", yaml: roster + name + "    locked: [name]\n"),
            RuleDocument(layer: .district, domain: "roster", yaml: roster + email),
        ])
        let example = RuleExample(
            name: "", table: "teacher",
            writes: ["a", "b"].enumerated().map { index, letter in
                .init(
                    by: "node\(index)", role: "operator",
                    change: .row(["name": .text("n\(index + 1)"), "email": .text(letter)]), seen: [],
                    at: index)
            }, shows: [:], open: nil, line: 1)
        let (state, causality) = try example.state()
        let shown = try rules.project(table: "teacher", state: state, causality: causality)
        for column in ["name", "email"] {
            let decision = try rules.decision(
                table: "teacher", column: column, state: state, causality: causality)
            #expect(decision?.pick.value == shown?[column], "\(column)")
        }
    }
}
