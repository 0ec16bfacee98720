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
            Example: node-cli serve --data hub --listen 127.0.0.1:8001

            Plain HTTP on loopback addresses only: put a TLS proxy in front. Other commands work beside
            it; a second serve on the same data directory exits 11. SIGTERM stops it within ten seconds.
            """)

    @Option(help: ArgumentHelp("Address and port; port 0 lets the system choose.", valueName: "host:port"))
    var listen: String?
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
        var limits = HTTPServer.Limits()
        limits.maxBodyBytes = context.configuration.maxBodyBytes
        let logger = logger(context)
        let backend = try NodeBackend(installation, options(installation, context, logger))
        let server = try HTTPServer(
            host: address.host, port: address.port, backend: backend, limits: limits, logger: logger,
            backgroundTasks: try backgroundTasks(installation, context, logger),
            onListening: { port in
                OutputWriter.messages.tryWrite(
                    "listening on http://\(address.host):\(port) as \(installation.role.rawValue)\n")
            })
        FailedSync.onFailure { what in
            OutputWriter.messages.tryWrite("\(what): the disk didn't take what was written; stopping\n")
            _exit(7)
        }
        let hangups = checkSettingsOnHangup(context, logger)
        defer { hangups.cancel() }
        try waitFor { try await server.run() }
        withExtendedLifetime(lock) {}
        return CommandResult(data: ["stopped": true])
    }

    private func options(
        _ installation: Installation, _ context: CommandContext, _ logger: Logger
    ) throws -> NodeBackend.Options {
        var options = NodeBackend.Options(version: ProductVersion.text)
        options.settings = RESTSettings(context.configuration)
        options.logger = logger
        guard installation.role == .node else { return options }
        let client = try context.curl(), hubURL = context.configuration.hubURL
        options.syncNow = { tenant in
            let lock = try installation.lockForSync(tenant.slug, waiting: 60)
            defer { withExtendedLifetime(lock) {} }
            return try SyncRunner(installation, client: client, hubURL: hubURL).sync(tenant)
        }
        return options
    }

    /// SIGHUP doesn't end the server: the settings are read and checked, and the log says what it found.
    private func checkSettingsOnHangup(_ context: CommandContext, _ logger: Logger)
        -> any DispatchSourceSignal
    {
        signal(SIGHUP, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGHUP)
        let directory = context.directory
        source.setEventHandler {
            do {
                _ = try Configuration.load(
                    yamlText: try directory.configurationText(),
                    environment: ProcessInfo.processInfo.environment)
                logger.notice("node.yaml is valid; changes take effect at the next start")
            } catch {
                let words = (error as? NodeError)?.message ?? "node.yaml can't be read"
                logger.error("the old settings stay in force", metadata: ["reason": "\(words)"])
            }
        }
        source.activate()
        return source
    }

    /// At a node, the background sync; at the hub, the deadlines of conflicts; backups.
    private func backgroundTasks(
        _ installation: Installation, _ context: CommandContext, _ logger: Logger
    ) throws -> [@Sendable () async throws -> Void] {
        let settings = context.configuration
        let backups = BackupWatch(
            installation, folder: settings.backupFolder, everyHours: settings.backupEveryHours,
            keep: settings.backupsKept, logger: logger)
        guard installation.role == .node else {
            let watch = DeadlineWatch(
                installation,
                retention: AuditRetention(
                    keepDays: settings.auditKeepDays,
                    folder: settings.auditArchiveFolder ?? context.directory.archive), logger: logger)
            return [{ try await watch.run() }, { try await backups.run() }]
        }
        let sync = BackgroundSync(
            installation, client: try context.curl(), hubURL: context.configuration.hubURL,
            interval: context.configuration.syncInterval, logger: logger)
        return [{ try await sync.run() }, { try await backups.run() }]
    }

    private func logger(_ context: CommandContext) -> Logger {
        let isTerminal = isatty(STDERR_FILENO) == 1
        var logger = Logger(label: "node-cli") { label -> any LogHandler in
            if isTerminal { return StreamLogHandler.standardError(label: label) }
            return JSONLineLogHandler(label: label)
        }
        logger.logLevel = Logger.Level(rawValue: context.configuration.logLevel) ?? .info
        return logger
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
