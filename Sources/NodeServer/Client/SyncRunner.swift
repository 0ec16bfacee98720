import Foundation
import NodeCore
import SyncEngine

/// What one sync of one tenant did.
public struct SyncResult: Sendable {
    public let tenant: String
    public let outcome: ExchangeOutcome
    /// Requests that reached the hub.
    public let roundTrips: Int
    public let milliseconds: Int64
    public var error: NodeError? { outcome.error }
}

/// Runs the exchange's state machine over a real line: performs each effect, feeds back what happened.
public struct SyncRunner {
    private let installation: Installation
    private let client: CurlClient
    private let hubURL: String?

    /// `hubURL`: where a hub that has moved is now; the key that was pinned at enrolment still decides
    /// whether it is the hub.
    public init(_ installation: Installation, client: CurlClient, hubURL: String? = nil) {
        self.installation = installation
        self.client = client
        self.hubURL = hubURL
    }

    /// Syncs one tenant with its hub; blocks. Failures of the line end up in the result, and in the
    /// local log; what was stored before them stays.
    public func sync(
        _ tenant: OpenTenant, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws -> SyncResult {
        guard let peer = try installation.peer(tenant.slug) else {
            throw NodeError(
                .nodeOnly, "a hub has nobody to sync with: nodes call it", hint: "Run it at a node.")
        }
        let started = ContinuousClock.now
        let hub = HubClient(
            url: hubURL ?? peer.hubURL, hub: EnrolmentToken.fingerprint(peer.hubKey), key: tenant.origin.key,
            keyID: OriginID(publicKey: tenant.origin.key.publicKey, tenant: tenant.id).hex, client: client,
            clock: installation.environment.clock)
        var line = Line(hub: hub, port: NodePort(tenant))
        let outcome = try line.run(progress)
        let result = SyncResult(
            tenant: tenant.slug, outcome: outcome, roundTrips: line.roundTrips,
            milliseconds: started.duration(to: .now).milliseconds)
        try installation.record(
            ExchangeRecord(
                tenant: tenant.slug, verdict: outcome.verdict?.rawValue ?? "none",
                pushed: outcome.pushedDeltas,
                pulled: outcome.pulled.deltas, roundTrips: line.roundTrips, milliseconds: result.milliseconds,
                error: outcome.error))
        return result
    }
}

/// The loop between the state machine, the line and the store.
private struct Line {
    let hub: HubClient
    let port: NodePort
    var roundTrips = 0

    /// No exchange needs more steps than this: a batch carries at least one of 2^20 deltas.
    private static let maxSteps = 1 << 22

    init(hub: HubClient, port: NodePort) {
        self.hub = hub
        self.port = port
    }

    mutating func run(_ progress: (Int, Int) -> Void) throws -> ExchangeOutcome {
        var machine = NodeExchange()
        var effects = machine.step(try port.begin())
        for _ in 0..<Self.maxSteps {
            guard let effect = effects.first else { break }
            if case .finish(let outcome) = effect { return outcome }
            effects = machine.step(perform(effect))
            progress(machine.progress.done, machine.progress.total)
        }
        throw NodeError(.internalError, "the exchange did not come to an end")
    }

    private mutating func perform(_ effect: ExchangeEffect) -> ExchangeEvent {
        do {
            switch effect {
            case .hello(let message): return .answered(try send("hello", message))
            case .push(let message): return .answered(try send("push", message))
            case .pull(let message): return .answered(try send("pull", message))
            case .store(let request): return .stored(try port.store(request))
            case .load(let seq, let maxBytes): return .loaded(try port.load(after: seq, maxBytes: maxBytes))
            case .finish: return .failed(NodeError(.internalError, "finish is not performed"))
            }
        } catch let error as NodeError {
            return .failed(error)
        } catch let error as DeltaError {
            return .failed(error.nodeError)
        } catch {
            return .failed(NodeError(.internalError, "the exchange failed: \(error)"))
        }
    }

    /// A request counts once the hub, or something in its place, has answered it.
    private mutating func send(_ kind: String, _ message: some ExchangeMessage) throws -> HubAnswer {
        do {
            let answer: HubAnswer = try hub.send(kind, message)
            roundTrips += 1
            return answer
        } catch let error as NodeError where error.code != .hubUnreachable {
            roundTrips += 1
            throw error
        }
    }
}

extension Duration {
    /// Whole milliseconds.
    public var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
