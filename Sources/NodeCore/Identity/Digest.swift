import COpenSSL

/// A SHA-256 hash: 32 bytes, ordered bytewise.
public struct Hash: Sendable, Hashable, Comparable, CustomStringConvertible {
    // Big-endian words, so that comparing words compares bytes.
    private let first: UInt64
    private let second: UInt64
    private let third: UInt64
    private let fourth: UInt64

    /// Nil unless there are exactly 32 bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        for (index, byte) in bytes.enumerated() {
            switch index >> 3 {
            case 0: words.0 = words.0 << 8 | UInt64(byte)
            case 1: words.1 = words.1 << 8 | UInt64(byte)
            case 2: words.2 = words.2 << 8 | UInt64(byte)
            default: words.3 = words.3 << 8 | UInt64(byte)
            }
        }
        (first, second, third, fourth) = words
    }

    /// Nil unless the text is 64 hexadecimal digits.
    public init?(hex: String) {
        guard let bytes = [UInt8](hex: hex) else { return nil }
        self.init(bytes: bytes)
    }

    /// The 32 bytes.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        for word in [first, second, third, fourth] { append(word, to: &bytes) }
        return bytes
    }

    /// The first 8 bytes, for key ids and short references; not collision resistant.
    public var prefix8: [UInt8] {
        var bytes: [UInt8] = []
        append(first, to: &bytes)
        return bytes
    }

    /// 64 lower-case hexadecimal digits.
    public var hex: String { bytes.hex }
    public var description: String { hex }

    public static func < (left: Hash, right: Hash) -> Bool {
        (left.first, left.second, left.third, left.fourth)
            < (right.first, right.second, right.third, right.fourth)
    }

    private func append(_ word: UInt64, to bytes: inout [UInt8]) {
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: word >> shift))
        }
    }

    /// For digests made in this file, which have the right length.
    fileprivate init(digest: [UInt8]) {
        guard let hash = Hash(bytes: digest) else {
            preconditionFailure("a SHA-256 of \(digest.count) bytes")
        }
        self = hash
    }
}

/// Hashes and what is built on them, by libcrypto.
///
/// Nothing here depends on the input's value, so a failure means a libcrypto without SHA-2: the
/// process stops.
public enum Digest {
    /// SHA-256 (FIPS 180-4).
    public static func sha256(_ bytes: some Collection<UInt8>) -> Hash {
        let digest = bytes.withContiguousStorageIfAvailable { run(EVP_sha256(), UnsafeRawBufferPointer($0)) }
        return Hash(digest: digest ?? Array(bytes).withUnsafeBytes { run(EVP_sha256(), $0) })
    }

    /// SHA-512 (FIPS 180-4), 64 bytes.
    public static func sha512(_ bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { run(EVP_sha512(), $0) }
    }

    /// HMAC with SHA-256 (RFC 2104), 32 bytes.
    public static func hmacSHA256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        // A key is padded with zeros: one zero byte is the empty key, and has an address.
        let key = key.isEmpty ? [0] : key
        var code = [UInt8](repeating: 0, count: 32)
        let result = HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &code, nil)
        precondition(result != nil, "libcrypto has no HMAC-SHA-256")
        return code
    }

    /// HKDF with SHA-256 (RFC 5869). `length` is 1 to 8,160 bytes, a constant of the caller.
    public static func hkdfSHA256(
        secret: [UInt8], salt: [UInt8], info: [UInt8], length: Int
    ) -> [UInt8] {
        precondition((1...255 * 32).contains(length), "HKDF gives 1 to 8,160 bytes")
        let key = hmacSHA256(key: salt, secret)
        var output: [UInt8] = []
        var block: [UInt8] = []
        var counter: UInt8 = 0
        while output.count < length {
            counter += 1
            block = hmacSHA256(key: key, block + info + [counter])
            output += block
        }
        return Array(output.prefix(length))
    }

    private static func run(_ algorithm: OpaquePointer?, _ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MD_get_size(algorithm)))
        let result = EVP_Digest(bytes.baseAddress, bytes.count, &digest, nil, algorithm, nil)
        precondition(result == 1, "libcrypto has no SHA-2")
        return digest
    }
}

/// SHA-256 over bytes that come in pieces; for files larger than memory should hold.
public struct StreamingSHA256: ~Copyable {
    private let context: OpaquePointer

    public init() {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            preconditionFailure("libcrypto has no SHA-256")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Adds bytes to what is hashed.
    public mutating func update(_ bytes: some Collection<UInt8>) {
        let done: Void? = bytes.withContiguousStorageIfAvailable { add(UnsafeRawBufferPointer($0)) }
        if done == nil { Array(bytes).withUnsafeBytes { add($0) } }
    }

    /// The hash of all that was added; the value is used up.
    public consuming func finalize() -> Hash {
        var digest = [UInt8](repeating: 0, count: 32)
        let result = EVP_DigestFinal_ex(context, &digest, nil)
        precondition(result == 1, "libcrypto's SHA-256 failed")
        return Hash(digest: digest)
    }

    private func add(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        let result = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        precondition(result == 1, "libcrypto's SHA-256 failed")
    }
}
