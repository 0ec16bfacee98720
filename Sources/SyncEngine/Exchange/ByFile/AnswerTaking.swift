import NodeCore

/// A hub's file while a node takes it, message by message.
struct AnswerTaking {
    private let slug: String
    private let node: Installation
    private let manifest: ExchangeManifest
    /// The entry of the log after which the next answer begins.
    private var start: (position: Int64, hash: Hash?)
    private var outcome = ExchangeOutcome()
    private var isOver = false
    /// What came of a snapshot.
    private var part: SnapshotPart?

    init(_ slug: String, _ node: Installation, _ manifest: ExchangeManifest) {
        self.slug = slug
        self.node = node
        self.manifest = manifest
        start = (manifest.cursor, manifest.cursorHash)
    }

    mutating func take(_ type: UInt8, _ bytes: [UInt8]) throws {
        guard !isOver else { return }
        do {
            switch ExchangeFile.Message(rawValue: type) {
            case .certificate: try certify(SuccessionAnswer(encoded: bytes))
            case .answer: try take(HubAnswer(encoded: bytes))
            case .snapshot: try take(SnapshotAnswer(encoded: bytes))
            default: throw NodeError.brokenExchangeFile
            }
        } catch let error as DeltaError { throw error.nodeError }
    }

    /// Of the same answer a second time nothing is left to do.
    private mutating func certify(_ answer: SuccessionAnswer) throws {
        guard try node.pendingSuccession(slug) != nil else { return }
        try OriginSuccession.complete(answer, for: slug, at: node)
        outcome.succession = try node.tenant(slug).store.read { try $0.ownOrigin()?.succession }
    }

    private mutating func take(_ answer: HubAnswer) throws {
        if outcome.verdict == nil { outcome.verdict = answer.verdict }
        let tenant = try node.tenant(slug)
        if answer.verdict.stops {
            outcome.verdict = answer.verdict
            outcome.ownHeadsAtHub = answer.heads
            return try stop(answer.verdict.error, succession: answer.verdict.succession)
        }
        let (cursor, hash) = try tenant.store.read {
            (
                try $0.state(.cursor)?.int ?? 0,
                try $0.state(.cursorHash)?.bytes.flatMap { Hash(bytes: $0) }
            )
        }
        guard start.position <= cursor else { throw Self.gap }
        var request = StoreRequest(answer)
        if answer.cursor <= cursor {
            // Known already; the receipt may be news.
            request.entries = []
            request.ownRuns = []
            request.checkpoint = nil
            request.heads = []
            (request.cursor, request.cursorHash) = (cursor, hash)
        } else if start.position < cursor {
            try rewind(tenant)
        }
        do {
            let summary = try NodePort(tenant).store(request)
            outcome.pulled.add(summary)
            if summary.hasDiverged { try stop(NodeExchange.divergence, succession: nil) }
        } catch let error as NodeError where error.code == .nodeBehind || error.code == .fork {
            outcome.verdict = error.code == .fork ? .fork : .nodeBehind
            outcome.ownHeadsAtHub = answer.head.map { [$0] } ?? []
            try stop(error, succession: error.code == .fork ? .clone : .restore)
        }
        start = (answer.cursor, answer.cursorHash)
    }

    /// A piece of a snapshot, in place of the log that can't be given any more. Whole it is taken over, unless more
    /// is here already.
    private mutating func take(_ piece: SnapshotAnswer) throws {
        let snapshot = try NodeSnapshot(slug, at: node)
        let here = try snapshot.add(piece, to: piece.offset == 0 ? nil : part)
        part = here
        guard Int64(here.count) == piece.size else { return }
        let end = try snapshot.end(of: here), tenant = try node.tenant(slug)
        if try tenant.store.read({ try $0.state(.cursor)?.int ?? 0 }) < end.position {
            // What former origins left is known by stamps, which a snapshot changes.
            try noteHanded(tenant)
            guard try tenant.store.read({ try $0.handover(limit: 1).isEmpty }) else {
                throw NodeError(
                    .conflict, "this node has changes of a former key that the hub hasn't taken yet",
                    hint: "Export here, import that at the hub, and export there again.")
            }
            let taken: SnapshotTaken
            do { taken = try snapshot.takeOver(here, bytes: here.count) } catch let error as NodeError
                where error.code == .nodeBehind
            {
                outcome.verdict = .nodeBehind
                return try stop(error, succession: .restore)
            }
            outcome.snapshot = taken
            outcome.pulled.deltas += taken.deltas
            outcome.pulled.writes += taken.writes
            outcome.pulled.bytes += taken.bytes
        } else {
            try node.directory.removeSnapshots(slug: slug)
        }
        part = nil
        start = (end.position, end.hash)
    }

    private static let gap = NodeError(
        .conflict, "the file goes on where another one ended that wasn't imported here",
        hint: "Import that one first, or export here, import that at the hub, and export there again.")

    /// An answer that begins before what is known is read from its own beginning.
    private func rewind(_ tenant: OpenTenant) throws {
        let (position, hash) = start
        try tenant.store.replicate {
            try $0.setState(.cursor, .int(position))
            try $0.setState(.cursorHash, hash.map { .bytes($0.bytes) } ?? .null)
        }
    }

    private mutating func stop(_ error: NodeError?, succession reason: Succession.Reason?) throws {
        isOver = true
        outcome.error = error
        guard let reason else { return }
        guard try SyncSession(slug, at: node).isNews(outcome) else {
            outcome.error = nil
            outcome.verdict = .exchange
            return
        }
        // The hub doesn't know the new key yet: the next file asks for its certificate.
        try node.beginSuccession(slug, reason: reason)
        outcome.succession = try node.tenant(slug).store.read { try $0.ownOrigin()?.succession }
        outcome.error = nil
    }

    /// Notes what the hub took of former origins, and the contact.
    func finish() throws -> ExchangeOutcome {
        let tenant = try node.tenant(slug)
        if outcome.error == nil, !isOver { try noteHanded(tenant) }
        if outcome.pulled.deltas > 0 {
            try SeatDuty(tenant).run()
            try node.finishErasuresUnlessBusy(tenant)
        }
        // An old answer that is imported once more is no contact: leases go by contact.
        if try outcome.error != nil || node.isNewestAnswer(slug, issuedAt: manifest.issuedAt) {
            try node.record(
                ExchangeRecord(
                    tenant: slug, verdict: outcome.verdict?.rawValue ?? "none", pushed: 0,
                    pulled: outcome.pulled.deltas, roundTrips: 0, milliseconds: 0, error: outcome.error))
        }
        return outcome
    }

    /// What the hub took of former origins isn't handed in again.
    private func noteHanded(_ tenant: OpenTenant) throws {
        guard let handed = manifest.handed else { return }
        try tenant.store.replicate { replica in
            guard let origin = try replica.origin(handed.origin),
                let stamp = try replica.stamp(origin: origin.number, seq: handed.seq, hash: handed.hash)
            else { return }
            try replica.handedIn(through: stamp)
        }
    }
}
