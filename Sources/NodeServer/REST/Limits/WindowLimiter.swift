import Synchronization

/// So many requests a key in fixed windows of a minute, an hour and a day. Memory is bounded by the keys, which
/// are tenants of this installation.
final class WindowLimiter: Sendable {
    /// Seconds and how many.
    static let windows: [(seconds: Int64, most: Int)] = [(60, 60), (3600, 1000), (86_400, 10_000)]

    private struct Count {
        var window: Int64
        var used = 0
    }

    private let counts = Mutex<[String: [Count]]>([:])

    /// Takes one request; nil when it may go on, else the seconds until it may. `now`: milliseconds.
    func take(_ key: String, now: Int64) -> Int64? {
        let seconds = now / 1000
        return counts.withLock { counts in
            var all = counts[key] ?? Self.windows.map { Count(window: seconds / $0.seconds) }
            for (index, window) in Self.windows.enumerated() {
                let number = seconds / window.seconds
                if all[index].window != number { all[index] = Count(window: number) }
                guard all[index].used < window.most else {
                    counts[key] = all
                    return (number + 1) * window.seconds - seconds
                }
            }
            for index in all.indices { all[index].used += 1 }
            counts[key] = all
            return nil
        }
    }
}
