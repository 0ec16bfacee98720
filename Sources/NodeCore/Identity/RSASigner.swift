import COpenSSL

/// An RSA private key that signs by RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2), which JWT calls
/// RS256. Neither printing nor reflecting it shows the key.
public struct RSASigner: Sendable {
    private let pem: [UInt8]

    /// A key in PEM (PKCS #8 or #1, without a password) of at least 2048 bits. Throws `CONFIG_INVALID`.
    public init(pem: String) throws(NodeError) {
        self.pem = Array(pem.utf8)
        let isStrong = PEMKey.with(self.pem) { key in
            EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= 2048
        }
        guard let isStrong else { throw Self.refusal("can't be read") }
        guard isStrong else { throw Self.refusal("is no RSA key of 2048 bits or more") }
    }

    /// The signature over a message, as long as the key. Throws `INTERNAL` when libcrypto fails.
    public func sign(_ message: [UInt8]) throws(NodeError) -> [UInt8] {
        let signature = PEMKey.with(pem) { key -> [UInt8]? in
            let context = EVP_MD_CTX_new()
            defer { EVP_MD_CTX_free(context) }
            var count = Int(EVP_PKEY_get_size(key))
            var signature = [UInt8](repeating: 0, count: count)
            guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1,
                EVP_DigestSign(context, &signature, &count, message, message.count) == 1
            else { return nil }
            return Array(signature.prefix(count))
        }
        guard case .some(.some(let signature)) = signature else {
            ERR_clear_error()
            throw NodeError(
                .internalError, "libcrypto could not sign", hint: "check the installed OpenSSL")
        }
        return signature
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
