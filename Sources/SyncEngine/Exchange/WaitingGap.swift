import NodeCore

/// Deltas of one key that wait at the hub for others that nobody has handed in: these may be on a disk that is gone.
public struct WaitingGap: Sendable {
    public let origin: OriginRecord
    /// What they wait for, the first of each chain.
    public let missing: [Missing]
    /// By number.
    public let waiting: [Waiting]

    public struct Missing: Sendable, Equatable {
        public let origin: OriginID
        public let seq: Int64
    }

    public struct Waiting: Sendable {
        public let seq: Int64
        public let hash: Hash
        /// nil when it no longer verifies: its bytes were damaged, or who vouched for them was revoked.
        public let delta: VerifiedDelta?
    }

    /// Throws `NODE_NOT_FOUND` for an origin that isn't there.
    public init(_ id: OriginID, in reader: StoreReader) throws {
        guard let origin = try reader.origin(id) else {
            throw NodeError(
                .nodeNotFound, "no such key is enrolled", hint: "`node-cli nodes list` shows them.")
        }
        self.origin = origin
        waiting = try reader.waiting(of: id).map { seq, hash, frame in
            do {
                return Waiting(seq: seq, hash: hash, delta: try DeltaVerifier.verify(frame, in: reader))
            } catch is DeltaError { return Waiting(seq: seq, hash: hash, delta: nil) }
        }
        missing = try Self.missing(of: origin, waiting, in: reader)
    }

    private static func missing(of origin: OriginRecord, _ waiting: [Waiting], in reader: StoreReader) throws
        -> [Missing]
    {
        guard let first = waiting.first, let last = waiting.last else { return [] }
        let held = try reader.heldThrough(origin)
        let isCut = last.delta.map { $0.header.part < $0.header.parts - 1 } ?? false
        if last.seq > held || isCut { return [Missing(origin: origin.id, seq: held + 1)] }
        var known = SeenVector()
        return try (first.delta?.header.seen ?? []).filter { try !reader.add([$0], to: &known) }.map {
            Missing(origin: $0.origin, seq: $0.seq)
        }
    }

    /// For the audit log, which keeps it for good: a few numbers and one hash, whatever came.
    var summary: String {
        var awaited = missing.prefix(3).map { "\($0.seq) of \($0.origin.hex)" }
        if missing.count > 3 { awaited.append("\(missing.count - 3) more") }
        let hash = Digest.sha256(waiting.flatMap(\.hash.bytes))
        return "\(waiting.count) deltas, \(waiting.first?.seq ?? 0) to \(waiting.last?.seq ?? 0), waited for "
            + "\(awaited.isEmpty ? "others" : awaited.joined(separator: ", ")); SHA-256 of their hashes \(hash.hex)"
    }
}

extension NodeAdministration {
    /// Gives up on what waits of a key: it is let go, and an entry of the audit log, signed by the hub, says so at every
    /// installation. Whoever has it and all that it builds on may hand it in again. Returns what it was.
    @discardableResult
    public static func void(_ found: Found, as actor: Actor) throws -> WaitingGap {
        try found.tenant.store.write(as: actor, origin: found.tenant.origin) { transaction in
            try void(found.origin.id, in: transaction)
        }
    }

    /// The same as part of a transaction; where nothing waits there is no entry.
    static func void(_ id: OriginID, in transaction: LocalTransaction) throws -> WaitingGap {
        let gap = try WaitingGap(id, in: transaction.replica)
        if gap.waiting.isEmpty { return gap }
        transaction.auditAlone(
            AuditAction("node.void", targetType: "origin", targetID: id.hex, reason: gap.summary))
        try transaction.replica.removeWaiting(of: id)
        return gap
    }
}
