import TestSupport

@testable import SyncEngine

/// Sound rule files at random, over every rule, condition and row rule of the language.
struct RuleFileGenerator {
    var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// The columns that generated rows differ in, by domain and table.
    static let columns: [String: [String: [String]]] = [
        "roster": [
            "teacher": ["email", "name"],
            "teacher_year": ["school_id", "grade", "active", "source", "hand_deactivated"],
        ],
        "tenant": [
            "tenant": ["cors_origins", "time_zone"], "api_key": ["hash", "prefix", "revoked_at"],
        ],
    ]

    mutating func dice(_ sides: Int) -> Int { Int.random(in: 0..<sides, using: &random) }
    private mutating func one<T>(of all: [T]) -> T { all[dice(all.count)] }

    /// A whole file. As policy it may lock columns.
    mutating func file(domain: String, asPolicy: Bool) -> String {
        let tables = Self.columns[domain]!.keys.sorted()
        let kept = dice(3) == 0 ? [one(of: tables)] : tables
        var text = "version: 1\ndomain: \(domain)\ntables:\n"
        for table in kept { text += self.table(table, Self.columns[domain]![table]!, asPolicy: asPolicy) }
        return text
    }

    private mutating func table(_ name: String, _ columns: [String], asPolicy: Bool) -> String {
        var text = "  \(name):\n"
        if let row = rowRule(name, asPolicy: asPolicy) { text += "    row: \(row)\n" }
        text += entry(key: "    default", before: [])
        // A condition looks at columns that come earlier here, so that there is no cycle.
        let order = columns.shuffled(using: &random)
        let named = order.indices.filter { _ in dice(3) > 0 }
        if !named.isEmpty { text += "    columns:\n" }
        for index in named { text += entry(key: "      \(order[index])", before: Array(order[..<index])) }
        if asPolicy, dice(3) == 0 { text += "    locked: [\(one(of: columns + ["row"]))]\n" }
        return text
    }

    private mutating func rowRule(_ table: String, asPolicy: Bool) -> String? {
        switch table {
        // The shipped policy locks these.
        case "tenant" where !asPolicy: nil
        case "api_key" where !asPolicy: "delete_wins"
        case "teacher_year": one(of: [nil, "update_wins", "delete_wins", "archive", "archive"])
        default: one(of: [nil, "update_wins", "delete_wins"])
        }
    }

    private mutating func entry(key: String, before: [String]) -> String {
        var conditions: [String] = []
        for _ in 0..<[0, 0, 1, 2][dice(4)] {
            let next = condition(before)
            if !conditions.contains(next) { conditions.append(next) }
        }
        guard !conditions.isEmpty else { return "\(key): \(rule())\n" }
        let indent = String(repeating: " ", count: key.prefix { $0 == " " }.count + 2)
        var text = "\(key):\n"
        for one in conditions {
            let rule = rule()
            let body = rule.hasPrefix("{") ? rule.dropFirst(1).dropLast(1) : " rule: \(rule) "
            text += "\(indent)- { when: \(one),\(body)}\n"
        }
        return text + "\(indent)- \(rule())\n"
    }

    private mutating func condition(_ columns: [String]) -> String {
        if let column = columns.randomElement(using: &random), dice(3) > 0 {
            let test = one(of: [
                "is: A", "is_not: B", "in: [A, 1]", "not_in: [C, 0]", "empty: true", "empty: false",
            ])
            return "{ column: \(column), \(test) }"
        }
        let who = one(of: ["side: hub", "side: node", "node: node1", "node: node2", "role: admin"])
        return "{ writers: \(one(of: ["any", "all"])), \(who) }"
    }

    private mutating func rule(inner: Bool = false) -> String {
        let words = RuleWord.allCases.filter { !inner || $0 != .manual }
        let word = one(of: words)
        let parameters: String? =
            switch word {
            case .prefer: one(of: ["node: node1", "node: hub", "role: admin", "role: coordinator"])
            case .union: one(of: ["separator: ' '", "separator: ','"])
            case .denyWins: one(of: ["deny: [0]", "deny: [A, '']", "deny: [null, 1]"])
            case .lowerPrivilege, .higherPrivilege: one(of: ["order: [A, B, C]", "order: [C, A]"])
            case .nonEmpty: "then: \(inner ? "earliest" : rule(inner: true))"
            case .stateMachine:
                "transitions: { A: [B], B: [C, A B] }, otherwise: \(inner ? "latest" : rule(inner: true))"
            case .manual:
                "default: \(rule(inner: true))" + one(of: ["", ", deadline: 14d", ", deadline: 36h"])
            default: nil
            }
        return parameters.map { "{ rule: \(word.rawValue), \($0) }" } ?? word.rawValue
    }
}
