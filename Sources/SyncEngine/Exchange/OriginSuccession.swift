import NodeCore

/// How an installation goes on as a new origin, both sides.
///
/// Idea (DESIGN 9, "recovery is one path"): a machine that was restored or cloned makes a new key, begins
/// its chain with one entry that has seen all it has, hands in what it wrote with the old key, and reads
/// the hub's log again from where that has deltas of the old key it may lack. The hub takes both branches
/// of the old chain; its certificate for the new key retires the old one. Nothing is rewritten, so every
/// write that was acknowledged on either machine survives by value.
public enum OriginSuccession {
    /// Node: what to ask of the hub before anything else, and the key that signs it; nil for nothing.
    public static func request(for slug: String, at node: Installation) throws -> (
        request: SuccessionRequest, key: SigningKey
    )? {
        guard let pending = try node.pendingSuccession(slug) else { return nil }
        let tenant = try node.tenant(slug)
        var request = try SuccessionRequest(tenant: tenant.id, pending)
        request.hubMark = try tenant.store.read { try $0.hubIdentity().mark }
        return (request, pending.oldKey)
    }

    /// Hub: certifies the new key and so retires the signer's, before the first use of the new one. The same
    /// request may be repeated. A rotation is refused with `FORK` when the key is no longer in use.
    public static func admit(
        _ request: SuccessionRequest, from node: EnrolledNode, at hub: Installation
    ) throws -> SuccessionAnswer {
        let tenant = try hub.tenant(node.tenant)
        let message = SuccessionRequest.message(node.origin, request.publicKey, tenant.id, request.reason)
        guard request.tenant == tenant.id else { throw DeltaError.wrongTenant }
        guard request.publicKey.isValidSignature(request.proof, for: message) else {
            throw DeltaError.badSignature
        }
        let id = OriginID(publicKey: request.publicKey, tenant: tenant.id)
        let (certificate, name, rewind, rewindHash) = try tenant.store.replicate { replica in
            guard let old = try replica.origin(node.origin) else {
                throw DeltaError.unknownKey(keyID: node.origin.hex)
            }
            if try replica.origin(id) == nil { try certify(request, after: old, in: replica, tenant, hub) }
            guard let new = try replica.origin(id), new.succession?.predecessor == old.id else {
                throw NodeError(.conflict, "the new key is in use already", hint: "Make another one.")
            }
            let rewind = try replica.logPosition(before: old, after: request.receiptSeq)
            return (new.certificate, new.name, rewind, try replica.logEntry(rewind)?.hash)
        }
        try hub.recordEnrolment(
            EnrolledNode(
                origin: id, tenant: node.tenant, nodeID: node.nodeID, name: name,
                enrolledAt: hub.environment.clock.milliseconds()))
        var answer = SuccessionAnswer(certificate: certificate, rewind: rewind, rewindHash: rewindHash)
        answer.hubStatements = try tenant.store.read { try $0.hubIdentity() }.statements(
            after: request.hubMark)
        return answer
    }

    private static func certify(
        _ request: SuccessionRequest, after old: OriginRecord, in replica: ReplicaTransaction,
        _ tenant: OpenTenant, _ hub: Installation
    ) throws {
        guard try (replica.isInUse(old) && !replica.isForked(old)) || request.reason != .rotation else {
            throw Verdict.fork.error!
        }
        let twins = try replica.origins().count {
            try $0.nodeID == old.nodeID && $0.id != old.id && replica.isInUse($0)
        }
        let claim = OriginClaim(
            tenant: tenant.id, slug: tenant.slug, publicKey: request.publicKey, role: .node,
            nodeID: old.nodeID, name: twins == 0 ? old.name : "\(old.name) (\(twins + 1))",
            issuedAt: hub.environment.clock.milliseconds(),
            succession: Succession(predecessor: old.id, reason: request.reason))
        let certificate = try Certificate(claim).signed(by: hub.identity)
        try replica.addOrigin(
            publicKey: claim.publicKey, role: .node, nodeID: claim.nodeID, name: claim.name,
            certificate: certificate, succession: claim.succession)
        try replica.appendToLog(document: certificate)
    }

    /// Node: checks the certificate and takes it. Throws `VERIFICATION_FAILED`; then nothing has changed.
    public static func complete(_ answer: SuccessionAnswer, for slug: String, at node: Installation) throws {
        let tenant = try node.tenant(slug)
        let hub = try tenant.store.replicate { try $0.follow(answer.hubStatements) }
        let claim: OriginClaim
        do {
            claim = try Certificate(verifying: answer.certificate, hub: hub).claim
        } catch is DeltaError {
            throw NodeError(
                .verificationFailed, "the hub's certificate is not valid", hint: "Nothing was changed.")
        }
        guard claim.publicKey == (try node.pendingSuccession(slug)?.newKey.publicKey),
            claim.tenant == tenant.id, claim.role == .node,
            claim.succession != nil
        else {
            throw NodeError(
                .verificationFailed, "the hub's certificate is for another key", hint: "Nothing was changed.")
        }
        try node.completeSuccession(
            slug, claim, certificate: answer.certificate, rewind: answer.rewind, rewindHash: answer.rewindHash
        )
    }
}

/// A sync of one tenant: exchanges, and where the hub finds the node restored or cloned, the succession
/// between them. Whoever has the line performs both; this decides what comes next.
public struct SyncSession {
    private let slug: String
    private let node: Installation

    public init(_ slug: String, at node: Installation) {
        self.slug = slug
        self.node = node
    }

    /// Runs to the end. `ask` sends a succession signed with the key given, `exchange` runs one exchange of
    /// the tenant as it stands now, `recall` hands a hub that was put back what it lost, `snapshot` fetches a piece
    /// of one. A failure of `exchange` is in the outcome, others are thrown.
    public func run(
        ask: (SuccessionRequest, SigningKey) throws -> SuccessionAnswer,
        exchange: (OpenTenant) throws -> ExchangeOutcome,
        recall: (RecallRequest) throws -> RecallAnswer,
        snapshot: (SnapshotRequest) throws -> SnapshotAnswer
    ) throws -> ExchangeOutcome {
        var first: ExchangeOutcome?, hasRecalled = false, snapshots = 0
        // One succession heals; a second can only be needed when somebody clones the machine meanwhile. A second
        // snapshot is needed when the first was begun long ago.
        for _ in 0..<6 {
            let settled = try settled(), succession = settled == nil ? try prepare(ask) : nil
            var outcome = try exchange(try settled ?? node.tenant(slug))
            if let first { outcome.add(first) }
            outcome.succession = succession ?? outcome.succession
            if outcome.verdict == .hubBehind, outcome.error != nil, !hasRecalled {
                hasRecalled = true
                try NodeRecall(node.tenant(slug)).run(outcome, send: recall)
                first = outcome
                continue
            }
            if outcome.verdict == .snapshotRequired, outcome.error != nil, snapshots < 2 {
                snapshots += 1
                let taken: SnapshotTaken
                do { taken = try takeSnapshot(snapshot) } catch let error as NodeError
                    where error.code == .nodeBehind
                {
                    // The next hello says so, too.
                    first = outcome
                    continue
                } catch let error as NodeError where first?.snapshot != nil {
                    // What the first one brought is here.
                    outcome.error = error
                    return outcome
                }
                outcome.snapshot = taken.adding(outcome.snapshot)
                outcome.pulled.deltas += taken.deltas
                outcome.pulled.writes += taken.writes
                outcome.pulled.bytes += taken.bytes
                first = outcome
                continue
            }
            guard outcome.verdict?.succession != nil, outcome.error != nil else {
                if outcome.succession != nil { outcome.verdict = first?.verdict ?? outcome.verdict }
                // What a stop left of a snapshot that was taken, or isn't needed any more.
                if outcome.error == nil { try node.directory.removeSnapshots(slug: slug) }
                return outcome
            }
            first = outcome
            try heal(after: outcome)
        }
        return first ?? ExchangeOutcome()
    }

    /// After an exchange that the hub answered with `snapshot-required`: fetches one and takes it over. What `send`
    /// throws is thrown; pieces that came are kept.
    public func takeSnapshot(_ send: (SnapshotRequest) throws -> SnapshotAnswer) throws -> SnapshotTaken {
        try NodeSnapshot(slug, at: node).run(send: send)
    }

    /// The tenant, where no key is to follow another: nearly always. Nothing is to be prepared then.
    private func settled() throws -> OpenTenant? {
        let tenant = try node.tenant(slug)
        return tenant.keyStanding == .settled && !node.hasNextKey(slug) ? tenant : nil
    }

    /// Before an exchange: a machine whose file is of another key gets a new one, and the hub certifies what
    /// was begun. `ask` sends a succession signed with the key given.
    public func prepare(_ ask: (SuccessionRequest, SigningKey) throws -> SuccessionAnswer) throws
        -> Succession?
    {
        if try node.isDisplaced(slug) { try node.beginSuccession(slug, reason: .restore) }
        return try certify(ask)
    }

    /// After an exchange: begins a succession where the hub found the machine restored or cloned.
    public func heal(after outcome: ExchangeOutcome) throws {
        guard let reason = outcome.verdict?.succession, outcome.error != nil, try isNews(outcome) else {
            return
        }
        try node.beginSuccession(slug, reason: reason)
    }

    /// False when the node has all that the hub spoke of after all: another process wrote meanwhile.
    func isNews(_ outcome: ExchangeOutcome) throws -> Bool {
        guard outcome.verdict == .nodeBehind else { return true }
        let heads = outcome.ownHeadsAtHub
        return try heads.isEmpty || node.tenant(slug).store.read { try !heads.allSatisfy($0.has) }
    }

    private func certify(_ ask: (SuccessionRequest, SigningKey) throws -> SuccessionAnswer) throws
        -> Succession?
    {
        try node.finishSuccession(slug)
        guard let (request, key) = try OriginSuccession.request(for: slug, at: node) else { return nil }
        do { try OriginSuccession.complete(try ask(request, key), for: slug, at: node) } catch let error
            as NodeError where error.code == .fork && request.reason == .rotation
        {
            // The key is used by another copy of this machine: hello says so too, and heals it.
            try node.forgetRotation(slug)
            return nil
        }
        return try node.tenant(slug).store.read { try $0.ownOrigin()?.succession }
    }
}

extension ExchangeOutcome {
    /// Counts what an earlier exchange of the same sync moved.
    mutating func add(_ earlier: ExchangeOutcome) {
        pushedDeltas += earlier.pushedDeltas
        pushedBytes += earlier.pushedBytes
        pulled.add(earlier.pulled)
        succession = succession ?? earlier.succession
        snapshot = snapshot ?? earlier.snapshot
    }
}
