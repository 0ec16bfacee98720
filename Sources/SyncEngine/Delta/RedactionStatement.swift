import NodeCore

/// The signed word that a body stands for another one, from which a person's values were erased
/// (docs/PROTOCOL.md, "Erasure"). Header and chain of the delta stay as they were signed.
struct RedactionStatement: Equatable {
    static let contentType = "application/vnd.prepkc.redaction+cbor"
    /// An envelope with its five entries has some 250 bytes.
    static let maxBytes = 1024

    let tenant: TenantID
    /// The delta whose body it is.
    let delta: Hash
    let bodyBytes: Int
    let bodyHash: Hash

    init(tenant: TenantID, delta: Hash, body: [UInt8]) {
        self.tenant = tenant
        self.delta = delta
        bodyBytes = body.count
        bodyHash = Digest.sha256(body)
    }

    func signed(by key: SigningKey) throws -> [UInt8] {
        var writer = CBORWriter()
        writer.mapHeader(5)
        writer.int(1); writer.int(1)
        writer.int(2); writer.bytes(tenant.bytes)
        writer.int(3); writer.bytes(delta.bytes)
        writer.int(4); writer.int(Int64(bodyBytes))
        writer.int(5); writer.bytes(bodyHash.bytes)
        return try COSESign1.sign(payload: writer.bytes, contentType: Self.contentType, with: key)
    }

    private init(payload: [UInt8]) throws {
        var reader = CBORReader(payload, limits: DeltaLimits.header)
        func key(_ number: Int64) throws {
            guard try reader.int() == number else { throw DeltaError.malformed("redaction key \(number)") }
        }
        guard try reader.mapHeader() == 5 else { throw DeltaError.malformed("redaction") }
        try key(1)
        guard try reader.int() == 1 else { throw DeltaError.malformed("redaction version") }
        try key(2)
        tenant = try required(TenantID(bytes: reader.bytes()), "tenant")
        try key(3)
        delta = try required(Hash(bytes: reader.bytes()), "delta")
        try key(4)
        bodyBytes = Int(try range(reader.int(), 34...Int64(DeltaLimits.maxBodyBytes), "body length"))
        try key(5)
        bodyHash = try required(Hash(bytes: reader.bytes()), "body hash")
        try reader.finish()
    }

    /// Throws unless the bytes say that `frame`'s body stands for the delta's, and are signed by somebody who may say
    /// so: a key of the hub; to the hub also the delta's own author, under that key or a later one of the same node.
    static func verify(
        _ bytes: [UInt8], _ frame: DeltaFrame, delta: Hash, author: OriginRecord, in reader: StoreReader
    ) throws {
        guard bytes.count <= maxBytes else { throw DeltaError.malformed("redaction is too large") }
        let envelope: COSESign1
        do {
            envelope = try COSESign1.parse(bytes, contentType: contentType, maxBytes: maxBytes)
        } catch { throw DeltaError.malformed("redaction: \(error)") }
        let isHub = try reader.ownOrigin()?.role == .hub
        let signers = try reader.origins(keyID: envelope.keyID).filter { signer in
            signer.role == .hub || (isHub && !signer.isRevoked && signer.nodeID == author.nodeID)
        }
        guard signers.contains(where: { DeltaVerifier.isSigned(envelope, by: $0.publicKey) }) else {
            throw DeltaError.badSignature
        }
        do {
            let expected = RedactionStatement(tenant: try reader.tenantID(), delta: delta, body: frame.body)
            guard try RedactionStatement(payload: envelope.payload) == expected else {
                throw DeltaError.bodyMismatch
            }
        } catch let error as CBORError { throw DeltaError.malformed("redaction: \(error)") }
    }
}

extension DeltaFrame {
    /// The frame as it may be given away: a substitute that was made here gets this installation's word for it.
    /// Throws `DELTA_NOT_FOUND` for one that was trimmed.
    public func sealed(by tenant: OpenTenant) throws -> DeltaFrame {
        guard !isTrimmed else { throw NodeError.bodyTrimmed }
        guard redaction == .here else { return self }
        let payload = try COSESign1.parse(
            envelope, contentType: DeltaHeader.contentType, maxBytes: DeltaLimits.maxEnvelopeBytes
        ).payload
        let statement = RedactionStatement(tenant: tenant.id, delta: Digest.sha256(payload), body: body)
        return DeltaFrame(
            envelope: envelope, body: body, redaction: .signed(try statement.signed(by: tenant.origin.key)))
    }
}

extension LogEntry {
    func sealed(by tenant: OpenTenant) throws -> LogEntry {
        guard case .delta(let frame) = self else { return self }
        return .delta(try frame.sealed(by: tenant))
    }
}
