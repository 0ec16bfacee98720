import NodeCore

/// Asks the hub to certify the key that follows the one that signs the request.
public struct SuccessionRequest: ExchangeMessage, Equatable {
    public var tenant: TenantID
    public var publicKey: PublicKey
    public var reason: Succession.Reason
    /// The new key's signature over what `message` says: whoever asks has it.
    public var proof: [UInt8]
    /// How far of the old chain the node has receipts: what the hub has beyond may be missing there.
    public var receiptSeq: Int64
    /// The newest statement of the hub's keys that the node knows (`HubIdentity.mark`).
    public var hubMark: [UInt8] = []

    init(tenant: TenantID, _ pending: PendingSuccession) throws {
        self.tenant = tenant
        publicKey = pending.newKey.publicKey
        reason = pending.reason
        receiptSeq = pending.receiptSeq
        let old = OriginID(publicKey: pending.oldKey.publicKey, tenant: tenant)
        proof = try pending.newKey.sign(Self.message(old, publicKey, tenant, reason))
    }

    static func message(
        _ old: OriginID, _ key: PublicKey, _ tenant: TenantID, _ reason: Succession.Reason
    ) -> [UInt8] {
        Array("prepkc/succession/v1\0".utf8) + tenant.bytes + old.bytes + key.bytes
            + Array(reason.rawValue.utf8)
    }

    public func encoded() -> [UInt8] {
        CBOR.map([
            1: .int(ExchangeLimits.version), 2: .bytes(tenant.bytes), 3: .bytes(publicKey.bytes),
            4: .text(reason.rawValue), 5: .bytes(proof), 6: .int(receiptSeq), 7: .bytes(hubMark),
        ]).encoded()
    }

    public init(encoded bytes: [UInt8]) throws {
        let map = try MessageMap(bytes)
        tenant = try map.value(2, TenantID.init(bytes:))
        publicKey = try map.value(3, PublicKey.init(bytes:))
        reason = try map.value(4, text: Succession.Reason.init(rawValue:))
        proof = try map.bytes(5)
        receiptSeq = try map.int(6, in: 0...DeltaLimits.maxSequence)
        hubMark = try map.mark(7) ?? []
    }
}

/// The certificate, and the last log position before anything of the old chain that the node may lack.
public struct SuccessionAnswer: ExchangeMessage, Equatable {
    public var certificate: [UInt8]
    public var rewind: Int64
    /// The hash of the log entry there; nil at 0.
    public var rewindHash: Hash?
    /// What the hub says of its keys, as far as the node lacks it.
    public var hubStatements: [[UInt8]] = []

    init(certificate: [UInt8], rewind: Int64, rewindHash: Hash?) {
        self.certificate = certificate
        self.rewind = rewind
        self.rewindHash = rewindHash
    }

    public func encoded() -> [UInt8] {
        var map: [Int: CBOR] = [
            1: .int(ExchangeLimits.version), 2: .bytes(certificate), 3: .int(rewind),
        ]
        map[4] = rewindHash.map { .bytes($0.bytes) }
        map[5] = hubStatements.statementsCBOR
        return CBOR.map(map).encoded()
    }

    public init(encoded bytes: [UInt8]) throws {
        let map = try MessageMap(bytes)
        certificate = try map.bytes(2)
        rewind = try map.int(3, in: 0...DeltaLimits.maxSequence)
        rewindHash = try map.optional(4, Hash.init(bytes:))
        hubStatements = try map.statements(5)
    }
}
