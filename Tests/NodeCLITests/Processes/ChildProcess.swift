import Foundation
import Glibc

/// One process of ours: started with `posix_spawn`, its output in files, ended by its id.
final class ChildProcess {
    enum Exit: Equatable {
        case status(Int32)
        case signal(Int32)
    }

    let pid: pid_t
    let arguments: [String]
    private let folder: String
    private(set) var exit: Exit?

    var output: String { text("out") }
    var messages: String { text("err") }
    var isRunning: Bool { poll() == nil }

    /// - Parameters:
    ///   - folder: made for this process; gets its output.
    ///   - input: what it reads on standard input.
    ///   - inputFrom: a descriptor for standard input instead of a file.
    ///   - output: a descriptor for standard output instead of a file.
    init(
        _ program: String, _ arguments: [String], environment: [String: String], folder: String,
        input: String = "", inputFrom: Int32? = nil, output: Int32? = nil
    ) throws {
        self.arguments = arguments
        self.folder = folder
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(input.utf8).write(to: URL(filePath: folder + "/in"))
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let inputFrom {
            posix_spawn_file_actions_adddup2(&actions, inputFrom, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, folder + "/in", O_RDONLY, 0)
        }
        if let output {
            posix_spawn_file_actions_adddup2(&actions, output, 1)
        } else {
            posix_spawn_file_actions_addopen(&actions, 1, folder + "/out", O_WRONLY | O_CREAT, 0o600)
        }
        posix_spawn_file_actions_addopen(&actions, 2, folder + "/err", O_WRONLY | O_CREAT, 0o600)
        var attributes = Self.cleanSignals()
        defer { posix_spawnattr_destroy(&attributes) }
        let words = ([program] + arguments).map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, program, &actions, &attributes, words, variables)
        guard failure == 0 else {
            throw HarnessError("\(program) can't be started: \(String(cString: strerror(failure)))")
        }
        self.pid = pid
    }

    deinit { end() }

    /// Signals as a shell gives them, whatever the test runner has blocked or ignored.
    private static func cleanSignals() -> posix_spawnattr_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        var none = sigset_t(), all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        return attributes
    }

    /// How it ended, or nil while it runs.
    func poll() -> Exit? {
        if let exit { return exit }
        var status: Int32 = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
        let signal = status & 0x7F
        exit = signal == 0 ? .status((status >> 8) & 0xFF) : .signal(signal)
        return exit
    }

    /// Waits for the end; a process that takes longer is killed and the test fails.
    @discardableResult
    func wait(seconds: Double = 90) throws -> Exit {
        if waitUntil(seconds: seconds, { !isRunning }), let exit { return exit }
        end()
        throw HarnessError("\(arguments) did not end within \(seconds) s: \(messages)")
    }

    func send(_ signal: Int32) { if isRunning { kill(pid, signal) } }

    /// Stops it and waits until every thread stands still, so that what is then seen of it stays true;
    /// false when it has ended.
    func freeze() -> Bool {
        send(SIGSTOP)
        let tasks = "/proc/\(pid)/task"
        _ = waitUntil(seconds: 30, everyMicroseconds: 100) {
            guard isRunning, let names = try? FileManager.default.contentsOfDirectory(atPath: tasks) else {
                return true
            }
            return names.allSatisfy { name in
                guard let bytes = FileManager.default.contents(atPath: "\(tasks)/\(name)/stat"),
                    let end = bytes.lastIndex(of: UInt8(ascii: ")")), end + 2 < bytes.count
                else { return true }
                return bytes[end + 2] == UInt8(ascii: "T")
            }
        }
        return isRunning
    }

    func thaw() { send(SIGCONT) }

    /// Processor time that it has used, in the system's ticks of 10 ms.
    var ticks: Int {
        guard let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/stat"),
            let end = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return 0 }
        let fields = String(decoding: bytes[(end + 2)...], as: UTF8.self).split(separator: " ")
        return fields.count > 12 ? (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0) : 0
    }

    /// SIGKILL, and the body collected.
    func end() {
        guard poll() == nil else { return }
        kill(pid, SIGKILL)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        exit = .signal(SIGKILL)
    }

    private func text(_ name: String) -> String {
        FileManager.default.contents(atPath: "\(folder)/\(name)").map { String(decoding: $0, as: UTF8.self) }
            ?? ""
    }
}

/// The test's own machinery failed, or waited in vain.
struct HarnessError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Asks until the answer is yes; false when the time is over.
func waitUntil(seconds: Double, everyMicroseconds pause: UInt32 = 2000, _ condition: () -> Bool) -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while !condition() {
        guard ContinuousClock.now < end else { return false }
        usleep(pause)
    }
    return true
}
