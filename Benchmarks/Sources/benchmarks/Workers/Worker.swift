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
    /// Bytes of a snapshot that came over the line.
    var snapshotBytes = 0
    /// The most memory that was resident, KiB.
    var peakKiB = 0

    var peakMiB: Double { Double(peakKiB) / 1024 }
}

/// Work in a process of its own, so that its CPU and its peak memory are its own.
enum Worker {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// No process of a run lives longer, whatever it waits for. Seconds.
    private static let longest: UInt32 = 3600

    /// To be called first in each worker: also one whose run was stopped ends some time.
    static func limitTime() { alarm(longest) }

    /// A process of this very program.
    static func process(_ arguments: [String], output: Pipe) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        process.standardOutput = output
        return process
    }

    /// Runs a subcommand to its end and reads its report.
    static func run(_ arguments: [String]) throws -> WorkerReport { try start(arguments).end() }

    /// Runs a subcommand that ends itself by SIGKILL, as a power cut would, after its report.
    static func runUntilCut(_ arguments: [String]) throws -> WorkerReport {
        try start(arguments).end(.uncaughtSignal)
    }

    /// Runs subcommands beside each other.
    static func runAll(_ commands: [[String]]) throws {
        let running = try commands.map { try start($0) }
        let ended = running.map { one in Result { try one.end() } }
        for end in ended { _ = try end.get() }
    }

    /// A subcommand that runs.
    struct Running {
        fileprivate let name: String
        fileprivate let process: Process
        fileprivate let pipe: Pipe

        /// Can be read once the subcommand tells that it is done, or has ended.
        var output: Int32 { pipe.fileHandleForReading.fileDescriptor }

        func end(_ reason: Process.TerminationReason = .exit) throws -> WorkerReport {
            let output = pipe.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            let isGood =
                process.terminationReason == reason
                && process.terminationStatus == (reason == .exit ? 0 : SIGKILL)
            guard isGood else {
                throw Failure(description: "\(name) failed with status \(process.terminationStatus)")
            }
            return try JSONDecoder().decode(WorkerReport.self, from: output)
        }
    }

    /// Runs a subcommand beside what follows.
    static func start(_ arguments: [String]) throws -> Running {
        let pipe = Pipe(), process = process(arguments, output: pipe)
        try process.run()
        return Running(name: arguments[0], process: process, pipe: pipe)
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
    static func peakKiB(pid: String) -> Int { number("VmHWM:", pid) }

    /// What is resident now.
    static func residentKiB(pid: String) -> Int { number("VmRSS:", pid) }

    private static func number(_ field: String, _ pid: String) -> Int {
        let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix(field) }
        return line.flatMap { $0.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first }
            .flatMap { Int($0) } ?? 0
    }

    /// Begins the peak anew at what is resident now.
    static func forgetPeak(pid: Int32) {
        guard let file = FileHandle(forWritingAtPath: "/proc/\(pid)/clear_refs") else { return }
        file.write(Data("5".utf8))
    }
}

/// Seconds that `body` takes.
func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    return seconds(since: start)
}

func seconds(since start: ContinuousClock.Instant) -> Double {
    let parts = start.duration(to: .now).components
    return Double(parts.seconds) + Double(parts.attoseconds) / 1e18
}
