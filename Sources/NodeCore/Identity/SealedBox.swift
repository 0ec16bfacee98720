import COpenSSL

/// Authenticated encryption with ChaCha20-Poly1305 (RFC 8439), by libcrypto.
///
/// A nonce must never be used twice under one key.
public enum SealedBox {
    /// Bytes of a key.
    public static let keyBytes = 32
    /// Bytes of a nonce.
    public static let nonceBytes = 12
    /// Bytes that sealing adds.
    public static let tagBytes = 16

    /// The ciphertext with its 16-byte tag appended.
    ///
    /// Throws `VALIDATION_ERROR` for a key or nonce of the wrong size, `INTERNAL` when libcrypto fails.
    public static func seal(
        _ plaintext: [UInt8], key: [UInt8], nonce: [UInt8], associated: [UInt8]
    ) throws -> [UInt8] {
        let context = try prepare(key: key, nonce: nonce, encrypting: true)
        defer { EVP_CIPHER_CTX_free(context) }
        guard var sealed = update(context, with: plaintext, associated: associated), finish(context) else {
            throw failure()
        }
        var tag = [UInt8](repeating: 0, count: tagBytes)
        guard EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tagBytes), &tag) == 1 else {
            throw failure()
        }
        sealed += tag
        return sealed
    }

    /// The plaintext of what `seal` gave with the same key, nonce and associated bytes.
    ///
    /// Throws `VERIFICATION_FAILED` when anything differs, without saying what.
    public static func open(
        _ sealed: [UInt8], key: [UInt8], nonce: [UInt8], associated: [UInt8]
    ) throws -> [UInt8] {
        let context = try prepare(key: key, nonce: nonce, encrypting: false)
        defer { EVP_CIPHER_CTX_free(context) }
        guard sealed.count >= tagBytes else { throw refusal }
        var tag = Array(sealed.suffix(tagBytes))
        guard EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tagBytes), &tag) == 1,
            let plaintext = update(context, with: Array(sealed.dropLast(tagBytes)), associated: associated)
        else { throw failure() }
        guard finish(context) else {
            ERR_clear_error()
            throw refusal
        }
        return plaintext
    }

    private static func prepare(key: [UInt8], nonce: [UInt8], encrypting: Bool) throws -> OpaquePointer {
        guard key.count == keyBytes, nonce.count == nonceBytes else {
            throw NodeError(
                .validation,
                "sealing takes a key of 32 and a nonce of 12 bytes, not \(key.count) and \(nonce.count)",
                hint: "check the key file")
        }
        guard let context = EVP_CIPHER_CTX_new() else { throw failure() }
        guard EVP_CipherInit_ex(context, EVP_chacha20_poly1305(), nil, key, nonce, encrypting ? 1 : 0) == 1
        else {
            EVP_CIPHER_CTX_free(context)
            throw failure()
        }
        return context
    }

    /// The other side of `input`, before the tag has been checked; nil when libcrypto fails.
    private static func update(
        _ context: OpaquePointer, with input: [UInt8], associated: [UInt8]
    ) -> [UInt8]? {
        guard let inputCount = Int32(exactly: input.count),
            let associatedCount = Int32(exactly: associated.count)
        else { return nil }
        var written: Int32 = 0
        if !associated.isEmpty {
            guard EVP_CipherUpdate(context, nil, &written, associated, associatedCount) == 1 else {
                return nil
            }
        }
        guard !input.isEmpty else { return [] }
        var output = [UInt8](repeating: 0, count: input.count)
        guard EVP_CipherUpdate(context, &output, &written, input, inputCount) == 1,
            written == inputCount
        else { return nil }
        return output
    }

    /// Ends the operation; when opening, false for a tag that doesn't fit.
    private static func finish(_ context: OpaquePointer) -> Bool {
        var rest = [UInt8](repeating: 0, count: 16)
        var written: Int32 = 0
        return EVP_CipherFinal_ex(context, &rest, &written) == 1 && written == 0
    }

    private static var refusal: NodeError {
        NodeError(
            .verificationFailed, "the sealed bytes do not open: the key is not theirs or they were changed",
            hint: "use the key they were sealed with, or restore them from a backup")
    }

    private static func failure() -> NodeError {
        ERR_clear_error()
        return NodeError(
            .internalError, "libcrypto could not run ChaCha20-Poly1305",
            hint: "check that the installed OpenSSL offers it")
    }
}
