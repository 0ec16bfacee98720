import ArgumentParser
import Foundation
import Logging
import NodeCore
import NodeServer
import Synchronization

/// The hub of a measurement: the product's server, with a count of the bytes beside it.
struct HubCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hub", abstract: "One measured process: serve a hub.", shouldDisplay: false)

    @Option var data: String

    func run() async throws {
        let backend = try NodeBackend(try openInstallation(data), .init(version: "bench"))
        var logger = Logger(label: "bench")
        logger.logLevel = .critical
        let server = try HTTPServer(
            host: "127.0.0.1", port: 0, backend: CountingBackend(backend), logger: logger,
            onListening: { port in FileHandle.standardOutput.write(Data("\(port)\n".utf8)) })
        try await server.run()
    }
}

/// Passes requests on and counts the bytes of their bodies and answers.
final class CountingBackend: ServerBackend {
    /// Tells the count so far; the one request that isn't counted.
    static let path = "/bench/bytes"

    private let backend: any ServerBackend
    private let bytes = Atomic<Int>(0)

    init(_ backend: any ServerBackend) { self.backend = backend }

    func handle(_ request: ServerRequest) throws -> ServerResponse {
        if request.path == Self.path {
            return ServerResponse(body: Array("\(bytes.load(ordering: .relaxed))".utf8))
        }
        let response = try backend.handle(request)
        bytes.add(request.body.count + response.body.count, ordering: .relaxed)
        return response
    }

    func shutdownBegan() { backend.shutdownBegan() }
}
