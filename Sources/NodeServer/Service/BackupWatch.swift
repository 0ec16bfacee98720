import Dispatch
import Logging
import NodeCore
import SyncEngine

/// Makes backups while `serve` runs, and removes the oldest. Not before somebody has made the first by hand:
/// that shows the recovery key.
public struct BackupWatch: Sendable {
    private let installation: Installation
    private let plan: @Sendable () -> Plan
    private let logger: Logger
    private let queue = DispatchQueue(label: "node-cli.backups")

    static let pollInterval = Duration.seconds(60)

    /// When backups are made, and how many are kept where.
    public struct Plan: Sendable {
        public let folder: String?
        /// 0 for none.
        public let everyHours: Int
        public let keep: Int

        public init(_ configuration: Configuration) {
            folder = configuration.backupFolder
            everyHours = configuration.backupEveryHours
            keep = configuration.backupsKept
        }
    }

    /// `plan` is asked for each time: it may change while the server runs.
    public init(_ installation: Installation, plan: @escaping @Sendable () -> Plan, logger: Logger) {
        self.installation = installation
        self.plan = plan
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

    private func round() {
        do {
            guard let made = try makeIfDue() else { return }
            logger.info("backup", metadata: ["file": "\(made.file.path)", "bytes": "\(made.file.size)"])
        } catch {
            let code = (error as? NodeError)?.code ?? .internalError
            logger.error("backup", metadata: ["error_code": "\(code.rawValue)"])
        }
    }

    /// Makes one when the newest is old enough; nil when there was nothing to do.
    func makeIfDue() throws -> BackupService.Made? {
        let plan = plan()
        guard plan.everyHours > 0, try installation.recoveryKey() != nil else { return nil }
        let service = BackupService(installation)
        let newest = try service.list(in: plan.folder).backups.last {
            $0.manifest.nodeID == installation.nodeID
        }
        let now = installation.environment.clock.milliseconds()
        if let newest, abs(now - newest.manifest.createdAt) < Int64(plan.everyHours) * 3_600_000 {
            return nil
        }
        let made = try service.create(in: plan.folder)
        _ = try service.prune(in: plan.folder, keep: plan.keep)
        return made
    }
}
