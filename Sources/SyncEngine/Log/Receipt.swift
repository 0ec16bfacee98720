import NodeCore

/// The hub's signed proof that an origin's chain, up to and with a delta, is in its append-only log.
/// The chain's hashes cover every delta before it, so one receipt stands for all of them.
public struct Receipt: Sendable, Equatable {
    public static let contentType = "application/vnd.prepkc.receipt+cbor"

    public let tenant: TenantID
    public let head: ChainHead
    /// Entries of the hub's log when it signed.
    public let logSize: Int64
    /// The hub's clock, milliseconds since 1970; for display.
    public let issuedAt: Int64

    public init(tenant: TenantID, head: ChainHead, logSize: Int64, issuedAt: Int64) {
        self.tenant = tenant
        self.head = head
        self.logSize = logSize
        self.issuedAt = issuedAt
    }

    public func signed(by hub: SigningKey) throws -> [UInt8] {
        var writer = CBORWriter()
        writer.mapHeader(7)
        writer.int(1); writer.int(1)
        writer.int(2); writer.bytes(tenant.bytes)
        writer.int(3); writer.bytes(head.origin.bytes)
        writer.int(4); writer.int(head.seq)
        writer.int(5); writer.bytes(head.hash.bytes)
        writer.int(6); writer.int(logSize)
        writer.int(7); writer.int(issuedAt)
        return try COSESign1.sign(payload: writer.bytes, contentType: Self.contentType, with: hub)
    }

    /// Verifies, then parses. Throws `DeltaError`.
    public init(verifying bytes: [UInt8], hub: some DocumentSigners) throws {
        let payload = try SignedDocument.payload(bytes, contentType: Self.contentType, signers: hub)
        var reader = CBORReader(payload, limits: DeltaLimits.header)
        func key(_ number: Int64) throws {
            guard try reader.int() == number else { throw DeltaError.malformed("receipt key \(number)") }
        }
        guard try reader.mapHeader() == 7 else { throw DeltaError.malformed("receipt") }
        try key(1)
        guard try reader.int() == 1 else { throw DeltaError.malformed("receipt version") }
        try key(2)
        tenant = try required(TenantID(bytes: reader.bytes()), "tenant")
        try key(3)
        let origin = try required(OriginID(bytes: reader.bytes()), "origin")
        try key(4)
        let seq = try range(reader.int(), 1...DeltaLimits.maxSequence, "seq")
        try key(5)
        head = ChainHead(origin: origin, seq: seq, hash: try required(Hash(bytes: reader.bytes()), "hash"))
        try key(6)
        logSize = try reader.int()
        try key(7)
        issuedAt = try reader.int()
        try reader.finish()
    }
}
