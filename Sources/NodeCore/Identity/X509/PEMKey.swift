import COpenSSL

/// Private keys as PEM text, for as long as a call takes.
enum PEMKey {
    /// Runs `body` with the key; nil when the text holds none, or one with a password.
    static func with<Result>(
        _ pem: [UInt8], _ body: (_ key: OpaquePointer) throws -> Result
    ) rethrows -> Result? {
        let key = PEM.withReader(pem) { bio in
            // Without a callback, an encrypted key's password would be asked for on the terminal.
            PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in -1 }, nil)
        }
        guard let key else {
            ERR_clear_error()
            return nil
        }
        defer { EVP_PKEY_free(key) }
        return try body(key)
    }
}

/// libcrypto's readers and writers in memory.
enum PEM {
    static func withReader<Result>(_ bytes: [UInt8], _ body: (_ bio: OpaquePointer) -> Result?) -> Result? {
        bytes.withUnsafeBytes { bytes in
            guard let bio = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else {
                return nil
            }
            defer { BIO_free(bio) }
            return body(bio)
        }
    }

    /// What `body` writes; nil when it says that it failed.
    static func written(_ body: (_ bio: OpaquePointer) -> Bool) -> [UInt8]? {
        guard let bio = BIO_new(BIO_s_mem()) else { return nil }
        defer { BIO_free(bio) }
        guard body(bio) else { return nil }
        var start: UnsafeMutablePointer<CChar>?
        let count = shim_bio_bytes(bio, &start)
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }
}
