import NodeCore
import Yams

extension RuleParser {
    /// `latest`, `{ rule: …, when: … }`, or a list of such, the last without `when`.
    mutating func parseEntry(_ node: Node, _ table: SyncedTable) -> RuleFile.Entry? {
        guard let list = node.sequence else {
            guard let only = parseChoice(node, table) else { return nil }
            guard only.when.isEmpty else {
                error("a rule with 'when' needs another below it for when that doesn't hold", node)
                return nil
            }
            return RuleFile.Entry(choices: [only])
        }
        var choices: [RuleFile.Choice] = []
        var isWhole = true
        for (index, one) in list.enumerated() {
            guard let choice = parseChoice(one, table) else {
                isWhole = false
                continue
            }
            if choice.when.isEmpty, index < list.count - 1 {
                error("what follows this rule is never reached: it has no 'when'", one)
            } else if choices.contains(where: { $0.when == choice.when }) {
                error("this rule is never reached: the same condition stands above", one)
            } else if choice.contradictsItself {
                warn("this rule is never reached: its conditions never hold together", one)
            } else if let above = choices.first(where: { $0.covers(choice) }) {
                warn(
                    "this rule is never reached: where its condition holds, that in line \(above.place.line) does",
                    one)
            }
            choices.append(choice)
        }
        // What is wrong with an entry is told; what would follow from leaving it out isn't.
        guard isWhole else { return nil }
        guard let last = choices.last, last.when.isEmpty else {
            error("the last rule must have no 'when', so that there always is one", node)
            return nil
        }
        return RuleFile.Entry(choices: choices)
    }

    private mutating func parseChoice(_ node: Node, _ table: SyncedTable) -> RuleFile.Choice? {
        let place = RulePlace(node.mark)
        guard node.mapping != nil else {
            return parseRule(node.string ?? "", [:], node, table).map {
                .init(when: [], rule: $0, place: place)
            }
        }
        let all = RuleWord.allCases.reduce(into: Set(["rule", "when"])) { $0.formUnion($1.parameters) }
        guard let body = mapping(node, allowed: all, "a rule") else { return nil }
        guard let name = body["rule"]?.string else {
            error("'rule' is missing", node)
            return nil
        }
        let parameters = body.filter { $0.key != "rule" && $0.key != "when" }
        let when = body["when"].map { parseConditions($0, table) } ?? .some([])
        let rule = parseRule(name, parameters, node, table)
        guard let when, let rule else { return nil }
        return .init(when: when, rule: rule, place: place)
    }

    private mutating func parseRule(
        _ name: String, _ body: [String: Node], _ node: Node, _ table: SyncedTable
    ) -> Rule? {
        guard let word = RuleWord(rawValue: name) else {
            error("there is no rule '\(name)'", node, near: name, RuleWord.allCases.map(\.rawValue))
            return nil
        }
        for key in body.keys.sorted() where !word.parameters.contains(key) {
            error("the rule '\(name)' takes no '\(key)'", body[key], near: key, word.parameters.sorted())
        }
        switch word {
        case .latest: return .latest
        case .earliest: return .earliest
        case .preferHub: return .prefer(.hub)
        case .preferNode: return .prefer(.node)
        case .highest: return .highest
        case .lowest: return .lowest
        case .longest: return .longest
        case .appendOnly: return .appendOnly
        case .prefer: return parsePrefer(body, node)
        case .union: return parseUnion(body, node)
        case .nonEmpty: return inner(body["then"], node, table).map { .nonEmpty(then: $0) }
        case .denyWins: return .denyWins(body["deny"].map { parseValues($0) } ?? [0])
        case .lowerPrivilege, .higherPrivilege:
            return parseOrder(body["order"], node).map { .privilege($0, higher: word == .higherPrivilege) }
        case .stateMachine: return parseStateMachine(body, node, table)
        case .manual: return parseManual(body, node, table)
        }
    }

    /// A rule within a rule; `latest` where none is given.
    private mutating func inner(_ node: Node?, _ outer: Node, _ table: SyncedTable) -> Rule? {
        guard let node else { return .latest }
        guard let choice = parseChoice(node, table) else { return nil }
        guard choice.when.isEmpty, !choice.rule.needsReview else {
            error("a rule within a rule is neither manual nor has a 'when'", node)
            return nil
        }
        return choice.rule
    }

    private mutating func parsePrefer(_ body: [String: Node], _ node: Node) -> Rule? {
        switch (body["node"]?.string, body["role"]?.string) {
        case (let name?, nil): return .prefer(.node(name))
        case (nil, let role?):
            lookAtRole(role, body["role"] ?? node)
            return .prefer(.authorRole(role))
        default:
            error("'prefer' needs either 'node' (an installation's name or id) or 'role'", node)
            return nil
        }
    }

    private mutating func parseUnion(_ body: [String: Node], _ node: Node) -> Rule? {
        let separator = body["separator"]?.scalar?.string ?? " "
        guard (1...4).contains(separator.utf8.count) else {
            error("'separator' must have 1 to 4 characters", body["separator"] ?? node)
            return nil
        }
        return .union(separator: separator)
    }

    private mutating func parseManual(_ body: [String: Node], _ node: Node, _ table: SyncedTable) -> Rule? {
        guard let fallback = body["default"] else {
            error("a manual rule needs a 'default' that is shown until it is settled", node)
            return nil
        }
        guard let rule = inner(fallback, node, table) else { return nil }
        guard let deadline = body["deadline"] else { return .manual(default: rule, deadline: nil) }
        let text = deadline.string ?? ""
        guard let match = text.wholeMatch(of: /([1-9][0-9]{0,3})([dh])/), let number = Int(match.1),
            number * (match.2 == "d" ? 24 : 1) <= 366 * 24
        else {
            error("'deadline' must be days or hours, such as 14d or 36h, at most a year", deadline)
            return nil
        }
        return .manual(default: rule, deadline: .init(hours: number * (match.2 == "d" ? 24 : 1)))
    }

    private mutating func parseOrder(_ node: Node?, _ outer: Node) -> [String]? {
        let order = node?.sequence?.compactMap { $0.scalar?.string } ?? []
        guard order.count >= 2, Set(order).count == order.count else {
            error("'order' must list the values from the lowest to the highest, each once", node ?? outer)
            return nil
        }
        return order
    }

    private mutating func parseStateMachine(
        _ body: [String: Node], _ node: Node, _ table: SyncedTable
    ) -> Rule? {
        guard let list = body["transitions"].flatMap({ mapping($0, allowed: nil, "transitions") }) else {
            error("'state_machine' needs 'transitions': for each state the states that may follow", node)
            return nil
        }
        var steps: [String: [String]] = [:]
        for (state, next) in list {
            guard let states = next.sequence else {
                error("the states after '\(state)' must be a list", next)
                continue
            }
            steps[state] = states.compactMap { $0.scalar?.string }
        }
        return inner(body["otherwise"], node, table).map { .stateMachine(steps, otherwise: $0) }
    }

    private mutating func parseValues(_ node: Node) -> [NodeCore.Value] {
        let nodes = node.sequence.map(Array.init) ?? [node]
        let values = nodes.compactMap(\.cellValue)
        if values.count != nodes.count || values.isEmpty {
            error("a value or a list of values is needed", node)
        }
        return values
    }

    // MARK: Conditions

    /// Nil when one of them is none.
    private mutating func parseConditions(_ node: Node, _ table: SyncedTable) -> [RuleCondition]? {
        let nodes = node.sequence.map(Array.init) ?? [node]
        if nodes.isEmpty { error("'when' must state a condition", node) }
        let conditions = nodes.compactMap { parseCondition($0, table) }
        return conditions.isEmpty || conditions.count < nodes.count ? nil : conditions
    }

    /// The roles that deltas of this version name. Another version may have more, so others are a remark.
    static let roles =
        TenantRole.allCases.map(\.rawValue) + HubRole.allCases.map { "hub_\($0.rawValue)" } + [
            "operator", "system",
        ]

    private mutating func lookAtRole(_ role: String, _ node: Node) {
        guard !Self.roles.contains(role) else { return }
        warn("nobody writes with the role '\(role)'", node, near: role, Self.roles)
    }

    static let tests: Set<String> = ["is", "is_not", "in", "not_in", "empty"]
    static let writers: Set<String> = ["side", "node", "role"]

    private mutating func parseCondition(_ node: Node, _ table: SyncedTable) -> RuleCondition? {
        let allowed = Self.tests.union(Self.writers).union(["column", "writers"])
        guard let body = mapping(node, allowed: allowed, "a condition") else { return nil }
        if let name = body["column"]?.string {
            guard table.column(name) != nil else {
                error(
                    "table '\(table.name)' has no column '\(name)'", node, near: name,
                    table.columns.map(\.name))
                return nil
            }
            return parseTest(body, node).map { .column(name, $0) }
        }
        guard let quantity = body["writers"]?.string, ["any", "all"].contains(quantity), body.count == 2
        else {
            error(
                "a condition is about a 'column', or about 'writers: any' or 'all' of a side, node or role",
                node)
            return nil
        }
        let all = quantity == "all"
        if let name = body["node"]?.string { return .writers(all: all, .node(name)) }
        if let role = body["role"]?.string {
            lookAtRole(role, body["role"] ?? node)
            return .writers(all: all, .authorRole(role))
        }
        guard let side = body["side"]?.string.flatMap(Role.init) else {
            error("'side' must be hub or node", node)
            return nil
        }
        return .writers(all: all, .side(side))
    }

    private mutating func parseTest(_ body: [String: Node], _ node: Node) -> RuleCondition.Test? {
        guard body.count == 2, let key = body.keys.first(where: Self.tests.contains), let value = body[key]
        else {
            error("a condition on a column has one of is, is_not, in, not_in, empty", node)
            return nil
        }
        switch key {
        case "is", "in": return .isOneOf(parseValues(value))
        case "is_not", "not_in": return .isNoneOf(parseValues(value))
        default:
            guard let flag = value.bool else {
                error("'empty' must be true or false", value)
                return nil
            }
            return .isEmpty(flag)
        }
    }
}
