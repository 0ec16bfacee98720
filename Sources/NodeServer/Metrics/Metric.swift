import NodeCore
import Synchronization

extension Prometheus {
    /// One combination of label values.
    struct Series: Sendable {
        /// The value of a counter or gauge, the sum of a histogram.
        var value = 0.0
        var count = 0
        /// Observations a bucket, not yet added up.
        var buckets: [Int]
    }

    /// One name with all its series.
    final class Metric: Sendable {
        let name: String
        let buckets: [Double]
        private let kind: Kind
        private let help: String
        private let labels: [String]
        private let series: Mutex<[[String]: Series]>

        init(
            _ kind: Kind, _ name: String, _ help: String, _ labels: [String], _ buckets: [Double]
        ) throws {
            guard Self.isName(name, colons: true) else {
                throw NodeError(.validation, "'\(name)' is not a metric name", hint: "use [a-z_][a-z0-9_]*")
            }
            for label in labels {
                guard Self.isName(label, colons: false), !label.hasPrefix("__"), label != "le" else {
                    throw NodeError(
                        .validation, "'\(label)' is not a label name", hint: "use [a-z_][a-z0-9_]*")
                }
            }
            guard Set(labels).count == labels.count else {
                throw NodeError(.validation, "\(name) has a label twice", hint: "name each label once")
            }
            guard zip(buckets, buckets.dropFirst()).allSatisfy(<), buckets.allSatisfy(\.isFinite),
                kind != .histogram || !buckets.isEmpty
            else {
                throw NodeError(.validation, "the buckets of \(name) do not rise", hint: "sort them")
            }
            self.kind = kind
            self.name = name
            self.help = help
            self.labels = labels
            self.buckets = buckets
            let zero = Series(buckets: Array(repeating: 0, count: buckets.count))
            // A metric without labels is there from the start, so that its rate begins at zero.
            series = Mutex(labels.isEmpty ? [[]: zero] : [:])
        }

        func hasShape(of other: Metric) -> Bool {
            kind == other.kind && labels == other.labels && buckets == other.buckets
        }

        func update(_ values: [String], _ change: (inout Series) -> Void) {
            assert(values.count == labels.count, "\(name) takes \(labels.count) label values")
            guard values.count == labels.count else { return }
            series.withLock { series in
                guard series[values] != nil || series.count < Prometheus.maxSeries else { return }
                change(&series[values, default: Series(buckets: Array(repeating: 0, count: buckets.count))])
            }
        }

        func render() -> String {
            let all = series.withLock { $0 }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            var text = "# HELP \(name) \(Self.escape(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
            for (values, series) in all {
                let pairs = zip(labels, values).map { "\($0)=\"\(Self.escape($1, quotes: true))\"" }
                text += kind == .histogram ? histogram(series, pairs) : line("", pairs, series.value)
            }
            return text
        }

        private func histogram(_ series: Series, _ pairs: [String]) -> String {
            var text = ""
            var total = 0
            for (bound, count) in zip(buckets, series.buckets) {
                total += count
                text += line("_bucket", pairs + ["le=\"\(Self.number(bound))\""], Double(total))
            }
            text += line("_bucket", pairs + ["le=\"+Inf\""], Double(series.count))
            text += line("_sum", pairs, series.value)
            return text + line("_count", pairs, Double(series.count))
        }

        private func line(_ suffix: String, _ pairs: [String], _ value: Double) -> String {
            let labels = pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}"
            return "\(name)\(suffix)\(labels) \(Self.number(value))\n"
        }

        static func number(_ value: Double) -> String {
            if value.isNaN { return "NaN" }
            if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
            if let whole = Int64(exactly: value) { return String(whole) }
            return String(value)
        }

        /// Unicode scalars: a line end inside a grapheme would be missed by characters.
        static func escape(_ text: String, quotes: Bool) -> String {
            var escaped = String.UnicodeScalarView()
            for scalar in text.unicodeScalars {
                switch scalar {
                case "\\": escaped.append(contentsOf: "\\\\".unicodeScalars)
                case "\n": escaped.append(contentsOf: "\\n".unicodeScalars)
                case "\"" where quotes: escaped.append(contentsOf: "\\\"".unicodeScalars)
                default: escaped.append(scalar)
                }
            }
            return String(escaped)
        }

        private static func isName(_ name: String, colons: Bool) -> Bool {
            guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
            return name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
                default: colons && byte == 0x3A
                }
            }
        }
    }
}
