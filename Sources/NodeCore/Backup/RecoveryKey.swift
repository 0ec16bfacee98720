import COpenSSL

/// The key that backups are sealed to (X25519, RFC 7748). Its public half stays with the installation, which
/// so can make backups by itself; its secret half is shown once and kept by people.
public struct RecoveryKey: Sendable {
    /// 32 secret bytes.
    private let secret: [UInt8]
    /// 32 bytes.
    public let publicKey: [UInt8]

    private static let prefix = "prepkc-recovery-"
    public static let publicBytes = 32

    private init(secret: [UInt8]) throws {
        self.secret = secret
        let key = try Self.privateKey(secret)
        defer { EVP_PKEY_free(key) }
        var raw = [UInt8](repeating: 0, count: Self.publicBytes)
        var count = raw.count
        guard EVP_PKEY_get_raw_public_key(key, &raw, &count) == 1, count == raw.count else {
            throw Self.failure
        }
        publicKey = raw
    }

    public static func generate(from random: any RandomSource) throws -> RecoveryKey {
        try RecoveryKey(secret: random.bytes(32))
    }

    /// Words, or letters and digits as earlier versions showed them. Throws `VALIDATION_ERROR` for a text that
    /// isn't a recovery key.
    public init(_ text: String) throws {
        let bytes = Self.bytes(words: text) ?? Self.bytes(letters: text) ?? []
        let secret = Array(bytes.prefix(32)), rest = bytes.dropFirst(32)
        guard !rest.isEmpty, Self.check(secret).starts(with: rest) else {
            throw NodeError(
                .validation, "that is not a recovery key",
                hint: "Type all \(Self.wordCount) words as they were shown, in their order.", field: "key")
        }
        try self.init(secret: secret)
    }

    private static func bytes(words text: String) -> [UInt8]? {
        let words = WordList.split(text)
        return words.count == wordCount ? WordList.bytes(words) : nil
    }

    private static func bytes(letters text: String) -> [UInt8]? {
        let letters = text.filter { !$0.isWhitespace }
        let groups = letters.dropFirst(prefix.count).filter { $0 != "-" }
        guard letters.hasPrefix(prefix) else { return nil }
        return [UInt8](base32: String(groups)).flatMap { $0.count == 34 ? $0 : nil }
    }

    /// As people keep it: 24 words, the last of them with a byte that shows a slip of the pen.
    public var text: String {
        WordList.words(secret + Self.check(secret), count: Self.wordCount).joined(separator: " ")
    }

    /// 32 bytes and a check byte, at 11 bits a word.
    private static let wordCount = 24

    /// The key that may name another identity key of the hub; nothing that it signs opens a backup.
    public func signingKey() throws -> SigningKey {
        try SigningKey(
            seed: Digest.hkdfSHA256(
                secret: secret, salt: [], info: Array("prepkc/recovery-signing/v1".utf8), length: 32))
    }

    private static func check(_ secret: [UInt8]) -> [UInt8] {
        Array(Digest.sha256(Array("prepkc/recovery-check/v1\0".utf8) + secret).bytes.prefix(2))
    }

    /// A reference to a public half, 16 hexadecimal digits.
    public static func name(of publicKey: [UInt8]) -> String { Digest.sha256(publicKey).prefix8.hex }

    // MARK: Sealing

    /// A content key, sealed so that only the recovery key's holder opens it: an ephemeral public key and the
    /// box. `context` is bound to it.
    static func seal(
        _ content: [UInt8], to publicKey: [UInt8], context: [UInt8], random: any RandomSource
    ) throws -> (ephemeral: [UInt8], box: [UInt8]) {
        let ephemeral = try generate(from: random)
        let key = try wrappingKey(ephemeral.agree(publicKey), ephemeral.publicKey, publicKey)
        // The wrapping key is used once, so the nonce may be anything.
        let nonce = [UInt8](repeating: 0, count: SealedBox.nonceBytes)
        let box = try SealedBox.seal(content, key: key, nonce: nonce, associated: context)
        return (ephemeral.publicKey, box)
    }

    /// Throws `VERIFICATION_FAILED` when it was sealed to another key or changed.
    func open(_ box: [UInt8], ephemeral: [UInt8], context: [UInt8]) throws -> [UInt8] {
        let key = try Self.wrappingKey(agree(ephemeral), ephemeral, publicKey)
        let nonce = [UInt8](repeating: 0, count: SealedBox.nonceBytes)
        return try SealedBox.open(box, key: key, nonce: nonce, associated: context)
    }

    private static func wrappingKey(_ shared: [UInt8], _ ephemeral: [UInt8], _ recipient: [UInt8]) throws
        -> [UInt8]
    {
        Digest.hkdfSHA256(
            secret: shared, salt: ephemeral + recipient, info: Array("prepkc/backup/v1".utf8),
            length: SealedBox.keyBytes)
    }

    private func agree(_ other: [UInt8]) throws -> [UInt8] {
        let own = try Self.privateKey(secret)
        defer { EVP_PKEY_free(own) }
        guard other.count == Self.publicBytes,
            let peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nil, other, other.count)
        else { throw Self.failure }
        defer { EVP_PKEY_free(peer) }
        guard let context = EVP_PKEY_CTX_new(own, nil) else { throw Self.failure }
        defer { EVP_PKEY_CTX_free(context) }
        var shared = [UInt8](repeating: 0, count: 32)
        var count = shared.count
        // libcrypto refuses points of small order, whose shared secret would be all zeros.
        guard EVP_PKEY_derive_init(context) == 1, EVP_PKEY_derive_set_peer(context, peer) == 1,
            EVP_PKEY_derive(context, &shared, &count) == 1, count == shared.count
        else { throw Self.failure }
        return shared
    }

    private static func privateKey(_ secret: [UInt8]) throws -> OpaquePointer {
        guard let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nil, secret, secret.count) else {
            throw failure
        }
        return key
    }

    private static var failure: NodeError {
        ERR_clear_error()
        return NodeError(
            .internalError, "libcrypto could not agree on a key",
            hint: "Check that the installed OpenSSL offers X25519.")
    }
}

extension RecoveryKey: CustomStringConvertible, CustomReflectable {
    public var description: String { "RecoveryKey(\(Self.name(of: publicKey)))" }
    public var customMirror: Mirror { Mirror(self, children: ["publicKey": publicKey.hex]) }
}
