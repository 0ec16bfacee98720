import NodeCore
import Synchronization

/// The settings of a running server. Who needs one reads it when it is needed, so new ones reach everybody; those that
/// something was built from at the start stay as they were until the next.
public final class LiveSettings: Sendable {
    private struct State {
        var configuration: Configuration
        var rest: RESTSettings
    }

    private let state: Mutex<State>

    /// What is read once, at the start: identity, what is listened on, and how calls leave this machine.
    public static let readAtStart: Set<String> = [
        "role", "name", "hub_url", "listen", "proxy", "ca_file", "sync.timeout_seconds", "limits.body_bytes",
        "tls.certificate_file", "tls.key_file", "tls.names", "tls.proxy_in_front",
    ]

    public init(_ configuration: Configuration) {
        state = Mutex(State(configuration: configuration, rest: RESTSettings(configuration)))
    }

    public var configuration: Configuration { state.withLock { $0.configuration } }
    public var rest: RESTSettings { state.withLock { $0.rest } }

    /// The keys whose values differ, in the order of the catalogue: those that count from now on, and those that
    /// need a start.
    public struct Change: Sendable, Equatable {
        public let taken: [String]
        public let needRestart: [String]
        public var isEmpty: Bool { taken.isEmpty && needRestart.isEmpty }
    }

    /// Makes new settings those in force.
    public func take(_ new: Configuration) -> Change {
        state.withLock { state in
            let moved = new.entries.filter { entry in
                state.configuration.entry(entry.setting.key)?.value != entry.value
            }.map(\.setting.key)
            state = State(configuration: new, rest: RESTSettings(new))
            return Change(
                taken: moved.filter { !Self.readAtStart.contains($0) },
                needRestart: moved.filter(Self.readAtStart.contains))
        }
    }
}
