import NodeCore

/// Deltas of one key that wait at the hub for others that nobody has handed in: these may be on a disk that is gone.
public struct WaitingGap: Sendable {
    public let origin: OriginRecord
    /// What they wait for, the first of each chain.
    public let missing: [Missing]
    /// By number.
    public let waiting: [VerifiedDelta]

    public struct Missing: Sendable, Equatable {
        public let origin: OriginID
        public let seq: Int64
    }

    public init(_ origin: OriginRecord, in reader: StoreReader) throws {
        self.origin = origin
        let frames = try reader.waitingNumbers(origin: origin.id, through: .max).flatMap {
            try reader.waiting(origin: origin.id, seq: $0)
        }
        waiting = try frames.map { try DeltaVerifier.verify($0, in: reader) }
        missing = try Self.missing(of: origin, waiting, in: reader)
    }

    private static func missing(of origin: OriginRecord, _ waiting: [VerifiedDelta], in reader: StoreReader)
        throws -> [Missing]
    {
        guard let first = waiting.first, let last = waiting.last?.header else { return [] }
        let held = try reader.heldThrough(origin)
        if last.seq > held || last.part < last.parts - 1 {
            return [Missing(origin: origin.id, seq: held + 1)]
        }
        var known = SeenVector()
        return try first.header.seen.filter { try !reader.add([$0], to: &known) }.map {
            Missing(origin: $0.origin, seq: $0.seq)
        }
    }

    /// For the audit log: numbers and hashes alone.
    var summary: String {
        let numbers = waiting.map(\.header.seq), awaited = missing.map { "\($0.seq) of \($0.origin.hex)" }
        let hash = Digest.sha256(waiting.flatMap(\.hash.bytes))
        return "\(numbers.count) deltas, \(numbers.first ?? 0) to \(numbers.last ?? 0), waited for "
            + "\(awaited.isEmpty ? "others" : awaited.joined(separator: ", ")); SHA-256 of their hashes \(hash.hex)"
    }
}

extension NodeAdministration {
    /// Gives up on what waits of a key: it is let go, and an entry of the audit log, signed by the hub, says so at every
    /// installation. Whoever has it and all that it builds on may hand it in again. Returns what it was.
    @discardableResult
    public static func void(_ found: Found, as actor: Actor) throws -> WaitingGap {
        let tenant = found.tenant
        // A key with nothing waiting costs no entry.
        let isEmpty = try tenant.store.read { try WaitingGap(found.origin, in: $0).waiting.isEmpty }
        if isEmpty { return try tenant.store.read { try WaitingGap(found.origin, in: $0) } }
        return try tenant.store.write(as: actor, origin: tenant.origin) { transaction in
            let gap = try WaitingGap(found.origin, in: transaction.replica)
            transaction.auditAlone(
                AuditAction(
                    "node.void", targetType: "origin", targetID: found.origin.id.hex, reason: gap.summary))
            try transaction.replica.removeWaiting(of: found.origin.id)
            return gap
        }
    }
}
