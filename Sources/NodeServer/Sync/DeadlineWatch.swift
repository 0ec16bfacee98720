import Dispatch
import Logging
import NodeCore
import SyncEngine
import Synchronization

/// At the hub, while `serve` runs: settles conflicts whose deadline has passed (`ReviewDeadlines`), and
/// repairs cases where a stop came between a push and that (`Arbiter`), ends reservations (`SeatDuty`), archives
/// audit entries that are older than they are kept (`AuditRetention`), lets go of what was replaced long ago
/// (`BodyRetention`), removes snapshots of a day ago.
///
/// A tenant is looked at when its file was written since the last look, or while something in it comes due by
/// itself; else a few times a day. So thousands of tenants at rest cost next to nothing.
public final class DeadlineWatch: Sendable {
    private let installation: Installation
    private let logger: Logger
    private let retention: @Sendable () -> AuditRetention
    private let bodies: @Sendable () throws -> BodyRetention
    private let queue = DispatchQueue(label: "node-cli.deadlines")
    private let looks = Mutex<[String: Look]>([:])

    /// What was found when a tenant was last looked at.
    private struct Look {
        let stamp: TenantStamp
        /// Nil before its first turn: until then only the file is watched.
        let at: ContinuousClock.Instant?
        /// Something in it is due some day by itself, or couldn't be done.
        let isRestless: Bool
    }

    /// How long a tenant that nobody writes, and in which nothing comes due, is left alone.
    private static let rest = Duration.seconds(6 * 3600)
    /// How many of those are looked at in a round, one a second; others wait for the next. A hub with thousands of
    /// tenants that begins to serve looks at them in turn, not at all of them at once.
    private static let maxResting = 60

    static let pollInterval = Duration.seconds(60)

    /// `retention` and `bodies` are asked for in each round that looks at a tenant: they may change while the server
    /// runs.
    public init(
        _ installation: Installation, retention: @escaping @Sendable () -> AuditRetention,
        bodies: @escaping @Sendable () throws -> BodyRetention, logger: Logger
    ) {
        self.installation = installation
        self.retention = retention
        self.bodies = bodies
        self.logger = logger
    }

    /// Runs until cancelled. Failures are logged by code, never thrown: the next round tries again.
    public func run() async throws {
        while !Task.isCancelled {
            await withCheckedContinuation { continuation in
                queue.async {
                    self.round()
                    continuation.resume()
                }
            }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    /// What fails in one tenant, or an archive that can't be written, stops nothing else.
    func round(maxResting: Int = maxResting) {
        var slugs: [String] = []
        // Which backups there are is read from their folder: not where nothing is looked at.
        lazy var bodies: BodyRetention? = currentBodies()
        attempt("deadlines") { slugs = try installation.slugs() }
        attempt("snapshots") { try installation.removeOldSnapshots() }
        let known = Set(slugs)
        looks.withLock { looks in looks = looks.filter { known.contains($0.key) } }
        var resting = 0
        for slug in slugs {
            // Written in between, it is looked at again.
            let stamp = installation.stamp(of: slug), last = looks.withLock { $0[slug] }
            if last.map({ !$0.isRestless && $0.stamp == stamp }) ?? true {
                if let at = last?.at, at.duration(to: .now) < Self.rest { continue }
                resting += 1
                if resting > maxResting {
                    if last == nil { note(slug, Look(stamp: stamp, at: nil, isRestless: false)) }
                    continue
                }
            }
            note(slug, look(at: slug, stamp, bodies))
        }
    }

    private func currentBodies() -> BodyRetention? {
        var current: BodyRetention?
        attempt("retention") { current = try bodies() }
        return current
    }

    private func note(_ slug: String, _ look: Look) { looks.withLock { $0[slug] = look } }

    private func look(at slug: String, _ stamp: TenantStamp, _ bodies: BodyRetention?) -> Look {
        var opened: OpenTenant?, hasDeadlines = false
        attempt("deadlines", slug) { opened = try installation.tenant(slug) }
        guard let tenant = opened else { return Look(stamp: stamp, at: .now, isRestless: true) }
        let isDone = [
            attempt("deadlines", slug) {
                try settleDue(tenant)
                hasDeadlines = try tenant.store.read { try $0.hasDeadlines() }
            },
            attempt("audit archive", slug) { try archiveDue(tenant) },
            attempt("retention", slug) { try letReplacedGo(bodies, tenant) },
        ].allSatisfy { $0 }
        return Look(stamp: stamp, at: .now, isRestless: hasDeadlines || !isDone)
    }

    private func settleDue(_ tenant: OpenTenant) throws {
        if try tenant.store.read({ try $0.isRecovering() }) { return }
        try Arbiter(tenant).run()
        try SeatDuty(tenant).run()
        let settled = try ReviewDeadlines(tenant, nodeID: installation.nodeID).run()
        if settled > 0 {
            logger.info("deadlines", metadata: ["tenant": "\(tenant.slug)", "settled": "\(settled)"])
        }
    }

    private func archiveDue(_ tenant: OpenTenant) throws {
        if try tenant.store.read({ try $0.isRecovering() }) { return }
        guard let archive = try retention().run(tenant) else { return }
        logger.info(
            "audit archive",
            metadata: [
                "tenant": "\(tenant.slug)", "file": "\(archive.path)", "entries": "\(archive.entries)",
            ])
    }

    private func letReplacedGo(_ bodies: BodyRetention?, _ tenant: OpenTenant) throws {
        guard let done = try bodies?.runIfDue(tenant), done.swept > 0 else { return }
        logger.info(
            "retention",
            metadata: [
                "tenant": "\(tenant.slug)", "swept": "\(done.swept)", "trimmed": "\(done.trimmed)",
                "bytes": "\(done.bytes)",
            ])
    }

    /// Whether it could be done.
    @discardableResult
    private func attempt(_ what: Logger.Message, _ slug: String? = nil, _ work: () throws -> Void) -> Bool {
        do {
            try work()
            return true
        } catch {
            let code = (error as? NodeError)?.code ?? .internalError
            var metadata: Logger.Metadata = ["error_code": "\(code.rawValue)"]
            if let slug { metadata["tenant"] = "\(slug)" }
            logger.warning(what, metadata: metadata)
            return false
        }
    }
}
