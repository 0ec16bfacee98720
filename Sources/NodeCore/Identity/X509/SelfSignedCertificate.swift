import COpenSSL

/// A server's certificate that nobody but itself vouches for, for trying things out: P-256, version 3,
/// no authority. Whoever is to trust it is given the certificate.
public struct SelfSignedCertificate: Sendable {
    /// PEM texts.
    public let certificate, key: [UInt8]

    private static let days: Int64 = 730

    /// Makes a key and a certificate for these DNS names and addresses, good for two years.
    ///
    /// The key comes from libcrypto's own generator: nothing that is replicated or replayed depends on it.
    /// Throws `CONFIG_INVALID` for something that is neither name nor address, `INTERNAL`.
    public init(for names: [String], clock: any WallClock, random: any RandomSource) throws {
        let alternatives = try names.map(Self.alternative).joined(separator: ",")
        let serial = try random.bytes(16)
        let begin = clock.milliseconds() / 1000
        defer { ERR_clear_error() }
        guard let key = shim_make_p256_key(), let x509 = X509_new() else { throw Self.failure }
        defer {
            EVP_PKEY_free(key)
            X509_free(x509)
        }
        let number = BN_bin2bn(serial, Int32(serial.count), nil)
        defer { BN_free(number) }
        let name = X509_get_subject_name(x509)
        let common = Array("node-cli serve --dev-tls".utf8)
        guard X509_set_version(x509, Int(X509_VERSION_3)) == 1,
            BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) != nil,
            ASN1_TIME_set(X509_getm_notBefore(x509), Int(begin - 3600)) != nil,
            ASN1_TIME_set(X509_getm_notAfter(x509), Int(begin + Self.days * 86_400)) != nil,
            X509_NAME_add_entry_by_NID(
                name, NID_commonName, MBSTRING_UTF8, common, Int32(common.count), -1, 0) == 1,
            X509_set_issuer_name(x509, name) == 1, X509_set_pubkey(x509, key) == 1,
            Self.add(NID_basic_constraints, "critical,CA:FALSE", to: x509),
            Self.add(NID_key_usage, "critical,digitalSignature", to: x509),
            Self.add(NID_ext_key_usage, "serverAuth", to: x509),
            Self.add(NID_subject_alt_name, alternatives, to: x509),
            X509_sign(x509, key, EVP_sha256()) > 0,
            let certificatePEM = PEM.written({ PEM_write_bio_X509($0, x509) == 1 }),
            let keyPEM = PEM.written({ PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) == 1 })
        else { throw Self.failure }
        certificate = certificatePEM
        self.key = keyPEM
    }

    private static func add(_ kind: Int32, _ value: String, to x509: OpaquePointer) -> Bool {
        guard let part = X509V3_EXT_conf_nid(nil, nil, kind, value) else { return false }
        defer { X509_EXTENSION_free(part) }
        return X509_add_ext(x509, part, -1) == 1
    }

    /// A name as the extension is written; what could mean something else there is refused.
    private static func alternative(_ name: String) throws -> String {
        let isAddress = name.contains(":")
        guard NetworkAddress(isAddress ? "[\(name)]:0" : "\(name):0") != nil else {
            throw NodeError(
                .configInvalid, "'\(Escaping.visible(name))' is neither a DNS name nor an address",
                hint: "Correct tls.names in node.yaml.", field: "tls.names")
        }
        if let bytes = a2i_IPADDRESS(name) {
            ASN1_OCTET_STRING_free(bytes)
            return "IP:\(name)"
        }
        ERR_clear_error()
        return "DNS:\(name)"
    }

    private static var failure: NodeError {
        NodeError(
            .internalError, "libcrypto could not make a certificate", hint: "check the installed OpenSSL")
    }
}
