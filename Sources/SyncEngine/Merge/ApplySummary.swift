/// What taking a batch of deltas did.
public struct ApplySummary: Sendable, Equatable {
    public var deltas = 0
    public var writes = 0
    public var bytes = 0
    /// Conflicts that began with this batch, by whether a rule chose or a person must.
    public var settled = 0
    public var open = 0
    public var refused = 0
    /// Deltas that now wait for what they build on.
    public var waiting = 0
    /// Deltas that were sent again because the waiting place is full.
    public var turnedAway = 0
    /// The hub lacks deltas of others that are here: they are to be handed in.
    public var isOwed = false
    /// The whole log was taken and a chain is shorter than at the hub all the same.
    public var hasDiverged = false
    public init() {}

    mutating func add(_ other: ApplySummary) {
        deltas += other.deltas
        writes += other.writes
        bytes += other.bytes
        settled += other.settled
        open += other.open
        refused += other.refused
        waiting += other.waiting
        turnedAway += other.turnedAway
    }
}
