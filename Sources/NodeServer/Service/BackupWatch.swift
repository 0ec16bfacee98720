import Dispatch
import Logging
import NodeCore
import SyncEngine

/// Makes backups while `serve` runs, and removes the oldest. Not before somebody has made the first by hand:
/// that shows the recovery key.
public struct BackupWatch: Sendable {
    private let installation: Installation
    private let folder: String?
    private let everyHours: Int
    private let keep: Int
    private let logger: Logger
    private let queue = DispatchQueue(label: "node-cli.backups")

    static let pollInterval = Duration.seconds(60)

    public init(_ installation: Installation, folder: String?, everyHours: Int, keep: Int, logger: Logger) {
        self.installation = installation
        self.folder = folder
        self.everyHours = everyHours
        self.keep = keep
        self.logger = logger
    }

    /// Runs until cancelled. Failures are logged by code, never thrown: the next round tries again.
    public func run() async throws {
        guard everyHours > 0 else { return try await Task.sleep(for: .seconds(1 << 31)) }
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
        guard try installation.recoveryKey() != nil else { return nil }
        let service = BackupService(installation)
        let newest = try service.list(in: folder).backups.last {
            $0.manifest.nodeID == installation.nodeID
        }
        let now = installation.environment.clock.milliseconds()
        if let newest, abs(now - newest.manifest.createdAt) < Int64(everyHours) * 3_600_000 { return nil }
        let made = try service.create(in: folder)
        _ = try service.prune(in: folder, keep: keep)
        return made
    }
}
