import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import NodeCore
import ServiceLifecycle
import Synchronization
import UnixSignals

/// The HTTP server of `serve`: one backend, background tasks beside it, and a stop that lets
/// requests in flight finish.
public final class HTTPServer: Sendable {
    /// What a caller may cost.
    public struct Limits: Sendable {
        /// A larger body is answered with 413.
        public var maxBodyBytes = 16 * 1024 * 1024
        /// All header fields of a request together.
        public var maxHeaderBytes = 32 * 1024
        /// Open connections, those of requests that wait for news among them; further ones wait in the system's queue.
        public var maxConnections = 512
        /// Requests held at once, those that wait for a thread among them; further ones are answered with 429.
        public var maxHeldRequests = 512
        /// Bytes of bodies that they may have together, as announced; one alone may have more.
        public var maxHeldBytes = 256 << 20
        /// Threads for the backend. A request that waits for news occupies none.
        public var backendThreads = 16
        /// A connection without a request, or stuck while sending one, is closed after this time.
        public var idleTimeout: Duration = .seconds(60)
        /// After this time a stop no longer waits for requests and background tasks.
        public var stopTimeout: Duration = .seconds(8)

        public init() {}

        /// What a hub wishes for: each of 2,000 nodes may have one connection that waits and one that syncs.
        public static let hubConnections = 6144
    }

    /// How bytes come in.
    public enum Transport: Sendable {
        /// Plain HTTP, on a loopback address only.
        case loopback
        /// Plain HTTP on any address: somebody has said that a proxy in front speaks TLS.
        case behindProxy
        /// TLS 1.3.
        case tls(ServerCertificates)
    }

    private let host: String
    private let port: Int
    private let transport: Transport
    private let backend: any ServerBackend
    private let limits: Limits
    private let logger: Logger
    private let backgroundTasks: [@Sendable () async throws -> Void]
    private let onListening: @Sendable (Int) -> Void
    private let group = Mutex<ServiceGroup?>(nil)

    /// Throws `CONFIG_INVALID` for plain HTTP where `host` is neither a loopback address nor `localhost`; port
    /// 0 lets the system choose. `onListening` is given the bound port. A background task is cancelled when
    /// the server stops; one that throws stops the server, one that returns does not.
    public init(
        host: String, port: Int, transport: Transport = .loopback, backend: any ServerBackend,
        limits: Limits = Limits(), logger: Logger,
        backgroundTasks: [@Sendable () async throws -> Void] = [],
        onListening: @escaping @Sendable (_ port: Int) -> Void = { _ in }
    ) throws {
        if case .loopback = transport, !Loopback.contains(host) {
            throw NodeError(
                .configInvalid, "plain HTTP is served on a loopback address only, not on '\(host)'",
                hint: """
                    Set tls.certificate_file and tls.key_file in node.yaml; to try it out add --dev-tls; where a \
                    proxy in front speaks TLS, listen on 127.0.0.1 or set tls.proxy_in_front to true.
                    """, field: "listen")
        }
        guard (0...65_535).contains(port) else {
            throw NodeError(.configInvalid, "\(port) is not a port", hint: "use 0 to 65535")
        }
        self.host = host
        self.port = port
        self.transport = transport
        self.backend = backend
        self.limits = limits
        self.logger = logger
        self.backgroundTasks = backgroundTasks
        self.onListening = onListening
    }

    /// Serves until SIGTERM, SIGINT or `stop()`; returns once requests in flight are answered.
    ///
    /// Call it once. Throws `CONFIG_INVALID` when the address can't be bound, or what a background
    /// task threw. A backend call that outlasts `stopTimeout` is left behind on its thread.
    public func run() async throws {
        let pool = BackendPool(
            backend: backend, threads: limits.backendThreads, maxHeld: limits.maxHeldRequests,
            maxHeldBytes: limits.maxHeldBytes)
        defer { pool.stop() }
        let tasks = backgroundTasks.map { task in
            Self.configuration(BackgroundTask(body: task), whenDone: .ignore)
        }
        // Stopped in reverse order: first the server, then what it may rely on.
        let notice = ShutdownNotice(backend: backend)
        let services =
            tasks + [
                Self.configuration(application(pool), whenDone: .gracefullyShutdownGroup),
                Self.configuration(notice, whenDone: .ignore),
            ]
        var configuration = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: quietLogger)
        configuration.maximumGracefulShutdownDuration = limits.stopTimeout
        let group = ServiceGroup(configuration: configuration)
        self.group.withLock { $0 = group }
        do {
            try await group.run()
        } catch let error as IOError {
            throw bindError(error)
        }
    }

    /// Begins a stop, as SIGTERM does; `run` returns when it is done.
    public func stop() async {
        await group.withLock { $0 }?.triggerGracefulShutdown()
    }

    private static func configuration(
        _ service: any Service,
        whenDone behavior: ServiceGroupConfiguration.ServiceConfiguration.TerminationBehavior
    ) -> ServiceGroupConfiguration.ServiceConfiguration {
        .init(
            service: service, successTerminationBehavior: behavior,
            failureTerminationBehavior: .gracefullyShutdownGroup)
    }

    private func application(_ pool: BackendPool) -> Application<BackendResponder> {
        let onListening = onListening
        let port = port
        return Application(
            responder: BackendResponder(pool: pool, maxBodyBytes: limits.maxBodyBytes, logger: logger),
            server: connections,
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port),
                availableConnectionsDelegate: .maximum(limits.maxConnections, logger: quietLogger)),
            onServerRunning: { channel in onListening(channel.localAddress?.port ?? port) },
            logger: quietLogger)
    }

    private var connections: HTTPServerBuilder {
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: limits.maxHeaderBytes, maxHeaderListSize: limits.maxHeaderBytes,
            maxHeaderFieldCount: 100)
        let configuration = HTTP1Channel.Configuration(
            idleTimeout: TimeAmount(limits.idleTimeout), httpDecoderConfiguration: decoder)
        guard case .tls(let certificates) = transport else { return .http1(configuration: configuration) }
        return HTTPServerBuilder { responder in
            TLSConnections(
                certificates: certificates,
                base: HTTP1Channel(responder: responder, configuration: configuration))
        }
    }

    /// For the libraries, whose everyday news would drown ours.
    private var quietLogger: Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }

    private func bindError(_ error: IOError) -> NodeError {
        switch error.errnoCode {
        case EADDRINUSE:
            NodeError(
                .configInvalid, "\(host):\(port) is in use by another program",
                hint: "stop it, or choose another address with --listen")
        case EACCES:
            NodeError(
                .configInvalid, "port \(port) is reserved for the system",
                hint: "choose a port of 1024 or more with --listen")
        default:
            NodeError(
                .configInvalid, "\(host):\(port) can't be listened on (errno \(error.errnoCode))",
                hint: "choose another address with --listen")
        }
    }
}

/// Work beside the server, cancelled when it stops.
private struct BackgroundTask: Service {
    let body: @Sendable () async throws -> Void

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await body() }
        } catch is CancellationError {
            // The stop, seen from inside.
        }
        // A service that ends while others are being stopped would cut those short.
        try await gracefulShutdown()
    }
}

/// Tells the backend that the stop has begun, before the server waits for requests.
private struct ShutdownNotice: Service {
    let backend: any ServerBackend

    func run() async throws {
        try await gracefulShutdown()
        backend.shutdownBegan()
    }
}
