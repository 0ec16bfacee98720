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
    private let interval: @Sendable () -> Duration
    private let logger: Logger
    private let queue = DispatchQueue(label: "node-cli.background-sync")

    /// How often a local change is looked for.
    static let pollInterval = Duration.seconds(1)

    /// `interval` is asked for each time: it may change while the server runs.
    public init(
        _ installation: Installation, client: CurlClient, hubURL: String?,
        interval: @escaping @Sendable () -> Duration, logger: Logger
    ) {
        self.installation = installation
        self.client = client
        self.hubURL = hubURL
        self.interval = interval
        self.logger = logger
    }

    /// How long a stop waits for a transaction that is being stored. One that takes longer is cut with
    /// the process, as a power cut would: it is there wholly or not at all.
    static let stopTimeout = Duration.seconds(6)

    /// Runs until cancelled; a request under way is then broken off. Failures are logged by code and
    /// counted for the back-off, never thrown.
    public func run() async throws {
        var states: [String: SyncSchedule.State] = [:]
        while !Task.isCancelled {
            let schedule = SyncSchedule(interval: interval())
            for slug in unpausedTenants() {
                var state = states[slug] ?? SyncSchedule.State()
                let head = ownHead(slug)
                if schedule.isDue(state, head: head, now: .now) {
                    let error = try await attempt(slug)
                    let random = Self.jitter(installation.environment.random)
                    schedule.record(&state, head: head, failed: error != nil, now: .now, random: random)
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

    /// The number of the last own delta. A file that can't be read has none; the attempt will say why.
    private func ownHead(_ slug: String) -> Int64 {
        do { return try installation.tenant(slug).store.read { try $0.ownOrigin()?.headSeq ?? 0 } } catch {
            return 0
        }
    }

    /// A random byte; the middle when the system has none to give.
    private static func jitter(_ source: any RandomSource) -> UInt8 {
        do { return try source.bytes(1)[0] } catch { return 128 }
    }

    private static func code(of error: any Error) -> String {
        (error as? NodeError)?.code.rawValue ?? ErrorCode.internalError.rawValue
    }

    /// What the sync failed with; throws `CancellationError` once it has ended after a stop, or at the
    /// latest after `stopTimeout`.
    private func attempt(_ slug: String) async throws -> NodeError? {
        let answer = OneAnswer<NodeError?>()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard answer.wait(continuation) else { return }
                queue.async { answer.give(Result { try sync(slug) }) }
            }
        } onCancel: {
            client.stop()
            DispatchQueue.global().asyncAfter(deadline: .now() + Self.stopTimeout.seconds) {
                answer.give(.failure(CancellationError()))
            }
        }
    }

    private func warnOfClock(_ outcome: ExchangeOutcome) {
        guard -outcome.clockDifference > HLC.limitMilliseconds else { return }
        logger.warning(
            "this machine's clock is ahead of the hub's",
            metadata: ["code": "CLOCK_AHEAD", "seconds": "\(-outcome.clockDifference / 1000)"])
    }

    private func sync(_ slug: String) throws -> NodeError? {
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
            warnOfClock(result.outcome)
            return result.error
        } catch is CancellationError {
            throw CancellationError()
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
