import NodeCore

// The question and the answer of a dry run: `POST /sync/v1/check` (docs/PROTOCOL.md, "Dry run").

/// Asks what the hub would make of own deltas; it stores nothing of them.
public struct CheckRequest: ExchangeMessage, Equatable {
    public var tenant: TenantID
    /// In chain order, the first directly behind `after`.
    public var frames: [DeltaFrame]
    /// The number in the own chain that the frames go on from, 0 for its beginning.
    public var after: Int64
    /// The hash of the delta with that number; nil at 0.
    public var afterHash: Hash?

    public init(tenant: TenantID, frames: [DeltaFrame], after: Int64, afterHash: Hash?) {
        self.tenant = tenant
        self.frames = frames
        self.after = after
        self.afterHash = afterHash
    }

    public func encoded() -> [UInt8] {
        var map: [Int: CBOR] = [
            1: .int(ExchangeLimits.version), 2: .bytes(tenant.bytes), 3: frames.cbor, 4: .int(after),
        ]
        map[5] = afterHash.map { .bytes($0.bytes) }
        return CBOR.map(map).encoded()
    }

    public init(encoded bytes: [UInt8]) throws {
        let map = try MessageMap(bytes)
        tenant = try map.value(2, TenantID.init(bytes:))
        frames = try map.frames(3)
        after = try map.int(4, in: 0...DeltaLimits.maxSequence)
        afterHash = try map.optional(5, Hash.init(bytes:))
        guard (after == 0) == (afterHash == nil) else { throw DeltaError.malformed("message key 5") }
    }
}

/// A write that the hub would refuse for want of a right.
public struct RefusedInCheck: Sendable, Equatable {
    public var table: String
    public var row: String
    public var column: String
    public var reason: String

    var cbor: CBOR { .array([.text(table), .text(row), .text(column), .text(reason)]) }

    init(table: String, row: String, column: String, reason: String) {
        self.table = table
        self.row = row
        self.column = column
        self.reason = reason
    }

    init(cbor: CBOR) throws {
        let texts = (cbor.arrayValue ?? []).compactMap(\.textValue)
        guard texts.count == 4, texts.allSatisfy({ $0.utf8.count <= DeltaLimits.maxNameBytes }) else {
            throw DeltaError.malformed("a refused write")
        }
        self.init(table: texts[0], row: texts[1], column: texts[2], reason: texts[3])
    }
}

/// What the hub found in a `CheckRequest` in whose deltas nothing is wrong.
public struct CheckAnswer: ExchangeMessage, Equatable {
    /// `exchange`, or `fork` when the hub has another delta with a number of the request.
    public var verdict: Verdict
    /// Up to which number what the deltas build on is there; behind it they would wait.
    public var ready: Int64
    /// Writes that would be refused, and the first of them.
    public var refusedCount: Int
    public var refused: [RefusedInCheck]

    /// How many refused writes are named.
    static let maxNamed = 100
    static let maxRefused = Int64(ExchangeLimits.maxEntries * DeltaLimits.maxWrites * DeltaLimits.maxColumns)

    public init(
        verdict: Verdict = .exchange, ready: Int64, refusedCount: Int = 0, refused: [RefusedInCheck] = []
    ) {
        self.verdict = verdict
        self.ready = ready
        self.refusedCount = refusedCount
        self.refused = refused
    }

    public func encoded() -> [UInt8] {
        CBOR.map([
            1: .int(ExchangeLimits.version), 2: .text(verdict.rawValue), 3: .int(ready),
            4: .int(Int64(refusedCount)), 5: .array(refused.map(\.cbor)),
        ]).encoded()
    }

    public init(encoded bytes: [UInt8]) throws {
        let map = try MessageMap(bytes)
        verdict = try map.value(2, text: Verdict.init(rawValue:))
        ready = try map.int(3, in: 0...DeltaLimits.maxSequence)
        refusedCount = Int(try map.int(4, in: 0...Self.maxRefused))
        guard let items = map[5]?.arrayValue, items.count <= Self.maxNamed else {
            throw DeltaError.malformed("message key 5")
        }
        refused = try items.map(RefusedInCheck.init(cbor:))
    }
}
