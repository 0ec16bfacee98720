import Logging
import NodeCore
import Synchronization

@testable import NodeServer

/// A backend of one closure.
struct ClosureBackend: ServerBackend {
    var onShutdown: @Sendable () -> Void = {}
    let body: @Sendable (ServerRequest) throws -> ServerResponse

    func handle(_ request: ServerRequest) throws -> ServerResponse { try body(request) }
    func shutdownBegan() { onShutdown() }
}

/// Answers with what it was asked.
let echo = ClosureBackend { request in
    var text = "\(request.method) \(request.path)"
    for (name, value) in request.query { text += " [\(name)=\(value)]" }
    return ServerResponse(
        contentType: "text/plain", headers: [("x-peer", request.remoteAddress)],
        body: Array(text.utf8) + request.body)
}

/// Runs a server on 127.0.0.1 while `body` runs with its base URL, then stops it and waits.
func withServer(
    _ backend: some ServerBackend, transport: HTTPServer.Transport = .loopback,
    limits: HTTPServer.Limits = .init(), logger: Logger? = nil, port: Int = 0,
    _ body: @Sendable (_ url: String, _ server: HTTPServer) async throws -> Void
) async throws {
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    var quiet = Logger(label: "test")
    quiet.logLevel = .critical
    let server = try HTTPServer(
        host: "127.0.0.1", port: port, transport: transport, backend: backend, limits: limits,
        logger: logger ?? quiet,
        onListening: { continuation.yield($0) })
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            defer { continuation.finish() }
            try await server.run()
        }
        var iterator = ports.makeAsyncIterator()
        let scheme = if case .tls = transport { "https" } else { "http" }
        if let port = await iterator.next() {
            do {
                try await body("\(scheme)://127.0.0.1:\(port)", server)
            } catch {
                await server.stop()
                throw error
            }
            await server.stop()
        }
        try await group.waitForAll()
    }
}

/// A client that does not look at the environment.
func makeClient(_ change: (inout CurlClient.Options) -> Void = { _ in }) throws -> CurlClient {
    var options = CurlClient.Options()
    options.proxy = .none
    options.timeout = .seconds(20)
    change(&options)
    return try CurlClient(options: options)
}

/// The code of the `NodeError` that `body` throws, or nil.
func code(of body: () async throws -> Void) async -> ErrorCode? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? NodeError)?.code
    }
}
