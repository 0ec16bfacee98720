import NodeCore

/// A cell (or a row's life, `*`) that other rules would show otherwise.
public struct RuleChange: Sendable, Equatable {
    public let table: String
    public let row: String
    public let column: String
    public let before: Value
    public let after: Value
    public let ruleBefore: String
    public let ruleAfter: String
    /// A conflict that is over: what it would have shown. What stands now isn't touched by that.
    public let isPast: Bool
}

/// What a file would have done to the conflicts that stand and to those of the last days.
public struct Backtest: Sendable {
    public let changes: [RuleChange]
    /// Conflicts looked at, standing and past.
    public let standing: Int
    public let past: Int
    /// Conflicts that wait for a person under the rules in force, and under the file.
    public let openBefore: Int
    public let openAfter: Int
}

extension RuleService {
    /// Tries a file on the conflicts that stand and on those that ended in the last `days`. Writes
    /// nothing. Throws `VALIDATION_ERROR` for a file with errors.
    public func backtest(_ yaml: String, days: Int, asPolicy: Bool = false) throws -> Backtest {
        let file = try valid(yaml, asPolicy: asPolicy)
        let since = tenant.store.environment.clock.milliseconds() - Int64(days) * 86_400_000
        return try tenant.store.read { reader in
            let next = try reader.rules(with: yaml, file, asPolicy: asPolicy)
            let standing = try reader.conflicts()
            let past = try reader.conflictHistory(since: since).map(\.conflict)
            func open(_ rules: TenantRules) throws -> Int {
                try standing.count { conflict in
                    let state = try reader.loadRow(conflict.table, id: conflict.row)
                    return try rules.needsReview(conflict, state: state, causality: reader)
                }
            }
            return Backtest(
                changes: try reader.changes(to: next) + reader.pastChanges(past, to: next),
                standing: standing.count, past: past.count, openBefore: try open(reader.tenantRules()),
                openAfter: try open(next))
        }
    }
}

extension StoreReader {
    /// What is shown otherwise under other rules: the difference of both projections of every row that
    /// has a conflict.
    func changes(to next: TenantRules) throws -> [RuleChange] {
        let rules = try tenantRules()
        var seen: Set<String> = []
        return try conflicts().flatMap { conflict -> [RuleChange] in
            guard seen.insert("\(conflict.table) \(conflict.row)").inserted else { return [] }
            return try changes(conflict.table, conflict.row, from: rules, to: next)
        }
    }

    /// Compares what the domain table holds: a column that this version doesn't know isn't shown, and a
    /// value of another type shows as nothing.
    private func changes(
        _ name: String, _ row: String, from rules: TenantRules, to next: TenantRules
    ) throws -> [RuleChange] {
        guard let table = schema.table(name) else { return [] }
        let state = try loadRow(name, id: row)
        let before = try rules.project(table: name, state: state, causality: self)
        let after = try next.project(table: name, state: state, causality: self)
        func change(_ column: String, _ old: Value, _ new: Value) throws -> RuleChange {
            RuleChange(
                table: name, row: row, column: column, before: old, after: new,
                ruleBefore: try ruleName(rules, name, column, state),
                ruleAfter: try ruleName(next, name, column, state), isPast: false)
        }
        guard let before, let after else {
            if (before == nil) == (after == nil) { return [] }
            let words: [Value] = [before, after].map { $0 == nil ? "deleted" : "kept" }
            return [try change(CellConflict.lifeColumn, words[0], words[1])]
        }
        return try table.columns.sorted { $0.name < $1.name }.compactMap { column in
            let (old, new) = (column.storable(before[column.name]), column.storable(after[column.name]))
            return old == new ? nil : try change(column.name, old, new)
        }
    }

    /// The rule by which a cell, or the row's life, shows what it shows.
    private func ruleName(
        _ rules: TenantRules, _ table: String, _ column: String, _ state: RowState
    ) throws -> String {
        let rowRule = rules.rowRule(table: table)
        if column == CellConflict.lifeColumn { return rowRule.rawValue }
        if column == RowRule.activeColumn, rowRule == .archive,
            try state.life(covers: covering(state)).contains(where: { !$0.alive })
        {
            return rowRule.rawValue
        }
        return try rules.decision(table: table, column: column, state: state, causality: self)?
            .ruling.rule.name ?? "-"
    }

    /// What conflicts of the past would have shown. Conditions on other columns look at what those show
    /// today.
    func pastChanges(_ past: [CellConflict], to next: TenantRules) throws -> [RuleChange] {
        let rules = try tenantRules()
        return try past.compactMap { conflict in
            guard let old = try pastPick(conflict, rules), let new = try pastPick(conflict, next),
                old.value != new.value
            else { return nil }
            return RuleChange(
                table: conflict.table, row: conflict.row, column: conflict.column, before: old.value,
                after: new.value, ruleBefore: old.rule, ruleAfter: new.rule, isPast: true)
        }
    }

    /// What rules show of siblings that are no longer there; nil when there is no row any more.
    func pastPick(_ conflict: CellConflict, _ rules: TenantRules) throws -> (value: Value, rule: String)? {
        guard conflict.column != CellConflict.lifeColumn else {
            let rule = rules.rowRule(table: conflict.table)
            return (rule == .deleteWins ? "deleted" : "kept", rule.rawValue)
        }
        var state = try loadRow(conflict.table, id: conflict.row)
        guard !state.isEmpty, !conflict.siblings.isEmpty else { return nil }
        state.writes.removeAll { write in conflict.siblings.contains { $0.stamp == write.stamp } }
        state.cells[conflict.column] = conflict.siblings
        let decision = try rules.decision(
            table: conflict.table, column: conflict.column, state: state, causality: self)
        return decision.map { ($0.pick.value, $0.ruling.rule.name) }
    }
}
