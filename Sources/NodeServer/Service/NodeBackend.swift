import Logging
import NodeCore
import SyncEngine

/// What `serve` answers: health, metrics, and at the hub the exchange.
public final class NodeBackend: ServerBackend {
    private let installation: Installation
    private let version: String
    private let sync: SyncRoutes
    private let registry = Prometheus.Registry()
    private let syncRequests: Prometheus.Counter
    private let pending: Prometheus.Gauge
    private let conflicts: Prometheus.Gauge

    /// `version`: the product's, shown by `/health`.
    public init(_ installation: Installation, version: String, logger: Logger? = nil) throws {
        self.installation = installation
        self.version = version
        sync = SyncRoutes(
            installation: installation, waiting: try WaitingReport(registry, logger: logger))
        syncRequests = try registry.counter(
            "sync_requests_total", help: "Requests of the exchange, by kind and outcome.",
            labels: ["kind", "outcome"])
        pending = try registry.gauge(
            "sync_pending_deltas", help: "Own deltas without a receipt of the hub; at a node.")
        conflicts = try registry.gauge(
            "sync_conflicts_open", help: "Conflicts that wait for a person; at a node.")
    }

    public func handle(_ request: ServerRequest) throws -> ServerResponse {
        if request.path.hasPrefix(SyncRoutes.prefix) { return try counted(request) }
        switch (request.method, request.path) {
        case ("GET", "/health"): return try health()
        case ("GET", "/metrics"): return try metrics()
        default:
            throw NodeError(
                .routeNotFound, "there is no such route", hint: "GET /health tells whether this server works."
            )
        }
    }

    private func counted(_ request: ServerRequest) throws -> ServerResponse {
        let last = String(request.path.dropFirst(SyncRoutes.prefix.count))
        let kind = SyncRoutes.kinds.contains(last) ? last : "other"
        do {
            let response = try sync.handle(request)
            syncRequests.increment(kind, "ok")
            return response
        } catch {
            syncRequests.increment(kind, (error as? NodeError)?.code.rawValue ?? "INTERNAL")
            throw error
        }
    }

    private func health() throws -> ServerResponse {
        do { try installation.requireWritable() } catch {
            let body = "{\"status\":\"unhealthy\",\"reasons\":[\"storage_not_writable\"]}"
            return ServerResponse(status: 503, body: Array(body.utf8))
        }
        let unreachable = try installation.slugs().contains { slug in
            try installation.peer(slug)?.lastErrorCode == ErrorCode.hubUnreachable.rawValue
        }
        let degraded = unreachable ? ",\"degraded\":[\"hub_unreachable\"]" : ""
        let body = """
            {"status":"healthy","role":"\(installation.role.rawValue)","version":"\(version)",\
            "node_id":"\(installation.nodeID)"\(degraded)}
            """
        return ServerResponse(body: Array(body.utf8))
    }

    private func metrics() throws -> ServerResponse {
        if installation.role == .node {
            var deltas = 0, open = 0
            for slug in try installation.slugs() {
                let counts = try installation.tenant(slug).store.read {
                    (try $0.pending().deltas, try $0.openConflicts())
                }
                deltas += counts.0
                open += counts.1
            }
            pending.set(Double(deltas))
            conflicts.set(Double(open))
        }
        return ServerResponse(contentType: Prometheus.contentType, body: Array(registry.render().utf8))
    }
}
