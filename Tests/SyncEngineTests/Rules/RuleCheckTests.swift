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

    @Test(
        "what is refused before or by the parser has its place too",
        arguments: [
            ("version: 1\ndomain: &x roster\n", 2, 9), ("version: 1\ndomain: *x\n", 2, 9),
            ("version: 1\n\n# \(String(repeating: "x", count: 500))\n", 3, 501),
            ("version: 1\r\ndomain: ros\u{7}ter\r\n", 2, 12),
            ("version: 1\ndomain: roster\ntables:\n  teacher: { default: latest, default: latest }\n", 4, 14),
        ])
    func places(yaml: String, line: Int, column: Int) {
        let found = RuleFile.read(yaml).problems
        #expect(found.map { [$0.line, $0.column] } == [[line, column]], "\(found)")
    }

    @Test(
        "an ampersand or asterisk that is no anchor is text",
        arguments: [
            "latest   # Tom & Jerry", "latest # see *this* and &that", "latest # it's *this*",
            "{ rule: prefer, node: Q & A }", "{ rule: prefer, node: AT&T }",
        ])
    func ampersands(rule: String) {
        #expect(Self.problems("    default: \(rule)\n") == [])
    }

    @Test(
        "no anchor hides behind what looks like a comment or a text",
        arguments: [
            "a: &x b", "a: *x", "- &x", "[&x 1]", "[1,*x]", "{&x a: 1}", "a: \"#\", b: &x c",
            "a: \"x\n  #\", b: &x c",
            "a: ' #', b: &x c", "[it's, 'y #', &x z]", "# fine\n\"a\": &x b", "a: \"\\\" #\", b: *x",
            "\t&x a",
        ])
    func anchors(yaml: String) {
        let found = RuleFile.read(yaml).problems
        #expect(found.count == 1 && found[0].message.contains("anchors"), "\(found)")
    }

    @Test("a mistake in a condition is told alone, without what would follow from leaving it out")
    func oneMistake() {
        let when = "{ when: { column: emial, is: a }, rule: earliest }"
        let listed = "{ when: [{ column: emial, is: a }, { column: email, is: b }], rule: lowest }"
        for rule in [
            when, "[\(when), latest]", "[\(when), \(when), latest]", "[\(listed), latest]",
            "[latest, newest]",
        ] {
            let found = Self.problems("    default: latest\n    columns:\n      name: \(rule)\n")
            #expect(found.allSatisfy { $0.message.contains("emial") || rule.contains("newest") }, "\(found)")
            #expect(!found.isEmpty && !found.contains { $0.message.contains("last rule must") }, "\(found)")
        }
    }

    static let unreached: [(above: String, below: String)] = [
        ("{ column: email, in: [a, b] }", "{ column: email, is: a }"),
        ("{ column: email, is_not: a }", "{ column: email, is: b }"),
        ("{ column: email, is_not: a }", "{ column: email, not_in: [a, b] }"),
        ("{ column: email, empty: false }", "{ column: email, is: a }"),
        ("{ column: email, is: a }", "[{ column: email, is: a }, { writers: any, side: hub }]"),
        ("{ writers: any, side: hub }", "{ writers: all, side: hub }"),
        ("{ column: email, is: c }", "[{ writers: all, side: hub }, { writers: all, side: node }]"),
        ("{ column: email, is: c }", "[{ writers: all, side: hub }, { writers: any, side: node }]"),
        ("{ column: email, is: c }", "[{ writers: all, role: admin }, { writers: all, role: user }]"),
        ("{ column: email, is: c }", "[{ column: email, is: a }, { column: email, is: b }]"),
        ("{ column: email, is: c }", "[{ column: email, is: a }, { column: email, empty: true }]"),
    ]

    @Test(
        "a rule whose condition never holds, or never before one above it does, is remarked",
        arguments: unreached)
    func unreachable(above: String, below: String) {
        func found(_ one: String, _ two: String) -> [RuleProblem] {
            Self.problems(
                "    default: latest\n    columns:\n      name:\n        - { when: \(one), rule: earliest }\n"
                    + "        - { when: \(two), rule: longest }\n        - latest\n")
        }
        let problems = found(above, below)
        #expect(problems.count == 1 && problems[0].message.contains("never reached"), "\(problems)")
        #expect(problems.map(\.line) == [9] && problems.map(\.isError) == [false])
        if !below.hasPrefix("[{ writers") && !below.contains("is: a }, { column") {
            #expect(found(below, above) == [], "the other way round both are asked")
        }
    }

    @Test("a role that nobody writes with is remarked, with the one that may be meant")
    func roles() {
        for rule in [
            "{ rule: prefer, role: amdin }",
            "[{ when: { writers: any, role: amdin }, rule: earliest }, latest]",
        ] {
            let found = Self.problems("    default: \(rule)\n")
            #expect(
                found.map(\.isError) == [false] && found[0].suggestion == "Did you mean 'admin'?", "\(found)")
        }
        for role in ["admin", "operator", "hub_admin", "coordinator"] {
            #expect(Self.problems("    default: { rule: prefer, role: \(role) }\n") == [])
        }
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

    @Test(
        "a row shows what each of its columns is decided to, with conditions and without",
        arguments: ["latest", "[{ when: { column: email, is: b }, rule: earliest }, latest]"])
    func views(merged: String) throws {
        let rules = TenantRules(documents: [
            RuleDocument(
                domain: "roster",
                yaml: """
                    version: 1
                    domain: roster
                    tables:
                      teacher:
                        default: { rule: manual, default: earliest }
                        columns: { email: highest, merged_into: \(merged) }
                    """)
        ])
        var random = SeededGenerator(seed: SeededGenerator.seed(default: 6))
        for _ in 0..<300 {
            let writes = (0..<6).map { index in
                let columns = ["name", "email", "merged_into", "former_names"].filter { _ in
                    Bool.random(using: &random)
                }
                let values = Dictionary(
                    uniqueKeysWithValues: (columns + ["email"].prefix(columns.isEmpty ? 1 : 0)).map {
                        ($0, Value.text(["a", "b", "c"].randomElement(using: &random) ?? ""))
                    })
                let change: Change =
                    index == 0 || Int.random(in: 0..<6, using: &random) == 0 ? .row(values) : .columns(values)
                return RuleExample.Write(
                    by: "node\(Int.random(in: 0..<3, using: &random))", role: "operator", change: change,
                    seen: (1...6).filter { $0 <= index && ($0 == 1 || Bool.random(using: &random)) },
                    at: index)
            }
            let example = RuleExample(
                name: "", table: "teacher", writes: writes, shows: [:], open: nil, line: 1)
            let (state, causality) = try example.state()
            let covers = try causality.covering(state)
            let view = try rules.view(of: state, table: "teacher", covers: covers, causality: causality)
            for column in state.columns {
                let decision = try rules.decision(
                    table: "teacher", column: column, state: state, causality: causality)
                #expect(view.shown?[column] == decision?.pick.value, "\(column) of \(writes)")
            }
            for conflict in state.conflicts(table: "teacher", id: "r", covers: covers) {
                let isOpen = try rules.needsReview(conflict, state: state, causality: causality)
                #expect(view.forPerson.contains(conflict.column) == isOpen, "\(conflict.column) of \(writes)")
            }
        }
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
