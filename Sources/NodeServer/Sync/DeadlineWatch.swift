import Dispatch
import Logging
import NodeCore
import SyncEngine

/// At the hub, while `serve` runs: settles conflicts whose deadline has passed (`ReviewDeadlines`), and
/// repairs cases where a stop came between a push and that (`Arbiter`), ends reservations (`SeatDuty`), archives
/// audit entries that are older than they are kept (`AuditRetention`).
public struct DeadlineWatch: Sendable {
    private let installation: Installation
    private let logger: Logger
    private let retention: AuditRetention
    private let queue = DispatchQueue(label: "node-cli.deadlines")

    static let pollInterval = Duration.seconds(60)

    public init(_ installation: Installation, retention: AuditRetention, logger: Logger) {
        self.installation = installation
        self.retention = retention
        self.logger = logger
    }

    /// Runs until cancelled. Failures are logged by code, never thrown: the next round tries again.
    public func run() async throws {
        while !Task.isCancelled {
            await withCheckedContinuation { continuation in
                queue.async {
                    settleDue()
                    continuation.resume()
                }
            }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    private func settleDue() {
        do {
            for slug in try installation.slugs() {
                let tenant = try installation.tenant(slug)
                if try tenant.store.read({ try $0.isRecovering() }) { continue }
                try Arbiter(tenant).run()
                try SeatDuty(tenant).run()
                let settled = try ReviewDeadlines(tenant, nodeID: installation.nodeID)
                    .run()
                if let archive = try retention.run(tenant) {
                    logger.info(
                        "audit archive",
                        metadata: [
                            "tenant": "\(slug)", "file": "\(archive.path)", "entries": "\(archive.entries)",
                        ])
                }
                if settled > 0 {
                    logger.info("deadlines", metadata: ["tenant": "\(slug)", "settled": "\(settled)"])
                }
            }
        } catch {
            let code = (error as? NodeError)?.code ?? .internalError
            logger.warning("deadlines", metadata: ["error_code": "\(code.rawValue)"])
        }
    }
}
