import NodeCore
import SyncEngine
import Synchronization

/// Numbers that are read from the stores when somebody asks, at most every few seconds: at a hub with many
/// districts that opens many files. Sums over all tenants; no tenant is named.
final class StoreMetrics: Sendable {
    private let installation: Installation
    private let registry: Prometheus.Registry
    private let pending, conflicts, lag, databaseBytes, walBytes, tenants: Prometheus.Gauge
    private let seats, seatEvents: Prometheus.Gauge
    private let readAt = Mutex<ContinuousClock.Instant?>(nil)

    /// For how long numbers are given again.
    private let maxAge: Duration

    private let certificates: ServerCertificates?
    private let certificateEnd: Prometheus.Gauge?

    init(
        _ installation: Installation, registry: Prometheus.Registry, maxAge: Duration,
        certificates: ServerCertificates? = nil
    ) throws {
        self.certificates = certificates
        certificateEnd = try certificates.map { _ in
            try registry.gauge(
                "tls_certificate_end_seconds", help: "When the server's certificate ends, in Unix time.")
        }
        self.installation = installation
        self.registry = registry
        self.maxAge = maxAge
        pending = try registry.gauge(
            "sync_pending_deltas", help: "Own deltas without a receipt of the hub; at a node.")
        conflicts = try registry.gauge("sync_conflicts_open", help: "Conflicts that wait for a person.")
        lag = try registry.gauge(
            "sync_lag_seconds",
            help: "Longest time since the last good exchange of a tenant, or at a hub of a node.")
        databaseBytes = try registry.gauge("database_bytes", help: "Size of all database files.")
        walBytes = try registry.gauge("wal_bytes", help: "Size of all write-ahead logs.")
        tenants = try registry.gauge("tenants", help: "Tenants that this installation holds.")
        seats = try registry.gauge("seats", help: "Seats of all tenants, by state.", labels: ["state"])
        seatEvents = try registry.gauge(
            "seat_events", help: "Allocations and reclaims so far; their rate is theirs a second.",
            labels: ["action"])
    }

    /// The text of `/metrics`.
    func render() throws -> String {
        let isDue = readAt.withLock { last in
            if let last, last.duration(to: .now) < maxAge { return false }
            last = .now
            return true
        }
        if isDue { try read() }
        return registry.render()
    }

    private func read() throws {
        var deltas = 0, open = 0, totals = SeatCounts(), events = ["allocate": 0, "reclaim": 0]
        var sizes = try Self.sizes(installation.directory.control)
        let slugs = try installation.slugs()
        for slug in slugs {
            let (own, waiting, counts) = try installation.tenant(slug).store.read { reader in
                for action in events.keys { events[action, default: 0] += try reader.seatEventCount(action) }
                return (
                    installation.role == .node ? try reader.pending().deltas : 0, try reader.openConflicts(),
                    try reader.seatTotals()
                )
            }
            deltas += own
            open += waiting
            totals = totals + counts
            let file = try Self.sizes(installation.directory.tenantFile(slug: slug))
            sizes = (sizes.database + file.database, sizes.wal + file.wal)
        }
        if let certificates { certificateEnd?.set(Double(certificates.leaf.notAfter / 1000)) }
        pending.set(Double(deltas))
        conflicts.set(Double(open))
        tenants.set(Double(slugs.count))
        seats.set(Double(totals.free), "free")
        seats.set(Double(totals.reserved), "reserved")
        seats.set(Double(totals.assigned), "assigned")
        for (action, count) in events { seatEvents.set(Double(count), action) }
        databaseBytes.set(Double(sizes.database))
        walBytes.set(Double(sizes.wal))
        lag.set(try lagSeconds(slugs))
    }

    private func lagSeconds(_ slugs: [String]) throws -> Double {
        let now = installation.environment.clock.milliseconds()
        let heard =
            installation.role == .hub
            ? try installation.activeEnrolments().map { $0.lastSeenAt ?? $0.enrolledAt }
            : try slugs.compactMap { try installation.peer($0) }.map { $0.lastSyncAt ?? $0.enrolledAt }
        return heard.min().map { Double(max(0, now - $0)) / 1000 } ?? 0
    }

    private static func sizes(_ path: String) throws -> (database: Int, wal: Int) {
        (try DataDirectory.fileSize(path), try DataDirectory.fileSize(path + "-wal"))
    }
}
