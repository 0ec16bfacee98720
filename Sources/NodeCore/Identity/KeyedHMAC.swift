import COpenSSL

/// HMAC with SHA-256 under one key, for many messages: algorithm and key are set up once and copied for each.
final class KeyedHMAC: Sendable {
    /// Never changed after `init`: `code` works on a copy.
    nonisolated(unsafe) private let keyed: OpaquePointer

    init(key: [UInt8]) {
        guard let algorithm = EVP_MAC_fetch(nil, "HMAC", nil), let context = EVP_MAC_CTX_new(algorithm) else {
            preconditionFailure("libcrypto has no HMAC")
        }
        defer { EVP_MAC_free(algorithm) }
        // A key is padded with zeros: one zero byte is the empty key, and has an address.
        let key = key.isEmpty ? [0] : key
        var digest = Array("SHA256".utf8CString)
        let status = digest.withUnsafeMutableBufferPointer { name in
            var parameters = [
                OSSL_PARAM_construct_utf8_string("digest", name.baseAddress, 0), OSSL_PARAM_construct_end(),
            ]
            return EVP_MAC_init(context, key, key.count, &parameters)
        }
        precondition(status == 1, "libcrypto has no HMAC-SHA-256")
        keyed = context
    }

    deinit { EVP_MAC_CTX_free(keyed) }

    /// 32 bytes.
    func code(_ message: [UInt8]) -> [UInt8] {
        guard let context = EVP_MAC_CTX_dup(keyed) else { preconditionFailure("libcrypto is out of memory") }
        defer { EVP_MAC_CTX_free(context) }
        let isDone = EVP_MAC_update(context, message, message.count)
        precondition(isDone == 1, "libcrypto's HMAC failed")
        return [UInt8](unsafeUninitializedCapacity: 32) { code, count in
            let isDone = EVP_MAC_final(context, code.baseAddress, &count, 32)
            precondition(isDone == 1 && count == 32, "libcrypto's HMAC failed")
        }
    }
}
