import CBaselines
import Foundation
import NodeServer

/// A hub that serves in a process of its own until this goes away.
final class HubProcess {
    let port: Int
    let url: String
    /// From the start of the process until it listened, seconds.
    let startSeconds: Double
    private let process: Process
    private let client: CurlClient

    /// `withWatches`: with the background work of `serve`. `syncMilliseconds`: on a disk whose syncs take so much
    /// longer.
    init(_ path: String, withWatches: Bool = false, syncMilliseconds: Int = 0) throws {
        client = try makeClient()
        let pipe = Pipe(), began = ContinuousClock.now
        process = Worker.process(
            ["hub", "--data", path, "--sync-milliseconds", "\(syncMilliseconds)"]
                + (withWatches ? ["--with-watches"] : []), output: pipe)
        try process.run()
        let line = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
        startSeconds = seconds(since: began)
        guard let port = Int(line.trimmingCharacters(in: .newlines)) else {
            process.terminate()
            throw Worker.Failure(description: "the hub did not begin to listen")
        }
        self.port = port
        url = "http://127.0.0.1:\(port)"
    }

    deinit { stop() }

    /// Ends it as SIGTERM does; at once when it has ended before.
    func stop() {
        guard process.isRunning else { return }
        process.terminate()
        process.waitUntilExit()
    }

    var pid: Int32 { process.processIdentifier }
    var cpuSeconds: Double { process_cpu_seconds(pid) }
    var peakKiB: Int { Memory.peakKiB(pid: "\(pid)") }
    var residentKiB: Int { Memory.residentKiB(pid: "\(pid)") }
    func forgetPeak() { Memory.forgetPeak(pid: pid) }

    /// Descriptors that are open, sockets too.
    func openFiles() throws -> Int { try Self.openFiles(pid: pid) }

    static func openFiles(pid: Int32) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count
    }

    /// Body bytes of all requests and answers so far.
    func bytes() throws -> Int { try number(CountingBackend.path) }

    /// Syncs of files so far.
    func syncs() throws -> Int { try number(CountingBackend.syncsPath) }

    private func number(_ path: String) throws -> Int {
        Int(String(decoding: try get(path), as: UTF8.self)) ?? 0
    }

    /// The body of a good answer.
    func get(_ path: String) throws -> [UInt8] {
        try requireOK(client.performBlocking(HTTPRequest(method: "GET", url: url + path)))
    }

    /// The same for JSON that is sent.
    func post(_ path: String, _ json: String) throws -> [UInt8] {
        let request = HTTPRequest(
            method: "POST", url: url + path, headers: [("Content-Type", "application/json")],
            body: Array(json.utf8))
        return try requireOK(client.performBlocking(request))
    }

    private func requireOK(_ response: HTTPResponse) throws -> [UInt8] {
        guard response.status == 200 else {
            throw Worker.Failure(description: "the hub answered with status \(response.status)")
        }
        return response.body
    }
}

/// A client without a proxy that waits as long as a measurement may take.
func makeClient() throws -> CurlClient {
    var options = CurlClient.Options()
    options.proxy = .none
    options.timeout = .seconds(3600)
    return try CurlClient(options: options)
}
