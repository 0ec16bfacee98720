import NodeCore

/// What needs no identity: health, metrics, and the description of all routes.
struct OpenRoutes: Sendable {
    let health: Health
    let metrics: StoreMetrics

    var all: [Route] {
        let health = health, metrics = metrics
        return [
            Route(
                .get, "/health", id: "get_health", tag: "operations",
                "Whether this server works; 503 when it can't write.", .open, statuses: [200, 503],
                content: .json(Health.schema)
            ) { _ in health.answer() },
            Route(
                .get, "/metrics", id: "get_metrics", tag: "operations", "Numbers for Prometheus.", .open,
                content: .text(Prometheus.contentType)
            ) { _ in Answer(text: try metrics.render()) },
        ]
    }

    /// These routes and the one that describes them, itself included.
    static func described(_ routes: [Route], version: String) -> [Route] {
        let all = routes + [description(text: "")]
        return routes + [description(text: OpenAPI(routes: all, version: version).document.text)]
    }

    private static func description(text: String) -> Route {
        Route(
            .get, "/openapi.json", id: "get_openapi", tag: "operations", "This document.", .open,
            content: .text("application/json")
        ) { _ in Answer(text: text) }
    }
}
