import NodeCore

// What a node's exchange (`NodeExchange`) hears and asks for, and what these carry.

/// Where a node stands when an exchange begins, read in one transaction.
public struct LocalPosition: Sendable, Equatable {
    public var tenant: TenantID
    public var origin: OriginID
    public var ownHead: ChainHead?
    public var headsHash: Hash
    public var receiptSeq: Int64
    public var cursor: Int64
    public var cursorHash: Hash?
    public var schemaVersion: Int
    public var wall: Int64
    /// Whether deltas of own former origins are still to be handed in.
    public var hasHandover = false
    /// The newest statement of the hub's keys that is known here.
    public var hubMark: [UInt8] = []
    /// Whether a snapshot may be taken in place of the log.
    public var takesSnapshots = false
}

/// Deltas of the own chain in chain order, read from the store.
public struct PendingBatch: Sendable, Equatable {
    public var frames: [DeltaFrame]
    /// The number of the last delta in `frames`; the number they were read after when there are none.
    public var through: Int64
    public init(frames: [DeltaFrame], through: Int64) {
        self.frames = frames
        self.through = through
    }
    var byteCount: Int { frames.reduce(0) { $0 + $1.byteCount } }
}

/// What a node asks of its store after an answer: one durable transaction.
public struct StoreRequest: Sendable, Equatable {
    public var receipt: [UInt8]?
    /// The hub's word on the node's chain, to be compared with the chain.
    public var head: ChainHead?
    public var entries: [LogEntry]
    public var cursor: Int64
    public var cursorHash: Hash?
    /// What the node must have once the entries are applied; empty before the end of the log.
    public var heads: [ChainHead]
    /// How far everybody has passed each chain.
    public var passed: [ChainHead]
    /// How far every chain is settled.
    public var settled: [ChainHead] = []
    public var checkpoint: [UInt8]?
    public var ownRuns: [LogRun] = []
    /// What the hub says of its keys.
    public var hubStatements: [[UInt8]] = []
    /// Up to where deltas of former origins have been handed in, as a stamp.
    public var handedThrough: RowState.Stamp?
}

public enum ExchangeEvent: Sendable {
    case begin(LocalPosition, PendingBatch)
    case answered(HubAnswer)
    case stored(ApplySummary)
    case loaded(PendingBatch)
    case failed(NodeError)
}

public enum ExchangeEffect: Sendable, Equatable {
    case hello(HelloRequest)
    case push(PushRequest)
    case pull(PullRequest)
    case store(StoreRequest)
    /// Read own deltas after a number, up to so many bytes.
    case load(after: Int64, maxBytes: Int)
    /// Read deltas of own former origins that are to be handed in, up to so many bytes.
    case loadHandover(maxBytes: Int)
    case finish(ExchangeOutcome)
}

/// How an exchange ended and what it moved.
public struct ExchangeOutcome: Sendable, Equatable {
    public var verdict: Verdict?
    public var pushedDeltas = 0
    public var pushedBytes = 0
    public var pulled = ApplySummary()
    /// The hub's clock minus the node's, milliseconds, as far as the answer tells.
    public var clockDifference: Int64 = 0
    /// Own deltas that the hub keeps until what they build on is there.
    public var waitingAtHub = 0
    /// With a verdict that stops: the ends of the node's own chain at the hub, and how long the hub's log is.
    public var ownHeadsAtHub: [ChainHead] = []
    public var logSizeAtHub: Int64 = 0
    /// How the node went on as a new origin; its deltas are counted in the other numbers.
    public var succession: Succession?
    /// The snapshot that was taken in place of most of the log; its deltas are counted in `pulled`.
    public var snapshot: SnapshotTaken?
    public var error: NodeError?
    public init() {}
}
