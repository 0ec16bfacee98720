import Dispatch
import Logging
import NodeCore

/// Sends letters that wait while `serve` runs and a mail server is configured; less and less often while that fails.
public struct MailWatch: Sendable {
    private let installation: Installation
    private let delivery: @Sendable () -> MailDelivery
    private let logger: Logger
    private let queue = DispatchQueue(label: "node-cli.mail")

    static let pollInterval = Duration.seconds(60)
    static let longestPause = Duration.seconds(3600)
    /// A younger letter may just be on its way from the command that wrote it. Milliseconds.
    static let settledAfter: Int64 = 120_000

    /// `delivery` is asked for each time: settings may change while the server runs.
    public init(
        _ installation: Installation, delivery: @escaping @Sendable () -> MailDelivery, logger: Logger
    ) {
        self.installation = installation
        self.delivery = delivery
        self.logger = logger
    }

    /// Runs until cancelled. Failures are logged by code and number, never thrown.
    public func run() async throws {
        var pause = Self.pollInterval
        while !Task.isCancelled {
            try await Task.sleep(for: pause)
            let isWell: Bool = await withCheckedContinuation { continuation in
                queue.async { continuation.resume(returning: round()) }
            }
            pause = isWell ? Self.pollInterval : min(pause * 2, Self.longestPause)
        }
    }

    private func round() -> Bool {
        do {
            let waiting = try send()
            if waiting > 0 { logger.warning("mail", metadata: ["waiting": "\(waiting)"]) }
            return waiting == 0
        } catch {
            let code = (error as? NodeError)?.code ?? .internalError
            logger.error("mail", metadata: ["error_code": "\(code.rawValue)"])
            return false
        }
    }

    /// Sends what waits; how many go on waiting because they couldn't be sent.
    func send() throws -> Int {
        let delivery = delivery()
        guard delivery.isConfigured else { return 0 }
        let outbox = Outbox(installation)
        let settled = installation.environment.clock.milliseconds() - Self.settledAfter
        return try delivery.send(outbox.list(all: false).filter { $0.createdAt <= settled }, from: outbox)
            .count
    }
}
