import NodeCore

/// A pure function that picks what a cell shows from its siblings. Ties are broken by (HLC, hash), so
/// the answer depends on no order of arrival and on no machine.
public indirect enum Rule: Sendable, Equatable {
    /// The write with the highest (HLC, hash).
    case latest
    /// The write with the lowest (HLC, hash).
    case earliest
    /// The latest write of such a writer; where there is none, the latest of all.
    case prefer(Writer)
    /// The greatest value: null, then numbers, then text (two whole numbers as such, else by bytes), then
    /// bytes.
    case highest
    /// The least value.
    case lowest
    /// The text with the most code points.
    case longest
    /// Every word of every text, each once, in order of bytes.
    case union(separator: String)
    /// What `then` picks of the values that are neither null nor empty text.
    case nonEmpty(then: Rule)
    /// A value that denies, wherever one was written; else the latest.
    case denyWins([Value])
    /// The value that stands first (lower) or last (higher) in the order; a value that isn't in it
    /// counts as the lowest privilege.
    case privilege([String], higher: Bool)
    /// The state that every other written one can go on to; where there is none, what `otherwise` picks.
    case stateMachine([String: [String]], otherwise: Rule)
    /// The first write stands: for what is made once.
    case appendOnly
    /// Stays open for a person; until then shows what the default picks. At the deadline the hub settles
    /// it with that.
    case manual(default: Rule, deadline: Deadline?)

    /// How long a conflict waits for a person.
    public struct Deadline: Sendable, Equatable {
        public let hours: Int
        public init(hours: Int) { self.hours = hours }
        public var text: String { hours % 24 == 0 ? "\(hours / 24)d" : "\(hours)h" }
    }

    /// Whose writes a rule means.
    public enum Writer: Sendable, Equatable {
        case side(Role)
        /// An installation by name or id; its keys may change.
        case node(String)
        /// The role of the person or program, as the delta's header states it.
        case authorRole(String)

        func matches(_ facts: DeltaFacts) -> Bool {
            switch self {
            case .side(let role): facts.role == role
            case .node(let name): facts.node == name || facts.nodeID == name
            case .authorRole(let role): facts.authorRole == role
            }
        }
    }

    public static func prefer(_ role: Role) -> Rule { .prefer(.side(role)) }
    public static func manual(default rule: Rule) -> Rule { .manual(default: rule, deadline: nil) }

    public var needsReview: Bool { if case .manual = self { true } else { false } }
}

/// A present write of a cell with what rules may look at.
public struct RankedSibling: Sendable {
    public let facts: DeltaFacts
    public let value: Value

    public init(facts: DeltaFacts, value: Value) {
        self.facts = facts
        self.value = value
    }

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
public enum RowRule: String, Sendable, CaseIterable {
    case deleteWins = "delete_wins"
    case updateWins = "update_wins"
    /// The row stays, with its column `active` at 0.
    case archive

    static let activeColumn = "active"
}
