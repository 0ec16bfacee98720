import Foundation

/// What a measured process tells when it is done.
struct WorkerReport: Codable {
    /// Wall seconds of each measured piece of work; opening the installation isn't counted.
    var seconds: [Double] = []
    /// CPU seconds of the whole process during all of them.
    var cpuSeconds = 0.0
    /// Requests that reached the hub, of each sync.
    var roundTrips: [Int] = []
    var pushedBytes = 0
    /// An empty request to the same server over the same connection, seconds each.
    var emptyRequests: [Double] = []
    /// The most memory that was resident, KiB.
    var peakKiB = 0
}

/// Work in a process of its own, so that its CPU and its peak memory are its own.
enum Worker {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// A process of this very program.
    static func process(_ arguments: [String], output: Pipe) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        process.standardOutput = output
        return process
    }

    /// Runs a subcommand to its end and reads its report.
    static func run(_ arguments: [String]) throws -> WorkerReport {
        let pipe = Pipe()
        let process = process(arguments, output: pipe)
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "\(arguments[0]) failed with status \(process.terminationStatus)")
        }
        return try JSONDecoder().decode(WorkerReport.self, from: output)
    }

    static func print(_ report: WorkerReport) throws {
        var report = report
        report.peakKiB = Memory.peakKiB(pid: "self")
        FileHandle.standardOutput.write(try JSONEncoder().encode(report))
    }
}

/// Resident memory as Linux counts it.
enum Memory {
    /// The highest since the process began, or since `forgetPeak`; 0 when the system doesn't tell.
    static func peakKiB(pid: String) -> Int {
        let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line.flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int($0) } ?? 0
    }

    /// Begins the peak anew at what is resident now.
    static func forgetPeak(pid: Int32) {
        guard let file = FileHandle(forWritingAtPath: "/proc/\(pid)/clear_refs") else { return }
        file.write(Data("5".utf8))
    }
}
