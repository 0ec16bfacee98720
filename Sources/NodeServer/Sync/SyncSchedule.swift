/// When a background sync is due: a pure function of what happened before.
public struct SyncSchedule: Sendable {
    public struct State: Sendable {
        var nextAt: ContinuousClock.Instant?
        var failures = 0
        /// The last own delta before the last attempt: a later one is a local change since, also one
        /// that was made while the attempt ran.
        var headBefore: Int64 = 0
        public init() {}

        /// Whether there was an attempt.
        var hasSynced: Bool { nextAt != nil }
        /// Whether the last attempt failed.
        var isFailing: Bool { failures > 0 }
    }

    /// Between syncs without news.
    public let interval: Duration
    /// The first wait after a failure; doubled each time, up to the interval.
    public static let firstBackOff = Duration.seconds(2)

    public init(interval: Duration) { self.interval = interval }

    /// At start, when the time has come, or when there is a local change and the line isn't failing.
    /// `head`: the last own delta now.
    public func isDue(_ state: State, head: Int64, now: ContinuousClock.Instant) -> Bool {
        guard let nextAt = state.nextAt else { return true }
        // An interval that was made shorter counts at once.
        if now >= nextAt || nextAt - now > interval * 1.25 { return true }
        return state.failures == 0 && head > state.headBefore
    }

    /// Notes an attempt that has ended. `head`: the last own delta before it. `random` (0...255) spreads
    /// the next one over ±20 %, so that nodes that lost one hub don't come back as one.
    public func record(
        _ state: inout State, head: Int64, failed: Bool, now: ContinuousClock.Instant, random: UInt8
    ) {
        state.failures = failed ? state.failures + 1 : 0
        state.headBefore = head
        let backOff = Self.firstBackOff * (1 << max(0, min(state.failures - 1, 16)))
        let wait = failed ? min(backOff, interval) : interval
        state.nextAt = now + wait * (0.8 + 0.4 * Double(random) / 255)
    }
}
