import NodeCore
import Yams

/// What becomes of two rows that share a natural key.
public enum DuplicateRule: String, Sendable, CaseIterable {
    /// The hub merges the later into the earlier one; a person can take that back.
    case merge
    /// A person decides.
    case review
}

/// What becomes of a row whose parent is gone.
public enum ParentRule: String, Sendable, CaseIterable {
    /// The hub brings the parent back.
    case revive
    /// The hub deletes the row.
    case remove
    /// A person decides.
    case review
}

/// A table's rules about its rows' relations to other rows; nil where its file says nothing.
public struct RelationRules: Sendable, Equatable {
    /// A rule with where it stands.
    public struct Placed<Rule: Sendable & Equatable>: Sendable, Equatable {
        public let rule: Rule
        public let place: RulePlace
    }

    public var duplicate: Placed<DuplicateRule>?
    public var missingParent: Placed<ParentRule>?

    /// The schema version that an installation must have to read them.
    static let since = 3
    static let duplicateKey = "duplicate", parentKey = "missing_parent"
    static let keys: Set<String> = [duplicateKey, parentKey]
    /// What stands for such a rule among locked columns and in `rules show`; no column is called so.
    static func lock(_ key: String) -> String { "*\(key)" }
    static let locks = Set(keys.map(lock))

    public init() {}
}

extension RuleParser {
    mutating func parseRelations(_ body: [String: Node], _ table: SyncedTable) -> RelationRules {
        var rules = RelationRules()
        if let node = body[RelationRules.duplicateKey] {
            if table.naturalKey.isEmpty {
                error("rows of '\(table.name)' have no key that two could share", node)
            }
            rules.duplicate = placed(node, RelationRules.duplicateKey)
            if rules.duplicate?.rule == .merge, table.column(SyncedTable.mergeColumn) == nil {
                error("rows of '\(table.name)' can't be merged", node)
            }
        }
        if let node = body[RelationRules.parentKey] {
            if table.parents.isEmpty { error("rows of '\(table.name)' have no parent", node) }
            rules.missingParent = placed(node, RelationRules.parentKey)
        }
        return rules
    }

    private mutating func placed<Rule: RawRepresentable & CaseIterable & Sendable & Equatable>(
        _ node: Node, _ key: String
    ) -> RelationRules.Placed<Rule>? where Rule.RawValue == String {
        if let rule = node.string.flatMap(Rule.init) { return .init(rule: rule, place: RulePlace(node.mark)) }
        let known = Rule.allCases.map(\.rawValue)
        error("'\(key)' must be \(known.joined(separator: ", "))", node, near: node.string ?? "", known)
        return nil
    }
}

extension TenantRules {
    /// A rule about rows in force, and where it stands.
    public struct RelationRuling<Rule: Sendable>: Sendable {
        public let rule: Rule
        public let place: String
        public let isLocked: Bool
    }

    /// A district's file that doesn't say leaves it to the policy.
    public func duplicateRule(table: String) -> RelationRuling<DuplicateRule> {
        relation(table, RelationRules.duplicateKey, else: .review, \.duplicate)
    }

    public func parentRule(table: String) -> RelationRuling<ParentRule> {
        relation(table, RelationRules.parentKey, else: .review, \.missingParent)
    }

    private func relation<Rule>(
        _ table: String, _ key: String, else builtIn: Rule,
        _ path: KeyPath<RelationRules, RelationRules.Placed<Rule>?>
    ) -> RelationRuling<Rule> {
        let (present, isLocked) = source(table, RelationRules.lock(key))
        for source in [present, policySource(table)].compactMap({ $0 }) {
            guard let found = source.table.relations[keyPath: path] else { continue }
            return RelationRuling(rule: found.rule, place: source.name(found.place), isLocked: isLocked)
        }
        return RelationRuling(rule: builtIn, place: "built-in", isLocked: isLocked)
    }
}
