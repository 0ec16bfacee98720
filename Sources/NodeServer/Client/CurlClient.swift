import Dispatch
import NodeCore
import Synchronization

/// HTTP over libcurl: one connection kept open between the requests of one sync.
///
/// Requests of one client run one after another, each on the client's own thread, never on Swift's
/// cooperative pool. Redirects are not followed, cookies and `.netrc` are not used, plain HTTP goes to
/// loopback addresses only, past any proxy that is not one itself, and TLS is 1.3: 1.2 only where authorities
/// are named, since content filters that look into TLS often know no more, and the hub itself takes 1.3 alone.
public final class CurlClient: Sendable {
    /// Where requests leave from.
    public enum Proxy: Sendable, Equatable {
        /// As `https_proxy`, `all_proxy` and `no_proxy` say.
        case environment
        /// No proxy, whatever the environment says.
        case none
        /// `http://user:password@proxy:3128`, `socks5h://proxy:1080`, ….
        case url(String)
    }

    /// Limits and ways; every number has a bound of its own.
    public struct Options: Sendable {
        public var proxy: Proxy = .environment
        /// A PEM file of certificate authorities, trusted beside the system's (Debian's libcurl also looks
        /// into /etc/ssl/certs).
        public var caFile: String?
        /// DNS, TCP, proxy and TLS together; at most ten seconds.
        public var connectTimeout: Duration = .seconds(10)
        /// One whole exchange, unless the request has its own.
        public var timeout: Duration = .seconds(120)
        /// The largest body taken; a larger one is refused while it arrives.
        public var maxResponseBytes = 16 * 1024 * 1024
        public var userAgent = "node-cli"
        /// Connect to public addresses only, whatever a name resolves to. A proxy stands for itself: with one,
        /// it is the proxy that resolves.
        public var refusesPrivateAddresses = false

        public init() {}
    }

    private let session: Mutex<CurlSession>
    private let queue = DispatchQueue(label: "node-cli.curl")
    private let stopped = StopFlag()

    /// Throws `INTERNAL` when libcurl cannot start.
    public init(options: Options = Options()) throws {
        session = Mutex(try CurlSession(options: options))
    }

    /// Sends a request and waits for the whole answer, whatever its status.
    ///
    /// Throws `HUB_UNREACHABLE` when no answer came, `TLS_UNTRUSTED` when somebody who isn't known to be the
    /// hub would have given it, `HUB_ANSWER_INVALID` when it is too large or not
    /// HTTP, `CONFIG_INVALID` for a URL or CA file that cannot be used, and `CancellationError` about
    /// a second after the task was cancelled.
    public func perform(_ request: HTTPRequest) async throws -> HTTPResponse {
        let stop = StopFlag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.async {
                    continuation.resume(with: Result { try self.run(request, stop: stop) })
                }
            }
        } onCancel: {
            stop.set()
        }
    }

    /// `perform` for callers that already are on a thread that may block; waits for its turn. Throws
    /// `CancellationError` at the latest a second after `stop()`.
    public func performBlocking(_ request: HTTPRequest) throws -> HTTPResponse {
        try run(request, stop: stopped)
    }

    /// Who made out the certificate that is shown at a URL, trusted or not; nil over plain HTTP, and when none
    /// is shown. Blocks for at most five seconds; nothing is sent. Throws `CONFIG_INVALID`, `INTERNAL`.
    public func certificateIssuer(at url: String) throws -> String? {
        let url = try RequestURL(url)
        guard url.scheme == "https" else { return nil }
        return try session.withLock {
            try CurlSession(options: $0.options).presentedCertificate(at: url, stop: stopped)?.issuer
        }
    }

    /// Breaks off the blocking request that is under way, and all later ones.
    public func stop() { stopped.set() }

    private func run(_ request: HTTPRequest, stop: StopFlag) throws -> HTTPResponse {
        try session.withLock { try $0.perform(request, stop: stop) }
    }
}

/// Raised once by whoever cancels, read by the thread that transfers.
final class StopFlag: Sendable {
    private let raised = Atomic<Bool>(false)

    func set() { raised.store(true, ordering: .relaxed) }
    var isSet: Bool { raised.load(ordering: .relaxed) }
}
