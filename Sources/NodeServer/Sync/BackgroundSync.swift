import Dispatch
import Foundation
import Logging
import NodeCore
import SyncEngine

/// Syncs a node's tenants while `serve` runs: soon after a local change, as soon as the hub tells of news, otherwise
/// at an interval, with jittered back-off while the hub can't be reached.
public struct BackgroundSync: Sendable {
    private let installation: Installation
    private let client: CurlClient
    private let hubURL: String?
    private let interval: @Sendable () -> Duration
    private let waits: @Sendable () -> Bool
    private let news: HubNews
    private let retention: @Sendable () -> BodyRetention
    private let logger: Logger
    private let queue = DispatchQueue(label: "node-cli.background-sync")

    /// How often a local change is looked for.
    static let pollInterval = Duration.seconds(1)

    /// `interval`, `waits`, whether the hub is asked to tell of news, and `retention` are asked for each time: they
    /// may change while the server runs. `makeClient`: each tenant that is waited for has a line of its own.
    public init(
        _ installation: Installation, makeClient: @escaping @Sendable () throws -> CurlClient,
        hubURL: String?, interval: @escaping @Sendable () -> Duration,
        waits: @escaping @Sendable () -> Bool,
        retention: @escaping @Sendable () -> BodyRetention, logger: Logger
    ) throws {
        self.installation = installation
        client = try makeClient()
        self.hubURL = hubURL
        self.interval = interval
        self.waits = waits
        self.retention = retention
        self.logger = logger
        news = HubNews(installation, hubURL: hubURL, makeClient: makeClient)
    }

    /// How long a stop waits for a transaction that is being stored. One that takes longer is cut with
    /// the process, as a power cut would: it is there wholly or not at all.
    static let stopTimeout = Duration.seconds(6)

    /// When a tenant is synced, and when the hub is asked to tell of its news.
    private struct Plan {
        var sync = SyncSchedule.State()
        var wait = WaitSchedule.State()
    }

    /// Runs until cancelled; a request under way is then broken off. Failures are logged by code and
    /// counted for the back-off, never thrown.
    public func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            var plans: [String: Plan] = [:]
            while !Task.isCancelled {
                noteEnded(&plans)
                for (number, slug) in unpausedTenants().enumerated() {
                    var plan = plans[slug] ?? Plan()
                    try await syncIfDue(slug, &plan)
                    if number < HubNews.maxTenants, let request = waitIfDue(slug, &plan) {
                        group.addTask { await news.wait(slug, request) }
                    }
                    plans[slug] = plan
                }
                let delays = plans.values.compactMap { WaitSchedule.delay($0.wait, now: .now) }
                try await news.bell.sleep(atMost: min(Self.pollInterval, delays.min() ?? Self.pollInterval))
            }
        }
    }

    private func syncIfDue(_ slug: String, _ plan: inout Plan) async throws {
        let schedule = SyncSchedule(interval: interval())
        let head = ownHead(slug)
        let isTold = plan.wait.hasNews && !plan.sync.isFailing
        guard isTold || schedule.isDue(plan.sync, head: head, now: .now) else { return }
        let error = try await attempt(slug)
        // Somebody else's sync is running: no failure of the line, and it is over soon.
        if error?.code == .locked { return }
        let wasFailing = plan.sync.isFailing
        schedule.record(&plan.sync, head: head, failed: error != nil, now: .now, random: jitter)
        guard error == nil, let position = position(slug) else { return }
        WaitSchedule.synced(
            &plan.wait, position: position, failedBefore: wasFailing, now: .now, random: jitter)
    }

    /// The request to send, where the hub is to be asked now: never while syncs fail.
    private func waitIfDue(_ slug: String, _ plan: inout Plan) -> WaitRequest? {
        guard waits(), plan.sync.hasSynced, !plan.sync.isFailing, WaitSchedule.isDue(plan.wait, now: .now),
            let position = position(slug)
        else { return nil }
        return WaitSchedule.open(&plan.wait, at: position, random: jitter)
    }

    private func noteEnded(_ plans: inout [String: Plan]) {
        for ended in news.take() {
            guard var plan = plans[ended.tenant] else { continue }
            WaitSchedule.end(
                &plan.wait, ended.end, lasted: ended.lasted, position: position(ended.tenant), now: .now,
                random: jitter)
            plans[ended.tenant] = plan
            logger.debug("wait", metadata: ["tenant": "\(ended.tenant)", "end": "\(ended.end)"])
        }
    }

    /// Where the node stands; nil for a file that can't be read just now.
    private func position(_ slug: String) -> WaitRequest? {
        do { return try NodePort(installation.tenant(slug)).waitRequest() } catch { return nil }
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
    private var jitter: UInt8 {
        do { return try installation.environment.random.bytes(1)[0] } catch { return 128 }
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
            let runner = SyncRunner(installation, client: client, hubURL: hubURL, retention: retention())
            let result = try runner.sync(installation.tenant(slug))
            let level: Logger.Level = result.error == nil ? .debug : .warning
            logger.log(
                level: level, "sync",
                metadata: [
                    "tenant": "\(slug)", "verdict": "\(result.outcome.verdict?.rawValue ?? "none")",
                    "pushed": "\(result.outcome.pushedDeltas)", "pulled": "\(result.outcome.pulled.deltas)",
                    "error_code": "\(result.error?.code.rawValue ?? "")",
                ])
            warnOfClock(result.outcome)
            if let error = result.retentionError {
                logger.warning(
                    "retention", metadata: ["tenant": "\(slug)", "error_code": "\(error.code.rawValue)"])
            }
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
