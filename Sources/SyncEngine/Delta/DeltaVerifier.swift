import NodeCore

/// A delta whose signature, tenant, origin and body hash have been checked.
public struct VerifiedDelta: Sendable {
    public let header: DeltaHeader
    public let hash: Hash
    public let origin: OriginRecord
    public let frame: DeltaFrame
    /// The body is a substitute for the one that was signed, or what is left of it.
    public var isRedacted: Bool { frame.redaction != nil }

    /// The writes. Parsed only now: nothing is parsed before it is verified.
    public func writes() throws -> [RecordedWrite] {
        do {
            return try DeltaBody.decode(frame.body, writes: header.writes, isRedacted: isRedacted)
        } catch let error as CBORError {
            throw DeltaError.malformed("body: \(error)")
        } catch let error as NodeError {
            throw DeltaError.malformed("body: \(error.message)")
        }
    }
}

/// Checks deltas in the order size, key, signature, then parses.
public enum DeltaVerifier {
    /// Throws `DeltaError`. The tenant comes from the certificate of the key, which is what put the
    /// origin into this tenant's file; the header must agree with it.
    public static func verify(_ frame: DeltaFrame, in reader: StoreReader) throws -> VerifiedDelta {
        guard frame.envelope.count <= DeltaLimits.maxEnvelopeBytes,
            frame.body.count <= DeltaLimits.maxBodyBytes
        else { throw DeltaError.malformed("too large") }
        let envelope: COSESign1
        do {
            envelope = try COSESign1.parse(
                frame.envelope, contentType: DeltaHeader.contentType, maxBytes: DeltaLimits.maxEnvelopeBytes)
        } catch { throw DeltaError.malformed("envelope: \(error)") }
        let candidates = try reader.origins(keyID: envelope.keyID)
        guard !candidates.isEmpty else { throw DeltaError.unknownKey(keyID: envelope.keyID.hex) }
        guard let origin = candidates.first(where: { isSigned(envelope, by: $0.publicKey) }) else {
            throw DeltaError.badSignature
        }
        let header: DeltaHeader
        do {
            header = try DeltaHeader(payload: envelope.payload)
        } catch let error as CBORError { throw DeltaError.malformed("header: \(error)") }
        guard header.tenant == (try reader.tenantID()) else { throw DeltaError.wrongTenant }
        guard header.origin == origin.id else { throw DeltaError.wrongOrigin }
        let hash = Digest.sha256(envelope.payload)
        let body = try verifiedBody(frame, header, hash: hash, author: origin, in: reader)
        return VerifiedDelta(header: header, hash: hash, origin: origin, frame: body)
    }

    /// The frame when its body is the one that was signed, a substitute by the word of somebody who may give it, or
    /// what this installation has left of it.
    private static func verifiedBody(
        _ frame: DeltaFrame, _ header: DeltaHeader, hash: Hash, author: OriginRecord, in reader: StoreReader
    ) throws -> DeltaFrame {
        if header.bodyBytes == frame.body.count, header.bodyHash == Digest.sha256(frame.body) {
            return DeltaFrame(envelope: frame.envelope, body: frame.body)
        }
        switch frame.redaction {
        case nil: throw DeltaError.bodyMismatch
        case .here: break
        case .trimmed(let left):
            guard Digest.sha256(frame.body) == left else { throw DeltaError.bodyMismatch }
        case .signed(let bytes):
            try RedactionStatement.verify(bytes, frame, delta: hash, author: author, in: reader)
        }
        return frame
    }

    static func isSigned(_ envelope: COSESign1, by key: PublicKey) -> Bool {
        do {
            try envelope.verify(with: key)
            return true
        } catch { return false }
    }
}
