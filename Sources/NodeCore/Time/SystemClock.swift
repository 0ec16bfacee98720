import Foundation

/// The operating system's clock: the one place in Sources where `Date()` stands.
public struct SystemClock: WallClock {
    public init() {}
    public func milliseconds() -> Int64 { Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)) }
}
