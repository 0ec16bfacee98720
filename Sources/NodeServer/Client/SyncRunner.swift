import Dispatch
import NodeCore
import SyncEngine
import Synchronization

/// What one sync of one tenant did.
public struct SyncResult: Sendable {
    public let tenant: String
    public let outcome: ExchangeOutcome
    /// Requests that reached the hub.
    public let roundTrips: Int
    public let milliseconds: Int64
    /// Why retention couldn't run after it, if so. What was synced stays.
    public internal(set) var retentionError: NodeError?
    public var error: NodeError? { outcome.error }
}

/// What a sync would do.
public struct DryRunResult: Sendable {
    public let outcome: DryRunOutcome
    public let roundTrips: Int
    public let milliseconds: Int64
}

/// Runs the exchange's state machine over a real line: performs each effect, feeds back what happened.
public struct SyncRunner {
    private let installation: Installation
    private let client: CurlClient
    private let hubURL: String?
    private let retention: BodyRetention?

    /// `hubURL`: where a hub that has moved is now; the key that was pinned at enrolment still decides
    /// whether it is the hub. `retention`: what goes after a sync, once a day.
    public init(
        _ installation: Installation, client: CurlClient, hubURL: String? = nil,
        retention: BodyRetention? = nil
    ) {
        self.installation = installation
        self.client = client
        self.hubURL = hubURL
        self.retention = retention
    }

    /// Syncs one tenant with its hub; blocks. Failures of the line end up in the result, and in the
    /// local log; what was stored before them stays. Throws `CancellationError` when the client was
    /// stopped: that is no failure, and nothing is noted.
    /// `fetched`: bytes of a snapshot that are here, and of all of it.
    public func sync(
        _ tenant: OpenTenant, progress: (NodeExchange.Progress) -> Void = { _ in },
        fetched: (Int, Int) -> Void = { _, _ in }
    ) throws -> SyncResult {
        let started = ContinuousClock.now
        let opened = try installation.tenant(tenant.slug), peer = try installation.peer(tenant.slug)
        if opened.keyStanding != .displaced { try SeatDuty(opened).run() }
        var roundTrips = 0
        let outcome = try run(tenant.slug, peer, &roundTrips, progress, fetched)
        if let peer { try installation.followHub(opened, known: peer.hubKey) }
        if outcome.pulled.deltas > 0 {
            // Another key may be in place by now.
            let present = try installation.tenant(tenant.slug)
            try SeatDuty(present).run()
            try installation.finishErasuresUnlessBusy(present)
        }
        var result = SyncResult(
            tenant: tenant.slug, outcome: outcome, roundTrips: roundTrips,
            milliseconds: started.duration(to: .now).milliseconds)
        try installation.record(
            ExchangeRecord(
                tenant: tenant.slug, verdict: outcome.verdict?.rawValue ?? "none",
                pushed: outcome.pushedDeltas,
                pulled: outcome.pulled.deltas, roundTrips: result.roundTrips,
                milliseconds: result.milliseconds,
                error: outcome.error))
        result.retentionError = letReplacedGo(opened)
        return result
    }

    /// What others keep locked is left for the next sync.
    private func letReplacedGo(_ tenant: OpenTenant) -> NodeError? {
        do {
            _ = try retention?.runIfDue(tenant)
            return nil
        } catch let error as NodeError {
            return error.code == .locked ? nil : error
        } catch {
            return NodeError(
                .corrupt, "replaced values could not be let go",
                hint: "`node-cli verify --deep` says what is wrong with the file.")
        }
    }

    private func run(
        _ slug: String, _ peer: Peer?, _ roundTrips: inout Int, _ progress: (NodeExchange.Progress) -> Void,
        _ fetched: (Int, Int) -> Void
    ) throws -> ExchangeOutcome {
        do {
            return try SyncSession(slug, at: installation).run { request, key in
                var line = try line(to: try installation.tenant(slug), at: peer, key: key)
                defer { roundTrips += line.roundTrips }
                return try line.succeed(request)
            } exchange: { tenant in
                var loop = ExchangeLoop(
                    line: try line(to: tenant, at: peer), port: NodePort(tenant, takesSnapshots: true))
                defer { roundTrips += loop.line.roundTrips }
                return try loop.run(progress)
            } recall: { request in
                var line = try line(to: try installation.tenant(slug), at: peer)
                defer { roundTrips += line.roundTrips }
                return try line.recall(request)
            } snapshot: { request in
                var line = try line(to: try installation.tenant(slug), at: peer)
                defer { roundTrips += line.roundTrips }
                let answer = try line.snapshot(request)
                fetched(Int(answer.offset) + answer.bytes.count, Int(answer.size))
                return answer
            }
        } catch let error as NodeError {
            var outcome = ExchangeOutcome()
            outcome.error = error
            return outcome
        }
    }

    /// Finds out what `sync` would do, and keeps nothing of it; blocks. That it took place is noted in
    /// the local log; `sync log` and the peer's last sync know nothing of it.
    public func dryRun(
        _ tenant: OpenTenant, progress: (NodeExchange.Progress) -> Void = { _ in }
    ) throws -> DryRunResult {
        let started = ContinuousClock.now
        guard try installation.pendingSuccession(tenant.slug) == nil else {
            throw NodeError(
                .conflict, "the hub doesn't know this node's new key yet", hint: "Run `node-cli sync` first.")
        }
        var line = try line(to: tenant, at: installation.peer(tenant.slug))
        let outcome = try DryRun.run(NodePort(tenant), over: &line, progress: progress)
        let pulled = outcome.exchange.pulled.deltas
        try installation.note(
            "sync.dry_run",
            "tenant \(tenant.slug), would push \(outcome.exchange.pushedDeltas) and pull \(pulled) deltas"
                + (outcome.exchange.error.map { ", \($0.code.rawValue)" } ?? ""))
        return DryRunResult(
            outcome: outcome, roundTrips: line.roundTrips,
            milliseconds: started.duration(to: .now).milliseconds)
    }

    /// Waits until the hub has news of a tenant, or its time is over; blocks, takes no lock and stores nothing.
    /// Throws as a sync fails, `ROUTE_NOT_FOUND` where the hub doesn't know of waiting.
    func hasNews(_ tenant: OpenTenant, _ request: WaitRequest) throws -> Bool {
        try line(to: tenant, at: installation.peer(tenant.slug)).wait(request).hasNews
    }

    /// `key`: another than the tenant's present one, by which the hub knows it.
    private func line(to tenant: OpenTenant, at peer: Peer?, key: SigningKey? = nil) throws -> HubLine {
        let key = key ?? tenant.origin.key
        guard let peer else {
            throw NodeError(
                .nodeOnly, "a hub has nobody to sync with: nodes call it", hint: "Run it at a node.")
        }
        return HubLine(
            hub: HubClient(
                url: hubURL ?? peer.hubURL, hub: EnrolmentToken.fingerprint(peer.hubKey),
                key: key, keyID: OriginID(publicKey: key.publicKey, tenant: tenant.id).hex,
                client: client, clock: installation.environment.clock))
    }
}

/// The loop between the state machine, the line and the store.
private struct ExchangeLoop {
    var line: HubLine
    let port: NodePort

    /// No exchange needs more steps than this: a batch carries at least one of 2^20 deltas.
    private static let maxSteps = 1 << 22

    mutating func run(_ progress: (NodeExchange.Progress) -> Void) throws -> ExchangeOutcome {
        var machine = NodeExchange()
        var effects = machine.step(try port.begin())
        for _ in 0..<Self.maxSteps {
            guard let effect = effects.first else { break }
            if case .finish(let outcome) = effect { return outcome }
            if effects.count > 1 {
                // What is pushed is on its way while the rest is done.
                let push = Beside { [self] in
                    var loop = self
                    let answer = Result { try loop.perform(effect) }
                    return (loop.line, answer)
                }
                let stored = Result { try perform(effects[1]) }, (line, answer) = push.wait()
                self.line = line
                effects = machine.step(try stored.get())
                progress(machine.progress)
                effects += machine.step(try answer.get())
            } else {
                effects = machine.step(try perform(effect))
            }
            progress(machine.progress)
        }
        throw NodeError(.internalError, "the exchange did not come to an end")
    }

    private mutating func perform(_ effect: ExchangeEffect) throws -> ExchangeEvent {
        do {
            switch effect {
            case .hello(let message): return .answered(try line.hello(message))
            case .push(let message): return .answered(try line.push(message))
            case .pull(let message): return .answered(try line.pull(message))
            case .store(let request): return .stored(try port.store(request))
            case .load(let seq, let maxBytes): return .loaded(try port.load(after: seq, maxBytes: maxBytes))
            case .loadHandover(let maxBytes): return .loaded(try port.loadHandover(maxBytes: maxBytes))
            case .finish: return .failed(NodeError(.internalError, "finish is not performed"))
            }
        } catch is CancellationError {
            throw CancellationError()
        } catch let error as NodeError {
            return .failed(error)
        } catch let error as DeltaError {
            return .failed(error.nodeError)
        } catch {
            return .failed(NodeError(.internalError, "the exchange failed: \(error)"))
        }
    }
}

/// Work on another thread, whose result somebody waits for.
private final class Beside<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let done = DispatchSemaphore(value: 0)

    init(_ work: @escaping @Sendable () -> Value) {
        DispatchQueue.global().async { [self] in
            let result = work()
            value.withLock { $0 = result }
            done.signal()
        }
    }

    /// Blocks; to be called once.
    func wait() -> Value {
        done.wait()
        return value.withLock { $0! }
    }
}

extension Duration {
    /// Whole milliseconds.
    public var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }

    /// Seconds with their fraction.
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
