import Logging
import NodeCore

/// Looks at the files of the server's certificate while `serve` runs, and says when it is about to end.
public struct CertificateWatch: Sendable {
    private let certificates: ServerCertificates
    private let logger: Logger

    static let interval = Duration.seconds(10)
    /// A certificate is told to be ending from this time on.
    static let warningSeconds: Int64 = 14 * 86_400
    /// Rounds between two such words: a day.
    private static let roundsBetweenWarnings = 8640

    public init(_ certificates: ServerCertificates, logger: Logger) {
        self.certificates = certificates
        self.logger = logger
    }

    /// Runs until cancelled; never throws anything else.
    public func run() async throws {
        var rounds = 0
        while !Task.isCancelled {
            look()
            if rounds % Self.roundsBetweenWarnings == 0 { warn() }
            rounds += 1
            try await Task.sleep(for: Self.interval)
        }
    }

    /// Takes new files now, and logs what came of it.
    public func look() {
        switch certificates.reload() {
        case .unchanged: break
        case .replaced:
            logger.notice("new certificate in use", metadata: ["until": "\(until)"])
        case .refused(let error):
            logger.error(
                "the files of the certificate are refused, the old one stays in use",
                metadata: [
                    "error_code": "\(error.code.rawValue)", "reason": "\(error.message)",
                    "hint": "\(error.hint)",
                ])
        }
    }

    private func warn() {
        let left = certificates.secondsLeft
        guard left < Self.warningSeconds else { return }
        let words: Logger.Message = left < 0 ? "the certificate has ended" : "the certificate ends soon"
        logger.error(words, metadata: ["until": "\(until)"])
    }

    private var until: String { RFC3339.string(milliseconds: certificates.leaf.notAfter) }
}
