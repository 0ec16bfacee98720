import Foundation
import GRDB

/// Lets go of what deltas wrote and later ones replaced, so that a file's size goes by what it holds and not by how
/// often that was changed.
///
/// Idea: of each chain the part is swept that is settled (`SettledChains`) and has been here for as long as bodies are
/// kept. What its writes replaced in the bodies of swept deltas is taken out of these (`Replacements`); what is left
/// makes the same state, whatever still comes (invariant 3). Envelopes, and with them chains, signatures and the hub's
/// log, stay as they are; so does each value that stands, or that was replaced a shorter while ago.
///
/// Cost: all bodies that are settled are read once a day, when something was settled since. Memory is that of
/// `chunkWrites` writes. Every step is a transaction of its own, and doing it again does no harm.
public struct BodyRetention: Sendable {
    /// What was replaced is kept for so long, milliseconds; 0 for ever.
    public let keep: Int64
    /// At the hub: its backups that are still kept; nil when it isn't known which.
    public let backups: [BackupManifest]?

    static let day: Int64 = 86_400_000
    /// After so long without a run, the clock may have jumped: what is old by it waits for the next run, a day later.
    static let longestPause = 7 * day
    /// Writes whose replaced ones are looked for at a time.
    static let chunkWrites = 50_000
    /// So often in one run; what is left is for the next.
    static let chunksInRun = 20
    /// Deltas, and bytes of bodies, that one transaction reads.
    static let batchDeltas = 256
    static let batchBytes = 1 << 20

    public init(keepDays: Int, backups: [BackupManifest]? = []) {
        self.init(keep: Int64(keepDays) * Self.day, backups: backups)
    }

    public init(keep: Int64, backups: [BackupManifest]? = []) {
        self.keep = keep
        self.backups = backups
    }

    /// What a run did.
    public struct Outcome: Sendable, Equatable {
        /// Deltas whose writes were looked at as replacing others.
        public var swept = 0
        /// Bodies that became shorter, writes that went from them as a whole, and bytes.
        public var trimmed = 0
        public var writes = 0
        public var bytes = 0
        /// Checkpoints and receipts that others stand for.
        public var proofs = 0
        /// Whether more is left for the next run.
        public var isCut = false
        public init() {}
    }

    /// Runs when it is due: a day after the last run. Nil when it isn't, and while nothing in the file is old enough.
    public func runIfDue(_ tenant: OpenTenant) throws -> Outcome? {
        guard keep > 0 else { return nil }
        let now = tenant.store.environment.clock.milliseconds()
        let (last, first) = try tenant.store.read {
            (try $0.state(.retentionAt)?.int, try $0.firstDeltaAt())
        }
        if let last, abs(now - last) < Self.day { return nil }
        // One that came in the future by today's clock is given another time.
        guard let first, first <= now - keep || first > now else { return nil }
        guard let last, now - last <= Self.longestPause else {
            try tenant.store.replicate { try $0.setState(.retentionAt, .int(now)) }
            return Outcome()
        }
        return try run(tenant)
    }

    /// Runs now. Nothing is done while a hub that was put back is filled again.
    @discardableResult
    public func run(_ tenant: OpenTenant, dryRun: Bool = false) throws -> Outcome {
        guard keep > 0 else { return Outcome() }
        guard dryRun else { return try run(tenant) { try tenant.store.replicate($0) } }
        return try tenant.store.replicate(commit: false) { replica in try run(tenant) { try $0(replica) } }
    }

    private typealias Step = (ReplicaTransaction) throws -> Void

    /// `step` does each transaction.
    private func run(_ tenant: OpenTenant, step: (Step) throws -> Void) throws -> Outcome {
        let now = tenant.store.environment.clock.milliseconds(), instant = now - keep
        var outcome = Outcome(), isOff = false
        try step { replica in
            isOff = try replica.isRecovering()
            try replica.ageFrom(now)
            if !isOff { try replica.settle(before: instant, backups: backedUp(tenant.slug)) }
        }
        if isOff { return outcome }
        outcome.isCut = true
        for _ in 0..<Self.chunksInRun where outcome.isCut {
            outcome.isCut = try sweep(before: instant, &outcome, step)
        }
        try step { replica in
            outcome.proofs = try replica.thinProofs(before: instant)
            if !outcome.isCut { try replica.setState(.retentionAt, .int(now)) }
        }
        return outcome
    }

    /// How many deltas of a tenant each backup has.
    private func backedUp(_ slug: String) -> [Int] { backups?.map { $0.deltas(of: slug) } ?? [0] }

    /// Looks for what the next chunk of swept writes replaced. False when there is no further one.
    private func sweep(
        before instant: Int64, _ outcome: inout Outcome, _ step: (Step) throws -> Void
    ) throws -> Bool {
        var chunk: SweepChunk?
        try step { replica in
            chunk = try replica.nextChunk(before: instant)
            for (origin, seq) in chunk?.through ?? [:] { try replica.noteSweeping(origin, through: seq) }
        }
        guard let chunk else { return false }
        var after: RowState.Stamp? = chunk.replacements.isEmpty ? nil : 0
        while let from = after {
            var done = outcome
            try step { replica in after = try replica.trim(chunk, after: from, &done) }
            outcome = done
        }
        try step { replica in
            for (origin, seq) in chunk.through { try replica.noteSwept(origin, through: seq) }
        }
        outcome.swept += chunk.deltas
        return true
    }
}

/// Deltas whose writes are looked at together as replacing older ones.
private struct SweepChunk {
    var replacements: Replacements
    var deltas = 0
    /// The last stamp among them: only what was applied before may be replaced.
    var last: RowState.Stamp = 0
    /// By origin, what is swept once this is done.
    var through: [Int64: Int64]
}

extension StoreReader {
    /// When the delta that was applied first came, which is before all that is kept of exchanges; milliseconds since
    /// 1970, nil without any.
    fileprivate func firstDeltaAt() throws -> Int64? {
        try row("SELECT ifnull(received_at, wall) FROM sync_delta ORDER BY number LIMIT 1")?[0]
    }
}

extension ReplicaTransaction {
    /// The next deltas to be swept, in the order in which they were applied; nil when there are none.
    fileprivate func nextChunk(before instant: Int64) throws -> SweepChunk? {
        let chains = try sweepable(before: instant)
        var waiting: [(stamp: RowState.Stamp, origin: Int64, seq: Int64)] = []
        let sql =
            "SELECT number, seq FROM sync_delta WHERE origin = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?"
        for chain in chains where chain.through > chain.swept {
            let limit = BodyRetention.chunkWrites
            waiting += try rows(sql, [chain.origin, chain.swept, chain.through, limit]).map {
                ($0[0], chain.origin, $0[1])
            }
        }
        guard !waiting.isEmpty else { return nil }
        waiting.sort { $0.stamp < $1.stamp }
        var chunk = SweepChunk(
            replacements: Replacements(schema),
            through: Dictionary(uniqueKeysWithValues: chains.map { ($0.origin, $0.swept) }))
        let refused = try refusedRows(waiting[0].stamp...waiting[waiting.count - 1].stamp)
        var count = 0
        for one in waiting {
            let writes = try writes(of: one.stamp)
            if count > 0, count + writes.count > BodyRetention.chunkWrites { break }
            count += writes.count
            chunk.replacements.add(writes, by: try facts(one.stamp), refused: refused[one.stamp] ?? [])
            chunk.deltas += 1
            chunk.last = one.stamp
            chunk.through[one.origin] = one.seq
        }
        return chunk
    }

    /// Takes what a chunk replaced out of the bodies after a stamp, as many as one transaction reads; where to go on,
    /// or nil at the end.
    fileprivate func trim(
        _ chunk: SweepChunk, after stamp: RowState.Stamp, _ outcome: inout BodyRetention.Outcome
    ) throws -> RowState.Stamp? {
        let sql = """
            SELECT d.number, d.origin, d.seq, length(b.body) FROM sync_delta d JOIN sync_body b ON b.number = d.number
            WHERE d.number > ? AND d.number < ? ORDER BY d.number LIMIT ?
            """
        let found = try rows(sql, [stamp, chunk.last, BodyRetention.batchDeltas])
        guard let end = found.last?[0] as RowState.Stamp? else { return nil }
        let refused = try refusedRows(stamp + 1...end)
        var bytes = 0
        for row in found {
            let stamp: RowState.Stamp = row[0], origin: Int64 = row[1], seq: Int64 = row[2]
            guard seq <= chunk.through[origin] ?? 0 else { continue }
            try trim(stamp, by: chunk.replacements, refused: refused[stamp] ?? [], &outcome)
            bytes += row[3] as Int
            if bytes >= BodyRetention.batchBytes { return stamp }
        }
        return found.count < BodyRetention.batchDeltas ? nil : end
    }

    private func trim(
        _ stamp: RowState.Stamp, by replacements: Replacements, refused: Set<RowID>,
        _ outcome: inout BodyRetention.Outcome
    ) throws {
        guard let frame = try frame(stamp) else { return }
        guard let writes = try writes(of: stamp, frame) else { return }
        let kept = replacements.remainder(of: writes, by: try facts(stamp), refused: refused)
        guard kept != writes, let saved = try trim(stamp, frame, to: kept) else { return }
        outcome.trimmed += 1
        outcome.writes += writes.count - kept.count
        outcome.bytes += saved
    }

    private func writes(of stamp: RowState.Stamp) throws -> [RecordedWrite] {
        guard let frame = try frame(stamp) else { return [] }
        return try writes(of: stamp, frame) ?? []
    }

    /// Nil for a body that is damaged: `verify` tells of it. It stays as it is and replaces nothing.
    private func writes(of stamp: RowState.Stamp, _ frame: DeltaFrame) throws -> [RecordedWrite]? {
        let signed = try count("SELECT writes FROM sync_delta WHERE number = ?", [stamp])
        return try? store.environment.replication.decodeBody(
            frame.body, writes: signed, isRedacted: frame.redaction != nil)
    }

    /// By delta, the rows of which a write was refused.
    private func refusedRows(_ stamps: ClosedRange<RowState.Stamp>) throws -> [RowState.Stamp: Set<RowID>] {
        let sql = "SELECT DISTINCT stamp, tbl, id FROM sync_refused WHERE stamp BETWEEN ? AND ?"
        return try rows(sql, [stamps.lowerBound, stamps.upperBound]).reduce(into: [:]) {
            $0[$1[0], default: []].insert(RowID(table: $1[1], id: $1[2]))
        }
    }
}
