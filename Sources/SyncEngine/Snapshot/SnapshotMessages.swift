import NodeCore

/// Asks the hub for a piece of a snapshot.
public struct SnapshotRequest: ExchangeMessage, Equatable {
    public var tenant: TenantID
    /// The node's position in the log: a snapshot that isn't beyond it is of no use.
    public var cursor: Int64
    /// The snapshot that is being fetched, and how much of it is here; nil and 0 to begin.
    public var id: [UInt8]?
    public var offset: Int64
    /// A snapshot that didn't hold what the hub signed: it is to make another one.
    public var refused: [UInt8]?
    /// The newest statement of the hub's keys that is known here.
    public var hubMark: [UInt8]
    /// Bytes that the answer may bring.
    public var maxBytes: Int

    public init(
        tenant: TenantID, cursor: Int64, id: [UInt8]? = nil, offset: Int64 = 0, refused: [UInt8]? = nil,
        hubMark: [UInt8], maxBytes: Int = SnapshotAnswer.pieceBytes
    ) {
        self.tenant = tenant
        self.maxBytes = maxBytes
        self.cursor = cursor
        self.id = id
        self.offset = offset
        self.refused = refused
        self.hubMark = hubMark
    }

    public func encoded() -> [UInt8] {
        var map: [Int: CBOR] = [
            1: .int(ExchangeLimits.version), 2: .bytes(tenant.bytes), 3: .int(cursor), 5: .int(offset),
            7: .bytes(hubMark), 8: .int(Int64(maxBytes)),
        ]
        map[4] = id.map { .bytes($0) }
        map[6] = refused.map { .bytes($0) }
        return CBOR.map(map).encoded()
    }

    public init(encoded bytes: [UInt8]) throws {
        let map = try MessageMap(bytes)
        tenant = try map.value(2, TenantID.init(bytes:))
        cursor = try map.int(3, in: 0...DeltaLimits.maxSequence)
        id = try map.optional(4, Self.id)
        offset = try map.int(5, in: 0...SnapshotAnswer.maxSize)
        refused = try map.optional(6, Self.id)
        hubMark = try map.mark(7) ?? []
        maxBytes = Int(try map.int(8, in: 1...Int64(SnapshotAnswer.pieceBytes)))
    }

    static func id(_ bytes: [UInt8]) -> [UInt8]? { bytes.count == 16 ? bytes : nil }
}

/// A piece of a snapshot: of the one that was asked for, or, where the hub has it no more, the first of another.
public struct SnapshotAnswer: ExchangeMessage, Equatable {
    public var id: [UInt8]
    /// Bytes of the whole snapshot.
    public var size: Int64
    public var offset: Int64
    public var bytes: [UInt8]
    /// What the hub says of its keys, as far as the node lacks it.
    public var hubStatements: [[UInt8]]

    static let maxSize: Int64 = 1 << 36
    /// Bytes of a snapshot in one answer, 2 MiB.
    public static let pieceBytes = DeltaLimits.maxBodyBytes

    init(id: [UInt8], size: Int64, offset: Int64, bytes: [UInt8], hubStatements: [[UInt8]]) {
        self.id = id
        self.size = size
        self.offset = offset
        self.bytes = bytes
        self.hubStatements = hubStatements
    }

    public func encoded() -> [UInt8] {
        var map: [Int: CBOR] = [
            1: .int(ExchangeLimits.version), 2: .bytes(id), 3: .int(size), 4: .int(offset), 5: .bytes(bytes),
        ]
        map[20] = hubStatements.statementsCBOR
        return CBOR.map(map).encoded()
    }

    public init(encoded bytes: [UInt8]) throws {
        let map = try MessageMap(bytes)
        id = try map.value(2, SnapshotRequest.id)
        size = try map.int(3, in: 1...Self.maxSize)
        offset = try map.int(4, in: 0...Self.maxSize)
        self.bytes = try map.bytes(5)
        hubStatements = try map.statements(20)
    }
}
