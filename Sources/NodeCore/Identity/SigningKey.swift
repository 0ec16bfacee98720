import COpenSSL

/// An Ed25519 public key (RFC 8032): 32 bytes.
public struct PublicKey: Sendable, Hashable, CustomStringConvertible {
    /// The 32 bytes of the encoded point.
    public let bytes: [UInt8]

    /// Nil unless there are exactly 32 bytes. Whether they are a point shows when verifying.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// 64 lower-case hexadecimal digits.
    public var hex: String { bytes.hex }
    public var description: String { hex }

    /// The first 8 bytes of the SHA-256 of the key: a reference, not a proof.
    public var keyID: [UInt8] { Digest.sha256(bytes).prefix8 }

    /// Whether the 64 bytes are this key's signature over the message (RFC 8032 section 5.1.7).
    ///
    /// False for any malformed signature or key, and always for a key of small order, whose holder
    /// could make one signature fit many messages.
    public func isValidSignature(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        guard signature.count == 64, !hasSmallOrder else { return false }
        // A refused signature leaves entries in libcrypto's error queue of this thread.
        defer { ERR_clear_error() }
        guard let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count) else {
            return false
        }
        defer { EVP_PKEY_free(key) }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1 else { return false }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    private var hasSmallOrder: Bool {
        var point = bytes
        point[31] &= 0x7F
        return smallOrderPoints.contains(point)
    }
}

/// The y coordinates of the points whose order divides 8, in every 32-byte spelling, sign bit clear
/// (the list of libsodium's `ge25519_has_small_order`).
private let smallOrderPoints: Set<[UInt8]> = {
    let zeros = [UInt8](repeating: 0, count: 31)
    let ones = [UInt8](repeating: 0xFF, count: 30) + [0x7F]
    let orderEight = [
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ].compactMap { [UInt8](hex: $0) }
    // 0 and p, 1 and p + 1, p - 1.
    return Set(orderEight + [[0] + zeros, [1] + zeros, [0xEC] + ones, [0xED] + ones, [0xEE] + ones])
}()

/// An Ed25519 private key (RFC 8032). Neither printing nor reflecting it shows the seed.
public struct SigningKey: Sendable {
    private enum Secret: Sendable {
        case seed([UInt8])
        /// Gives the seed of a key whose file is sealed.
        case sealed(@Sendable () throws -> [UInt8])
    }

    private let secret: Secret
    /// The public half.
    public let publicKey: PublicKey

    /// The key of a seed of 32 bytes. Throws `VALIDATION_ERROR` for another count, `INTERNAL` when
    /// libcrypto fails.
    public init(seed: [UInt8]) throws {
        guard seed.count == 32 else {
            throw NodeError(
                .validation, "a private key has 32 bytes, this one \(seed.count)",
                hint: "restore the key file from its backup")
        }
        let key = try Self.privateKey(seed)
        defer { EVP_PKEY_free(key) }
        var raw = [UInt8](repeating: 0, count: 32)
        var count = raw.count
        guard EVP_PKEY_get_raw_public_key(key, &raw, &count) == 1, let publicKey = PublicKey(bytes: raw)
        else { throw Self.failure("derive a public key") }
        secret = .seed(seed)
        self.publicKey = publicKey
    }

    /// A key whose seed is asked for when it signs; `opening` must give the seed of `publicKey`.
    init(publicKey: PublicKey, opening: @escaping @Sendable () throws -> [UInt8]) {
        self.publicKey = publicKey
        secret = .sealed(opening)
    }

    /// The 32 secret bytes; for key files and what is derived from them. Throws `KEY_LOCKED` when the key is
    /// under a passphrase that isn't known.
    public func seed() throws -> [UInt8] {
        switch secret {
        case .seed(let bytes): bytes
        case .sealed(let open): try open()
        }
    }

    /// A new key from 32 random bytes.
    public static func generate(from random: some RandomSource) throws -> SigningKey {
        try SigningKey(seed: random.bytes(32))
    }

    /// The signature over a message, 64 bytes; the same message always gives the same bytes
    /// (RFC 8032 section 5.1.6). Throws `KEY_LOCKED`, `INTERNAL` when libcrypto fails.
    public func sign(_ message: [UInt8]) throws -> [UInt8] {
        let key = try Self.privateKey(seed())
        defer { EVP_PKEY_free(key) }
        guard let context = EVP_MD_CTX_new() else { throw Self.failure("sign") }
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 64)
        var count = signature.count
        guard EVP_DigestSignInit(context, nil, nil, nil, key) == 1,
            EVP_DigestSign(context, &signature, &count, message, message.count) == 1, count == 64
        else { throw Self.failure("sign") }
        return signature
    }

    private static func privateKey(_ seed: [UInt8]) throws -> OpaquePointer {
        guard let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count) else {
            throw failure("load a private key")
        }
        return key
    }

    private static func failure(_ operation: String) -> NodeError {
        ERR_clear_error()
        return NodeError(
            .internalError, "libcrypto could not \(operation)",
            hint: "check that the installed OpenSSL offers Ed25519")
    }
}

extension SigningKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "SigningKey(\(publicKey.keyID.hex))" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["publicKey": publicKey.hex]) }
}
