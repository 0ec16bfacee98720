import NodeCore
import Synchronization

/// A clock that a measurement moves on, so that a year takes minutes.
final class MovableClock: WallClock {
    static let day: Int64 = 86_400_000

    private let time: Atomic<Int64>

    /// `start`: milliseconds since 1970.
    init(_ start: Int64) { time = Atomic(start) }

    func milliseconds() -> Int64 { time.load(ordering: .relaxed) }
    func advance(_ milliseconds: Int64) { time.add(milliseconds, ordering: .relaxed) }
}
