import Dispatch
import Foundation
import Logging
import NodeCore
import SyncEngine

/// Syncs a node's tenants while `serve` runs: soon after a local change, otherwise at an interval, with
/// jittered back-off while the hub can't be reached.
public struct BackgroundSync: Sendable {
    private let installation: Installation
    private let client: CurlClient
    private let schedule: SyncSchedule
    private let logger: Logger
    private let queue = DispatchQueue(label: "node-cli.background-sync")

    /// How often a local change is looked for.
    static let pollInterval = Duration.seconds(1)

    public init(_ installation: Installation, client: CurlClient, interval: Duration, logger: Logger) {
        self.installation = installation
        self.client = client
        schedule = SyncSchedule(interval: interval)
        self.logger = logger
    }

    /// Runs until cancelled. Failures are logged by code and counted for the back-off, never thrown.
    public func run() async throws {
        var states: [String: SyncSchedule.State] = [:]
        while !Task.isCancelled {
            for slug in try installation.slugs() where try !installation.isSyncPaused() {
                var state = states[slug] ?? SyncSchedule.State()
                let pending = try installation.tenant(slug).store.read { try $0.pending().deltas }
                let now = ContinuousClock.now
                if schedule.isDue(state, pending: pending, now: now) {
                    let error = await attempt(slug)
                    let random = try installation.environment.random.bytes(1)[0]
                    schedule.record(&state, pending: pending, failed: error != nil, now: .now, random: random)
                }
                states[slug] = state
            }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    private func attempt(_ slug: String) async -> NodeError? {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: sync(slug)) }
        }
    }

    private func sync(_ slug: String) -> NodeError? {
        do {
            let lock = try installation.lockForSync(slug, waiting: 0)
            defer { withExtendedLifetime(lock) {} }
            let result = try SyncRunner(installation, client: client).sync(installation.tenant(slug))
            let level: Logger.Level = result.error == nil ? .debug : .warning
            logger.log(
                level: level, "sync",
                metadata: [
                    "tenant": "\(slug)", "verdict": "\(result.outcome.verdict?.rawValue ?? "none")",
                    "pushed": "\(result.outcome.pushedDeltas)", "pulled": "\(result.outcome.pulled.deltas)",
                    "error_code": "\(result.error?.code.rawValue ?? "")",
                ])
            return result.error
        } catch {
            let failure = error as? NodeError ?? NodeError(.internalError, "background sync failed")
            // Somebody else's sync of the tenant does the work.
            if failure.code != .locked {
                logger.warning("sync", metadata: ["error_code": "\(failure.code.rawValue)"])
            }
            return failure
        }
    }
}

/// When a background sync is due: a pure function of what happened before.
public struct SyncSchedule: Sendable {
    public struct State: Sendable {
        var nextAt: ContinuousClock.Instant?
        var failures = 0
        /// Own deltas without receipt after the last attempt: more means a local change since.
        var pendingBefore = 0
        public init() {}
    }

    /// Between syncs without news.
    public let interval: Duration
    /// The first wait after a failure; doubled each time, up to the interval.
    public static let firstBackOff = Duration.seconds(2)

    public init(interval: Duration) { self.interval = interval }

    /// At start, when the time has come, or when there is a local change and the line isn't failing.
    public func isDue(_ state: State, pending: Int, now: ContinuousClock.Instant) -> Bool {
        guard let nextAt = state.nextAt else { return true }
        if now >= nextAt { return true }
        return state.failures == 0 && pending > state.pendingBefore
    }

    /// Notes an attempt. `random` (0...255) spreads the next one over ±20 %, so that nodes that lost one
    /// hub don't come back as one.
    public func record(
        _ state: inout State, pending: Int, failed: Bool, now: ContinuousClock.Instant, random: UInt8
    ) {
        state.failures = failed ? state.failures + 1 : 0
        state.pendingBefore = failed ? pending : 0
        let backOff = Self.firstBackOff * (1 << max(0, min(state.failures - 1, 16)))
        let wait = failed ? min(backOff, interval) : interval
        state.nextAt = now + wait * (0.8 + 0.4 * Double(random) / 255)
    }
}
