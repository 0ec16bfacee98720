import NIOSSL
import NodeCore
import Synchronization

/// The certificate that a server shows, taken anew when its files change.
///
/// A connection keeps what it began with. A pair that can't be used is refused whole and the old one stays:
/// files are seldom replaced both at once, so a moment between the two is nothing special.
public final class ServerCertificates: Sendable {
    /// What became of a look at the files.
    public enum Reload: Sendable, Equatable {
        case unchanged
        case replaced
        /// The same files are refused in silence until one changes again.
        case refused(NodeError)
    }

    private struct State {
        var contents: CertificateFiles.Contents
        var context: NIOSSLContext
        var leaf: X509Certificate
        /// What was refused last; nil when the files couldn't be read.
        var refused: CertificateFiles.Contents?
        var problem: NodeError?

        mutating func refuse(_ contents: CertificateFiles.Contents?, _ error: any Error) -> Reload {
            let problem = error as? NodeError ?? refusal("can't be read", "Check the files.")
            guard problem != self.problem || contents != refused else { return .unchanged }
            refused = contents
            self.problem = problem
            return .refused(problem)
        }
    }

    private let files: CertificateFiles
    private let clock: any WallClock
    private let version: TLSVersion
    private let state: Mutex<State>

    /// Throws `CONFIG_INVALID` or `KEY_PERMISSIONS` when the files can't be used. One that has ended is
    /// taken: a server whose clock is wrong must start.
    public convenience init(_ files: CertificateFiles, clock: any WallClock) throws {
        try self.init(files, clock: clock, version: .tlsv13)
    }

    /// `version`: another than 1.3 is for tests that play a server of somebody else.
    init(_ files: CertificateFiles, clock: any WallClock, version: TLSVersion) throws {
        self.files = files
        self.clock = clock
        self.version = version
        let contents = try files.read()
        let (context, leaf) = try Self.load(contents, version)
        state = Mutex(State(contents: contents, context: context, leaf: leaf))
    }

    /// The server's own certificate.
    public var leaf: X509Certificate { state.withLock { $0.leaf } }
    /// Why the files as they are now aren't used; nil when they are.
    public var problem: NodeError? { state.withLock { $0.problem } }
    /// For a new connection.
    var context: NIOSSLContext { state.withLock { $0.context } }

    /// How long the certificate is good for still, in seconds; negative when it has ended.
    public var secondsLeft: Int64 { (leaf.notAfter - clock.milliseconds()) / 1000 }

    /// Looks at the files and takes what is new and can be used.
    public func reload() -> Reload {
        state.withLock { state in
            let contents: CertificateFiles.Contents
            do { contents = try files.read() } catch { return state.refuse(nil, error) }
            guard contents != state.contents else {
                state.problem = nil
                return .unchanged
            }
            do {
                let (context, leaf) = try Self.load(contents, version)
                guard leaf.notAfter > clock.milliseconds() else {
                    throw refusal("has ended already", "Ask for a new one.")
                }
                state = State(contents: contents, context: context, leaf: leaf)
                return .replaced
            } catch { return state.refuse(contents, error) }
        }
    }

    private static func load(
        _ contents: CertificateFiles.Contents, _ version: TLSVersion
    ) throws -> (NIOSSLContext, X509Certificate) {
        let chain = try X509Certificate.all(inPEM: contents.certificate)
        guard let leaf = chain.first else { throw refusal("is missing", "Put it there.") }
        switch leaf.fits(keyPEM: contents.key) {
        case true?: break
        case false?:
            throw refusal(
                "doesn't belong to the private key",
                "Check tls.certificate_file and tls.key_file; the server's own certificate comes first.")
        case nil:
            throw refusal(
                "has no usable private key", "Check tls.key_file: PEM text without a password.")
        }
        do {
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: try chain.map {
                    .certificate(try NIOSSLCertificate(bytes: $0.der, format: .der))
                },
                privateKey: .privateKey(try NIOSSLPrivateKey(bytes: contents.key, format: .pem)))
            configuration.minimumTLSVersion = version
            configuration.maximumTLSVersion = version
            configuration.applicationProtocols = ["http/1.1"]
            return (try NIOSSLContext(configuration: configuration), leaf)
        } catch {
            throw refusal(
                "can't be used for TLS", "Make key and certificate anew: P-256, or RSA of 2048 bits.")
        }
    }

}

private func refusal(_ cause: String, _ hint: String) -> NodeError {
    NodeError(.configInvalid, "the server's certificate \(cause)", hint: hint, field: "tls.certificate_file")
}
