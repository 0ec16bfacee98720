import Dispatch
import Foundation

/// Repeats work until the process is asked to stop (SIGINT, SIGTERM), then lets the command end as always.
final class Watch {
    private let stop = DispatchSemaphore(value: 0)
    private let sources: [any DispatchSourceSignal]

    init() {
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: .global())
        }
        for source in sources {
            source.setEventHandler { [stop] in stop.signal() }
            source.activate()
        }
    }

    deinit { for source in sources { source.cancel() } }

    /// At once, then every so many seconds.
    func run(every seconds: Double, _ work: () throws -> Void) throws {
        repeat { try work() } while stop.wait(timeout: .now() + seconds) == .timedOut
    }
}
