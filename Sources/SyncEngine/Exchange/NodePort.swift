import NodeCore

/// A node's store as its exchange uses it: everything but the line.
public struct NodePort: Sendable {
    let tenant: OpenTenant
    private let takesSnapshots: Bool
    private let rideAlongBytes: Int

    /// `takesSnapshots`: whether whoever runs the exchange can fetch one (`SyncSession`). `rideAlongBytes`: of own deltas
    /// that go along with hello.
    public init(
        _ tenant: OpenTenant, takesSnapshots: Bool = false,
        rideAlongBytes: Int = ExchangeLimits.rideAlongBytes
    ) {
        self.tenant = tenant
        self.takesSnapshots = takesSnapshots
        self.rideAlongBytes = rideAlongBytes
    }

    /// What the exchange begins with: the position and what rides along with hello.
    public func begin() throws -> ExchangeEvent {
        try tenant.store.read { reader in
            guard let own = try reader.ownOrigin() else {
                throw NodeError(.corrupt, "this tenant has no key", hint: "Enrol with a new token.")
            }
            guard try reader.evidence().isEmpty else { throw NodeError.hubContradictsItself }
            let receiptSeq = try reader.state(.receiptSeq)?.int ?? 0
            var position = LocalPosition(
                tenant: try reader.tenantID(), origin: own.id,
                ownHead: own.headHash.map { ChainHead(origin: own.id, seq: own.headSeq, hash: $0) },
                headsHash: try reader.headsHash(), receiptSeq: receiptSeq,
                cursor: try reader.state(.cursor)?.int ?? 0,
                cursorHash: try reader.state(.cursorHash)?.bytes.flatMap { Hash(bytes: $0) },
                schemaVersion: reader.schema.version, wall: tenant.store.environment.clock.milliseconds(),
                hasHandover: try !reader.handover(limit: 1).isEmpty, hubMark: try reader.hubIdentity().mark)
            // What former origins left is handed in first: it is known by stamps, which a snapshot changes.
            position.takesSnapshots = takesSnapshots && !position.hasHandover
            guard !position.hasHandover else {
                return .begin(position, PendingBatch(frames: [], through: 0))
            }
            let batch = try pending(
                reader, own, after: receiptSeq, maxBytes: rideAlongBytes)
            return .begin(position, batch)
        }
    }

    /// Own deltas after a number: the part of the chain that the hub may lack.
    public func load(after seq: Int64, maxBytes: Int) throws -> PendingBatch {
        try tenant.store.read { reader in
            guard let own = try reader.ownOrigin() else { return PendingBatch(frames: [], through: seq) }
            return try pending(reader, own, after: seq, maxBytes: maxBytes)
        }
    }

    /// Deltas of own former origins that are still to be handed in, after a stamp; `through` is then a stamp.
    public func loadHandover(after stamp: RowState.Stamp = 0, maxBytes: Int) throws -> PendingBatch {
        try tenant.store.read { reader in
            let stamps = try reader.handover(after: stamp, limit: ExchangeLimits.maxEntries)
            return try batch(stamps, in: reader, through: stamp, maxBytes: maxBytes) { $0 }
        }
    }

    private func pending(
        _ reader: StoreReader, _ own: OriginRecord, after seq: Int64, maxBytes: Int
    ) throws -> PendingBatch {
        let stamps = try reader.stamps(origin: own.number, after: seq, limit: ExchangeLimits.maxEntries)
        return try batch(stamps, in: reader, through: seq, maxBytes: maxBytes) { try reader.facts($0).seq }
    }

    private func batch(
        _ stamps: [RowState.Stamp], in reader: StoreReader, through: Int64 = 0, maxBytes: Int,
        mark: (RowState.Stamp) throws -> Int64
    ) throws -> PendingBatch {
        var batch = PendingBatch(frames: [], through: through)
        var bytes = 0
        for stamp in stamps {
            guard let frame = try reader.frame(stamp)?.sealed(by: tenant) else { break }
            if !batch.frames.isEmpty, bytes + frame.byteCount > maxBytes { break }
            bytes += frame.byteCount
            batch.frames.append(frame)
            batch.through = try mark(stamp)
        }
        return batch
    }

    /// Stores an answer in one transaction: receipt, entries, cursor. Throws when something in it can't
    /// be trusted; then nothing of it is stored.
    public func store(_ request: StoreRequest) throws -> ApplySummary {
        do { return try tenant.store.replicate { try keep(request, in: $0) } } catch let error
            as LogContradiction
        {
            try tenant.store.replicate {
                try $0.addEvidence(error.reason, known: error.known, found: error.found)
            }
            throw NodeError.hubContradictsItself
        }
    }

    func keep(_ request: StoreRequest, in replica: ReplicaTransaction) throws -> ApplySummary {
        guard let own = try replica.ownOrigin() else {
            throw NodeError(.corrupt, "this tenant has no key", hint: "Enrol with a new token.")
        }
        // What the hub says of its keys comes first: all else in the answer is signed with the newest.
        let hub = try replica.follow(request.hubStatements)
        if let head = request.head { try compare(head, with: own, in: replica) }
        if let stamp = request.handedThrough { try replica.handedIn(through: stamp) }
        if let receipt = request.receipt { try keep(receipt, own: own, hub: hub, in: replica) }
        var summary = try take(request.entries, hub: hub, in: replica)
        guard summary.turnedAway == 0 else {
            throw NodeError(
                .tooLarge, "a transaction of the hub has more parts than may wait here",
                hint: "Nothing was stored."
            )
        }
        let isRead = try LogWitness(replica, hubKey: hub.key, own: own).take(request)
        summary.hasDiverged = try !isRead || hasDiverged(request, own: own, in: replica)
        if !summary.hasDiverged {
            try replica.notePassed(request.passed)
            try replica.noteSettled(request.settled)
            summary.isOwed = try !request.heads.isEmpty && replica.oweToHub(beyond: request.heads, own: own)
        }
        // A log that lacked something is read again, also after a cut.
        let cursor = summary.hasDiverged ? 0 : request.cursor
        try replica.setState(.cursor, .int(cursor))
        try replica.setState(
            .cursorHash, cursor == 0 ? .null : request.cursorHash.map { .bytes($0.bytes) } ?? .null)
        return summary
    }

    /// At the end of the hub's log nothing may be missing here. More than the hub has is no divergence:
    /// deltas may have come another way.
    private func hasDiverged(_ request: StoreRequest, own: OriginRecord, in replica: ReplicaTransaction)
        throws -> Bool
    {
        try request.heads.contains { try $0.origin != own.id && !replica.has($0) }
    }

    /// The hub's head of our chain must be one of our deltas.
    private func compare(_ head: ChainHead, with own: OriginRecord, in reader: StoreReader) throws {
        guard head.origin == own.id else { throw NodeError(.hubAnswer, "the hub answered for another node") }
        guard try !reader.has(head) else { return }
        throw head.seq > own.headSeq ? Verdict.nodeBehind.error! : Verdict.fork.error!
    }

    private func keep(
        _ bytes: [UInt8], own: OriginRecord, hub: HubIdentity, in replica: ReplicaTransaction
    ) throws {
        let receipt: Receipt
        do { receipt = try Receipt(verifying: bytes, hub: hub.key) } catch {
            throw NodeError(
                .verificationFailed, "the hub's receipt is not signed by its key",
                hint: "Something on the line changes answers; nothing was stored.")
        }
        guard receipt.tenant == (try replica.tenantID()) else {
            throw NodeError(
                .verificationFailed, "the hub's receipt is for another tenant", hint: "Nothing was stored.")
        }
        try compare(receipt.head, with: own, in: replica)
        try replica.addReceipt(origin: own.number, seq: receipt.head.seq, bytes)
    }

    private func take(
        _ entries: [LogEntry], hub: HubIdentity, in replica: ReplicaTransaction
    ) throws -> ApplySummary {
        var summary = ApplySummary()
        var frames: [DeltaFrame] = []
        for entry in entries {
            switch entry {
            case .delta(let frame): frames.append(frame)
            case .document(let bytes):
                summary.add(try DeltaApplier.receive(frames, in: replica))
                frames = []
                try SignedDocument.take(bytes, hub: hub, in: replica)
            }
        }
        summary.add(try DeltaApplier.receive(frames, in: replica))
        return summary
    }
}

extension StoreRequest {
    /// What an answer asks to be stored.
    init(_ answer: HubAnswer) {
        self.init(
            receipt: answer.receipt, head: answer.head, entries: answer.entries, cursor: answer.cursor,
            cursorHash: answer.cursorHash, heads: answer.heads, passed: answer.passed,
            settled: answer.settled, checkpoint: answer.checkpoint, ownRuns: answer.ownRuns,
            hubStatements: answer.hubStatements)
    }
}

extension ReplicaTransaction {
    /// Follows what the hub says of its keys, and keeps it; the keys as they are then known. Throws
    /// `VERIFICATION_FAILED` for what nobody who may say it has signed.
    func follow(_ statements: [[UInt8]]) throws -> HubIdentity {
        let known = try hubIdentity()
        var hub = known
        try hub.follow(statements)
        if hub != known { try setHubIdentity(hub) }
        return hub
    }
}
