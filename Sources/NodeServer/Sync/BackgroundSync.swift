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
    private let hubURL: String?
    private let schedule: SyncSchedule
    private let logger: Logger
    private let queue = DispatchQueue(label: "node-cli.background-sync")

    /// How often a local change is looked for.
    static let pollInterval = Duration.seconds(1)

    public init(
        _ installation: Installation, client: CurlClient, hubURL: String?, interval: Duration, logger: Logger
    ) {
        self.installation = installation
        self.client = client
        self.hubURL = hubURL
        schedule = SyncSchedule(interval: interval)
        self.logger = logger
    }

    /// Runs until cancelled. Failures are logged by code and counted for the back-off, never thrown.
    public func run() async throws {
        var states: [String: SyncSchedule.State] = [:]
        while !Task.isCancelled {
            for slug in unpausedTenants() {
                var state = states[slug] ?? SyncSchedule.State()
                if schedule.isDue(state, pending: pending(slug), now: .now) {
                    let error = await attempt(slug)
                    let random = Self.jitter(installation.environment.random)
                    schedule.record(
                        &state, pending: pending(slug), failed: error != nil, now: .now, random: random)
                }
                states[slug] = state
            }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    /// None while paused; none, with a line in the log, when `control.db` can't be read just now.
    private func unpausedTenants() -> [String] {
        do { return try installation.isSyncPaused() ? [] : installation.slugs() } catch {
            logger.warning("sync", metadata: ["error_code": "\(Self.code(of: error))"])
            return []
        }
    }

    /// Own deltas without a receipt. A file that can't be read has none; the attempt will say why.
    private func pending(_ slug: String) -> Int {
        do { return try installation.tenant(slug).store.read { try $0.pending().deltas } } catch { return 0 }
    }

    /// A random byte; the middle when the system has none to give.
    private static func jitter(_ source: any RandomSource) -> UInt8 {
        do { return try source.bytes(1)[0] } catch { return 128 }
    }

    private static func code(of error: any Error) -> String {
        (error as? NodeError)?.code.rawValue ?? ErrorCode.internalError.rawValue
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
            let result = try SyncRunner(installation, client: client, hubURL: hubURL).sync(
                installation.tenant(slug))
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

    /// Notes an attempt, with what is pending after it. `random` (0...255) spreads the next one over ±20 %, so that nodes that lost one
    /// hub don't come back as one.
    public func record(
        _ state: inout State, pending: Int, failed: Bool, now: ContinuousClock.Instant, random: UInt8
    ) {
        state.failures = failed ? state.failures + 1 : 0
        state.pendingBefore = pending
        let backOff = Self.firstBackOff * (1 << max(0, min(state.failures - 1, 16)))
        let wait = failed ? min(backOff, interval) : interval
        state.nextAt = now + wait * (0.8 + 0.4 * Double(random) / 255)
    }
}
