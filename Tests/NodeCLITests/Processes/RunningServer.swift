import Foundation
import Glibc
import Testing

/// `serve` of one installation, on a port that the system chose.
final class RunningServer {
    let process: ChildProcess
    let port: Int

    /// Starts it and waits until it says where it listens.
    init(_ site: Site, options: [String] = [], environment: [String: String] = [:]) throws {
        process = try site.stage.start(
            ["serve", "--listen", "127.0.0.1:0", "--data", site.folder] + options, environment: environment)
        let process = process
        var port: Int?
        _ = waitUntil(seconds: 90) {
            port = Self.port(process.messages)
            return port != nil || !process.isRunning
        }
        guard let port else { throw HarnessError("serve did not begin: \(process.messages)") }
        self.port = port
    }

    /// From the line `listening on http://127.0.0.1:PORT as hub`; `https` too.
    private static func port(_ messages: String) -> Int? {
        for line in messages.split(separator: "\n") where line.hasPrefix("listening on http") {
            guard let start = line.range(of: "://127.0.0.1:") else { continue }
            return Int(line[start.upperBound...].prefix { $0.isNumber })
        }
        return nil
    }

    func kill() { process.end() }

    /// What a stop may take here. The promise is ten seconds; a machine that does much else is slower, and
    /// a stop that hangs takes a minute and more.
    static let stopLimit = 30.0

    /// Asks it to end; how it did, and how long that took.
    func stop(with signal: Int32 = SIGTERM) throws -> (exit: ChildProcess.Exit, seconds: Double) {
        let began = ContinuousClock.now
        process.send(signal)
        let exit = try process.wait()
        let time = began.duration(to: .now).components
        return (exit, Double(time.seconds) + Double(time.attoseconds) / 1e18)
    }

    /// The answer to a GET: status line's number and body.
    func get(_ path: String) throws -> (status: Int, body: String) {
        let descriptor = try Loopback.connect(port)
        defer { close(descriptor) }
        let request = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n\r\n"
        guard send(descriptor, request, request.utf8.count, Int32(MSG_NOSIGNAL)) > 0 else {
            throw HarnessError("GET \(path) could not be sent")
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n"), let status = Int(text.dropFirst(9).prefix(3)) else {
            throw HarnessError("no answer to GET \(path): \(text)")
        }
        return (status, String(text[end.upperBound...]))
    }
}
