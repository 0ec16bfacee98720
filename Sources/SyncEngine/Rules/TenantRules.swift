import NodeCore

/// The rules of one tenant: the hub's policy, and over it the district's own files.
///
/// A table that a district's file names goes by that file, but for what the policy locks; every other
/// table by the policy. Total: a table that no readable document speaks for is projected with `latest`
/// and `update_wins`; the rule documents themselves always with `prefer_hub`, since the rules can't
/// decide about themselves.
public struct TenantRules: RuleBook {
    /// One document's word on a table. A class, because it is asked for every column of a row and never changes.
    final class Source: Sendable {
        let layer: RuleDocument.Layer?
        let domain: String
        let version: Int64
        let table: RuleFile.Table
        /// Whether the rule of some column depends on what others show, or on who wrote.
        let isConditional: Bool

        init(layer: RuleDocument.Layer?, domain: String, version: Int64, table: RuleFile.Table) {
            self.layer = layer
            self.domain = domain
            self.version = version
            self.table = table
            isConditional = ([table.fallback] + table.columns.values).contains { $0.choices.count > 1 }
        }

        /// `roster.yaml:12`, `roster.yaml:12 (district, version 3)`, or `built-in`.
        func name(_ place: RulePlace) -> String {
            if place == .none { return "built-in" }
            return switch layer {
            case nil: "built-in"
            case .policy: "\(domain).yaml:\(place.line)"
            case .district: "\(domain).yaml:\(place.line) (district, version \(version))"
            }
        }
    }

    /// A rule in force for a column, with where it stands.
    public struct Ruling: Sendable {
        public let rule: Rule
        public let isLocked: Bool
        fileprivate let source: Source
        fileprivate let line: RulePlace

        /// `roster.yaml:12`, `roster.yaml:12 (district, version 3)`, or `built-in`.
        public var place: String { source.name(line) }

        fileprivate init(_ choice: RuleFile.Choice, of source: Source, isLocked: Bool) {
            rule = choice.rule
            self.isLocked = isLocked
            self.source = source
            line = choice.place
        }
    }

    private let policy: [String: Source]
    private let district: [String: Source]
    private static let ownTables: Set<String> = [Schema.ruleSet.name, Schema.rulePolicy.name]

    private static func builtIn(_ rule: Rule) -> Source {
        let entry = RuleFile.Entry(choices: [.init(when: [], rule: rule, place: .none)])
        return Source(
            layer: nil, domain: "", version: 0,
            table: RuleFile.Table(
                row: .updateWins, rowPlace: .none, fallback: entry, columns: [:], locked: [], place: .none))
    }
    private static let latest = builtIn(.latest)
    private static let preferHub = builtIn(.prefer(.hub))
    private static let union = builtIn(.union(separator: "\n"))

    public init(documents: [RuleDocument]) {
        var layers: [RuleDocument.Layer: [String: Source]] = [:]
        for document in documents {
            guard let file = ReadableRules.file(document.yaml) else { continue }
            for (name, table) in file.tables where !Self.ownTables.contains(name) {
                layers[document.layer, default: [:]][name] = Source(
                    layer: document.layer, domain: document.domain, version: document.version, table: table)
            }
        }
        policy = layers[.policy] ?? [:]
        district = layers[.district] ?? [:]
    }

    // MARK: Which rule

    /// The documents that speak for one table, looked up once.
    struct TableSources {
        /// For each column, whatever it is.
        fileprivate let fixed: Source?
        fileprivate let memories: Set<String>
        fileprivate let base: Source?
        fileprivate let own: Source

        /// The one that speaks for a column, or for the row's life (`*`).
        func source(_ column: String) -> (source: Source, isLocked: Bool) {
            if let fixed { return (fixed, true) }
            // What two sides remember apart is kept by both: no rule is asked.
            if memories.contains(column) { return (TenantRules.union, true) }
            if let base, base.table.locked.contains(column) { return (base, true) }
            return (own, false)
        }
    }

    func sources(_ table: String) -> TableSources {
        let base = policy[table]
        return TableSources(
            fixed: Self.ownTables.contains(table) ? Self.preferHub : nil,
            memories: Schema.table(table)?.memoryColumns ?? [], base: base,
            own: district[table] ?? base ?? Self.latest)
    }

    /// The document that speaks for a column of a table, or for the row's life (`*`).
    func source(_ table: String, _ column: String) -> (source: Source, isLocked: Bool) {
        sources(table).source(column)
    }

    func policySource(_ table: String) -> Source? { policy[table] }

    public func owner(of column: Column?, in table: SyncedTable) -> Owner {
        let name = column?.name ?? CellConflict.lifeColumn
        return policy[table.name]?.table.owners[name] ?? column?.owner ?? table.owner
    }

    public func rowRule(table: String) -> RowRule {
        source(table, CellConflict.lifeColumn).source.table.row
    }

    /// The choices of a column in order, each with its place.
    public func choices(table: String, column: String) -> [(when: [RuleCondition], ruling: Ruling)] {
        let (source, isLocked) = source(table, column)
        return source.table.entry(column).choices.map {
            ($0.when, Ruling($0, of: source, isLocked: isLocked))
        }
    }

    /// Whether the rule of some column of a table depends on what others show, or on who wrote.
    fileprivate func isConditional(_ table: String) -> Bool {
        policy[table]?.isConditional == true || district[table]?.isConditional == true
    }

    /// Where the rule of a row's life stands.
    public func rowPlace(table: String) -> String {
        let (source, _) = source(table, CellConflict.lifeColumn)
        return source.name(source.table.rowPlace)
    }

    // MARK: What is shown

    public func view(
        of state: RowState, table: String, covers: @escaping (RowState.Stamp, RowState.Stamp) -> Bool,
        causality: any Causality
    ) throws -> RowView {
        let fate = state.fate(covers: covers)
        if fate == .dead { return RowView(shown: nil) }
        let rowRule = fate == .torn ? rowRule(table: table) : .updateWins
        var decisions = RowDecisions(self, table: table, state: state, covers: covers, causality: causality)
        // Of one write every rule picks its value: only columns with more than the row's one write are decided,
        // but for those that wait for others.
        let isOneWrite = state.writes.count == 1 && !isConditional(table)
        var shown = isOneWrite ? state.writes[0].values : [:]
        var forPerson: Set<String> = []
        for column in isOneWrite ? state.cells.columns : state.columns {
            let decision = try decisions.decision(column)
            shown[column] = decision?.pick.value
            if decision?.ruling.rule.needsReview == true { forPerson.insert(column) }
        }
        if rowRule == .archive { shown[RowRule.activeColumn] = 0 }
        return RowView(shown: rowRule == .deleteWins ? nil : shown, forPerson: forPerson)
    }

    /// The rule that decides a column of a row now, and what it picks; nil when nobody wrote the column.
    ///
    /// Where conditions of policy and district together wait for each other, the column that is asked
    /// first counts; so all are asked in the order in which `view` asks them.
    public func decision(
        table: String, column: String, state: RowState, causality: any Causality
    ) throws -> RowDecisions.Decision? {
        var decisions = RowDecisions(
            self, table: table, state: state, covers: try causality.covering(state), causality: causality)
        if choices(table: table, column: column).count > 1 {
            for name in state.columns { _ = try decisions.decision(name) }
        }
        return try decisions.decision(column)
    }

    /// Whether a person must settle a conflict.
    public func needsReview(_ conflict: CellConflict, state: RowState, causality: any Causality) throws
        -> Bool
    {
        guard conflict.column != CellConflict.lifeColumn else { return false }
        let decision = try decision(
            table: conflict.table, column: conflict.column, state: state, causality: causality)
        return decision?.ruling.rule.needsReview ?? false
    }
}

/// The decisions on one row; where a rule with a `when` asks for those of other columns, each is made once.
public struct RowDecisions {
    public struct Decision {
        public let ruling: TenantRules.Ruling
        public let pick: Rule.Pick
        public let siblings: [RankedSibling]
    }

    private let sources: TenantRules.TableSources
    private let state: RowState
    private let covers: (RowState.Stamp, RowState.Stamp) -> Bool
    private let causality: any Causality
    private let isConditional: Bool
    private var known: [String: Decision?] = [:]
    /// Columns that are being decided; one that is asked for again shows null. Rule files have no
    /// cycles; policy and district together might.
    private var pending: Set<String> = []

    init(
        _ rules: TenantRules, table: String, state: RowState,
        covers: @escaping (RowState.Stamp, RowState.Stamp) -> Bool, causality: any Causality
    ) {
        sources = rules.sources(table)
        self.state = state
        self.covers = covers
        self.causality = causality
        isConditional = rules.isConditional(table)
    }

    /// nil when no write has a value for the column.
    public mutating func decision(_ column: String) throws -> Decision? {
        if let done = known[column] { return done }
        let present = try state.standing(column, covers: covers).compactMap { sibling in
            try sibling.value.map { RankedSibling(facts: try causality.facts(sibling.stamp), value: $0) }
        }
        guard isConditional else { return present.isEmpty ? nil : try decide(column, present) }
        pending.insert(column)
        let decision = present.isEmpty ? nil : try decide(column, present)
        pending.remove(column)
        known[column] = .some(decision)
        return decision
    }

    private mutating func decide(_ column: String, _ present: [RankedSibling]) throws -> Decision {
        let (source, isLocked) = sources.source(column)
        let entry = source.table.entry(column)
        let choice = try entry.choices.first { try holds($0.when, present) } ?? entry.last
        return Decision(
            ruling: .init(choice, of: source, isLocked: isLocked), pick: choice.rule.pick(present),
            siblings: present)
    }

    private mutating func holds(_ when: [RuleCondition], _ present: [RankedSibling]) throws -> Bool {
        for condition in when {
            let holds = try condition.holds(present) { name in
                pending.contains(name) ? .null : try decision(name)?.pick.value ?? .null
            }
            if !holds { return false }
        }
        return true
    }
}
