import Foundation
import GRDB

/// That an origin was replaced: no machine is to write with its key any more.
public struct Retirement: Sendable, Equatable {
    public let successor: OriginID
    public let reason: Succession.Reason
}

/// Lives and retirements of origins (DESIGN 8 and 9). All of it follows from certificates and deltas, so
/// installations that have the same log judge alike.
extension StoreReader {
    /// The origins that follow one: several when a machine was cloned. Certified ones only.
    public func successors(of id: OriginID) throws -> [OriginRecord] {
        try rows(
            "SELECT id FROM sync_origin WHERE predecessor = ? AND length(certificate) > 0 ORDER BY number",
            [Data(id.bytes)]
        ).compactMap { try OriginID(bytes: Array($0[0] as Data)).flatMap(origin) }
    }

    /// Whether any origin follows another.
    public func hasSuccessions() throws -> Bool {
        try count("SELECT EXISTS (SELECT 1 FROM sync_origin WHERE predecessor IS NOT NULL)") == 1
    }

    /// By what an origin was replaced first; nil while it is in use.
    public func retirement(of id: OriginID) throws -> Retirement? {
        try successors(of: id).first.flatMap { successor in
            successor.succession.map { Retirement(successor: successor.id, reason: $0.reason) }
        }
    }

    /// The first origin of a life: rotated keys share it, restored and cloned ones begin one.
    public func life(of id: OriginID) throws -> OriginID { try origin(id)?.life ?? id }

    /// Whether an installation may still write with an origin's key: neither replaced nor revoked.
    public func isInUse(_ origin: OriginRecord) throws -> Bool {
        try !origin.isRevoked && retirement(of: origin.id) == nil
    }

    /// The newest key of a life.
    public func last(ofLife life: OriginID) throws -> OriginRecord? {
        var current = try origin(life)
        while let origin = current,
            let next = try successors(of: origin.id).first(where: { $0.succession?.reason == .rotation })
        {
            current = next
        }
        return current
    }

    /// The origin that goes on with a life now; nil when it has ended by restore, clone or revocation.
    public func present(ofLife life: OriginID) throws -> OriginRecord? {
        try last(ofLife: life).flatMap { try isInUse($0) ? $0 : nil }
    }

    /// Whether the hub took part in ending any life: successions but for rotations, and revocations.
    func hasEndedLives() throws -> Bool {
        try count(
            """
            SELECT EXISTS (SELECT 1 FROM sync_origin WHERE revocation IS NOT NULL
              OR (predecessor IS NOT NULL AND reason <> 'rotation'))
            """) == 1
    }

    /// Why a life is over, once everything that will ever be taken of it is here: the tail of its chain, or all
    /// up to the revocation. nil for one that goes on, and while its tail is out.
    public func end(ofLife life: OriginID) throws -> String? {
        guard let last = try last(ofLife: life), try !isInUse(last), try isTailIn(of: last.id) else {
            return nil
        }
        return try last.isRevoked ? "revoked" : retirement(of: last.id)?.reason.rawValue
    }

    /// Whether all that will ever be taken of a retired or revoked origin is applied here: each machine that
    /// wrote with a retired key begins its next chain with a delta that had seen it all.
    public func isTailIn(of id: OriginID) throws -> Bool {
        if try origin(id)?.isRevoked == true { return true }
        let successors = try successors(of: id)
        return try !successors.isEmpty
            && successors.allSatisfy { try $0.headSeq > 0 || isTailIn(of: $0.id) }
    }
}

extension StoreReader {
    /// Whether the hub has ended a life that held rows.
    public func hasEnded(_ life: OriginID) throws -> Bool {
        try !loadRow(Schema.endedLife.name, id: life.hex).isEmpty
    }

    /// Whether a copy of a machine may write with an origin's key without knowing what the machine wrote later: its
    /// chain forked, or goes on under another key.
    public func wasCopied(_ id: OriginID) throws -> Bool {
        guard let origin = try origin(id) else { return false }
        return try isForked(origin) || retirement(of: id) != nil
    }

    /// Whether the author of a delta knew that the life of a row's holder was over. Whoever applies the delta
    /// has what its author had seen, so every installation says the same.
    public func isForfeited(_ state: RowState, knownTo author: DeltaFacts) throws -> Bool {
        func knew(_ stamp: RowState.Stamp) throws -> Bool {
            try stamp == author.stamp || author.hadSeen(facts(stamp))
        }
        let holders = state.siblings(of: SyncedTable.holderColumn, covers: try covering(state))
        return try holders.contains { holder in
            guard let life = holder.value?.text, try knew(holder.stamp) else { return false }
            return try loadRow(Schema.endedLife.name, id: life).stamps.contains(where: knew)
        }
    }
}

extension StoreReader {
    /// How far of a former own chain the hub has signed receipts for, as stored here.
    func receipts(of origin: OriginID?) throws -> Int64 {
        guard let number = try origin.flatMap(self.origin)?.number else { return 0 }
        return Int64(try count("SELECT ifnull(max(seq), 0) FROM sync_receipt WHERE origin = ?", [number]))
    }

    /// Deltas of own former origins that the hub may lack, as stamps in the order in which they were
    /// written; those after `stamp` only. A trimmed one isn't among them: everybody has it.
    public func handover(after stamp: RowState.Stamp = 0, limit: Int) throws -> [RowState.Stamp] {
        let sql = """
            SELECT d.number FROM sync_handover h JOIN sync_delta d
            ON d.origin = h.origin AND d.number > h.after_stamp AND d.number <= h.through_stamp
            WHERE d.number > ? AND NOT EXISTS (SELECT 1 FROM sync_trimmed t WHERE t.number = d.number)
            ORDER BY d.number LIMIT ?
            """
        return try Int64.fetchAll(db.cachedStatement(sql: sql), arguments: [stamp, limit])
    }
}

extension ReplicaTransaction {
    /// Node: deltas of other origins that are here and not at the hub, whose heads are given, are to be handed in:
    /// they came by hand, and whoever wrote them may have lost them since. Not those after one from whose body a
    /// person was erased here: the hub takes no other node's word for what is left of it. True when there are any.
    public func oweToHub(beyond heads: [ChainHead], own: OriginRecord) throws -> Bool {
        let known = Set(heads)
        var isOwing = false
        for origin in try origins() where origin.id != own.id && !origin.isRevoked {
            guard try self.heads(of: origin).contains(where: { !known.contains($0) }) else { continue }
            // Of a forked chain all is given: the hub knows by their hashes what it has.
            let theirs = heads.filter { $0.origin == origin.id }
            let isChain = try theirs.count == 1 && !isForked(origin)
            let after = try isChain ? stamp(origin: origin.number, seq: theirs[0].seq) ?? 0 : 0
            let last = try lastToGive(of: origin, after: after, own: own)
            guard last > after else { continue }
            try db.execute(
                sql: "INSERT OR IGNORE INTO sync_handover VALUES (?, ?, ?)",
                arguments: [origin.number, after, last])
            isOwing = true
        }
        return isOwing
    }

    private func lastToGive(of origin: OriginRecord, after: RowState.Stamp, own: OriginRecord) throws
        -> RowState.Stamp
    {
        let sql = """
            SELECT max(d.number) FROM sync_delta d WHERE d.origin = ?1
              AND NOT EXISTS (SELECT 1 FROM sync_trimmed t WHERE t.number = d.number) AND (?3 OR d.number < ifnull((
              SELECT min(o.number) FROM sync_delta o JOIN sync_redaction r ON r.number = o.number
              WHERE o.origin = ?1 AND o.number > ?2 AND r.statement IS NULL), 9223372036854775807))
            """
        let isMine = origin.nodeID == own.nodeID
        return try Int64.fetchOne(db, sql: sql, arguments: [origin.number, after, isMine]) ?? 0
    }

    /// Notes that the hub has, or keeps until it can apply them, all handed in deltas up to a stamp.
    public func handedIn(through stamp: RowState.Stamp) throws {
        try db.execute(
            sql: "UPDATE sync_handover SET after_stamp = max(after_stamp, ?)", arguments: [stamp])
        try db.execute(sql: "DELETE FROM sync_handover WHERE after_stamp >= through_stamp")
    }

    /// Goes on as a new origin, begun by one audit entry that has seen everything here; so whoever has that
    /// delta has the whole tail of the old chain. The hub's certificate may follow later.
    func succeed(
        with key: SigningKey, identifiers: Identifiers, reason: Succession.Reason, certificate: [UInt8] = [],
        as actor: Actor
    ) throws {
        let old = try requiredOwnOrigin()
        let claim = OriginClaim(
            tenant: try tenantID(), slug: "", publicKey: key.publicKey, role: old.role, nodeID: old.nodeID,
            name: old.name, issuedAt: 0, succession: Succession(predecessor: old.id, reason: reason))
        try goOn(
            with: key, identifiers: identifiers, claim: claim, certificate: certificate,
            reason: reason.rawValue, as: actor)
    }

    private func requiredOwnOrigin() throws -> OriginRecord {
        guard let old = try ownOrigin() else {
            throw NodeError(.corrupt, "this tenant has no key", hint: "Enrol with a new token.")
        }
        return old
    }

    /// The same for whatever a certificate says of the new origin; one that names no predecessor too.
    func goOn(
        with key: SigningKey, identifiers: Identifiers, claim: OriginClaim, certificate: [UInt8],
        reason: String, as actor: Actor
    ) throws {
        let old = try requiredOwnOrigin()
        let receipts = try state(.receiptSeq)?.int ?? 0
        let acknowledged = try stamp(origin: old.number, seq: receipts) ?? 0
        let last = try Int64.fetchOne(
            db, sql: "SELECT max(number) FROM sync_delta WHERE origin = ?", arguments: [old.number])
        let new = try addOrigin(
            publicKey: key.publicKey, role: claim.role, nodeID: claim.nodeID, name: claim.name,
            certificate: certificate, succession: claim.succession)
        if let last, last > acknowledged, old.role == .node {
            try db.execute(
                sql: "INSERT OR REPLACE INTO sync_handover VALUES (?, ?, ?)",
                arguments: [old.number, acknowledged, last])
        }
        try setState(.ownOrigin, .int(new.number))
        try setState(.receiptSeq, .int(0))
        let origin = LocalOrigin(key: key, role: old.role, identifiers: identifiers)
        let transaction = try LocalTransaction(self, actor: actor, origin: origin)
        transaction.audit(
            AuditAction("node.succeed", targetType: "origin", targetID: old.id.hex, reason: reason))
        try transaction.seal(alone: true)
    }
}

extension StoreReader {
    /// Throws `UPGRADE_REQUIRED` naming an enrolled installation whose schema, as its newest delta states it, is
    /// older than one that knows something.
    public func requireKnowing(_ since: Int, for something: String) throws {
        for origin in try origins() where try isInUse(origin) {
            guard let stamp = try stamp(origin: origin.number, seq: origin.headSeq) else { continue }
            let version = try facts(stamp).schemaVersion
            guard version < since else { continue }
            throw NodeError(
                .upgradeRequired,
                "\(origin.name) is too old for \(something) (it has schema \(version), not \(since))",
                hint: "Upgrade node-cli there and let it sync a change; nothing was changed.")
        }
    }
}
