import Synchronization

/// So many requests of a key in each of several windows of time, which begin with its first request.
///
/// Keys are those of tenants, so memory is bounded by their number.
final class WindowLimiter: Sendable {
    struct Window: Sendable {
        let seconds: Int64
        let requests: Int
    }

    private struct Count {
        var began: Int64
        var requests: Int
    }

    private let windows: [Window]
    private let counts = Mutex<[String: [Count]]>([:])

    init(_ windows: [Window]) { self.windows = windows }

    /// Takes one request of a key; nil when it may go on, else the seconds until it may. `now`: milliseconds.
    func take(_ key: String, at now: Int64) -> Int64? {
        counts.withLock { all in
            var counts = all[key] ?? windows.map { _ in Count(began: now, requests: 0) }
            for (index, window) in windows.enumerated()
            where !(0..<window.seconds * 1000).contains(now - counts[index].began) {
                counts[index] = Count(began: now, requests: 0)
            }
            for (index, window) in windows.enumerated() where counts[index].requests >= window.requests {
                let left = counts[index].began + window.seconds * 1000 - now
                all[key] = counts
                return max(1, (left + 999) / 1000)
            }
            for index in counts.indices { counts[index].requests += 1 }
            all[key] = counts
            return nil
        }
    }
}
