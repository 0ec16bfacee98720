import NodeCore
import Synchronization

/// A clock that tests set: a base that all share and an error of its own.
public final class MovableClock: WallClock {
    private let state: Mutex<Int64>
    /// How wrong this clock is, milliseconds.
    private let skew: Mutex<Int64>

    public init(_ start: Int64 = 1_760_000_000_000, skew: Int64 = 0) {
        state = Mutex(start)
        self.skew = Mutex(skew)
    }

    public func milliseconds() -> Int64 { state.withLock { $0 } + skew.withLock { $0 } }
    public func advance(_ milliseconds: Int64) { state.withLock { $0 += milliseconds } }
    public func setSkew(_ milliseconds: Int64) { skew.withLock { $0 = milliseconds } }
}
