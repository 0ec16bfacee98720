/// Why an envelope was refused.
public enum COSEError: Error, Sendable, Equatable {
    /// Not deterministic CBOR, or not the four elements with a payload and a 64-byte signature.
    case malformed
    /// No tag, or another than 18.
    case wrongTag
    /// The protected header has no algorithm, or another than EdDSA.
    case wrongAlgorithm
    /// The envelope is of another kind than the reader asked for.
    case wrongContentType
    /// A header entry beside those that must be there, or one of them missing or of another form.
    case unexpectedHeader
    /// The envelope names another key.
    case keyMismatch
    case badSignature
    /// Longer than the limit.
    case tooLarge
}

/// A signed envelope: COSE_Sign1 with Ed25519 (RFC 9052 section 4.2, RFC 9053 section 2.2).
///
/// The form is one only: tag 18, protected header `{1: -8, 3: content type}`, unprotected header
/// `{4: key id}`, payload, signature; all of it deterministic CBOR. The content type separates the
/// kinds of envelope, so that none verifies as another. Parsing does not interpret the payload.
public struct COSESign1: Sendable, Equatable {
    /// The encoded protected header, as signed.
    public let protectedBytes: [UInt8]
    /// The first 8 bytes of the SHA-256 of the signer's public key. Not signed: a hint.
    public let keyID: [UInt8]
    /// The signed bytes.
    public let payload: [UInt8]
    /// 64 bytes.
    public let signature: [UInt8]
    /// The kind of the envelope.
    public let contentType: String

    private static let tag: UInt64 = 18
    private static let edDSA = CBOR.int(-8)
    private enum Header {
        static let algorithm = 1
        static let contentType = 3
        static let keyID = 4
    }

    /// An encoded envelope around a payload. Throws `INTERNAL` when libcrypto fails.
    public static func sign(
        payload: [UInt8], contentType: String, with key: SigningKey
    ) throws -> [UInt8] {
        let protected = CBOR.map([
            Header.algorithm: edDSA, Header.contentType: .text(contentType),
        ]).encoded()
        let unprotected = CBOR.map([Header.keyID: .bytes(key.publicKey.keyID)]).encoded()
        return try sign(payload: payload, protected: protected, unprotected: unprotected, with: key)
    }

    /// The parts of an envelope of the expected kind, in its one form; the signature is unchecked.
    public static func parse(
        _ envelope: [UInt8], contentType expected: String, maxBytes: Int
    ) throws(COSEError) -> COSESign1 {
        guard envelope.count <= maxBytes else { throw .tooLarge }
        let parts = try Parts(envelope, requireTag: true)
        let headers = try edDSAHeaders(parts.protected)
        guard headers.entries.count <= 2 else { throw .unexpectedHeader }
        guard let type = headers[.int(Int64(Header.contentType))] else { throw .unexpectedHeader }
        guard type == .text(expected) else { throw .wrongContentType }
        guard parts.unprotected.entries.count == 1,
            let keyID = parts.unprotected[.int(Int64(Header.keyID))]?.bytesValue, keyID.count == 8
        else { throw .unexpectedHeader }
        return COSESign1(
            protectedBytes: parts.protected, keyID: keyID, payload: parts.payload,
            signature: parts.signature, contentType: expected)
    }

    /// Throws `keyMismatch` when the envelope names another key, `badSignature` when the signature
    /// is not this key's over the protected header and payload.
    public func verify(with key: PublicKey) throws(COSEError) {
        guard keyID == key.keyID else { throw .keyMismatch }
        let signed = Self.signatureStructure(protected: protectedBytes, payload: payload)
        guard key.isValidSignature(signature, for: signed) else { throw .badSignature }
    }

    // MARK: - Any COSE_Sign1 with EdDSA

    /// Verifies an envelope with whatever other headers; for the public vectors.
    @discardableResult
    package static func verifyGeneric(
        _ envelope: [UInt8], with key: PublicKey, externalAAD: [UInt8] = [], requireTag: Bool = true
    ) throws(COSEError) -> [UInt8] {
        let parts = try Parts(envelope, requireTag: requireTag)
        _ = try edDSAHeaders(parts.protected)
        let signed = signatureStructure(
            protected: parts.protected, externalAAD: externalAAD, payload: parts.payload)
        guard key.isValidSignature(parts.signature, for: signed) else { throw .badSignature }
        return parts.payload
    }

    /// Signs with headers as given, encoded; `unprotected` is a whole CBOR map.
    package static func sign(
        payload: [UInt8], protected: [UInt8], unprotected: [UInt8], externalAAD: [UInt8] = [],
        with key: SigningKey
    ) throws -> [UInt8] {
        let signature = try key.sign(
            signatureStructure(protected: protected, externalAAD: externalAAD, payload: payload))
        var writer = CBORWriter(reserving: payload.count + protected.count + unprotected.count + 80)
        writer.tag(tag)
        writer.arrayHeader(4)
        writer.bytes(protected)
        writer.encoded(unprotected)
        writer.bytes(payload)
        writer.bytes(signature)
        return writer.bytes
    }

    /// The bytes that are signed (RFC 9052 section 4.4).
    package static func signatureStructure(
        protected: [UInt8], externalAAD: [UInt8] = [], payload: [UInt8]
    ) -> [UInt8] {
        var writer = CBORWriter(reserving: payload.count + protected.count + externalAAD.count + 32)
        writer.arrayHeader(4)
        writer.text("Signature1")
        writer.bytes(protected)
        writer.bytes(externalAAD)
        writer.bytes(payload)
        return writer.bytes
    }

    /// The protected header, which must name EdDSA.
    private static func edDSAHeaders(_ protected: [UInt8]) throws(COSEError) -> CBORMap {
        // An empty string stands for an empty map (RFC 9052 section 3): no algorithm either way.
        guard !protected.isEmpty else { throw .wrongAlgorithm }
        let item: CBOR
        do { item = try CBOR.decode(protected, limits: CBORLimits(allowedTags: [])) } catch {
            throw .malformed
        }
        guard let headers = item.mapValue else { throw .malformed }
        guard headers[.int(Int64(Header.algorithm))] == edDSA else { throw .wrongAlgorithm }
        return headers
    }

    /// The four elements of an envelope.
    private struct Parts {
        let protected: [UInt8]
        let unprotected: CBORMap
        let payload: [UInt8]
        let signature: [UInt8]

        init(_ envelope: [UInt8], requireTag: Bool) throws(COSEError) {
            do {
                var reader = CBORReader(
                    envelope,
                    limits: CBORLimits(
                        maxBytes: envelope.count, maxItems: 64, maxStringBytes: envelope.count,
                        allowedTags: [COSESign1.tag]))
                if try requireTag || reader.peekMajor() == .tag {
                    guard try reader.peekMajor() == .tag else { throw COSEError.wrongTag }
                    _ = try reader.tag()
                }
                guard try reader.arrayHeader() == 4 else { throw COSEError.malformed }
                protected = try reader.bytes()
                guard let unprotected = try reader.any().mapValue else { throw COSEError.malformed }
                self.unprotected = unprotected
                payload = try reader.bytes()
                signature = try reader.bytes()
                try reader.finish()
            } catch CBORError.unsupportedTag(_, at: 0) {
                throw .wrongTag
            } catch let error as COSEError {
                throw error
            } catch {
                throw .malformed
            }
            guard signature.count == 64 else { throw .malformed }
        }
    }
}
