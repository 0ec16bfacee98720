import CBaselines
import Foundation

/// On what a run was made.
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

    var text: String {
        "\(cpus) CPUs (\(processor)), SQLite \(sqlite), synchronous=\(synchronous), cache \(cacheKib) KiB, "
            + "load \(short(load))"
    }

    private static func loadAverage() -> Double {
        var load = 0.0
        return getloadavg(&load, 1) == 1 ? load : -1
    }

    private static func processorName() -> String {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
    }
}
