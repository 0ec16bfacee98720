import NodeCore

/// The line to the hub as a dry run uses it.
public protocol ExchangeLine {
    mutating func hello(_ request: HelloRequest) throws -> HubAnswer
    mutating func check(_ request: CheckRequest) throws -> CheckAnswer
    mutating func pull(_ request: PullRequest) throws -> HubAnswer
}

/// What an exchange would do.
public struct DryRunOutcome: Sendable {
    public var exchange = ExchangeOutcome()
    /// Writes of own deltas that would get a receipt.
    public var pushedWrites = 0
    /// Own writes that the hub would refuse, and the first of them.
    public var refusedCount = 0
    public var refused: [RefusedInCheck] = []
    /// Conflicts that would wait for a person afterwards.
    public var openConflicts = 0
}

/// An exchange of which nothing is kept, on either side.
///
/// It says hello without deltas, has own deltas checked by the hub in the batches in which they would be
/// pushed, and reads the hub's log with ordinary pulls. The pages are set aside in a temporary table,
/// which is SQLite's own unlinked file, so that no transaction is open while the line is waited for;
/// then one transaction stores them all, counts, and is rolled back. Memory is that of one batch.
/// A cut leaves nothing to resume, so there is no state machine.
public struct DryRun<Line: ExchangeLine> {
    private let port: NodePort
    private let progress: (NodeExchange.Progress) -> Void
    private var line: Line
    private var outcome = DryRunOutcome()
    private var pulled = 0

    /// Runs to the end. Failures of line and hub end up in the outcome's error.
    public static func run(
        _ port: NodePort, over line: inout Line, progress: (NodeExchange.Progress) -> Void = { _ in }
    ) throws -> DryRunOutcome {
        try withoutActuallyEscaping(progress) { progress in
            var run = DryRun(port: port, progress: progress, line: line)
            defer { line = run.line }
            try port.clearPages()
            do { try run.explore() } catch let error as NodeError {
                run.outcome.exchange.error = error
            } catch let error as DeltaError {
                run.outcome.exchange.error = error.nodeError
            }
            try port.clearPages()
            return run.outcome
        }
    }

    private init(port: NodePort, progress: @escaping (NodeExchange.Progress) -> Void, line: Line) {
        self.port = port
        self.progress = progress
        self.line = line
    }

    private mutating func explore() throws {
        guard case .begin(let position, let first) = try port.begin() else {
            throw NodeError(.internalError, "an exchange begins with a position")
        }
        let answer = try line.hello(NodeExchange.hello(position, frames: []))
        outcome.exchange.verdict = answer.verdict
        outcome.exchange.clockDifference = answer.wall - position.wall
        if let error = answer.verdict.error { throw error }
        if answer.verdict == .equal, !first.frames.isEmpty { outcome.exchange.verdict = .exchange }
        try push(first, from: position, answer)
        try pull(from: position, answer)
    }

    // MARK: Push

    private mutating func push(
        _ first: PendingBatch, from position: LocalPosition, _ answer: HubAnswer
    ) throws {
        let ownSeq = position.ownHead?.seq ?? 0
        var batch = first, after = position.receiptSeq, batchBytes = ExchangeLimits.firstBatchBytes
        var applied: Int64?
        while !batch.frames.isEmpty {
            let check = try line.check(
                CheckRequest(
                    tenant: position.tenant, frames: batch.frames, after: after,
                    afterHash: try port.ownHash(after)))
            if let error = check.verdict.error {
                outcome.exchange.verdict = check.verdict
                throw error
            }
            note(batch, check)
            if applied == nil, check.ready < batch.through {
                applied = try port.transactionStart(check.ready + 1) - 1
            }
            after = max(batch.through, answer.head?.seq ?? 0, answer.heldSeq)
            tell(left: Int(max(0, ownSeq - after)))
            guard after < ownSeq else { break }
            batch = try port.load(after: after, maxBytes: batchBytes)
            batchBytes = ExchangeLimits.next(batchBytes)
        }
        let through = applied ?? ownSeq
        outcome.exchange.waitingAtHub = Int(max(0, ownSeq - through))
        outcome.pushedWrites = try port.ownWrites(after: position.receiptSeq, through: through)
    }

    private func tell(left: Int) {
        let done = outcome.exchange.pushedDeltas + pulled
        progress(.init(done: done, total: done + left, bytes: outcome.exchange.pushedBytes))
    }

    private mutating func note(_ batch: PendingBatch, _ check: CheckAnswer) {
        outcome.exchange.pushedDeltas += batch.frames.count
        outcome.exchange.pushedBytes += batch.frames.reduce(0) { $0 + $1.byteCount }
        outcome.refusedCount += check.refusedCount
        outcome.refused += check.refused.prefix(CheckAnswer.maxNamed - outcome.refused.count)
    }

    // MARK: Pull

    private mutating func pull(from position: LocalPosition, _ hello: HubAnswer) throws {
        try port.setAside(hello)
        try readLog(of: position, after: hello)
        var summary = try rehearse()
        if summary.hasDiverged {
            // As an exchange would: once more from the beginning; what is known is passed over.
            var beginning = hello
            beginning.cursor = 0
            beginning.cursorHash = nil
            try readLog(of: position, after: beginning)
            summary = try rehearse()
            if summary.hasDiverged { throw NodeExchange.divergence }
        }
        outcome.exchange.pulled = summary
    }

    private mutating func rehearse() throws -> ApplySummary {
        let (summary, open) = try port.rehearse()
        outcome.openConflicts = open
        return summary
    }

    private mutating func readLog(of position: LocalPosition, after first: HubAnswer) throws {
        var answer = first
        while answer.cursor < answer.logSize {
            let cursor = answer.cursor
            answer = try line.pull(
                PullRequest(
                    tenant: position.tenant, cursor: cursor, cursorHash: answer.cursorHash,
                    maxBytes: ExchangeLimits.batchBytes))
            // The sync will do it; what it brings can't be foretold.
            if answer.verdict == .snapshotRequired {
                outcome.exchange.verdict = .snapshotRequired
                return
            }
            if let error = answer.verdict.error { throw error }
            guard answer.cursor > cursor || answer.cursor >= answer.logSize else {
                throw NodeExchange.standstill
            }
            try port.setAside(answer)
            pulled += answer.entries.count
            tell(left: Int(max(0, answer.logSize - answer.cursor)))
        }
    }
}
