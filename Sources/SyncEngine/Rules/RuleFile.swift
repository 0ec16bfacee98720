import NodeCore

/// One domain's rules as a YAML file states them (conflict-rules/README.md says the form).
///
///     version: 1
///     domain: roster
///     tables:
///       teacher:
///         row: update_wins
///         default: latest
///         columns:
///           name: { rule: manual, default: latest, deadline: 14d }
public struct RuleFile: Sendable, Equatable {
    /// A rule with the conditions under which it is asked.
    public struct Choice: Sendable, Equatable {
        public let when: [RuleCondition]
        public let rule: Rule
        public let place: RulePlace
    }

    /// The choices of a column in order; the last has no condition, so exactly one rule applies.
    public struct Entry: Sendable, Equatable {
        public let choices: [Choice]
        public var last: Choice { choices[choices.count - 1] }
    }

    public struct Table: Sendable, Equatable {
        public let row: RowRule
        /// Where `row` stands; nowhere when it isn't said and `update_wins` is built in.
        public let rowPlace: RulePlace
        public let fallback: Entry
        public let columns: [String: Entry]
        /// Columns that a district's own file leaves to this one, and `*` for the row rule. Only in the
        /// hub's policy.
        public let locked: Set<String>
        public let place: RulePlace
        /// What the file says about rows that merging set against each other.
        public var relations = RelationRules()
        /// Who may write columns, and under `*` make and delete rows. Only in the hub's policy.
        public var owners: [String: Owner] = [:]

        func entry(_ column: String) -> Entry { columns[column] ?? fallback }
    }

    public let domain: String
    public let tables: [String: Table]
    public let examples: [RuleExample]

    /// Throws `VALIDATION_ERROR` with line and column for the first thing that isn't as it must be.
    public init(yaml: String) throws {
        let (file, problems) = Self.read(yaml)
        if let first = problems.first(where: \.isError) { throw first.nodeError }
        guard let file else { throw NodeError(.validation, "the rule file can't be read") }
        self = file
    }

    init(domain: String, tables: [String: Table], examples: [RuleExample]) {
        self.domain = domain
        self.tables = tables
        self.examples = examples
    }

    /// Everything that is wrong with a file, and the file when nothing is an error.
    public static func read(_ yaml: String) -> (file: RuleFile?, problems: [RuleProblem]) {
        var parser = RuleParser()
        let file = parser.parse(yaml)
        let problems = parser.problems.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
        return (problems.contains(where: \.isError) ? nil : file, problems)
    }

    /// The schema version that an installation must have to know every rule in it.
    public var since: Int {
        tables.values.map { table in
            let entries = [table.fallback] + table.columns.values
            let rules = entries.flatMap(\.choices).map { max($0.rule.since, $0.when.isEmpty ? 1 : 2) }
            let relations =
                table.relations == RelationRules() && table.owners.isEmpty ? 1 : RelationRules.since
            return max(rules.max() ?? 1, table.row == .archive ? 2 : 1, relations)
        }.max() ?? 1
    }
}

/// Something that is wrong with a rule file, and where.
public struct RuleProblem: Sendable, Equatable {
    public let isError: Bool
    public let place: RulePlace
    public let message: String
    public let suggestion: String?

    public var line: Int { place.line }
    public var column: Int { place.column }

    var nodeError: NodeError {
        let start = place.line > 0 ? "line \(place.line), column \(place.column): " : ""
        return NodeError(
            .validation, start + message,
            hint: suggestion ?? "See conflict-rules/README.md for the form of a rule file.")
    }
}
