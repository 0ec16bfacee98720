import COpenSSL

/// scrypt (RFC 7914), by libcrypto: turns a password into a key at a price in time and memory.
public enum Scrypt {
    /// What a derivation costs: N = 2^`logN` blocks of 128 × `r` bytes, `p` times.
    public struct Cost: Sendable, Equatable {
        public let logN: Int
        public let r: Int
        public let p: Int

        public init(logN: Int, r: Int, p: Int) {
            self.logN = logN
            self.r = r
            self.p = p
        }

        /// For passwords: 32 MiB, some 0.2 s of a core.
        public static let standard = Cost(logN: 15, r: 8, p: 3)

        /// Whether a stored hash may ask for it: it came from another installation, and must not take this
        /// one's memory or time.
        public var isAcceptable: Bool {
            (4...17).contains(logN) && (1...16).contains(r) && (1...16).contains(p) && memory <= 128 << 20
        }

        private var memory: Int { 128 * r * ((1 << logN) + p + 2) }
        /// What libcrypto may take, with room for its own.
        fileprivate var allowance: UInt64 { UInt64(memory + (1 << 20)) }
    }

    /// A key of `length` bytes. Blocks for as long as the cost says. Throws `INTERNAL` when libcrypto fails,
    /// `VALIDATION_ERROR` for a cost that isn't acceptable.
    public static func derive(_ password: [UInt8], salt: [UInt8], cost: Cost, length: Int) throws -> [UInt8] {
        guard cost.isAcceptable else {
            throw NodeError(.validation, "scrypt with N=2^\(cost.logN), r=\(cost.r), p=\(cost.p) is refused")
        }
        var key = [UInt8](repeating: 0, count: length)
        let result = password.withUnsafeBytes { bytes in
            // The empty password has an address too: nil means something else to libcrypto.
            let start = bytes.bindMemory(to: CChar.self).baseAddress
            return withUnsafePointer(to: CChar(0)) { empty in
                EVP_PBE_scrypt(
                    start ?? empty, password.count, salt, salt.count, 1 << UInt64(cost.logN), UInt64(cost.r),
                    UInt64(cost.p), cost.allowance, &key, length)
            }
        }
        guard result == 1 else {
            ERR_clear_error()
            throw NodeError(
                .internalError, "libcrypto could not run scrypt", hint: "Check that there is memory to spare."
            )
        }
        return key
    }
}
