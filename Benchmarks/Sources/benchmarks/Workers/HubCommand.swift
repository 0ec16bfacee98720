import ArgumentParser
import CBaselines
import Foundation
import Logging
import NodeCore
import NodeServer
import SyncEngine
import Synchronization

/// The hub of a measurement: the product's server, with a count of the bytes beside it.
struct HubCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hub", abstract: "One measured process: serve a hub.", shouldDisplay: false)

    @Option var data: String
    /// The work that `serve` does beside requests: backups, letters, deadlines.
    @Flag var withWatches = false
    /// So much longer each sync of its disk takes.
    @Option var syncMilliseconds = 0

    func run() async throws {
        Worker.limitTime()
        slow_disk(Int32(syncMilliseconds))
        let installation = try Sites.open(data)
        var options = NodeBackend.Options(version: "bench"), limits = HTTPServer.Limits()
        limits.maxConnections = OpenFileLimit.connections(HTTPServer.Limits.hubConnections)
        options.maxWaiting = limits.maxConnections * 2 / 3
        options.settings = { Self.settings }
        let backend = try NodeBackend(installation, options)
        var logger = Logger(label: "bench")
        logger.logLevel = .critical
        let server = try HTTPServer(
            host: "127.0.0.1", port: 0,
            backend: CountingBackend(backend, snapshot: installation.directory.snapshot(slug: Sites.slug)),
            limits: limits, logger: logger,
            backgroundTasks: withWatches ? try watches(installation, logger) : [],
            onListening: { port in FileHandle.standardOutput.write(Data("\(port)\n".utf8)) })
        try await server.run()
    }

    /// One person and one address send more than people do; the limits have tests of their own.
    private static let settings: RESTSettings = {
        var settings = RESTSettings()
        settings.userRate = .init(perSecond: 1_000_000, burst: 1_000_000)
        settings.addressRate = .init(perSecond: 1_000_000, burst: 1_000_000)
        return settings
    }()

    private func watches(_ installation: Installation, _ logger: Logger) throws
        -> [@Sendable () async throws -> Void]
    {
        let settings = try NodeCore.Configuration.load(yamlText: nil)
        let retention = AuditRetention(
            keepDays: settings.auditKeepDays, folder: installation.directory.archive)
        let backups = BackupWatch(installation, plan: { BackupWatch.Plan(settings) }, logger: logger)
        let letters = MailWatch(installation, delivery: { MailDelivery() }, logger: logger)
        let deadlines = DeadlineWatch(
            installation, retention: { retention }, bodies: { BodyRetention(keepDays: 90) }, logger: logger)
        return [
            { try await backups.run() }, { try await letters.run() }, { try await deadlines.run() },
        ]
    }
}

/// Passes requests on and counts the bytes of their bodies and answers. Also gives the hub's snapshot as a
/// plain file, in pieces as large as those that nodes fetch: what taking a snapshot is compared with.
final class CountingBackend: ServerBackend {
    /// Tells the count so far. Requests under `/bench` aren't counted.
    static let path = "/bench/bytes"
    /// How often the hub's process has synced a file so far.
    static let syncsPath = "/bench/syncs"
    /// How many waits for news were taken so far.
    static let waitsPath = "/bench/waits"
    /// A piece of the file, from `offset` in the query; empty at its end.
    static let snapshotPath = "/bench/snapshot"
    private static let waitPath = "/sync/v1/wait"

    private let backend: any ServerBackend
    private let snapshot: String
    private let bytes = Atomic<Int>(0)
    private let waits = Atomic<Int>(0)

    /// `snapshot`: where the hub keeps the one of its district.
    init(_ backend: any ServerBackend, snapshot: String) {
        self.backend = backend
        self.snapshot = snapshot
    }

    func handle(_ request: ServerRequest) throws -> ServerResponse {
        if request.path == Self.path { return Self.number(bytes.load(ordering: .relaxed)) }
        if request.path == Self.syncsPath { return Self.number(Int(disk_syncs())) }
        if request.path == Self.waitsPath { return Self.number(waits.load(ordering: .relaxed)) }
        if request.path == Self.snapshotPath { return try piece(request.parameter("offset") ?? "") }
        let response = try backend.handle(request)
        bytes.add(request.body.count + response.body.count, ordering: .relaxed)
        if request.path == Self.waitPath, response.status == 200 { waits.add(1, ordering: .relaxed) }
        return response
    }

    private static func number(_ number: Int) -> ServerResponse {
        ServerResponse(body: Array("\(number)".utf8))
    }

    private func piece(_ offset: String) throws -> ServerResponse {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: snapshot))
        defer { try? file.close() }
        try file.seek(toOffset: UInt64(offset) ?? 0)
        let bytes = try file.read(upToCount: SnapshotAnswer.pieceBytes) ?? Data()
        return ServerResponse(contentType: "application/octet-stream", body: Array(bytes))
    }

    func shutdownBegan() { backend.shutdownBegan() }
}
