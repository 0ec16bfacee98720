import COpenSSL
import Synchronization

/// Where random bytes come from; injected, so that tests can replay.
public protocol RandomSource: Sendable {
    /// That many random bytes. Throws `INTERNAL` when the system has none to give.
    func bytes(_ count: Int) throws -> [UInt8]
}

/// The cryptographic generator of libcrypto, seeded by the operating system.
public struct SystemRandom: RandomSource {
    public init() {}

    public func bytes(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        guard count == 0 || RAND_bytes(&bytes, Int32(count)) == 1 else {
            throw NodeError(
                .internalError, "the system gave no random bytes",
                hint: "check that the kernel's random source works, then try again")
        }
        return bytes
    }
}

/// A repeatable stream of bytes for tests and simulations (SplitMix64); never for keys in use.
public final class SeededRandom: RandomSource {
    private let state: Mutex<UInt64>

    /// Equal seeds give equal streams.
    public init(seed: UInt64) {
        state = Mutex(seed)
    }

    public func bytes(_ count: Int) -> [UInt8] {
        state.withLock { state in
            var bytes: [UInt8] = []
            bytes.reserveCapacity(count + 7)
            while bytes.count < count {
                state &+= 0x9E37_79B9_7F4A_7C15
                var word = state
                word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
                word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
                word ^= word >> 31
                for shift in stride(from: UInt64(0), to: 64, by: 8) {
                    bytes.append(UInt8(truncatingIfNeeded: word >> shift))
                }
            }
            return Array(bytes.prefix(count))
        }
    }
}
