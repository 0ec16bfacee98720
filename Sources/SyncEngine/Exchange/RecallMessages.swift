import NodeCore

/// A node hands a hub that was put back to an older state the entries of its log that it lost.
public struct RecallRequest: ExchangeMessage, Equatable {
    public var tenant: TenantID
    /// The log position after which `entries` stand.
    public var position: Int64
    public var entries: [LogEntry]
    /// The newest checkpoint that the hub had signed and the node has checked.
    public var checkpoint: [UInt8]
    /// That the log up to the last of `entries` is the beginning of what the checkpoint names (RFC 9162,
    /// consistency); empty when it ends there.
    public var proof: [Hash]

    public init(tenant: TenantID, position: Int64, entries: [LogEntry], checkpoint: [UInt8], proof: [Hash]) {
        self.tenant = tenant
        self.position = position
        self.entries = entries
        self.checkpoint = checkpoint
        self.proof = proof
    }

    public func encoded() -> [UInt8] {
        CBOR.map([
            1: .int(ExchangeLimits.version), 2: .bytes(tenant.bytes), 3: .int(position),
            4: .array(entries.map(\.cbor)), 5: .bytes(checkpoint), 6: .array(proof.map { .bytes($0.bytes) }),
        ]).encoded()
    }

    public init(encoded bytes: [UInt8]) throws {
        let map = try MessageMap(bytes)
        tenant = try map.value(2, TenantID.init(bytes:))
        position = try map.int(3, in: 0...DeltaLimits.maxSequence)
        entries = try map.entries(4)
        checkpoint = try map.bytes(5)
        guard let items = map[6]?.arrayValue, items.count <= 128 else { throw DeltaError.malformed("proof") }
        proof = try items.map { item in
            guard let hash = item.bytesValue.flatMap({ Hash(bytes: $0) }) else {
                throw DeltaError.malformed("proof")
            }
            return hash
        }
    }
}

/// How far the hub's log is now.
public struct RecallAnswer: ExchangeMessage, Equatable {
    public var logSize: Int64
    /// The end of the node's own chain at the hub.
    public var headSeq: Int64

    init(logSize: Int64, headSeq: Int64) {
        self.logSize = logSize
        self.headSeq = headSeq
    }

    public func encoded() -> [UInt8] {
        CBOR.map([1: .int(ExchangeLimits.version), 2: .int(logSize), 3: .int(headSeq)]).encoded()
    }

    public init(encoded bytes: [UInt8]) throws {
        let map = try MessageMap(bytes)
        logSize = try map.int(2, in: 0...DeltaLimits.maxSequence)
        headSeq = try map.int(3, in: 0...DeltaLimits.maxSequence)
    }
}
