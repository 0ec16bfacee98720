import NodeCore

/// Counts REST requests and their times, by route: never by path, which holds ids.
struct RESTMetrics: Sendable {
    private let requests: Prometheus.Counter
    private let seconds: Prometheus.Histogram

    init(_ registry: Prometheus.Registry) throws {
        requests = try registry.counter(
            "http_requests_total", help: "REST requests, by route and status.", labels: ["route", "status"])
        seconds = try registry.histogram(
            "http_request_seconds", help: "Time to answer REST requests, by route.", labels: ["route"])
    }

    func note(route: String, status: Int, time: Duration) {
        requests.increment(route, String(status))
        seconds.observe(time.seconds, route)
    }
}
