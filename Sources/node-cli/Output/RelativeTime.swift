/// How long ago, or how long until: `just now`, `3 minutes ago`, `in 2 days`. Rounded down.
enum RelativeTime {
    /// - Parameters:
    ///   - milliseconds: the instant, since 1970.
    ///   - now: the present, since 1970.
    static func text(milliseconds: Int64, now: Int64) -> String {
        let (difference, overflow) = now.subtractingReportingOverflow(milliseconds)
        let seconds = overflow ? UInt64(Int64.max / 1000) : difference.magnitude / 1000
        let isPast = milliseconds <= now
        guard seconds >= 10 else { return isPast ? "just now" : "in a moment" }
        let steps: [(limit: UInt64, size: UInt64, unit: String)] = [
            (60, 1, "second"), (3600, 60, "minute"), (86_400, 3600, "hour"),
            (86_400 * 60, 86_400, "day"), (86_400 * 730, 2_629_746, "month"),
        ]
        let step = steps.first { seconds < $0.limit } ?? (0, 31_556_952, "year")
        let count = seconds / step.size
        let amount = "\(count) \(step.unit)\(count == 1 ? "" : "s")"
        return isPast ? "\(amount) ago" : "in \(amount)"
    }
}
