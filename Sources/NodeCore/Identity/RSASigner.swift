import COpenSSL

/// An RSA private key that signs by RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2), which JWT calls
/// RS256. Neither printing nor reflecting it shows the key.
public struct RSASigner: Sendable {
    private let pem: [UInt8]

    /// A key in PEM (PKCS #8 or #1, without a password) of at least 2048 bits. Throws `CONFIG_INVALID`.
    public init(pem: String) throws(NodeError) {
        self.pem = Array(pem.utf8)
        let key = try load()
        defer { EVP_PKEY_free(key) }
        guard EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA, EVP_PKEY_get_bits(key) >= 2048 else {
            throw Self.refusal("is no RSA key of 2048 bits or more")
        }
    }

    /// The signature over a message, as long as the key. Throws `INTERNAL` when libcrypto fails.
    public func sign(_ message: [UInt8]) throws(NodeError) -> [UInt8] {
        let key = try load()
        defer { EVP_PKEY_free(key) }
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var count = Int(EVP_PKEY_get_size(key))
        var signature = [UInt8](repeating: 0, count: count)
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1,
            EVP_DigestSign(context, &signature, &count, message, message.count) == 1
        else {
            ERR_clear_error()
            throw NodeError(
                .internalError, "libcrypto could not sign", hint: "check the installed OpenSSL")
        }
        return Array(signature.prefix(count))
    }

    private func load() throws(NodeError) -> OpaquePointer {
        let key = pem.withUnsafeBytes { bytes -> OpaquePointer? in
            guard let bio = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else {
                return nil
            }
            defer { BIO_free(bio) }
            // Without a callback, an encrypted key's password would be asked for on the terminal.
            return PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in -1 }, nil)
        }
        guard let key else {
            ERR_clear_error()
            throw Self.refusal("can't be read")
        }
        return key
    }

    private static func refusal(_ cause: String) -> NodeError {
        NodeError(
            .configInvalid, "the private key \(cause)",
            hint: "Download the service account's key from Google again, as JSON.")
    }
}

extension RSASigner: CustomStringConvertible, CustomReflectable {
    public var description: String { "RSASigner" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
