import NodeCore

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
    /// The whole log was taken and a chain is shorter than at the hub all the same.
    public var hasDiverged = false
    public init() {}
}

/// Causal delivery and merging.
///
/// Idea: a delta is applied only after its predecessor in its chain and everything that its `seen`
/// names, and the parts of a transaction only together; what comes early is kept in `sync_waiting`.
/// Each write is merged into its row's state with "had seen" decided by the chains, never by clocks,
/// so any order, duplication or interruption of deliveries ends in the same state (DESIGN,
/// invariants 2 and 3). Cost: one signature and one hash a delta, one row load and store a write.
public struct DeltaApplier {
    private let transaction: ReplicaTransaction
    private let appendsToLog: Bool
    private var incoming: [Slot: [VerifiedDelta]] = [:]
    private var heads: [OriginID: OriginRecord] = [:]
    public private(set) var summary = ApplySummary()

    private struct Slot: Hashable {
        let origin: OriginID
        let seq: Int64
    }

    /// Takes frames in any order. Throws `DeltaError` for the first that can't be trusted or that
    /// forks a chain; the caller's transaction then changes nothing.
    public static func receive(
        _ frames: [DeltaFrame], in transaction: ReplicaTransaction
    ) throws -> ApplySummary {
        var applier = try DeltaApplier(transaction)
        for frame in frames { try applier.take(frame) }
        try applier.applyWhatIsReady()
        try applier.keepTheRest()
        return applier.summary
    }

    private init(_ transaction: ReplicaTransaction) throws {
        self.transaction = transaction
        appendsToLog = try transaction.ownOrigin()?.role == .hub
    }

    // MARK: Taking

    private mutating func take(_ frame: DeltaFrame) throws {
        let delta = try DeltaVerifier.verify(frame, in: transaction)
        guard try !isApplied(delta) else { return }
        let slot = Slot(origin: delta.origin.id, seq: delta.header.seq)
        if incoming[slot, default: []].contains(where: { $0.hash == delta.hash }) { return }
        incoming[slot, default: []].append(delta)
        heads[delta.origin.id] = try transaction.origin(delta.origin.id)
    }

    /// Whether the very delta is applied; another with its number is a fork.
    private func isApplied(_ delta: VerifiedDelta) throws -> Bool {
        guard let stamp = try transaction.stamp(origin: delta.origin.number, seq: delta.header.seq) else {
            return false
        }
        guard try transaction.facts(stamp).hash == delta.hash else {
            throw DeltaError.fork(origin: delta.origin.id, seq: delta.header.seq)
        }
        return true
    }

    // MARK: Causal delivery

    private mutating func applyWhatIsReady() throws {
        for origin in try transaction.waitingOrigins() where heads[origin] == nil {
            heads[origin] = try transaction.origin(origin)
        }
        let origins = heads.keys.sorted()
        var progress = true
        while progress {
            progress = false
            for origin in origins {
                while try applyNextTransaction(of: origin) { progress = true }
            }
        }
    }

    /// Applies the next transaction of a chain if all its parts are here and its past is applied.
    private mutating func applyNextTransaction(of origin: OriginID) throws -> Bool {
        guard let head = heads[origin],
            let first = try candidate(origin, head.headSeq + 1, previous: head.headHash),
            first.header.part == 0, try isReady(first.header),
            try isWhole(first)
        else { return false }
        var previous = try apply(first)
        for part in 1..<max(first.header.parts, 1) {
            let seq = first.header.seq + Int64(part)
            guard let next = try candidate(origin, seq, previous: previous.hash) else {
                throw DeltaError.malformed("a part of the transaction has gone")
            }
            previous = try apply(next)
        }
        heads[origin] = try transaction.origin(origin)
        return true
    }

    /// Whether every part is here, each naming the one before. Parts of another branch of a forked
    /// chain, which carry the same numbers, don't count and do no harm. Parts that don't fit are an
    /// error when they were just sent; those that wait stay where they are, so that a broken author
    /// stops nobody else.
    private func isWhole(_ first: VerifiedDelta) throws -> Bool {
        let origin = first.origin.id, parts = first.header.parts
        for part in 1..<max(parts, 1) where try !isHere(origin, first.header.seq + Int64(part)) {
            return false
        }
        var previous = first.hash
        for part in 1..<max(parts, 1) {
            let seq = first.header.seq + Int64(part)
            guard let next = try candidate(origin, seq, previous: previous), try isReady(next.header) else {
                return false
            }
            guard next.header.part == part, next.header.parts == parts else {
                guard incoming[Slot(origin: origin, seq: seq)] == nil else {
                    throw DeltaError.malformed("the parts of a transaction don't belong together")
                }
                return false
            }
            previous = next.hash
        }
        return true
    }

    private func candidate(_ origin: OriginID, _ seq: Int64, previous: Hash?) throws -> VerifiedDelta? {
        if let delta = incoming[Slot(origin: origin, seq: seq)]?.first(where: {
            $0.header.previous == previous
        }) {
            return delta
        }
        for frame in try transaction.waiting(origin: origin, seq: seq) {
            let delta = try DeltaVerifier.verify(frame, in: transaction)
            if delta.header.previous == previous { return delta }
        }
        return nil
    }

    private func isHere(_ origin: OriginID, _ seq: Int64) throws -> Bool {
        if incoming[Slot(origin: origin, seq: seq)] != nil { return true }
        return try transaction.isWaiting(origin: origin, seq: seq)
    }

    /// Whether everything that `seen` names is applied, by number and by hash.
    private func isReady(_ header: DeltaHeader) throws -> Bool {
        for entry in header.seen {
            guard let origin = try transaction.origin(entry.origin),
                let stamp = try transaction.stamp(origin: origin.number, seq: entry.seq),
                try transaction.facts(stamp).hash.prefix8 == entry.hashPrefix
            else { return false }
        }
        return true
    }

    private mutating func keepTheRest() throws {
        var room: [OriginID: (deltas: Int, bytes: Int)] = [:]
        let rest = incoming.values.joined().sorted { ($0.header.seq, $0.hash) < ($1.header.seq, $1.hash) }
        for delta in rest {
            if let stamp = try transaction.stamp(origin: delta.origin.number, seq: delta.header.seq) {
                guard try transaction.facts(stamp).hash == delta.hash else {
                    throw DeltaError.fork(origin: delta.origin.id, seq: delta.header.seq)
                }
                continue
            }
            if try !transaction.isWaiting(delta.hash) {
                let left = try room[delta.origin.id] ?? transaction.waitingRoom(delta.origin.id)
                guard left.deltas > 0, left.bytes >= delta.frame.byteCount else {
                    summary.turnedAway += 1
                    continue
                }
                // What can't be parsed is refused on arrival, not when somebody else's push releases it.
                _ = try delta.writes()
                room[delta.origin.id] = (left.deltas - 1, left.bytes - delta.frame.byteCount)
                try transaction.addWaiting(
                    delta.frame, hash: delta.hash, origin: delta.origin.id, seq: delta.header.seq)
            }
            summary.waiting += 1
        }
    }

    // MARK: Merging

    private mutating func apply(_ delta: VerifiedDelta) throws -> VerifiedDelta {
        let header = delta.header
        let seen = try completeSeen(header, origin: delta.origin)
        let facts = DeltaFacts(
            stamp: try transaction.nextStamp(), origin: delta.origin.number, seq: header.seq,
            hash: delta.hash,
            hlc: header.hlc, wall: header.wall, schemaVersion: header.schemaVersion, author: header.author,
            authorRole: header.authorRole, role: delta.origin.role, node: delta.origin.name,
            nodeID: delta.origin.nodeID, originID: delta.origin.id, seen: seen.heads.mapValues(\.seq))
        let sent = try delta.writes()
        let writes = try transaction.withoutErased(sent, by: facts)
        // The hub answers for substitutes of others itself, so that nodes need trust nobody else.
        var frame = delta.frame
        if writes != sent {
            frame = try transaction.redacted(frame, to: writes)
        } else if appendsToLog, frame.redaction != nil {
            frame = DeltaFrame(envelope: frame.envelope, body: frame.body, redaction: .here)
        }
        try transaction.insert(
            StoredDelta(
                facts: facts, seen: seen, part: header.part, parts: header.parts, writes: header.writes,
                envelope: frame.envelope, body: frame.body, redaction: frame.redaction))
        for write in writes { try merge(write, by: facts) }
        if appendsToLog { try transaction.appendToLog(delta: facts.stamp) }
        try transaction.removeWaiting(delta.hash)
        try advanceClock(header.hlc)
        summary.deltas += 1
        summary.writes += sent.count
        summary.bytes += delta.frame.byteCount
        return delta
    }

    private func completeSeen(_ header: DeltaHeader, origin: OriginRecord) throws -> SeenVector {
        var seen = SeenVector()
        if !header.seenIsFull,
            let previous = try transaction.stamp(origin: origin.number, seq: header.seq - 1)
        {
            seen = try transaction.seenVector(previous)
        }
        for entry in header.seen {
            guard let other = try transaction.origin(entry.origin) else { continue }
            seen.heads[other.number] = .init(seq: entry.seq, hashPrefix: entry.hashPrefix)
        }
        return seen
    }

    private mutating func merge(_ write: RecordedWrite, by facts: DeltaFacts) throws {
        let stored = try transaction.loadRow(write.table, id: write.id)
        let old = try transaction.stateForMerging(
            write.change, by: facts, into: stored, RowID(table: write.table, id: write.id))
        let verdict = try WriteRights.judge(write, by: facts, on: old, in: transaction)
        for refusal in verdict.refused {
            try transaction.addRefused(
                facts.stamp, table: write.table, row: write.id, column: refusal.column, value: refusal.value,
                reason: refusal.reason)
            summary.refused += 1
        }
        guard let change = verdict.allowed else { return }
        if old.isEmpty, case .row(let values) = change {
            var state = RowState()
            state.writes = [.init(stamp: facts.stamp, values: values)]
            try transaction.saveRow(write.table, id: write.id, state, replacing: old)
            return try transaction.notePolicy(write.table, row: write.id, stamp: facts.stamp)
        }
        var known: [RowState.Stamp: DeltaFacts] = [:]
        for stamp in old.stamps { known[stamp] = try transaction.facts(stamp) }
        var state = old
        state.apply(change, stamp: facts.stamp) { known[$0].map(facts.hadSeen) ?? false }
        try transaction.saveRow(write.table, id: write.id, state, replacing: old)
        try transaction.notePolicy(write.table, row: write.id, stamp: facts.stamp)
        try countConflicts(write, from: old, to: state)
    }

    private mutating func countConflicts(_ write: RecordedWrite, from old: RowState, to new: RowState) throws
    {
        let after = new.conflicts(table: write.table, id: write.id, covers: try transaction.covering(new))
        guard !after.isEmpty else { return }
        let before = Set(
            old.conflicts(table: write.table, id: write.id, covers: try transaction.covering(old)).map(
                \.column))
        let rules = try transaction.tenantRules()
        for conflict in after where !before.contains(conflict.column) {
            if try rules.needsReview(conflict, state: new, causality: transaction) {
                summary.open += 1
            } else {
                summary.settled += 1
            }
        }
    }

    private func advanceClock(_ hlc: HLC) throws {
        let last = HLC(raw: try transaction.state(.hlc)?.int ?? 0)
        let now = transaction.environmentClock.milliseconds()
        let next = last.received(hlc, nowMilliseconds: now)
        if next != last { try transaction.setState(.hlc, .int(next.raw)) }
    }
}
