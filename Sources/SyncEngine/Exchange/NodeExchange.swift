import NodeCore

/// One exchange of one tenant, from the node's side, as a pure state machine.
///
/// It does no I/O: `step` takes what happened and answers what to do next: one effect, or a push and what is stored
/// meanwhile, whose events may come in either order, or nothing while one of the two is still missing. So both sides
/// merge at the same time when both have much to give. Push comes before pull; the log comes along with its answers.
/// Every request may be repeated and every effect that stores is one transaction, so an exchange that is cut anywhere is
/// simply begun again.
public struct NodeExchange: Sendable {
    private enum Phase: Equatable { case idle, hello, pushing, pulling, storing, loading, done }
    /// What a batch that was loaded or sent is part of.
    private enum Push: Equatable { case own, handover }

    private var phase = Phase.idle
    private var push = Push.own
    private var position: LocalPosition?
    private var outcome = ExchangeOutcome()
    private var sentThrough: Int64 = 0
    private var inFlight: PendingBatch?
    /// The answer that is stored while the next push is on its way; `isStoring` until it is.
    private var toStore: StoreRequest?
    private var isStoring = false
    /// Why the exchange ends once that is stored.
    private var ending: NodeError?
    /// The push's answer when it came before that was stored.
    private var early: HubAnswer?
    /// The cursor that the push on its way names.
    private var askedCursor: Int64?
    private var hubHeadSeq: Int64 = 0
    private var logSize: Int64 = 0
    private var wasTurnedAway = false
    private var hasStartedOver = false
    private var batchBytes: Int
    /// Pulled parts of a transaction that isn't here whole yet.
    private var waitingHere = 0
    private var bytesWaitingHere = 0
    private var bytesInAnswer = 0

    /// `batchBytes`: of the first push after hello.
    public init(batchBytes: Int = ExchangeLimits.firstBatchBytes) { self.batchBytes = batchBytes }

    /// How far an exchange is: deltas (of a transaction in parts, each part) and bytes sent and taken, and
    /// how many deltas there are as far as is known.
    public struct Progress: Sendable, Equatable {
        public var done: Int
        public var total: Int
        public var bytes: Int
    }

    public var progress: Progress {
        let done = outcome.pushedDeltas + outcome.pulled.deltas + waitingHere
        let toSend = max(0, Int((position?.ownHead?.seq ?? 0) - max(sentThrough, hubHeadSeq)))
        let toTake = max(0, Int(logSize - (position?.cursor ?? 0)))
        return Progress(
            done: done, total: done + toSend + toTake,
            bytes: outcome.pushedBytes + outcome.pulled.bytes + bytesWaitingHere)
    }

    /// Advances by one event; the answer is what to do besides what is under way. After `.finish` every event is
    /// answered with nothing.
    public mutating func step(_ event: ExchangeEvent) -> [ExchangeEffect] {
        guard phase != .done else { return [] }
        switch (event, phase) {
        case (.answered(let answer), .pushing) where isStoring:
            guard early == nil else { return outOfOrder() }
            early = answer
            return []
        case (.stored(let summary), .pushing) where isStoring:
            isStoring = false
            note(summary)
            if summary.hasDiverged {
                guard !hasStartedOver else { return finish(Self.divergence) }
                rewind()
            }
            return early.map { take($0) } ?? []
        case (.begin(let position, let batch), .idle): return begin(position, batch)
        case (.answered(let answer), .hello), (.answered(let answer), .pushing),
            (.answered(let answer), .pulling):
            return take(answer)
        case (.stored(let summary), .storing):
            note(summary)
            if let ending { return finish(ending) }
            if summary.hasDiverged { return startOver() }
            return proceed()
        case (.loaded(let batch), .loading): return send(batch)
        case (.failed(let error), .loading) where toStore != nil: return finishOnceStored(error)
        case (.failed(let error), _):
            // What the store finds in an answer about its own chain is a verdict, too.
            if let found = [Verdict.fork, .nodeBehind].first(where: { $0.error?.code == error.code }) {
                outcome.verdict = found
            }
            return finish(error)
        default: return outOfOrder()
        }
    }

    private mutating func outOfOrder() -> [ExchangeEffect] {
        finish(NodeError(.internalError, "the exchange took an event out of order"))
    }

    private mutating func begin(_ position: LocalPosition, _ batch: PendingBatch) -> [ExchangeEffect] {
        self.position = position
        phase = .hello
        inFlight = batch
        return [.hello(Self.hello(position, frames: batch.frames))]
    }

    static func hello(_ position: LocalPosition, frames: [DeltaFrame]) -> HelloRequest {
        HelloRequest(
            tenant: position.tenant, headsHash: position.headsHash, ownHead: position.ownHead,
            origin: position.origin, receiptSeq: position.receiptSeq, cursor: position.cursor,
            cursorHash: position.cursorHash, schemaVersion: position.schemaVersion, wall: position.wall,
            frames: frames, hubMark: position.hubMark,
            snapshotLayout: position.takesSnapshots ? SnapshotManifest.layout : nil)
    }

    private mutating func take(_ given: HubAnswer) -> [ExchangeEffect] {
        var answer = given
        early = nil
        guard let position else { return finish(NodeError(.internalError, "an answer before hello")) }
        if phase == .hello {
            outcome.verdict = answer.verdict
            outcome.clockDifference = answer.wall - position.wall
        }
        if answer.verdict.stops {
            outcome.verdict = answer.verdict
            outcome.ownHeadsAtHub = answer.heads.isEmpty ? [answer.head].compactMap { $0 } : answer.heads
            outcome.logSizeAtHub = answer.logSize
            return finish(answer.verdict.error)
        }
        // The log is read from its beginning since it was asked for what follows there.
        if let askedCursor, askedCursor != position.cursor { answer.dropLog(at: position) }
        askedCursor = nil
        var request = StoreRequest(answer)
        if push == .handover, let sent = inFlight {
            outcome.pushedDeltas += sent.frames.count
            outcome.pushedBytes += sent.byteCount
            if answer.turnedAway > 0 { return finish(Self.noRoom) }
            request.handedThrough = sent.through
            inFlight = nil
        }
        if let sent = inFlight {
            if !sent.frames.isEmpty {
                outcome.pushedDeltas += sent.frames.count
                outcome.pushedBytes += sent.byteCount
            }
            wasTurnedAway = answer.turnedAway > 0
            sentThrough = max(sentThrough, wasTurnedAway ? answer.heldSeq : max(answer.heldSeq, sent.through))
            inFlight = nil
        }
        if phase == .pulling, answer.entries.isEmpty, answer.cursor <= position.cursor,
            answer.cursor < answer.logSize
        {
            return finish(Self.standstill)
        }
        outcome.waitingAtHub = answer.waiting
        hubHeadSeq = answer.head?.seq ?? hubHeadSeq
        logSize = answer.logSize
        self.position?.cursor = answer.cursor
        self.position?.cursorHash = answer.cursorHash
        let isNews =
            answer.receipt != nil || !answer.entries.isEmpty || answer.cursor != position.cursor
            || answer.head != position.ownHead || position.hasHandover
            || !answer.hubStatements.isEmpty
        if answer.verdict == .equal, !isNews { return finish(nil) }
        bytesInAnswer = answer.entries.reduce(0) { $0 + $1.byteCount }
        if let next = nextToPush, !position.hasHandover, !wasTurnedAway {
            toStore = request
            return load(after: next)
        }
        phase = .storing
        return [.store(request)]
    }

    /// The number after which own deltas are still to be sent, if there are any.
    private var nextToPush: Int64? {
        let next = max(sentThrough, hubHeadSeq)
        return next < position?.ownHead?.seq ?? 0 ? next : nil
    }

    private mutating func load(after seq: Int64) -> [ExchangeEffect] {
        phase = .loading
        defer { batchBytes = ExchangeLimits.next(batchBytes) }
        return [.load(after: seq, maxBytes: batchBytes)]
    }

    private mutating func note(_ summary: ApplySummary) {
        outcome.pulled.add(summary)
        if summary.isOwed { position?.hasHandover = true }
        // What waited is counted as taken once it is applied.
        waitingHere = summary.waiting + (summary.deltas > 0 ? 0 : waitingHere)
        bytesWaitingHere = summary.deltas > 0 ? 0 : bytesWaitingHere + bytesInAnswer
    }

    /// Hand in what own former origins left, push what is left, then pull what is left, then end.
    private mutating func proceed() -> [ExchangeEffect] {
        guard let position else { return finish(NodeError(.internalError, "no position")) }
        if position.hasHandover {
            (phase, push) = (.loading, .handover)
            defer { batchBytes = ExchangeLimits.next(batchBytes) }
            return [.loadHandover(maxBytes: batchBytes)]
        }
        if let next = nextToPush { return wasTurnedAway ? finish(Self.noRoom) : load(after: next) }
        if position.cursor < logSize {
            phase = .pulling
            return [
                .pull(
                    PullRequest(
                        tenant: position.tenant, cursor: position.cursor, cursorHash: position.cursorHash,
                        maxBytes: ExchangeLimits.batchBytes))
            ]
        }
        return finish(nil)
    }

    /// The whole log was taken, and yet a chain is shorter than at the hub: something was passed over. It is read
    /// again from its beginning, once; what is applied is recognised by its hash.
    private mutating func startOver() -> [ExchangeEffect] {
        guard !hasStartedOver else { return finish(Self.divergence) }
        rewind()
        return proceed()
    }

    private mutating func rewind() {
        hasStartedOver = true
        position?.cursor = 0
        position?.cursorHash = nil
    }

    static let divergence = NodeError(
        .verificationFailed, "deltas of the hub are missing here although its whole log was taken",
        hint: "Run `node-cli verify --deep` on both sides and tell the hub's admin; nothing was lost here.")
    static let noRoom = NodeError(
        .hubUnreachable, "the hub has no room for this transaction now; it is kept here",
        hint: "Sync again later.")
    static let standstill = NodeError(
        .hubAnswer, "the hub's log doesn't go on", hint: "Sync again; tell the hub's admin.")

    private mutating func send(_ batch: PendingBatch) -> [ExchangeEffect] {
        if push == .handover, batch.frames.isEmpty {
            position?.hasHandover = false
            push = .own
            // What was handed in makes room for what waited for it.
            wasTurnedAway = false
            return proceed()
        }
        guard let position, !batch.frames.isEmpty else {
            return finishOnceStored(
                NodeError(.corrupt, "own deltas are missing from the store", hint: "Run `node-cli verify`."))
        }
        phase = .pushing
        inFlight = batch
        askedCursor = position.cursor
        isStoring = toStore != nil
        defer { toStore = nil }
        return [
            .push(
                PushRequest(
                    tenant: position.tenant, frames: batch.frames, cursor: position.cursor,
                    cursorHash: position.cursorHash, maxBytes: push == .own ? batchBytes : 0))
        ] + [toStore.map { .store($0) }].compactMap { $0 }
    }

    private mutating func finishOnceStored(_ error: NodeError) -> [ExchangeEffect] {
        guard let request = toStore else { return finish(error) }
        toStore = nil
        ending = error
        phase = .storing
        return [.store(request)]
    }

    private mutating func finish(_ error: NodeError?) -> [ExchangeEffect] {
        phase = .done
        outcome.error = error
        return [.finish(outcome)]
    }
}

extension HubAnswer {
    /// Takes away what it gives of the log.
    fileprivate mutating func dropLog(at position: LocalPosition) {
        (cursor, cursorHash) = (position.cursor, position.cursorHash)
        (entries, ownRuns, heads, passed, settled, checkpoint) = ([], [], [], [], [], nil)
    }
}
