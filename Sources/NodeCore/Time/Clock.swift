/// Where the time of day comes from. It may be wrong by years; nothing but tie-breaks and displays
/// may depend on it.
public protocol WallClock: Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    func milliseconds() -> Int64
}

/// A clock that stands still until it is told to move: for tests and the simulation.
public struct FixedClock: WallClock {
    public let value: Int64
    public init(_ value: Int64) { self.value = value }
    public func milliseconds() -> Int64 { value }
}
