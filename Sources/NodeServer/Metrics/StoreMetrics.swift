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
    private let known = Mutex<[String: TenantNumbers]>([:])

    /// What was read of one tenant, and of which state of its file.
    private struct TenantNumbers {
        let stamp: TenantStamp
        let pending: Int
        let conflicts: Int
        let seats: SeatCounts
        let events: [String: Int]
        /// Origins whose key nobody writes with any more.
        let retired: Set<OriginID>
    }

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

    private static let seatActions = ["allocate", "reclaim"]

    private func read() throws {
        var sizes = try Self.sizes(installation.directory.control)
        let slugs = try installation.slugs()
        var all: [String: TenantNumbers] = [:]
        for slug in slugs {
            all[slug] = try numbers(of: slug)
            let file = try Self.sizes(installation.directory.tenantFile(slug: slug))
            sizes = (sizes.database + file.database, sizes.wal + file.wal)
        }
        let current = all
        known.withLock { $0 = current }
        if let certificates { certificateEnd?.set(Double(certificates.leaf.notAfter / 1000)) }
        let totals = all.values.reduce(SeatCounts()) { $0 + $1.seats }
        pending.set(Double(all.values.reduce(0) { $0 + $1.pending }))
        conflicts.set(Double(all.values.reduce(0) { $0 + $1.conflicts }))
        tenants.set(Double(slugs.count))
        seats.set(Double(totals.free), "free")
        seats.set(Double(totals.reserved), "reserved")
        seats.set(Double(totals.assigned), "assigned")
        for action in Self.seatActions {
            seatEvents.set(Double(all.values.reduce(0) { $0 + ($1.events[action] ?? 0) }), action)
        }
        databaseBytes.set(Double(sizes.database))
        walBytes.set(Double(sizes.wal))
        lag.set(try lagSeconds(all))
    }

    /// A file that nobody has written since is not opened again.
    private func numbers(of slug: String) throws -> TenantNumbers {
        let stamp = installation.stamp(of: slug)
        if let known = known.withLock({ $0[slug] }), known.stamp == stamp { return known }
        return try installation.tenant(slug).store.read { reader in
            var events: [String: Int] = [:]
            for action in Self.seatActions { events[action] = try reader.seatEventCount(action) }
            return TenantNumbers(
                stamp: stamp, pending: installation.role == .node ? try reader.pending().deltas : 0,
                conflicts: try reader.openConflicts(), seats: try reader.seatTotals(), events: events,
                retired: Set(try reader.origins().filter { try !reader.isInUse($0) }.map(\.id)))
        }
    }

    private func lagSeconds(_ all: [String: TenantNumbers]) throws -> Double {
        let now = installation.environment.clock.milliseconds()
        let heard =
            installation.role == .hub
            ? try installation.enrolments().filter {
                $0.revokedAt == nil && all[$0.tenant]?.retired.contains($0.origin) != true
            }.map { $0.lastSeenAt ?? $0.enrolledAt }
            : try all.keys.compactMap { try installation.peer($0) }.map { $0.lastSyncAt ?? $0.enrolledAt }
        return heard.min().map { Double(max(0, now - $0)) / 1000 } ?? 0
    }

    private static func sizes(_ path: String) throws -> (database: Int, wal: Int) {
        (try DataDirectory.fileSize(path), try DataDirectory.fileSize(path + "-wal"))
    }
}
