import Logging
import Synchronization

/// The least severe level that is logged, for every copy of a logger at once: it may change while the program runs.
final class LogLevel: Sendable {
    private let level: Mutex<Logger.Level>

    init(_ name: String) { level = Mutex(Self.level(name)) }

    var value: Logger.Level { level.withLock { $0 } }
    func set(_ name: String) { level.withLock { $0 = Self.level(name) } }

    private static func level(_ name: String) -> Logger.Level { Logger.Level(rawValue: name) ?? .info }
}

/// Hands on what is severe enough by a shared level; a logger's own is not asked.
struct LevelledLogHandler: LogHandler {
    private var inner: any LogHandler
    private let level: LogLevel

    init(_ inner: any LogHandler, _ level: LogLevel) {
        self.inner = inner
        self.level = level
        self.inner.logLevel = .trace
    }

    var logLevel: Logger.Level {
        get { level.value }
        set {}
    }
    var metadata: Logger.Metadata {
        get { inner.metadata }
        set { inner.metadata = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { inner[metadataKey: key] }
        set { inner[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) { inner.log(event: event) }
}
