import SyncEngine

/// When a node asks its hub to wait for news of a tenant, and for how long: a pure function of what happened before.
///
/// Idea: two waits from the same position follow each other at once only when the first went on to the end of
/// its time. Whatever else ends one, a line or a hub that breaks, a proxy, news that a sync then doesn't find,
/// another machine with the same key, is followed by a pause that grows; so no hub and no network between can
/// make a node ask without end. Pauses are spread, so that the nodes of a hub that was started anew don't come
/// back as one.
public struct WaitSchedule: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// How a wait ended.
    enum End: Sendable, Equatable {
        case news
        /// The hub says that there was none.
        case nothing
        /// The hub doesn't know of waiting.
        case unknown
        case failed
    }

    struct State: Sendable {
        /// Whether a wait is open.
        private(set) var isOpen = false
        /// Whether the hub has told of news, and no sync has come since.
        private(set) var hasNews = false
        fileprivate var asked: WaitRequest?
        fileprivate var notBefore: Instant?
        /// Waits in a row that came to nothing before their time.
        fileprivate var failures = 0
        /// Waits in a row that soon brought news.
        fileprivate var burst = 0
        /// How long the line is known to bear a wait.
        fileprivate var seconds = WaitSchedule.seconds.upperBound

        fileprivate mutating func open(_ request: WaitRequest) {
            isOpen = true
            asked = request
        }

        fileprivate mutating func end(_ end: End) {
            isOpen = false
            hasNews = end == .news
        }

        fileprivate mutating func takeNews() -> Bool {
            defer { hasNews = false }
            return hasNews
        }
    }

    static let seconds: ClosedRange<Int64> = 8...WaitRequest.maxSeconds
    /// By how much a wait that went on to its end may be shorter than was asked for.
    static let tolerance = Duration.seconds(2)
    /// The first pause after a wait that came to nothing, before it is spread; doubled each time.
    static let firstPause = Duration.seconds(8)
    static let longestPause = Duration.seconds(120)
    /// Until a hub that doesn't know of waiting is asked again.
    static let unknownPause = Duration.seconds(3600)
    /// After a sync that news had brought about; doubled while there is more and more. What comes together is
    /// taken together.
    static let firstRest = Duration.milliseconds(250)
    static let longestRest = Duration.seconds(1)
    /// News after so long a wait is no burst any more.
    static let calm = Duration.seconds(10)

    /// Whether a wait may be opened now.
    static func isDue(_ state: State, now: Instant) -> Bool {
        !state.isOpen && !state.hasNews && state.notBefore.map { $0 <= now } ?? true
    }

    /// How long it is until one may be opened; nil when that isn't a matter of time.
    static func delay(_ state: State, now: Instant) -> Duration? {
        guard !state.isOpen, !state.hasNews, let time = state.notBefore, time > now else { return nil }
        return time - now
    }

    /// Notes a wait that is opened from a position: what to send. `random` spreads its length, so that the
    /// waits of many nodes don't end as one.
    static func open(_ state: inout State, at position: WaitRequest, random: UInt8) -> WaitRequest {
        var request = position
        request.seconds = max(seconds.lowerBound, state.seconds - state.seconds * Int64(random) / 1280)
        state.open(request)
        return request
    }

    /// Notes how a wait ended. `lasted`: how long it was open. `position`: where the node stands now, if that can
    /// be read.
    static func end(
        _ state: inout State, _ end: End, lasted: Duration, position: WaitRequest?, now: Instant,
        random: UInt8
    ) {
        guard let asked = state.asked else { return }
        state.end(end)
        if lasted >= calm { state.burst = 0 }
        switch end {
        case .news:
            // What was news then has been taken meanwhile.
            if let position, !asked.isSamePosition(as: position) { state.end(.nothing) }
        case .nothing where lasted >= .seconds(asked.seconds) - tolerance:
            state.failures = 0
            state.seconds = min(state.seconds + 1, seconds.upperBound)
            state.notBefore = nil
        case .nothing: pause(&state, now, random)
        case .failed:
            // Perhaps something between here and the hub cuts what is silent for so long.
            if lasted >= .seconds(5) { state.seconds = max(seconds.lowerBound, state.seconds / 2) }
            pause(&state, now, random)
        case .unknown: state.notBefore = now + spread(unknownPause, random)
        }
    }

    /// Notes a sync that went well. `position`: where the node stands after it. `failedBefore`: whether the one before
    /// it had failed; what made waits fail may be over, too.
    static func synced(
        _ state: inout State, position: WaitRequest, failedBefore: Bool, now: Instant, random: UInt8
    ) {
        if failedBefore, state.failures > 0 {
            state.failures = 0
            state.notBefore = min(state.notBefore ?? now, now + spread(firstPause, random))
        }
        guard state.takeNews(), let asked = state.asked else { return }
        guard !asked.isSamePosition(as: position) else { return pause(&state, now, random) }
        state.failures = 0
        state.burst = min(state.burst + 1, 3)
        state.notBefore = now + min(firstRest * (1 << (state.burst - 1)), longestRest)
    }

    private static func pause(_ state: inout State, _ now: Instant, _ random: UInt8) {
        state.failures += 1
        let pause = min(firstPause * (1 << min(state.failures - 1, 10)), longestPause)
        state.notBefore = now + spread(pause, random)
    }

    /// Half of it to twice as much.
    private static func spread(_ time: Duration, _ random: UInt8) -> Duration {
        time * (0.5 + 1.5 * Double(random) / 255)
    }
}
