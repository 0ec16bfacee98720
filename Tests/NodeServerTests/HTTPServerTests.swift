import Foundation
import Logging
import NodeCore
import Synchronization
import Testing

@testable import NodeServer

@Suite struct HTTPServerTests {
    private struct ErrorBody: Decodable, Equatable {
        let detail: String
        let error_code: String
        let hint: String?
    }

    private static func decode(_ answer: HTTPResponse) throws -> ErrorBody {
        #expect(answer.mediaType == "application/json")
        return try JSONDecoder().decode(ErrorBody.self, from: Data(answer.body))
    }

    @Test("a body over the limit is 413 with the error in JSON, and the connection goes on")
    func bodyLimit() async throws {
        var limits = HTTPServer.Limits()
        limits.maxBodyBytes = 1_000
        try await withServer(echo, limits: limits) { url, _ in
            let client = try makeClient()
            for (size, status) in [(1_000, 200), (1_001, 413), (300_000, 413), (1, 200)] {
                let body = [UInt8](repeating: 1, count: size)
                let answer = try await client.perform(HTTPRequest(method: "POST", url: url, body: body))
                #expect(answer.status == status)
                if status == 413 { #expect(try Self.decode(answer).error_code == "TOO_LARGE") }
            }
            let chunked = HTTPRequest(
                method: "POST", url: url, headers: [("Transfer-Encoding", "chunked")],
                body: [UInt8](repeating: 1, count: 1_001))
            #expect(try await client.perform(chunked).status == 413)
        }
    }

    @Test("a NodeError becomes its status and body, any other error 500 without detail")
    func errors() async throws {
        struct Secret: Error { let name = "Anna" }
        let backend = ClosureBackend { request in
            guard request.path == "/known" else { throw Secret() }
            throw NodeError(.tenantNotFound, "no tenant \"x\"\n\u{1}", hint: "list them")
        }
        try await withServer(backend) { url, _ in
            let client = try makeClient()
            let known = try await client.perform(HTTPRequest(method: "GET", url: url + "/known"))
            #expect(known.status == 404)
            let body = ErrorBody(
                detail: "no tenant \"x\"\n\u{1}", error_code: "TENANT_NOT_FOUND", hint: "list them")
            #expect(try Self.decode(known) == body)
            let other = try await client.perform(HTTPRequest(method: "GET", url: url + "/other"))
            #expect(other.status == 500)
            #expect(try Self.decode(other).error_code == "INTERNAL")
            #expect(!String(decoding: other.body, as: UTF8.self).contains("Anna"))
        }
    }

    @Test("each answer has a request id, and the log line has it too but not the query")
    func log() async throws {
        let lines = LogLines()
        try await withServer(echo, logger: lines.logger) { url, _ in
            let answer = try await makeClient().perform(
                HTTPRequest(method: "GET", url: url + "/path?email=anna@example.org"))
            let id = try #require(answer.header("x-request-id"))
            #expect(id.count == 16)
            let line = try #require(lines.all.first { $0["request_id"] == "\(id)" })
            #expect(line["method"] == "GET" && line["path"] == "/path" && line["status"] == "200")
            #expect(line["ms"] != nil)
            #expect(!lines.all.contains { "\($0)".contains("anna") })
        }
    }

    @Test("a stop lets the request in flight finish and takes no new one")
    func gracefulStop() async throws {
        let (started, startedSignal) = AsyncStream.makeStream(of: Void.self)
        let told = DispatchSemaphore(value: 0)
        let backend = ClosureBackend(onShutdown: { told.signal() }) { _ in
            startedSignal.yield()
            // Waits for news until the stop, as a waiting request of a node does.
            let isTold = told.wait(timeout: .now() + 5) == .success
            Thread.sleep(forTimeInterval: 0.3)
            return ServerResponse(status: isTold ? 200 : 500, body: [1, 2])
        }
        try await withServer(backend) { url, server in
            let task = Task {
                try await makeClient().perform(HTTPRequest(method: "GET", url: url))
            }
            var iterator = started.makeAsyncIterator()
            await iterator.next()
            await server.stop()
            let answer = try await task.value
            #expect(answer.status == 200 && answer.body == [1, 2])
            #expect(
                await code { _ = try await makeClient().perform(HTTPRequest(method: "GET", url: url)) }
                    == .hubUnreachable)
        }
    }

    @Test("a stop does not wait for ever for a stuck backend")
    func stuckBackend() async throws {
        var limits = HTTPServer.Limits()
        limits.stopTimeout = .milliseconds(300)
        let (started, startedSignal) = AsyncStream.makeStream(of: Void.self)
        // Stuck until the stop is over, and no longer than a minute.
        let stopped = DispatchSemaphore(value: 0), wasLetGo = Mutex(false)
        let backend = ClosureBackend { _ in
            startedSignal.yield()
            let isOver = stopped.wait(timeout: .now() + 60) == .success
            wasLetGo.withLock { $0 = isOver }
            return ServerResponse()
        }
        try await withServer(backend, limits: limits) { url, server in
            let task = Task { try await makeClient().perform(HTTPRequest(method: "GET", url: url)) }
            var iterator = started.makeAsyncIterator()
            await iterator.next()
            await server.stop()
            stopped.signal()
            // An answer that was under way may still come, or the line is cut.
            _ = await task.result
        }
        for _ in 0..<600 where !wasLetGo.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(100)) }
        #expect(wasLetGo.withLock { $0 }, "the stop waited for the backend")
    }

    @Test(
        "more requests than may be held are turned away with 429, and those whose bodies are too large together",
        arguments: [(1, 1 << 20, 0, false), (9, 100, 60, false), (9, 100, 1, true)])
    func heldRequests(most: Int, bytes: Int, body: Int, isChunked: Bool) async throws {
        var limits = HTTPServer.Limits()
        limits.maxHeldRequests = most
        limits.maxHeldBytes = bytes
        let (started, startedSignal) = AsyncStream.makeStream(of: Void.self)
        let release = DispatchSemaphore(value: 0)
        let backend = ClosureBackend { _ in
            startedSignal.yield()
            _ = release.wait(timeout: .now() + 5)
            return ServerResponse()
        }
        try await withServer(backend, limits: limits) { url, _ in
            // What comes in chunks may be as long as any.
            let headers: HeaderList = isChunked ? [("Transfer-Encoding", "chunked")] : []
            let request = HTTPRequest(
                method: "POST", url: url, headers: headers, body: [UInt8](repeating: 7, count: body))
            let first = Task { try await makeClient().perform(request).status }
            var iterator = started.makeAsyncIterator()
            await iterator.next()
            let second = try await makeClient().perform(request)
            #expect(second.status == 429 && second.header("Retry-After") == "1")
            release.signal()
            #expect(try await first.value == 200)
        }
    }

    @Test("background tasks run beside the server and are cancelled when it stops")
    func backgroundTasks() async throws {
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let wasCancelled = StopFlag()
        let server = try HTTPServer(
            host: "127.0.0.1", port: 0, backend: echo, logger: LogLines().logger,
            backgroundTasks: [
                { continuation.yield(0) },
                {
                    try? await Task.sleep(for: .seconds(30))
                    if Task.isCancelled { wasCancelled.set() }
                },
            ],
            onListening: { continuation.yield($0) })
        async let run: Void = server.run()
        var iterator = ports.makeAsyncIterator()
        _ = await iterator.next()
        _ = await iterator.next()
        await server.stop()
        try await run
        #expect(wasCancelled.isSet)
    }

    @Test("a background task that fails stops the server with its error")
    func failingTask() async throws {
        let server = try HTTPServer(
            host: "127.0.0.1", port: 0, backend: echo, logger: LogLines().logger,
            backgroundTasks: [{ throw NodeError(.storage, "disk") }])
        #expect(await code { try await server.run() } == .storage)
    }

    @Test("plain HTTP beyond loopback and an address in use are refused as configuration")
    func binding() async throws {
        for host in ["0.0.0.0", "::", "192.0.2.1", "node.example.org"] {
            let error = #expect(throws: NodeError.self) {
                try HTTPServer(host: host, port: 0, backend: echo, logger: Logger(label: "t"))
            }
            #expect(error?.code == .configInvalid)
        }
        try await withServer(echo) { url, _ in
            let port = try #require(URL(string: url)?.port)
            let second = try HTTPServer(
                host: "127.0.0.1", port: port, backend: echo, logger: LogLines().logger)
            #expect(await code { try await second.run() } == .configInvalid)
        }
    }

    @Test("query strings decode as forms write them, and nothing traps")
    func queries() {
        let pairs = QueryString.decode("a=1&&b=%C3%A4+x&c=%4&d=%zz&=e&f=g=h&%")
        let expected = [
            ("a", "1"), ("b", "ä x"), ("c", "%4"), ("d", "%zz"), ("", "e"), ("f", "g=h"), ("%", ""),
        ]
        #expect(pairs.count == expected.count)
        for (pair, other) in zip(pairs, expected) { #expect(pair == other) }
        #expect(QueryString.decodeSegment("a%2Fb+c") == "a/b+c")
    }
}

/// Keeps the metadata of what is logged.
final class LogLines: Sendable {
    private let lines = Mutex<[Logger.Metadata]>([])

    var all: [Logger.Metadata] { lines.withLock { $0 } }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(lines: self) }
    }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.lines.withLock { $0.append(event.metadata ?? [:]) }
        }
    }
}
