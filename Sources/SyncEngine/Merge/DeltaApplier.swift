import NodeCore

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
    /// Where the chains of each origin can go on: their ends, and deltas that another branch begins at.
    private var tips: [OriginID: [Tip]] = [:]
    public private(set) var summary = ApplySummary()

    private struct Slot: Hashable {
        let origin: OriginID
        let seq: Int64
    }

    /// A delta that others may follow; before the first delta of a chain, number 0.
    private struct Tip {
        var seq: Int64 = 0
        var hash: Hash?
        /// Whether a chain goes on from here already: then what follows is another branch of it.
        var isFork = false
    }

    /// Takes frames in any order. Throws `DeltaError` for the first that can't be trusted; the caller's
    /// transaction then changes nothing.
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
        // A revoked origin is cut at what the hub had of it; the log brings that before the revocation.
        guard try !isApplied(delta), !delta.origin.isRevoked else { return }
        let slot = Slot(origin: delta.origin.id, seq: delta.header.seq)
        if incoming[slot, default: []].contains(where: { $0.hash == delta.hash }) { return }
        incoming[slot, default: []].append(delta)
        tips[delta.origin.id] = []
    }

    private func isApplied(_ delta: VerifiedDelta) throws -> Bool {
        try transaction.stamp(origin: delta.origin.number, seq: delta.header.seq, hash: delta.hash) != nil
    }

    // MARK: Causal delivery

    /// What was applied may be where another branch begins, so it is looked for again while something is left.
    private mutating func applyWhatIsReady() throws {
        var applied = -1
        while applied < summary.deltas {
            applied = summary.deltas
            let waiting = try transaction.waitingOrigins()
            if applied > 0, incoming.isEmpty, waiting.isEmpty { return }
            for origin in Set(waiting).union(tips.keys) { tips[origin] = try findTips(of: origin) }
            let origins = tips.keys.sorted()
            var progress = true
            while progress {
                progress = false
                for origin in origins {
                    while try applyNextTransaction(of: origin) { progress = true }
                }
            }
        }
    }

    /// The ends of an origin's chains, and of what came or waits under a number that is taken, the
    /// predecessor: only after a whole transaction may a branch begin.
    private func findTips(of id: OriginID) throws -> [Tip] {
        guard let origin = try transaction.origin(id) else { return [] }
        let heads = try transaction.heads(of: origin)
        var tips = heads.map { Tip(seq: $0.seq, hash: $0.hash) }
        guard let last = heads.map(\.seq).max() else { return [Tip()] }
        var numbers = Set(try transaction.waitingNumbers(origin: id, through: last))
        numbers.formUnion(incoming.keys.filter { $0.origin == id && $0.seq <= last }.map(\.seq))
        for seq in numbers.sorted() {
            for delta in try candidates(id, seq) where delta.header.part == 0 {
                guard let fork = try forkPoint(before: delta), !tips.contains(where: { $0.hash == fork.hash })
                else { continue }
                tips.append(fork)
            }
        }
        return tips
    }

    /// Where a branch begins with a delta: its predecessor, when that is applied and ends a transaction.
    private func forkPoint(before delta: VerifiedDelta) throws -> Tip? {
        guard let previous = delta.header.previous else { return Tip(isFork: true) }
        let seq = delta.header.seq - 1
        guard let stamp = try transaction.stamp(origin: delta.origin.number, seq: seq, hash: previous),
            let last = try transaction.delta(stamp), last.part == last.parts - 1
        else { return nil }
        return Tip(seq: seq, hash: previous, isFork: true)
    }

    /// Applies the next transaction of a chain if all its parts are here and its past is applied.
    private mutating func applyNextTransaction(of origin: OriginID) throws -> Bool {
        for (index, tip) in (tips[origin] ?? []).enumerated() {
            for first in try candidates(origin, tip.seq + 1, previous: tip.hash)
            where try first.header.part == 0 && isReady(first) && isWhole(first) {
                var last = try apply(first)
                for part in 1..<max(first.header.parts, 1) {
                    let seq = first.header.seq + Int64(part)
                    guard let next = try candidates(origin, seq, previous: last.hash).first else {
                        throw DeltaError.malformed("a part of the transaction has gone")
                    }
                    last = try apply(next)
                }
                let end = Tip(seq: last.header.seq, hash: last.hash)
                if tip.isFork { tips[origin]?.append(end) } else { tips[origin]?[index] = end }
                return true
            }
        }
        return false
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
            guard let next = try candidates(origin, seq, previous: previous).first, try isReady(next) else {
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

    /// Deltas with a number of an origin that came or wait.
    private func candidates(_ origin: OriginID, _ seq: Int64) throws -> [VerifiedDelta] {
        // What waits and no longer verifies stops nobody: its bytes were damaged, or who vouched for them was revoked.
        let waiting = try transaction.waiting(origin: origin, seq: seq).compactMap { frame in
            do { return try DeltaVerifier.verify(frame, in: transaction) } catch is DeltaError { return nil }
        }
        return (incoming[Slot(origin: origin, seq: seq)] ?? []) + waiting
    }

    /// Those that follow a delta, by hash; what has just come first. More than one where a chain forks.
    private func candidates(_ origin: OriginID, _ seq: Int64, previous: Hash?) throws -> [VerifiedDelta] {
        let came = (incoming[Slot(origin: origin, seq: seq)] ?? []).filter { $0.header.previous == previous }
        return came.isEmpty ? try candidates(origin, seq).filter { $0.header.previous == previous } : came
    }

    private func isHere(_ origin: OriginID, _ seq: Int64) throws -> Bool {
        if incoming[Slot(origin: origin, seq: seq)] != nil { return true }
        return try transaction.isWaiting(origin: origin, seq: seq)
    }

    /// Whether everything that `seen` names is applied, by number and by hash.
    private func isReady(_ delta: VerifiedDelta) throws -> Bool {
        var seen = SeenVector()
        return try delta.header.seen.isEmpty || transaction.add(delta.header.seen, to: &seen)
    }

    private mutating func keepTheRest() throws {
        var room: [OriginID: (deltas: Int, bytes: Int)] = [:]
        let rest = incoming.values.joined().sorted { ($0.header.seq, $0.hash) < ($1.header.seq, $1.hash) }
        for delta in rest {
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
        let header = delta.header, origin = delta.origin.number
        let previous = header.previous.map {
            ChainHead(origin: delta.origin.id, seq: header.seq - 1, hash: $0)
        }
        let seen = try completeSeen(header, after: previous, origin: origin)
        let chain = try transaction.chain(of: origin, after: previous)
        let facts = DeltaFacts(
            stamp: try transaction.nextStamp(), origin: origin, seq: header.seq,
            hash: delta.hash,
            hlc: header.hlc, wall: header.wall, schemaVersion: header.schemaVersion, author: header.author,
            authorRole: header.authorRole, role: delta.origin.role, node: delta.origin.name,
            nodeID: delta.origin.nodeID, originID: delta.origin.id, lifeID: delta.origin.life, chain: chain,
            seen: try transaction.past(of: chain, seen))
        let sent = try delta.writes()
        let writes = try transaction.withoutErased(sent, by: facts)
        // The hub answers for substitutes of others itself, so that nodes need trust nobody else.
        var frame = delta.frame
        if writes != sent {
            frame = try transaction.redacted(frame, to: writes)
        } else if appendsToLog, case .signed = frame.redaction {
            frame = DeltaFrame(envelope: frame.envelope, body: frame.body, redaction: .here)
        }
        try transaction.insert(
            StoredDelta(
                facts: facts, seen: seen, part: header.part, parts: header.parts, writes: header.writes,
                envelope: frame.envelope, body: frame.body, redaction: frame.redaction))
        for write in writes { try merge(write, by: facts) }
        if appendsToLog { try transaction.appendToLog(delta: facts.stamp) }
        try transaction.removeWaiting(delta.hash)
        let slot = Slot(origin: delta.origin.id, seq: header.seq)
        incoming[slot]?.removeAll { $0.hash == delta.hash }
        if incoming[slot]?.isEmpty == true { incoming[slot] = nil }
        try advanceClock(header.hlc)
        summary.deltas += 1
        summary.writes += sent.count
        summary.bytes += delta.frame.byteCount
        return delta
    }

    private func completeSeen(
        _ header: DeltaHeader, after previous: ChainHead?, origin: Int64
    ) throws -> SeenVector {
        var seen = SeenVector()
        if !header.seenIsFull, let previous,
            let stamp = try transaction.stamp(origin: origin, seq: previous.seq, hash: previous.hash)
        {
            seen = try transaction.seenVector(stamp)
        }
        _ = try transaction.add(header.seen, to: &seen)
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
        var state = old
        try state.apply(change, by: facts, transaction)
        let begun = try transaction.saveRow(write.table, id: write.id, state, replacing: old)
        try transaction.notePolicy(write.table, row: write.id, stamp: facts.stamp)
        summary.open += begun.open
        summary.settled += begun.settled
    }

    private func advanceClock(_ hlc: HLC) throws {
        let last = HLC(raw: try transaction.state(.hlc)?.int ?? 0)
        let now = transaction.environmentClock.milliseconds()
        let next = last.received(hlc, nowMilliseconds: now)
        if next != last { try transaction.setState(.hlc, .int(next.raw)) }
    }
}
