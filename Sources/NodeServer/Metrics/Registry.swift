import NodeCore
import Synchronization

extension Prometheus {
    /// All metrics of a process, in one text.
    public final class Registry: Sendable {
        private let metrics = Mutex<[String: Metric]>([:])

        public init() {}

        /// Throws `VALIDATION_ERROR` for a name or label that Prometheus does not allow, and for a name
        /// in use with another shape; the same again gives the same metric.
        public func counter(_ name: String, help: String, labels: [String] = []) throws -> Counter {
            Counter(metric: try register(Metric(.counter, name, help, labels, [])))
        }

        /// Throws as `counter` does.
        public func gauge(_ name: String, help: String, labels: [String] = []) throws -> Gauge {
            Gauge(metric: try register(Metric(.gauge, name, help, labels, [])))
        }

        /// `buckets` are upper bounds, rising; `+Inf` is added. Throws as `counter` does.
        public func histogram(
            _ name: String, help: String, labels: [String] = [], buckets: [Double] = secondsBuckets
        ) throws -> Histogram {
            Histogram(metric: try register(Metric(.histogram, name, help, labels, buckets)))
        }

        /// The text for `/metrics`, ordered by name and labels.
        public func render() -> String {
            let all = metrics.withLock { $0.values.sorted { $0.name < $1.name } }
            return all.map { $0.render() }.joined()
        }

        private func register(_ metric: Metric) throws -> Metric {
            try metrics.withLock { metrics in
                guard let existing = metrics[metric.name] else {
                    metrics[metric.name] = metric
                    return metric
                }
                guard existing.hasShape(of: metric) else {
                    throw NodeError(
                        .validation, "the metric \(metric.name) exists with another shape",
                        hint: "choose another name")
                }
                return existing
            }
        }
    }
}
