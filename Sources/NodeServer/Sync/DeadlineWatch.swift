import Dispatch
import Logging
import NodeCore
import SyncEngine

/// At the hub, while `serve` runs: settles conflicts whose deadline has passed (`ReviewDeadlines`), and
/// repairs cases where a stop came between a push and that (`Arbiter`), ends reservations (`SeatDuty`), archives
/// audit entries that are older than they are kept (`AuditRetention`), removes snapshots of a day ago.
public struct DeadlineWatch: Sendable {
    private let installation: Installation
    private let logger: Logger
    private let retention: @Sendable () -> AuditRetention
    private let queue = DispatchQueue(label: "node-cli.deadlines")

    static let pollInterval = Duration.seconds(60)

    /// `retention` is asked for each time: it may change while the server runs.
    public init(
        _ installation: Installation, retention: @escaping @Sendable () -> AuditRetention, logger: Logger
    ) {
        self.installation = installation
        self.retention = retention
        self.logger = logger
    }

    /// Runs until cancelled. Failures are logged by code, never thrown: the next round tries again.
    public func run() async throws {
        while !Task.isCancelled {
            await withCheckedContinuation { continuation in
                queue.async {
                    round()
                    continuation.resume()
                }
            }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    /// What fails in one tenant, or an archive that can't be written, stops nothing else.
    func round() {
        var slugs: [String] = []
        attempt("deadlines") { slugs = try installation.slugs() }
        attempt("snapshots") { try installation.removeOldSnapshots() }
        for slug in slugs {
            attempt("deadlines", slug) { try settleDue(installation.tenant(slug)) }
            attempt("audit archive", slug) { try archiveDue(installation.tenant(slug)) }
        }
    }

    private func settleDue(_ tenant: OpenTenant) throws {
        if try tenant.store.read({ try $0.isRecovering() }) { return }
        try Arbiter(tenant).run()
        try SeatDuty(tenant).run()
        let settled = try ReviewDeadlines(tenant, nodeID: installation.nodeID).run()
        if settled > 0 {
            logger.info("deadlines", metadata: ["tenant": "\(tenant.slug)", "settled": "\(settled)"])
        }
    }

    private func archiveDue(_ tenant: OpenTenant) throws {
        if try tenant.store.read({ try $0.isRecovering() }) { return }
        guard let archive = try retention().run(tenant) else { return }
        logger.info(
            "audit archive",
            metadata: [
                "tenant": "\(tenant.slug)", "file": "\(archive.path)", "entries": "\(archive.entries)",
            ])
    }

    private func attempt(_ what: Logger.Message, _ slug: String? = nil, _ work: () throws -> Void) {
        do { try work() } catch {
            let code = (error as? NodeError)?.code ?? .internalError
            var metadata: Logger.Metadata = ["error_code": "\(code.rawValue)"]
            if let slug { metadata["tenant"] = "\(slug)" }
            logger.warning(what, metadata: metadata)
        }
    }
}
