import NodeCore

/// The rules of one tenant, read from its `rule_set` rows.
///
/// Total: a table that no readable document speaks for is projected with `latest` and `update_wins`;
/// the table `rule_set` itself always with `prefer_hub`, since the rules can't decide about
/// themselves.
public struct TenantRules: RuleBook {
    private let tables: [String: (domain: String, table: RuleFile.Table)]
    private static let builtIn = RuleFile.Table(
        row: .updateWins, rowLine: 0, fallback: .init(rule: .latest, line: 0), columns: [:])
    private static let ruleSetRule = RuleFile.Table(
        row: .updateWins, rowLine: 0, fallback: .init(rule: .prefer(.hub), line: 0), columns: [:])

    public init(documents: [RuleDocument]) {
        var tables: [String: (domain: String, table: RuleFile.Table)] = [:]
        for document in documents {
            guard let file = readable(document) else { continue }
            for (name, table) in file.tables where name != Schema.ruleSet.name {
                tables[name] = (document.domain, table)
            }
        }
        self.tables = tables
    }

    /// The rule of a column, with where it stands: `roster.yaml:12`, or `built-in`.
    public func rule(table: String, column: String) -> (rule: Rule, place: String) {
        let (domain, rules) = rules(for: table)
        let entry = rules.columns[column] ?? rules.fallback
        return (entry.rule, Self.place(domain, entry.line))
    }

    public func rowRule(table: String) -> RowRule { rules(for: table).1.row }

    /// The rule that decides a conflict, as listings write it, with where it stands.
    func name(of conflict: CellConflict) -> (rule: String, place: String) {
        guard conflict.column == CellConflict.lifeColumn else {
            let (rule, place) = rule(table: conflict.table, column: conflict.column)
            return (rule.name, place)
        }
        let (domain, rules) = rules(for: conflict.table)
        return (rules.row.rawValue, Self.place(domain, rules.rowLine))
    }

    private static func place(_ domain: String, _ line: Int) -> String {
        line == 0 ? "built-in" : "\(domain).yaml:\(line)"
    }

    /// Whether a conflict waits for a person. One of a row's life never does.
    func needsReview(_ conflict: CellConflict) -> Bool {
        conflict.column != CellConflict.lifeColumn
            && rule(table: conflict.table, column: conflict.column).rule.needsReview
    }

    private func rules(for table: String) -> (String, RuleFile.Table) {
        if table == Schema.ruleSet.name { return ("built-in", Self.ruleSetRule) }
        guard let known = tables[table] else { return ("built-in", Self.builtIn) }
        return (known.domain, known.table)
    }

    public func project(
        table: String, state: RowState, causality: any Causality
    ) throws -> [String: Value]? {
        let covers = try causality.covering(state)
        let life = state.life(covers: covers)
        guard life.contains(where: \.alive) else { return nil }
        if life.contains(where: { !$0.alive }), rowRule(table: table) == .deleteWins { return nil }
        var shown: [String: Value] = [:]
        for column in state.columns {
            let present = try state.siblings(of: column, covers: covers).compactMap { sibling in
                try sibling.value.map { RankedSibling(facts: try causality.facts(sibling.stamp), value: $0) }
            }
            guard !present.isEmpty else { continue }
            shown[column] = rule(table: table, column: column).rule.pick(present).value
        }
        return shown
    }
}

/// A document that this version can read. One that it can't is projected with the built-in rule, on
/// every installation of this version alike; `rules apply` keeps such documents out.
private func readable(_ document: RuleDocument) -> RuleFile? {
    do { return try RuleFile(yaml: document.yaml) } catch { return nil }
}
