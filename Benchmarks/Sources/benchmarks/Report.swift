import CBaselines
import Foundation

/// The figures of one run, as a table and as JSON.
struct Report: Encodable {
    struct Machine: Encodable {
        let cpus = ProcessInfo.processInfo.activeProcessorCount
        let memoryMib = Int(ProcessInfo.processInfo.physicalMemory >> 20)
        let processor = Self.processorName()
        let sqlite = String(cString: baseline_sqlite_version())
        let zstd = String(cString: baseline_zstd_version())
        let cacheKib = Int(RunOptions.cacheKiB)
        let synchronous = "FULL"
        /// Of the last minute when the report was made: on a machine that others use, wall times wander.
        let load = Self.loadAverage()

        private static func loadAverage() -> Double {
            var load = 0.0
            return getloadavg(&load, 1) == 1 ? load : -1
        }

        private static func processorName() -> String {
            let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
            let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
            return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
                ?? "unknown"
        }
    }

    let date = ISO8601DateFormatter().string(from: Date())
    let machine = Machine()
    let repeats: Int
    let figures: [Figure]

    init(_ options: RunOptions, _ figures: [Figure]) {
        repeats = options.repeats
        self.figures = figures
    }

    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent.isEmpty
                ? "." : (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try encoder.encode(self).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    /// Medians; behind the ratio the least and the greatest of one repetition.
    var table: String {
        var rows = [["case", "ours", "baseline", "ratio", "low-high", "CPU ratio", "compared with"]]
        for figure in figures {
            rows.append([
                figure.name, "\(short(figure.ours)) \(figure.unit.rawValue)",
                "\(short(figure.baseline)) \(figure.unit.rawValue)", short(figure.ratio),
                "\(short(figure.ratioLow))-\(short(figure.ratioHigh))",
                figure.cpuRatio.map(short) ?? "", figure.against,
            ])
            let details = figure.details.sorted { $0.key < $1.key }
            rows.append(["  " + details.map { "\($0.key) \(short($0.value))" }.joined(separator: ", ")])
        }
        let widths = (0..<7).map { column in
            rows.filter { $0.count > 1 }.map { $0[column].count }.max() ?? 0
        }
        let lines = rows.map { row in
            row.count == 1
                ? row[0]
                : zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
                    .joined(separator: "  ")
        }
        let head =
            "\(machine.cpus) CPUs (\(machine.processor)), SQLite \(machine.sqlite), "
            + "synchronous=\(machine.synchronous), cache \(machine.cacheKib) KiB, "
            + "median of \(repeats), baseline in turn with ours, load \(short(machine.load)), \(date)"
        return ([head] + lines).joined(separator: "\n")
    }

    /// Three significant digits.
    private func short(_ value: Double) -> String {
        if value.magnitude >= 100 || value == value.rounded() { return String(format: "%.0f", value) }
        return String(format: value.magnitude >= 10 ? "%.1f" : value.magnitude >= 1 ? "%.2f" : "%.3f", value)
    }
}
