import Foundation
import NodeCore

/// One installation of the demo: a data directory that real processes of this very binary work on.
final class DemoSite {
    let name: String
    let data: String
    private let binary: String
    private var server: Process?
    private(set) var port = 0

    init(name: String, folder: String, binary: String) {
        self.name = name
        data = "\(folder)/\(name)"
        self.binary = binary
    }

    /// Runs a command with `--json` and answers its `data`. Throws what the command reported, unless
    /// its exit status is expected.
    @discardableResult
    func run(_ arguments: String..., input: String? = nil, expecting expected: Int32 = 0) throws -> DemoAnswer
    {
        try run(arguments, input: input, expecting: expected)
    }

    @discardableResult
    func run(_ arguments: [String], input: String? = nil, expecting expected: Int32 = 0) throws -> DemoAnswer
    {
        let process = make(arguments + ["--data", data, "--json"])
        let output = Pipe(), source = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = source
        try process.run()
        if let input { source.fileHandleForWriting.write(Data(input.utf8)) }
        try source.fileHandleForWriting.close()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let envelope = DemoAnswer(try JSONSerialization.jsonObject(with: bytes))
        guard process.terminationStatus == expected else {
            let told = envelope["errors"].list.first?["message"].text ?? "no message"
            throw NodeError(
                .internalError,
                "`\(arguments.joined(separator: " "))` at \(name) ended with \(process.terminationStatus): \(told)"
            )
        }
        return envelope["data"]
    }

    private func make(_ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: binary)
        process.arguments = arguments
        // The demo's processes see neither settings nor a data directory of the person who runs it.
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("PREPKC_") }
        return process
    }

    /// Starts `serve` and waits until it listens; later starts take the same port again.
    func start() throws {
        let log = "\(data).log"
        try DurableFile.write([], to: log)
        guard let handle = FileHandle(forWritingAtPath: log) else {
            throw NodeError(.storage, "the demo's folder can't be written", hint: "Free some space.")
        }
        let process = make(["serve", "--listen", "127.0.0.1:\(port)", "--data", data])
        process.standardError = handle
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        server = process
        for _ in 0..<200 {
            let text = try String(contentsOfFile: log, encoding: .utf8)
            if let match = text.firstMatch(of: /listening on http:\/\/127\.0\.0\.1:(\d+)/) {
                port = Int(match.1) ?? 0
                return
            }
            guard process.isRunning else { break }
            usleep(50_000)
        }
        throw NodeError(.internalError, "serve did not start at \(name)", hint: "See \(log).")
    }

    /// Ends the server at once, as a power cut would.
    func kill() {
        guard let server else { return }
        Foundation.kill(server.processIdentifier, SIGKILL)
        server.waitUntilExit()
        self.server = nil
    }

    deinit { kill() }
}

/// A part of what a command answered under `--json`; what isn't there is empty.
struct DemoAnswer {
    private let value: Any?
    init(_ value: Any?) { self.value = value }
    subscript(_ key: String) -> DemoAnswer { DemoAnswer((value as? [String: Any])?[key]) }
    var text: String { value as? String ?? "" }
    var number: Int { value as? Int ?? 0 }
    var list: [DemoAnswer] { (value as? [Any] ?? []).map(DemoAnswer.init) }
}
