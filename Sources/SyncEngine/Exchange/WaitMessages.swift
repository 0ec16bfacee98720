import NodeCore

// The question and the answer of a waiting request: `POST /sync/v1/wait` (docs/PROTOCOL.md, "Waiting for news").

/// Asks the hub to answer as soon as an exchange would bring the node something.
public struct WaitRequest: ExchangeMessage, Equatable {
    public var tenant: TenantID
    /// The node's position in the hub's log, as in a pull.
    public var cursor: Int64
    public var cursorHash: Hash?
    /// As in hello: the newest statement of the hub's keys that the node knows.
    public var hubMark: [UInt8]?
    /// How long to wait. Proxies cut a connection that is silent for a minute.
    public var seconds: Int64

    public static let maxSeconds: Int64 = 50

    public init(
        tenant: TenantID, cursor: Int64, cursorHash: Hash?, hubMark: [UInt8]? = nil,
        seconds: Int64 = WaitRequest.maxSeconds
    ) {
        self.tenant = tenant
        self.cursor = cursor
        self.cursorHash = cursorHash
        self.hubMark = hubMark
        self.seconds = seconds
    }

    /// Whether both are asked by a node that knows the same of the hub.
    public func isSamePosition(as other: WaitRequest) -> Bool {
        var other = other
        other.seconds = seconds
        return self == other
    }

    public func encoded() -> [UInt8] {
        var map: [Int: CBOR] = [
            1: .int(ExchangeLimits.version), 2: .bytes(tenant.bytes), 3: .int(cursor), 5: .int(seconds),
        ]
        map[4] = cursorHash.map { .bytes($0.bytes) }
        map[6] = hubMark.map { .bytes($0) }
        return CBOR.map(map).encoded()
    }

    public init(encoded bytes: [UInt8]) throws {
        let map = try MessageMap(bytes)
        tenant = try map.value(2, TenantID.init(bytes:))
        cursor = try map.int(3, in: 0...DeltaLimits.maxSequence)
        cursorHash = try map.optional(4, Hash.init(bytes:))
        seconds = try map.int(5, in: 1...Self.maxSeconds)
        hubMark = try map.mark(6)
    }
}

/// Whether there is news, or the time is over.
public struct WaitAnswer: ExchangeMessage, Equatable {
    public var hasNews: Bool

    public init(hasNews: Bool) { self.hasNews = hasNews }

    public func encoded() -> [UInt8] {
        CBOR.map([1: .int(ExchangeLimits.version), 2: .int(hasNews ? 1 : 0)]).encoded()
    }

    public init(encoded bytes: [UInt8]) throws { hasNews = try MessageMap(bytes).int(2, in: 0...1) == 1 }
}

extension WaitRequest {
    /// Whether an exchange would bring the node something now: log entries that aren't its own deltas, or a word that
    /// only the answer to hello has. Reads little. Throws `DeltaError` for another tenant's request.
    public func isNews(to node: OriginID, in reader: StoreReader) throws -> Bool {
        guard try reader.tenantID() == tenant else { throw DeltaError.wrongTenant }
        guard let origin = try reader.origin(node), !origin.isRevoked else { return true }
        if try reader.isRecovering() || reader.wasCopied(node) { return true }
        guard try reader.knows(cursor, cursorHash) else { return true }
        if let hubMark, try !reader.hubIdentity().statements(after: hubMark).isEmpty { return true }
        return try reader.hasLogEntries(after: cursor, except: origin)
    }
}

extension NodePort {
    /// A request to wait for what is news to this node as it stands.
    public func waitRequest(seconds: Int64 = WaitRequest.maxSeconds) throws -> WaitRequest {
        try tenant.store.read { reader in
            WaitRequest(
                tenant: try reader.tenantID(), cursor: try reader.state(.cursor)?.int ?? 0,
                cursorHash: try reader.state(.cursorHash)?.bytes.flatMap { Hash(bytes: $0) },
                hubMark: try reader.hubIdentity().mark, seconds: seconds)
        }
    }
}
