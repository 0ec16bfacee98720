import COpenSSL

/// What an X.509 certificate (RFC 5280) says of itself; reading it proves nothing.
public struct X509Certificate: Sendable, Equatable {
    /// The bytes as they were signed.
    public let der: [UInt8]
    /// Whom it is for, and who made it out: `Common Name (Organisation)`, fit to be shown.
    public let subject, issuer: String
    /// Unix time in milliseconds.
    public let notBefore, notAfter: Int64

    /// No certificate of a server is longer, and no chain.
    private static let maxBytes = 1 << 20
    private static let maxCount = 20

    /// Every certificate of a PEM text, in its order; other blocks are passed over.
    ///
    /// Throws `CONFIG_INVALID` when there is none, when there are more than 20, or one is damaged.
    public static func all(inPEM text: [UInt8]) throws(NodeError) -> [X509Certificate] {
        defer { ERR_clear_error() }
        var found: [X509Certificate] = []
        let isWhole = PEM.withReader(text.count <= maxBytes ? text : []) { bio -> Bool? in
            while found.count <= maxCount, let x509 = PEM_read_bio_X509(bio, nil, nil, nil) {
                defer { X509_free(x509) }
                guard let one = X509Certificate(x509) else { return false }
                found.append(one)
            }
            return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE
        }
        guard isWhole == true, !found.isEmpty, found.count <= maxCount else {
            throw NodeError(
                .configInvalid, "no certificate could be read from the file",
                hint: "It is PEM text of 1 to \(maxCount) blocks that start with -----BEGIN CERTIFICATE-----."
            )
        }
        return found
    }

    private init?(_ x509: OpaquePointer) {
        var bytes: UnsafeMutablePointer<UInt8>?
        let count = i2d_X509(x509, &bytes)
        defer { CRYPTO_free(bytes, "", 0) }
        guard count > 0, let notBefore = Self.milliseconds(X509_get0_notBefore(x509)),
            let notAfter = Self.milliseconds(X509_get0_notAfter(x509))
        else { return nil }
        der = Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
        subject = Self.text(of: X509_get_subject_name(x509))
        issuer = Self.text(of: X509_get_issuer_name(x509))
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// SHA-256 of the DER bytes, which tools call the fingerprint.
    public var fingerprint: [UInt8] { Digest.sha256(der).bytes }

    /// Whether it is for a host: a DNS name, with wildcards as RFC 6125 has them, or an address.
    public func isFor(_ host: String) -> Bool {
        withX509 { x509 in
            X509_check_ip_asc(x509, host, 0) == 1
                || X509_check_host(x509, host, host.utf8.count, 0, nil) == 1
        } ?? false
    }

    /// Whether a private key in PEM is its key; nil when the text holds none that can be used.
    public func fits(keyPEM: [UInt8]) -> Bool? {
        PEMKey.with(keyPEM) { key in withX509 { X509_check_private_key($0, key) == 1 } ?? false }
    }

    private func withX509<Result>(_ body: (OpaquePointer) -> Result) -> Result? {
        defer { ERR_clear_error() }
        return der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            guard let x509 = d2i_X509(nil, &start, bytes.count) else { return nil }
            defer { X509_free(x509) }
            return body(x509)
        }
    }

    private static func milliseconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
        guard let time, let epoch = ASN1_TIME_set(nil, 0) else { return nil }
        defer { ASN1_TIME_free(epoch) }
        var days: Int32 = 0, seconds: Int32 = 0
        guard ASN1_TIME_diff(&days, &seconds, epoch, time) == 1 else { return nil }
        return (Int64(days) * 86_400 + Int64(seconds)) * 1000
    }

    // MARK: Names

    private static func text(of name: OpaquePointer?) -> String {
        let organisation = part(NID_organizationName, of: name)
        guard let common = part(NID_commonName, of: name) ?? part(NID_organizationalUnitName, of: name) else {
            return organisation ?? "no name"
        }
        return organisation.map { "\(common) (\($0))" } ?? common
    }

    /// At most 80 characters: anybody can write anything into a certificate.
    private static func part(_ kind: Int32, of name: OpaquePointer?) -> String? {
        let index = X509_NAME_get_index_by_NID(name, kind, -1)
        guard index >= 0, let entry = X509_NAME_get_entry(name, index) else { return nil }
        var bytes: UnsafeMutablePointer<UInt8>?
        let count = ASN1_STRING_to_UTF8(&bytes, X509_NAME_ENTRY_get_data(entry))
        defer { CRYPTO_free(bytes, "", 0) }
        guard count > 0 else { return nil }
        let text = String(
            decoding: UnsafeBufferPointer(start: bytes, count: min(Int(count), 400)), as: UTF8.self)
        return Escaping.visible(String(text.prefix(80)))
    }
}
