import NodeCore
import Testing

@testable import NodeServer

@Suite struct PrometheusTests {
    @Test("a counter renders with its labels, ordered")
    func counter() throws {
        let registry = Prometheus.Registry()
        let counter = try registry.counter(
            "sync_requests_total", help: "Requests.", labels: ["kind", "outcome"])
        counter.increment("push", "ok")
        counter.increment(by: 2, "pull", "error")
        counter.increment("push", "ok")
        counter.increment(by: -1, "push", "ok")
        #expect(
            registry.render() == """
                # HELP sync_requests_total Requests.
                # TYPE sync_requests_total counter
                sync_requests_total{kind="pull",outcome="error"} 2
                sync_requests_total{kind="push",outcome="ok"} 2

                """)
    }

    @Test("backslash, quote and line end are escaped in label values and help")
    func escaping() throws {
        let registry = Prometheus.Registry()
        let gauge = try registry.gauge("g", help: "a\\b\n\"c\"", labels: ["l"])
        gauge.set(1.5, "a\\b\"c\"\r\nd")
        #expect(
            registry.render()
                == "# HELP g a\\\\b\\n\"c\"\n# TYPE g gauge\ng{l=\"a\\\\b\\\"c\\\"\r\\nd\"} 1.5\n")
    }

    @Test("buckets of a histogram add up and end with +Inf")
    func histogram() throws {
        let registry = Prometheus.Registry()
        let histogram = try registry.histogram("h", help: "H", buckets: [0.5, 1])
        for value in [0.25, 0.5, 0.75, 4] { histogram.observe(value) }
        #expect(
            registry.render() == """
                # HELP h H
                # TYPE h histogram
                h_bucket{le="0.5"} 2
                h_bucket{le="1"} 3
                h_bucket{le="+Inf"} 4
                h_sum 5.5
                h_count 4

                """)
    }

    @Test("special values have their names")
    func numbers() {
        let values: [Double] = [.nan, .infinity, -.infinity, 0, 1e15, 1e300]
        #expect(
            values.map(Prometheus.Metric.number)
                == ["NaN", "+Inf", "-Inf", "0", "1000000000000000", "1e+300"])
    }

    @Test("names that Prometheus does not allow are refused", arguments: ["", "1a", "a-b", "ä", "a b"])
    func names(name: String) {
        let registry = Prometheus.Registry()
        #expect(throws: NodeError.self) { try registry.counter(name, help: "") }
        #expect(throws: NodeError.self) { try registry.counter("a", help: "", labels: [name]) }
    }

    @Test("reserved and repeated labels are refused")
    func labels() {
        let registry = Prometheus.Registry()
        for labels in [["le"], ["__a"], ["a:b"], ["a", "a"]] {
            #expect(throws: NodeError.self) { try registry.counter("a", help: "", labels: labels) }
        }
    }

    @Test("the same name again is the same metric, with another shape an error")
    func twice() throws {
        let registry = Prometheus.Registry()
        try registry.counter("a", help: "").increment()
        try registry.counter("a", help: "").increment()
        #expect(registry.render().hasSuffix("a 2\n"))
        #expect(throws: NodeError.self) { try registry.gauge("a", help: "") }
        #expect(throws: NodeError.self) { try registry.counter("a", help: "", labels: ["b"]) }
    }

    @Test("the number of series is bounded")
    func bounded() throws {
        let registry = Prometheus.Registry()
        let counter = try registry.counter("a", help: "", labels: ["b"])
        for value in 0..<(Prometheus.maxSeries + 10) { counter.increment(String(value)) }
        #expect(registry.render().split(separator: "\n").count == Prometheus.maxSeries + 2)
    }
}
