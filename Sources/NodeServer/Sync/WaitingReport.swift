import Logging
import NodeCore
import Synchronization

/// Tells an operator at the hub how far transactions have come that arrive in parts: two gauges a tenant
/// and a line in the log for each request that brought some.
///
/// After a restart a tenant is shown again with the next request that leaves something waiting; `status`
/// reads the store and always knows.
final class WaitingReport: Sendable {
    private let deltas: Prometheus.Gauge
    private let bytes: Prometheus.Gauge
    private let logger: Logger?
    private let shown = Mutex<Set<String>>([])

    init(_ registry: Prometheus.Registry, logger: Logger?) throws {
        deltas = try registry.gauge(
            "sync_waiting_deltas",
            help: "Deltas that wait for what they build on, parts among them; at a hub.",
            labels: ["tenant"])
        bytes = try registry.gauge(
            "sync_waiting_bytes", help: "Bytes of the deltas that wait; at a hub.", labels: ["tenant"])
        self.logger = logger
    }

    /// After a request of the exchange that may have brought deltas. `waiting`: whether some of them wait.
    func note(_ tenant: OpenTenant, from origin: OriginID, waiting: Bool) throws {
        let wasShown = shown.withLock { $0.contains(tenant.slug) }
        guard waiting || wasShown else { return }
        let now = try tenant.store.read { try $0.waiting() }
        deltas.set(Double(now.deltas), tenant.slug)
        bytes.set(Double(now.bytes), tenant.slug)
        shown.withLock { shown in
            if now.deltas > 0 { shown.insert(tenant.slug) } else { shown.remove(tenant.slug) }
        }
        guard waiting || now.deltas == 0 else { return }
        logger?.info(
            now.deltas == 0 ? "nothing waits any more" : "parts of a transaction arrived",
            metadata: [
                "tenant": "\(tenant.slug)", "origin": "\(origin.hex)", "waiting_deltas": "\(now.deltas)",
                "waiting_bytes": "\(now.bytes)",
            ])
    }
}
