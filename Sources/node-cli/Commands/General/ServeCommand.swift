import ArgumentParser
import Foundation
import Logging
import NodeCore
import NodeServer

struct ServeCommand: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve REST, sync, health and metrics until stopped; at a node also sync by itself.",
        discussion: """
            Examples: node-cli serve --data hub --listen 127.0.0.1:8001
                      node-cli serve --data hub --listen 0.0.0.0:8443 --dev-tls

            TLS 1.3 with tls.certificate_file and tls.key_file of node.yaml; to try it out, --dev-tls makes a
            certificate and says how nodes trust it. Plain HTTP on loopback addresses only, unless
            tls.proxy_in_front is true. Other commands work beside it; a second serve on the same data directory
            exits 11. SIGTERM stops it within ten seconds; SIGHUP takes what can change of node.yaml, and the certificate.
            """)

    @Option(help: ArgumentHelp("Address and port; port 0 lets the system choose.", valueName: "host:port"))
    var listen: String?
    @Flag(name: .customLong("dev-tls"), help: "Speak TLS with a certificate made here, for trying out.")
    var devTLS = false
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let installation = try context.installation()
        guard let address = listen.map(NetworkAddress.init) ?? context.configuration.listen else {
            throw NodeError(
                .usage, "'\(listen ?? "")' is no address", hint: "Write it as 127.0.0.1:8001.",
                field: "listen")
        }
        let lock = try FileLock(
            context.directory.serveLock, else: "another serve is running on this data directory",
            hint: "Stop it first; other commands can be used beside it.")
        try installation.keys.unlock()
        let way = try ServeTransport(context, devTLS: devTLS, host: address.host)
        let settings = ServeSettings(context), logger = Self.logger(settings.level)
        let watch = way.certificates.map { CertificateWatch($0, logger: logger) }
        let server = try server(installation, context, settings, address, way, watch, logger)
        FailedSync.onFailure { what in
            OutputWriter.messages.tryWrite("\(what): the disk didn't take what was written; stopping\n")
            _exit(7)
        }
        let hangups = settings.reloadOnHangup(logger) { watch?.look() }
        defer { hangups.cancel() }
        try waitFor { try await server.run() }
        withExtendedLifetime(lock) {}
        return CommandResult(data: ["stopped": true])
    }

    private func server(
        _ installation: Installation, _ context: CommandContext, _ settings: ServeSettings,
        _ address: NetworkAddress, _ way: ServeTransport, _ watch: CertificateWatch?, _ logger: Logger
    ) throws -> HTTPServer {
        var limits = HTTPServer.Limits()
        limits.maxBodyBytes = context.configuration.maxBodyBytes
        limits.maxConnections = connections(installation, limits, logger)
        var options = try options(installation, context, settings, logger)
        options.certificates = way.certificates
        // The rest is for those who ask.
        options.maxWaiting = limits.maxConnections * 2 / 3
        var tasks = try backgroundTasks(installation, context, settings.live, logger)
        if let watch { tasks.append { try await watch.run() } }
        let host = address.host.contains(":") ? "[\(address.host)]" : address.host
        let start = "listening on \(way.scheme)://\(host):"
        let end = " as \(installation.role.rawValue)\n" + (way.advice ?? "")
        return try HTTPServer(
            host: address.host, port: address.port, transport: way.transport,
            backend: try NodeBackend(installation, options), limits: limits, logger: logger,
            backgroundTasks: tasks,
            onListening: { port in OutputWriter.messages.tryWrite("\(start)\(port)\(end)") })
    }

    /// How many connections the system lets this server have open.
    private func connections(
        _ installation: Installation, _ limits: HTTPServer.Limits, _ logger: Logger
    ) -> Int {
        let wanted = installation.role == .hub ? HTTPServer.Limits.hubConnections : limits.maxConnections
        let allowed = OpenFileLimit.connections(wanted)
        if allowed < wanted {
            logger.warning(
                "the limit of open files allows few connections",
                metadata: ["connections": "\(allowed)", "wanted": "\(wanted)"])
        }
        return allowed
    }

    private func options(
        _ installation: Installation, _ context: CommandContext, _ settings: ServeSettings, _ logger: Logger
    ) throws -> NodeBackend.Options {
        var options = NodeBackend.Options(version: ProductVersion.text)
        let live = settings.live
        options.settings = { live.rest }
        options.logger = logger
        options.sheet = { link in try context.sheets(live.configuration).roster(of: link) }
        options.mail = { MailDelivery(live.configuration, of: context.directory) }
        guard installation.role == .node else { return options }
        let client = try context.curl(), hubURL = context.configuration.hubURL
        options.syncNow = { tenant in
            let lock = try installation.lockForSync(tenant.slug, waiting: 60)
            defer { withExtendedLifetime(lock) {} }
            return try SyncRunner(installation, client: client, hubURL: hubURL).sync(tenant)
        }
        return options
    }

    /// At a node, the background sync; at the hub, the deadlines of conflicts; backups and letters.
    private func backgroundTasks(
        _ installation: Installation, _ context: CommandContext, _ live: LiveSettings, _ logger: Logger
    ) throws -> [@Sendable () async throws -> Void] {
        let backups = BackupWatch(
            installation, plan: { BackupWatch.Plan(live.configuration) }, logger: logger)
        let directory = context.directory
        let letters = MailWatch(
            installation, delivery: { MailDelivery(live.configuration, of: directory) }, logger: logger)
        let both: [@Sendable () async throws -> Void] = [
            { try await backups.run() }, { try await letters.run() },
        ]
        guard installation.role == .node else {
            let watch = DeadlineWatch(
                installation,
                retention: {
                    let settings = live.configuration
                    return AuditRetention(
                        keepDays: settings.auditKeepDays,
                        folder: settings.auditArchiveFolder ?? directory.archive)
                },
                bodies: {
                    let settings = live.configuration
                    return try installation.bodyRetention(
                        keepDays: settings.retentionDays, backupFolder: settings.backupFolder)
                }, logger: logger)
            return both + [{ try await watch.run() }]
        }
        let options = context.curlOptions()
        let sync = try BackgroundSync(
            installation, makeClient: { try CurlClient(options: options) },
            hubURL: context.configuration.hubURL, interval: { live.configuration.syncInterval },
            waits: { live.configuration.waitsForNews },
            retention: { BodyRetention(keepDays: live.configuration.retentionDays) }, logger: logger)
        return both + [{ try await sync.run() }]
    }

    private static func logger(_ level: LogLevel) -> Logger {
        let isTerminal = isatty(STDERR_FILENO) == 1
        return Logger(label: "node-cli") { label -> any LogHandler in
            LevelledLogHandler(
                isTerminal ? StreamLogHandler.standardError(label: label) : JSONLineLogHandler(label: label),
                level)
        }
    }

    /// Runs asynchronous work to its end from a synchronous command.
    private func waitFor(_ work: @escaping @Sendable () async throws -> Void) throws {
        let done = DispatchSemaphore(value: 0)
        let failure = Failure()
        Task {
            do { try await work() } catch { failure.set(error) }
            done.signal()
        }
        done.wait()
        if let error = failure.error { throw error }
    }
}
