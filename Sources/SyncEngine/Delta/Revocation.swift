import NodeCore

/// The hub's signed word that a key is not to be trusted any more. An entry of the hub's log: what stands
/// before it of the key's chain is kept, nothing more is taken. So the cut is the hub's accepted head,
/// between transactions.
public struct Revocation: Sendable, Equatable {
    public static let contentType = "application/vnd.prepkc.revocation+cbor"
    public let tenant: TenantID
    public let origin: OriginID
    /// The ends of its chain at the cut: none before its first delta, several when it was forked.
    public let heads: [ChainHead]
    /// The hub's clock, milliseconds since 1970; for display.
    public let issuedAt: Int64

    public init(tenant: TenantID, origin: OriginID, heads: [ChainHead], issuedAt: Int64) {
        self.tenant = tenant
        self.origin = origin
        self.heads = heads
        self.issuedAt = issuedAt
    }

    public func signed(by hub: SigningKey) throws -> [UInt8] {
        let payload = CBOR.map([
            1: .int(1), 2: .bytes(tenant.bytes), 3: .bytes(origin.bytes), 4: .array(heads.map(\.cbor)),
            5: .int(issuedAt),
        ]).encoded()
        return try COSESign1.sign(payload: payload, contentType: Self.contentType, with: hub)
    }

    /// Whether an entry of the log says to be a revocation; its signature is unchecked.
    static func isOne(_ bytes: [UInt8]) -> Bool {
        do {
            _ = try COSESign1.parse(
                bytes, contentType: contentType, maxBytes: DeltaLimits.maxEnvelopeBytes)
            return true
        } catch { return false }
    }

    /// Verifies, then parses. Throws `DeltaError`.
    public init(verifying bytes: [UInt8], hub: some DocumentSigners) throws {
        let payload = try SignedDocument.payload(bytes, contentType: Self.contentType, signers: hub)
        let map = try MessageMap(payload)
        tenant = try map.value(2, TenantID.init(bytes:))
        origin = try map.value(3, OriginID.init(bytes:))
        heads = try map.heads(4)
        issuedAt = try map.int(5)
    }
}
