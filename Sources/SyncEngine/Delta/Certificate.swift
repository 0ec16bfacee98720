import NodeCore

/// The hub's signed word that a key writes to a tenant, as what, and which origin it follows; that one is
/// thereby retired. An entry of the hub's log before the first delta of the key; in no origin's chain and
/// not in the digest.
public struct Certificate: Sendable, Equatable {
    public static let contentType = "application/vnd.prepkc.certificate+cbor"
    public let claim: OriginClaim

    public init(_ claim: OriginClaim) { self.claim = claim }

    /// The COSE_Sign1 bytes, signed by the hub's identity key.
    public func signed(by hub: SigningKey) throws -> [UInt8] {
        var writer = CBORWriter()
        writer.mapHeader(claim.succession == nil ? 8 : 10)
        writer.int(1); writer.int(1)
        writer.int(2); writer.bytes(claim.tenant.bytes)
        writer.int(3); writer.text(claim.slug)
        writer.int(4); writer.bytes(claim.publicKey.bytes)
        writer.int(5); writer.text(claim.role.rawValue)
        writer.int(6); writer.text(claim.nodeID)
        writer.int(7); writer.text(claim.name)
        writer.int(8); writer.int(claim.issuedAt)
        if let succession = claim.succession {
            writer.int(9); writer.bytes(succession.predecessor.bytes)
            writer.int(10); writer.text(succession.reason.rawValue)
        }
        return try COSESign1.sign(payload: writer.bytes, contentType: Self.contentType, with: hub)
    }

    /// Verifies, then parses. Throws `DeltaError`.
    public init(verifying bytes: [UInt8], hub: some DocumentSigners) throws {
        let payload = try SignedDocument.payload(bytes, contentType: Self.contentType, signers: hub)
        var reader = CBORReader(payload, limits: DeltaLimits.header)
        func key(_ number: Int64) throws {
            guard try reader.int() == number else { throw DeltaError.malformed("certificate key \(number)") }
        }
        let entries = try reader.mapHeader()
        guard entries == 8 || entries == 10 else { throw DeltaError.malformed("certificate") }
        try key(1)
        guard try reader.int() == 1 else { throw DeltaError.malformed("certificate version") }
        try key(2)
        let tenant = try required(TenantID(bytes: reader.bytes()), "tenant")
        try key(3)
        let slug = try shortText(&reader, "slug")
        try key(4)
        let publicKey = try required(PublicKey(bytes: reader.bytes()), "key")
        try key(5)
        let role = try required(Role(rawValue: reader.text()), "role")
        try key(6)
        let nodeID = try shortText(&reader, "node")
        try key(7)
        let name = try shortText(&reader, "name")
        try key(8)
        let issuedAt = try reader.int()
        var succession: Succession?
        if entries == 10 {
            try key(9)
            let predecessor = try required(OriginID(bytes: reader.bytes()), "predecessor")
            try key(10)
            let reason = try required(Succession.Reason(rawValue: reader.text()), "reason")
            succession = Succession(predecessor: predecessor, reason: reason)
        }
        claim = OriginClaim(
            tenant: tenant, slug: slug, publicKey: publicKey, role: role, nodeID: nodeID, name: name,
            issuedAt: issuedAt, succession: succession)
        try reader.finish()
    }
}

/// What certificates and receipts have in common.
enum SignedDocument {
    static func payload(_ bytes: [UInt8], contentType: String, signers: some DocumentSigners) throws
        -> [UInt8]
    {
        let envelope: COSESign1
        do {
            envelope = try COSESign1.parse(
                bytes, contentType: contentType, maxBytes: DeltaLimits.maxEnvelopeBytes)
        } catch { throw DeltaError.malformed("\(contentType): \(error)") }
        guard let signer = signers.signer(keyID: envelope.keyID) else { throw DeltaError.badSignature }
        do { try envelope.verify(with: signer) } catch { throw DeltaError.badSignature }
        return envelope.payload
    }
}

/// Whose signature a document of the hub may carry: one key, or with the hub's whole identity any key that it
/// ever signed with.
public protocol DocumentSigners {
    func signer(keyID: [UInt8]) -> PublicKey?
}

extension PublicKey: DocumentSigners {
    public func signer(keyID: [UInt8]) -> PublicKey? { self }
}

extension HubIdentity: DocumentSigners {
    public func signer(keyID: [UInt8]) -> PublicKey? { keys.first { $0.keyID == keyID } }
}
