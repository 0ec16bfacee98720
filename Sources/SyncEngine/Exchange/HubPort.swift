import NodeCore

/// The hub's side of the exchange of one tenant with one node. Every function may be repeated.
public struct HubPort: Sendable {
    let tenant: OpenTenant
    let identity: SigningKey
    let node: OriginID
    let snapshots: SnapshotOffer
    /// Bytes of log entries that come along with the answer to hello.
    let rideAlongBytes: Int

    /// `node`: the origin whose key signed the request. `snapshots`: to whom one is offered.
    public init(
        _ tenant: OpenTenant, identity: SigningKey, node: OriginID, snapshots: SnapshotOffer = .standard,
        rideAlongBytes: Int = ExchangeLimits.rideAlongBytes
    ) {
        self.tenant = tenant
        self.identity = identity
        self.node = node
        self.snapshots = snapshots
        self.rideAlongBytes = rideAlongBytes
    }

    var now: Int64 { tenant.store.environment.clock.milliseconds() }

    /// Compares positions, takes what rides along, and gives what fits. Throws `HUB_RECOVERING` while this
    /// hub waits for other nodes.
    public func hello(_ request: HelloRequest, isRevoked: Bool, at hub: Installation) throws -> HubAnswer {
        guard request.tenant == tenant.id, request.origin == node else { throw DeltaError.wrongTenant }
        if !isRevoked, request.frames.isEmpty,
            let answer = try tenant.store.read({ try answerAtOnce(request, in: $0) })
        {
            return answer
        }
        var answer = try greet(request, isRevoked: isRevoked, at: hub)
        if !answer.verdict.stops { answer.hubStatements = try statements(for: request) }
        return answer
    }

    /// The answer to a hello without deltas after which nothing is to be written here, as to most, read in one
    /// transaction; nil for any other.
    func answerAtOnce(_ request: HelloRequest, in reader: StoreReader) throws -> HubAnswer? {
        guard try judge(request, in: reader) == nil, try !reader.isRecovering(),
            try judgeLog(for: request, in: reader) == nil, try !hasPassedMore(request, in: reader),
            let checkpoint = try signedCheckpoint(in: reader)
        else { return nil }
        var answer = try give(
            after: request.cursor, cursorHash: request.cursorHash, maxBytes: rideAlongBytes,
            receiptAfter: request.receiptSeq, checkpoint, in: reader)
        if answer.headsHash == request.headsHash, answer.entries.isEmpty { answer.verdict = .equal }
        if owesHeads(answer, request) { answer.heads = try reader.heads() }
        answer.hubStatements = try statements(for: request, in: reader)
        return answer
    }

    /// What the hub says of its keys, as far as the node lacks it.
    func statements(for request: HelloRequest) throws -> [[UInt8]] {
        try tenant.store.read { try statements(for: request, in: $0) }
    }

    private func statements(for request: HelloRequest, in reader: StoreReader) throws -> [[UInt8]] {
        guard let mark = request.hubMark else { return [] }
        return try reader.hubIdentity().statements(after: mark)
    }

    func greet(_ request: HelloRequest, isRevoked: Bool, at hub: Installation) throws
        -> HubAnswer
    {
        if isRevoked { return try stop(.revoked, request) }
        if let verdict = try tenant.store.read({ try judge(request, in: $0) }) {
            return try stop(verdict, request)
        }
        if try hear(at: hub) {
            // The hub's own key is another one now.
            return try HubPort(
                hub.tenant(tenant.slug), identity: identity, node: node, snapshots: snapshots,
                rideAlongBytes: rideAlongBytes
            ).greet(request, isRevoked: false, at: hub)
        }
        if let verdict = try tenant.store.read({ try judgeLog(for: request, in: $0) }) {
            return try stop(verdict, request)
        }
        if !request.frames.isEmpty {
            let taken = try take(request.frames) { transaction in
                if try !isForked(in: transaction) { try notePassed(request, in: transaction) }
            }
            if try tenant.store.read({ try isForked(in: $0) }) { return try stop(.fork, request) }
            var answer = try give(
                after: request.cursor, cursorHash: request.cursorHash,
                maxBytes: rideAlongBytes, receiptAfter: request.receiptSeq)
            answer.waiting = taken.waiting
            answer.turnedAway = taken.turnedAway
            return try withHeads(answer, request)
        }
        try notePassed(request)
        var answer = try give(
            after: request.cursor, cursorHash: request.cursorHash, maxBytes: rideAlongBytes,
            receiptAfter: request.receiptSeq)
        let isEqual = answer.headsHash == request.headsHash && answer.entries.isEmpty
        if isEqual { answer.verdict = .equal }
        return try withHeads(answer, request)
    }

    /// A node that has taken the whole log and has other heads holds something that the hub lacks: it is told
    /// what the hub has.
    private func owesHeads(_ answer: HubAnswer, _ request: HelloRequest) -> Bool {
        answer.verdict != .equal && answer.heads.isEmpty && answer.entries.isEmpty
            && answer.cursor >= answer.logSize && answer.headsHash != request.headsHash
    }

    private func withHeads(_ answer: HubAnswer, _ request: HelloRequest) throws -> HubAnswer {
        guard owesHeads(answer, request) else { return answer }
        var answer = answer
        // Another delta may have come since; then it is in the log, and the next hello brings it.
        try tenant.store.read { reader in
            guard try reader.headsHash() == answer.headsHash else { return }
            answer.heads = try reader.heads()
        }
        return answer
    }

    /// Takes deltas: of the node's chain, or of one that it hands in. Those of a fork are taken too. Gives what the node
    /// asks for of the log beside, so that it has something to merge while the hub merges what it sends next.
    public func push(_ request: PushRequest) throws -> HubAnswer {
        guard request.tenant == tenant.id else { throw DeltaError.wrongTenant }
        try tenant.store.read { try $0.requireRecovered() }
        let taken = try take(request.frames), checkpoint = try checkpoint()
        return try tenant.store.read { reader in
            let isForked = try isForked(in: reader)
            let gives =
                try !isForked && request.maxBytes > 0 && reader.knows(request.cursor, request.cursorHash)
            var answer =
                try gives
                ? give(
                    after: request.cursor, cursorHash: request.cursorHash,
                    maxBytes: min(request.maxBytes, ExchangeLimits.maxBatchBytes), receiptAfter: .max,
                    checkpoint, in: reader)
                : answer(
                    isForked ? .fork : .exchange, in: reader, cursor: request.cursor,
                    cursorHash: request.cursorHash)
            answer.waiting = taken.waiting
            answer.turnedAway = taken.turnedAway
            answer.checkpoint = checkpoint.bytes
            if !isForked { answer.receipt = try receipt(for: answer.head, in: reader) }
            return answer
        }
    }

    public func pull(_ request: PullRequest) throws -> HubAnswer {
        guard request.tenant == tenant.id else { throw DeltaError.wrongTenant }
        try tenant.store.read { try $0.requireRecovered() }
        let known = try tenant.store.read { try $0.knows(request.cursor, request.cursorHash) }
        guard known else {
            return try tenant.store.read {
                try answer(.hubBehind, in: $0, cursor: request.cursor, cursorHash: request.cursorHash)
            }
        }
        if try tenant.store.read({ try isTrimmed(after: request.cursor, in: $0) }) {
            return try tenant.store.read {
                try answer(.snapshotRequired, in: $0, cursor: request.cursor, cursorHash: request.cursorHash)
            }
        }
        return try give(
            after: request.cursor, cursorHash: request.cursorHash,
            maxBytes: min(request.maxBytes, ExchangeLimits.maxBatchBytes), receiptAfter: .max)
    }

    // MARK: Taking and giving

    /// A node whose chain is here up to the end that hello named has passed everything up to its cursor.
    func notePassed(_ request: HelloRequest) throws {
        guard try tenant.store.read({ try hasPassedMore(request, in: $0) }) else { return }
        try tenant.store.replicate { try notePassed(request, in: $0) }
    }

    private func notePassed(_ request: HelloRequest, in transaction: ReplicaTransaction) throws {
        guard try hasPassedMore(request, in: transaction), let origin = try transaction.origin(node) else {
            return
        }
        try transaction.notePassed(origin, cursor: request.cursor)
    }

    private func hasPassedMore(_ request: HelloRequest, in reader: StoreReader) throws -> Bool {
        guard let origin = try reader.origin(node), origin.headSeq >= request.ownHead?.seq ?? 0 else {
            return false
        }
        return try reader.hasPassedMore(origin, cursor: request.cursor)
    }

    /// `then` is part of the same transaction.
    func take(_ frames: [DeltaFrame], then: (ReplicaTransaction) throws -> Void = { _ in }) throws
        -> ApplySummary
    {
        let (summary, toLookAt, mark) = try tenant.store.replicate { transaction in
            // What a local write touched, or a push that a stop cut off from its arbiter, was not looked at yet.
            let isBehind = try transaction.state(.casesPending)?.int != nil
            let summary = try DeltaApplier.receive(frames, in: transaction)
            try then(transaction)
            let touched = isBehind ? TouchedRows.all : transaction.touchedAtEnd
            transaction.isWithoutCases = try !isBehind && !Arbiter.isNeeded(among: touched, in: transaction)
            return (summary, touched, try transaction.casesMark())
        }
        try Arbiter(tenant).run(among: toLookAt, of: mark)
        return summary
    }

    func answer(
        _ verdict: Verdict, in reader: StoreReader, cursor: Int64, cursorHash: Hash?
    ) throws -> HubAnswer {
        let origin = try reader.origin(node)
        let head = origin.flatMap { origin in
            origin.headHash.map { ChainHead(origin: origin.id, seq: origin.headSeq, hash: $0) }
        }
        return HubAnswer(
            verdict: verdict, wall: now, headsHash: try reader.headsHash(), head: head, cursor: cursor,
            cursorHash: cursorHash, logSize: try reader.logSize(),
            heldSeq: try origin.map(reader.heldThrough) ?? 0)
    }

    func give(
        after cursor: Int64, cursorHash: Hash?, maxBytes: Int, receiptAfter: Int64
    ) throws -> HubAnswer {
        // Nothing is handed out that isn't signed for.
        let checkpoint = try checkpoint()
        return try tenant.store.read { reader in
            try give(
                after: cursor, cursorHash: cursorHash, maxBytes: maxBytes, receiptAfter: receiptAfter,
                checkpoint, in: reader)
        }
    }

    func give(
        after cursor: Int64, cursorHash: Hash?, maxBytes: Int, receiptAfter: Int64,
        _ checkpoint: (bytes: [UInt8], size: Int64), in reader: StoreReader
    ) throws -> HubAnswer {
        var answer = try answer(.exchange, in: reader, cursor: cursor, cursorHash: cursorHash)
        // What came since the checkpoint is in the heads, but not in the entries.
        let coversHeads = answer.logSize == checkpoint.size
        answer.logSize = checkpoint.size
        if try isTrimmed(after: cursor, in: reader) { return answer }
        let page = try reader.log(
            after: cursor, through: checkpoint.size, except: node, maxBytes: maxBytes,
            maxEntries: ExchangeLimits.maxEntries)
        answer.entries = try page.entries.map { try $0.sealed(by: tenant) }
        if page.through > cursor {
            answer.checkpoint = checkpoint.bytes
            answer.ownRuns = try reader.runs(of: node, after: cursor, through: page.through)
            answer.cursor = page.through
            answer.cursorHash = try reader.logEntry(page.through)?.hash
        }
        if coversHeads, page.through > cursor, page.through >= answer.logSize {
            if !page.entries.isEmpty {
                answer.heads = try reader.heads()
                answer.passed = try reader.passedHeads()
            }
            answer.settled = try reader.settledHeads()
        }
        if let head = answer.head, head.seq > receiptAfter {
            answer.receipt = try receipt(for: head, in: reader)
        }
        return answer
    }

    func receipt(for head: ChainHead?, in reader: StoreReader) throws -> [UInt8]? {
        guard let head else { return nil }
        return try Receipt(tenant: tenant.id, head: head, logSize: reader.logSize(), issuedAt: now)
            .signed(by: identity)
    }
}
