import NodeCore

/// A pure function that picks what a cell shows from its siblings.
public enum Rule: Sendable, Equatable {
    /// The write with the highest (HLC, hash).
    case latest
    /// The write with the lowest (HLC, hash).
    case earliest
    /// Writes of that side before the other's; among equals, the latest.
    case prefer(Role)
    /// Stays open for a person; until then shows what the default picks.
    indirect case manual(default: Rule)

    /// The name as rule files and listings write it.
    public var name: String {
        switch self {
        case .latest: "latest"
        case .earliest: "earliest"
        case .prefer(let role): "prefer_\(role.rawValue)"
        case .manual: "manual"
        }
    }

    public var needsReview: Bool { if case .manual = self { true } else { false } }

    /// The sibling that is shown. At least one sibling is needed; ties are broken by (HLC, hash), so
    /// the answer depends on no order.
    public func pick(_ siblings: [RankedSibling]) -> RankedSibling {
        switch self {
        case .latest: siblings.max { $0.rank < $1.rank }!
        case .earliest: siblings.min { $0.rank < $1.rank }!
        case .prefer(let role):
            siblings.max {
                ($0.facts.role == role ? 1 : 0, $0.rank) < ($1.facts.role == role ? 1 : 0, $1.rank)
            }!
        case .manual(let rule): rule.pick(siblings)
        }
    }
}

/// A present write of a cell with what rules may look at.
public struct RankedSibling: Sendable {
    public let facts: DeltaFacts
    public let value: Value

    /// HLC first, then the delta's hash.
    struct Rank: Comparable {
        let hlc: HLC
        let hash: Hash
        static func < (left: Rank, right: Rank) -> Bool {
            (left.hlc, left.hash) < (right.hlc, right.hash)
        }
    }
    var rank: Rank { Rank(hlc: facts.hlc, hash: facts.hash) }
}

/// What a row shows when one side deleted it and the other edited it apart.
public enum RowRule: String, Sendable {
    case deleteWins = "delete_wins"
    case updateWins = "update_wins"
}
