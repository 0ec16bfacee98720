import Foundation
import Logging
import NodeCore
import NodeServer

/// The settings of a running `serve`, read again on SIGHUP. An invalid file changes nothing; what can't change while
/// the server runs is named in the log.
struct ServeSettings: Sendable {
    let live: LiveSettings
    let level: LogLevel
    private let context: CommandContext

    init(_ context: CommandContext) {
        self.context = context
        live = LiveSettings(context.configuration)
        level = LogLevel(context.configuration.logLevel)
    }

    var configuration: Configuration { live.configuration }

    /// Reads the settings again with each SIGHUP until the source is cancelled; `also` comes first.
    func reloadOnHangup(_ logger: Logger, also: @escaping @Sendable () -> Void) -> any DispatchSourceSignal {
        signal(SIGHUP, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGHUP)
        source.setEventHandler {
            also()
            reload(logger)
        }
        source.activate()
        return source
    }

    private func reload(_ logger: Logger) {
        let change: LiveSettings.Change
        do { change = live.take(try context.reloadedConfiguration()) } catch {
            let words = (error as? NodeError)?.message ?? "node.yaml can't be read"
            return logger.error("the old settings stay in force", metadata: ["reason": "\(words)"])
        }
        level.set(configuration.logLevel)
        if change.isEmpty { return logger.notice("the settings are as before") }
        if !change.taken.isEmpty {
            logger.notice(
                "settings taken over", metadata: ["keys": "\(change.taken.joined(separator: ", "))"])
        }
        if !change.needRestart.isEmpty {
            logger.warning(
                "settings that need a restart",
                metadata: ["keys": "\(change.needRestart.joined(separator: ", "))"])
        }
    }
}
