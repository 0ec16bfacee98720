/// A hybrid logical clock value: 48 bits of milliseconds, 16 of counter, which overflows into the
/// milliseconds (Kulkarni et al., "Logical Physical Clocks", 2014). It only breaks ties between
/// writes neither of which had seen the other.
public struct HLC: Sendable, Hashable, Comparable {
    public let raw: Int64
    public init(raw: Int64) { self.raw = raw }

    /// How far ahead of the own clock a stamp may be before it stops advancing ours, milliseconds.
    public static let limitMilliseconds: Int64 = 5 * 60 * 1000
    public static let zero = HLC(raw: 0)

    public var milliseconds: Int64 { raw >> 16 }

    public static func < (left: HLC, right: HLC) -> Bool { left.raw < right.raw }

    /// The stamp of a new local transaction. A last value further ahead of the clock than the limit
    /// is left behind: one wrong clock must not pull everybody along.
    public static func next(after last: HLC, nowMilliseconds: Int64) -> HLC {
        let now = HLC(raw: max(0, min(nowMilliseconds, Int64(1) << 46)) << 16)
        let base = last.milliseconds - now.milliseconds > limitMilliseconds ? .zero : last
        return HLC(raw: max(base.raw + 1, now.raw))
    }

    /// The receiver's clock after applying a delta stamped `other`.
    public func received(_ other: HLC, nowMilliseconds: Int64) -> HLC {
        other.milliseconds - nowMilliseconds > Self.limitMilliseconds ? self : max(self, other)
    }
}
