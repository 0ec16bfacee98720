import NodeCore
import Synchronization

/// Counters, gauges and histograms in the Prometheus text format 0.0.4.
///
/// No client library is to be had on this platform, and the format is small. Label values reach
/// whoever reads `/metrics`, which needs no identity: never put personal data or a tenant in one.
public enum Prometheus {
    /// The `Content-Type` of `Registry.render()`.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"
    /// Series a metric may have; label values past it are dropped, so that no caller's input can
    /// grow the process.
    public static let maxSeries = 1_000
    /// Seconds, for histograms of request times.
    public static let secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

    enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    /// Only goes up.
    public struct Counter: Sendable {
        let metric: Metric

        /// Adds `amount`, which must not be negative. Label values stand in the order of the names.
        public func increment(by amount: Double = 1, _ labelValues: String...) {
            guard amount >= 0 else { return }
            metric.update(labelValues) { $0.value += amount }
        }
    }

    /// Goes up and down.
    public struct Gauge: Sendable {
        let metric: Metric

        public func set(_ value: Double, _ labelValues: String...) {
            metric.update(labelValues) { $0.value = value }
        }

        public func add(_ amount: Double, _ labelValues: String...) {
            metric.update(labelValues) { $0.value += amount }
        }
    }

    /// Counts observations by size.
    public struct Histogram: Sendable {
        let metric: Metric

        public func observe(_ value: Double, _ labelValues: String...) {
            let bucket = metric.buckets.firstIndex { value <= $0 }
            metric.update(labelValues) { series in
                series.value += value
                series.count += 1
                if let bucket { series.buckets[bucket] += 1 }
            }
        }
    }
}
