/// What the store needs from the layer above: how a transaction becomes a signed delta, and which
/// rules decide what a row with siblings shows. `SyncEngine` provides the one implementation.
public protocol Replication: Sendable {
    /// The body bytes of one part, salted, as they will be sent and hashed.
    func encodeBody(_ writes: [RecordedWrite], salt: [UInt8]) throws -> [UInt8]
    /// The writes of a body that was encoded so: `writes` of them, or fewer when some were erased.
    func decodeBody(_ body: [UInt8], writes: Int, isRedacted: Bool) throws -> [RecordedWrite]
    /// Signs one part.
    func seal(_ draft: DeltaDraft, with key: SigningKey) throws -> SealedDelta
    /// The hub's signed word that a key writes to a tenant (`hub` signs).
    func certify(_ certificate: OriginClaim, by hub: SigningKey) throws -> [UInt8]
    /// The rule documents that a new tenant begins with.
    var shippedRules: [RuleDocument] { get }
    /// The rules of a tenant from its rule documents. Total: a document that this version can't
    /// read leaves its tables with the built-in rule.
    func ruleBook(documents: [RuleDocument]) -> any RuleBook
    /// Rows as the bodies of all applied deltas give them, or of those that an author had seen.
    func replay(_ rows: Set<RowID>, seenBy author: DeltaFacts?, in reader: StoreReader) throws
        -> [RowID: ReplayedRow]
}

/// What a certificate says about a key.
public struct OriginClaim: Sendable, Equatable {
    public let tenant: TenantID
    public let slug: String
    public let publicKey: PublicKey
    public let role: Role
    /// The installation that holds the key.
    public let nodeID: String
    public let name: String
    /// The hub's clock, milliseconds since 1970; for display.
    public let issuedAt: Int64
    /// Which origin this key follows, and why; nil for an enrolment.
    public let succession: Succession?

    public init(
        tenant: TenantID, slug: String, publicKey: PublicKey, role: Role, nodeID: String, name: String,
        issuedAt: Int64, succession: Succession? = nil
    ) {
        self.tenant = tenant
        self.slug = slug
        self.publicKey = publicKey
        self.role = role
        self.nodeID = nodeID
        self.name = name
        self.issuedAt = issuedAt
        self.succession = succession
    }
}

/// That an origin goes on as another: from then on the former one is retired. What its key signed before
/// is still taken, as the end of its chain or as a branch.
public struct Succession: Sendable, Hashable {
    public enum Reason: String, Sendable, CaseIterable {
        /// The key was changed; what the installation holds it goes on holding.
        case rotation
        /// The installation came back from an older state.
        case restore
        /// Two machines wrote with the key, or one that was restored wrote before it noticed.
        case clone
    }
    public let predecessor: OriginID
    public let reason: Reason
    public init(predecessor: OriginID, reason: Reason) {
        self.predecessor = predecessor
        self.reason = reason
    }
}

/// One domain's rules as they stand in the tenant's `rule_policy` or `rule_set` table.
public struct RuleDocument: Sendable, Equatable {
    /// Whose word it is. A table that the district's document names goes by it, but for what the policy
    /// locks.
    public enum Layer: String, Sendable {
        case policy, district

        public var table: SyncedTable { self == .policy ? Schema.rulePolicy : Schema.ruleSet }
    }

    public let layer: Layer
    public let domain: String
    public let yaml: String
    /// Counts up with each change of the document.
    public let version: Int64

    public init(layer: Layer = .policy, domain: String, yaml: String, version: Int64 = 1) {
        self.layer = layer
        self.domain = domain
        self.yaml = yaml
        self.version = version
    }
}

/// Decides what is shown. A pure function of the row's state and of facts about the deltas that
/// wrote it (DESIGN, invariant 4).
public protocol RuleBook: Sendable {
    /// What the rules make of a row. `covers(a, b)`: the delta `a` had seen the delta `b`.
    func view(
        of state: RowState, table: String, covers: @escaping (RowState.Stamp, RowState.Stamp) -> Bool,
        causality: any Causality
    ) throws -> RowView
    /// Who may write a column, or with nil make and delete rows: the program's word, or the policy's where
    /// the program leaves it to both sides.
    func owner(of column: Column?, in table: SyncedTable) -> Owner
}

extension RuleBook {
    /// The row as shown, absent columns left out; nil when the row is dead.
    public func project(table: String, state: RowState, causality: any Causality) throws -> [String: Value]? {
        try view(of: state, table: table, covers: causality.covering(state), causality: causality).shown
    }
}

/// What rules make of a row's state.
public struct RowView: Sendable {
    /// The row as shown, absent columns left out; nil when the row is dead.
    public let shown: [String: Value]?
    /// Columns whose rule leaves it to a person, should they be in conflict.
    public let forPerson: Set<String>

    public init(shown: [String: Value]?, forPerson: Set<String> = []) {
        self.shown = shown
        self.forPerson = forPerson
    }
}

/// What projection and merging may ask about deltas.
public protocol Causality: AnyObject {
    func facts(_ stamp: RowState.Stamp) throws -> DeltaFacts
}

extension Causality {
    /// Whether the delta `later` had seen the delta `earlier`.
    public func covers(_ later: RowState.Stamp, _ earlier: RowState.Stamp) throws -> Bool {
        if later == earlier { return false }
        return try facts(later).hadSeen(facts(earlier))
    }

    /// Whether the author of a delta was the holder of a row of a held table when it wrote: some write that
    /// it had seen names it and stands unsuperseded. Only the holder moves the holder, and its own later
    /// writes come after this one in its chain, so every installation judges alike, in any order.
    public func holds(_ state: RowState, _ author: DeltaFacts) throws -> Bool {
        let name = Value.text(author.lifeID.hex)
        return try state.siblings(of: SyncedTable.holderColumn, covers: covering(state)).contains {
            guard $0.value == name else { return false }
            return try $0.stamp == author.stamp || author.hadSeen(facts($0.stamp))
        }
    }

    /// Whether the author of a delta knew a value of the row that is the hub's alone. The columns of a grant
    /// are never written again, so every installation finds the same, in any order of arrival.
    public func isHubs(_ state: RowState, of table: SyncedTable, knownTo author: DeltaFacts) throws -> Bool {
        let covers = try covering(state)
        for (column, reserved) in table.hubValues {
            for sibling in state.siblings(of: column, covers: covers) {
                guard let value = sibling.value, reserved.contains(value) else { continue }
                if try sibling.stamp == author.stamp || author.hadSeen(facts(sibling.stamp)) { return true }
            }
        }
        return false
    }
}

/// What is known about an applied delta without its body.
///
/// A class, because rules hand it around with every sibling and it never changes: one reference to count.
public final class DeltaFacts: Sendable {
    public let stamp: RowState.Stamp
    public let origin: Int64
    public let seq: Int64
    public let hash: Hash
    public let hlc: HLC
    /// The author's clock when it wrote, milliseconds since 1970; for display only.
    public let wall: Int64
    public let schemaVersion: Int
    public let author: String
    public let authorRole: String
    /// Whether hub or node wrote it, from the certificate of the key.
    public let role: Role
    /// The name of the installation that wrote it, and its id.
    public let node: String
    public let nodeID: String
    public let originID: OriginID
    /// The first origin of the author's life: what holds its seats (`OriginRecord.life`).
    public let lifeID: OriginID
    /// The chain that it belongs to (`Branches`).
    public let chain: Int64
    /// How far this delta's author had applied each chain but its own.
    public let seen: [Int64: Int64]

    public init(
        stamp: RowState.Stamp, origin: Int64, seq: Int64, hash: Hash, hlc: HLC, wall: Int64,
        schemaVersion: Int, author: String, authorRole: String, role: Role, node: String, nodeID: String,
        originID: OriginID, lifeID: OriginID? = nil, chain: Int64? = nil, seen: [Int64: Int64]
    ) {
        self.stamp = stamp
        self.origin = origin
        self.seq = seq
        self.hash = hash
        self.hlc = hlc
        self.wall = wall
        self.schemaVersion = schemaVersion
        self.author = author
        self.authorRole = authorRole
        self.role = role
        self.node = node
        self.nodeID = nodeID
        self.originID = originID
        self.lifeID = lifeID ?? originID
        self.chain = chain ?? origin
        self.seen = seen
    }

    /// Whether this delta's author had applied `other` when it wrote. By chains, not by numbers alone: two
    /// deltas of a forked origin may have the same number.
    public func hadSeen(_ other: DeltaFacts) -> Bool {
        if chain == other.chain { return other.seq < seq }
        return other.seq <= seen[other.chain, default: 0]
    }
}

/// One row write as it was recorded, to be encoded into a body.
public struct RecordedWrite: Sendable, Equatable {
    public let table: String
    public let id: String
    public var change: Change
    public init(table: String, id: String, change: Change) {
        self.table = table
        self.id = id
        self.change = change
    }
}

/// Who makes a change: an opaque id, a role, and the way in. No personal data: it is signed and
/// travels.
public struct Actor: Sendable, Equatable {
    public let id: String
    public let role: String
    public let via: String
    /// The support session that it is done under.
    public let support: String?
    public init(id: String, role: String, via: String, support: String? = nil) {
        self.id = id
        self.role = role
        self.via = via
        self.support = support
    }
}

/// Everything of a delta but its signature.
public struct DeltaDraft: Sendable {
    public var tenant: TenantID
    public var origin: OriginID
    public var seq: Int64
    public var previous: Hash?
    public var hlc: HLC
    public var wall: Int64
    public var schemaVersion: Int
    public var policyVersion: Int
    public var ruleSetVersion: Int64
    public var author: String
    public var authorRole: String
    /// Entries changed since the previous delta; all of them when `seq % 64 == 1`.
    public var seen: [SeenEntry]
    public var writes: Int
    public var part: Int
    public var parts: Int
    public var body: [UInt8]
}

/// How far an author had applied another origin's chain: one entry for each end of it.
public struct SeenEntry: Sendable, Hashable, Comparable {
    public let origin: OriginID
    public let seq: Int64
    /// First 8 bytes of that delta's hash: in a forked origin two deltas share a number.
    public let hashPrefix: [UInt8]
    public init(origin: OriginID, seq: Int64, hashPrefix: [UInt8]) {
        self.origin = origin
        self.seq = seq
        self.hashPrefix = hashPrefix
    }

    public static func < (left: SeenEntry, right: SeenEntry) -> Bool {
        if left.origin != right.origin { return left.origin < right.origin }
        if left.seq != right.seq { return left.seq < right.seq }
        return left.hashPrefix.lexicographicallyPrecedes(right.hashPrefix)
    }
}

/// A signed delta: the COSE_Sign1 bytes and the SHA-256 of its payload.
public struct SealedDelta: Sendable {
    public let envelope: [UInt8]
    public let hash: Hash
    public init(envelope: [UInt8], hash: Hash) {
        self.envelope = envelope
        self.hash = hash
    }
}
