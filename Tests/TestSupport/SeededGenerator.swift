import Foundation

/// A repeatable random generator for property tests (SplitMix64).
public struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    /// Equal seeds give equal numbers.
    public init(seed: UInt64) {
        state = seed
    }

    /// The seed of `TEST_SEED`, else the default; printed, so that a failure can be replayed.
    public static func seed(default seed: UInt64) -> UInt64 {
        let chosen = ProcessInfo.processInfo.environment["TEST_SEED"].flatMap { UInt64($0) } ?? seed
        print("replay with TEST_SEED=\(chosen)")
        return chosen
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }

    /// A number from 0 up to, not with, `sides`.
    public mutating func dice(_ sides: Int) -> Int { Int.random(in: 0..<sides, using: &self) }

    /// That many bytes.
    public mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }
}
