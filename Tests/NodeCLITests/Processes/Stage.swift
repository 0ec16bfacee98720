import Foundation
import Glibc
import Testing

/// A folder with installations and their processes, gone when the test ends.
final class Stage {
    let folder: String
    private var children: [ChildProcess] = []
    private var relays: [Relay] = []
    private var count = 0
    /// The program with which `node-cli` is run, and its arguments before: nothing, to run it by itself.
    var wrapper: [String] = []

    /// Runs a test with a stage of its own; ends every process that it started.
    static func run(_ body: (Stage) throws -> Void) throws {
        let stage = try Stage()
        defer { stage.end() }
        try body(stage)
    }

    private init() throws {
        folder = NSTemporaryDirectory() + "node-cli-processes-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func end() {
        for child in children { child.end() }
        for relay in relays { relay.refuse() }
        do { try FileManager.default.removeItem(atPath: folder) } catch {
            Issue.record("\(folder) could not be removed: \(error)")
        }
    }

    /// The program under test: `NODE_CLI`, or the one beside this test bundle.
    static let binary: String = {
        if let path = ProcessInfo.processInfo.environment["NODE_CLI"] { return path }
        let bundle = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        return bundle.deletingLastPathComponent().appending(path: "node-cli").path
    }()

    /// Nothing of the tester's own environment but what finds programs and coverage.
    private var environment: [String: String] {
        let own = ProcessInfo.processInfo.environment
        var variables = ["HOME": folder + "/home", "LANG": "C.UTF-8"]
        for name in ["PATH", "LD_LIBRARY_PATH", "LLVM_PROFILE_FILE"] { variables[name] = own[name] }
        return variables
    }

    func start(
        _ arguments: [String], program: String? = nil, input: String = "",
        environment extra: [String: String] = [:], inputFrom: Int32? = nil, output: Int32? = nil
    ) throws -> ChildProcess {
        count += 1
        let line = program.map { [$0] } ?? wrapper + [Stage.binary]
        let child = try ChildProcess(
            line[0], line.dropFirst() + arguments, environment: environment.merging(extra) { $1 },
            folder: "\(folder)/run/\(count)", input: input, inputFrom: inputFrom, output: output)
        children.append(child)
        return child
    }

    /// Runs a command to its end.
    func run(
        _ arguments: [String], program: String? = nil, input: String = "",
        environment: [String: String] = [:]
    ) throws -> Outcome {
        let began = ContinuousClock.now
        let child = try start(arguments, program: program, input: input, environment: environment)
        let exit = try child.wait()
        let time = began.duration(to: .now).components
        let seconds = Double(time.seconds) + Double(time.attoseconds) / 1e18
        let status: Int32 =
            switch exit {
            case .status(let status): status
            case .signal(let signal): signal - 1000
            }
        return Outcome(
            arguments: arguments, status: status, output: child.output, messages: child.messages,
            seconds: seconds)
    }

    func relay(to port: Int? = nil) throws -> Relay {
        let relay = try Relay()
        relays.append(relay)
        if let port { relay.point(to: port) }
        return relay
    }

    /// A file outside every data directory.
    func file(_ name: String, _ text: String) throws -> String {
        let path = "\(folder)/\(name)"
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    /// Copies a data directory as a careless administrator would.
    func copy(_ site: Site, to name: String) throws -> Site {
        let copy = Site(stage: self, name: name)
        if FileManager.default.fileExists(atPath: copy.folder) {
            try FileManager.default.removeItem(atPath: copy.folder)
        }
        try FileManager.default.copyItem(atPath: site.folder, toPath: copy.folder)
        return copy
    }
}
