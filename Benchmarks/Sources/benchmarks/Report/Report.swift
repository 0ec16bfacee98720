import Foundation

/// The figures of one run, as a table and as JSON.
struct Report: Encodable {
    let date = Self.now()
    let machine = Machine()
    let sizes: Sizes
    let figures: [Figure]

    init(_ sizes: Sizes, _ figures: [Figure]) {
        self.sizes = sizes
        self.figures = figures
    }

    /// The time as files of results carry it.
    static func now() -> String { ISO8601DateFormatter().string(from: Date()) }

    func write(to path: String) throws { try Self.write(self, to: path) }

    /// Writes a report, whole or not at all.
    static func write(_ report: some Encodable, to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let folder = (path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(
            atPath: folder.isEmpty ? "." : folder, withIntermediateDirectories: true)
        try encoder.encode(report).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    /// Medians; behind the ratio the least and the greatest of one repetition.
    var table: String {
        let head = [
            "case", "ours", "baseline", "ratio", "low-high", "CPU ratio", "target", "met", "compared with",
        ]
        let rows = [head] + figures.flatMap { [row($0), details($0)] }.filter { !$0.isEmpty }
        return "\(machine.text), median of up to \(sizes.repeats), \(date)\n\(Self.aligned(rows))"
    }

    /// Rows of one cell stand as they are.
    static func aligned(_ rows: [[String]]) -> String {
        let widths = (rows.first ?? []).indices.map { column in
            rows.filter { $0.count > 1 }.map { $0[column].count }.max() ?? 0
        }
        return rows.map { row in
            row.count == 1
                ? row[0]
                : zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
                    .joined(separator: "  ")
        }.joined(separator: "\n")
    }

    private func row(_ figure: Figure) -> [String] {
        let unit = figure.unit.rawValue
        let spread = figure.ratioLow.flatMap { low in figure.ratioHigh.map { "\(short(low))-\(short($0))" } }
        return [
            figure.name, "\(short(figure.ours)) \(unit)",
            figure.baseline.map { "\(short($0)) \(unit)" } ?? "",
            figure.ratio.map(short) ?? "", spread ?? "", figure.cpuRatio.map(short) ?? "",
            figure.targets.map(\.text).joined(separator: "; "), figure.isMet.map { $0 ? "yes" : "NO" } ?? "",
            figure.against,
        ]
    }

    private func details(_ figure: Figure) -> [String] {
        guard !figure.details.isEmpty else { return [] }
        let sorted = figure.details.sorted { $0.key < $1.key }
        return ["  " + sorted.map { "\($0.key) \(short($0.value))" }.joined(separator: ", ")]
    }
}

/// Three significant digits.
func short(_ value: Double) -> String {
    if value.magnitude >= 100 || value == value.rounded() { return String(format: "%.0f", value) }
    return String(format: value.magnitude >= 10 ? "%.1f" : value.magnitude >= 1 ? "%.2f" : "%.3f", value)
}
