import Synchronization

/// Token buckets, one a key: a key may send so many requests at once, and so many a second on end.
///
/// Memory is bounded: beyond `maxKeys` busy keys, further ones share one bucket.
public final class RateLimiter: Sendable {
    public struct Rate: Sendable, Equatable {
        public let perSecond: Int
        public let burst: Int

        public init(perSecond: Int, burst: Int) {
            self.perSecond = perSecond
            self.burst = burst
        }
    }

    private struct Bucket {
        var tokens: Double
        var at: ContinuousClock.Instant
    }

    private let current: @Sendable () -> Rate
    private let maxKeys: Int
    private let buckets = Mutex<[String: Bucket]>([:])

    /// `rate` is asked for with each request: it may change while the server runs.
    public init(_ rate: @autoclosure @escaping @Sendable () -> Rate, maxKeys: Int = 20_000) {
        current = rate
        self.maxKeys = maxKeys
    }

    /// Takes one request of a key; nil when it may go on, else how long it has to wait.
    public func take(_ key: String, at now: ContinuousClock.Instant = .now) -> Duration? {
        let rate = current()
        return buckets.withLock { buckets in
            if buckets[key] == nil, buckets.count >= maxKeys {
                buckets = buckets.filter { refilled($0.value, rate, at: now) < Double(rate.burst) }
            }
            let key = buckets[key] != nil || buckets.count < maxKeys ? key : ""
            let tokens = refilled(
                buckets[key] ?? Bucket(tokens: Double(rate.burst), at: now), rate, at: now)
            guard tokens >= 1 else {
                buckets[key] = Bucket(tokens: tokens, at: now)
                return .seconds((1 - tokens) / Double(rate.perSecond))
            }
            buckets[key] = Bucket(tokens: tokens - 1, at: now)
            return nil
        }
    }

    private func refilled(_ bucket: Bucket, _ rate: Rate, at now: ContinuousClock.Instant) -> Double {
        let seconds = max(0, bucket.at.duration(to: now).seconds)
        return min(Double(rate.burst), bucket.tokens + seconds * Double(rate.perSecond))
    }
}
