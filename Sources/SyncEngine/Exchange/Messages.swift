import NodeCore

// The bodies of the requests under /sync/v1 and of their answers: deterministic CBOR maps with
// integer keys (docs/PROTOCOL.md, "Exchange"). Verified by the HTTP signature before they are parsed
// at the hub; at the node, everything that matters in an answer carries its own signature.

/// Limits of one request or answer.
public enum ExchangeLimits {
    public static let version: Int64 = 1
    /// What rides along with hello, and what fits into one push or pull, bytes.
    public static let rideAlongBytes = 128 << 10
    public static let batchBytes = 1 << 20
    /// The first push of an exchange; each that went through lets the next be twice as large, up to
    /// `batchBytes`. So an exchange over a line that keeps breaking still gets a little further.
    public static let firstBatchBytes = rideAlongBytes
    static func next(_ batch: Int) -> Int { min(2 * batch, batchBytes) }
    public static let maxBatchBytes = 8 << 20
    public static let maxEntries = 2000
    public static let contentType = "application/cbor"
    /// Clock values beyond this many milliseconds from 1970 are nonsense: some 8,900 years.
    static let maxWall: Int64 = 1 << 48

    static let cbor = CBORLimits(
        maxBytes: 16 << 20, maxDepth: 6, maxItems: 65_536, maxStringBytes: DeltaLimits.maxBodyBytes,
        allowedTags: [])
}

/// A message that can be sent.
public protocol ExchangeMessage: Sendable {
    func encoded() -> [UInt8]
    init(encoded bytes: [UInt8]) throws
}

public struct HelloRequest: ExchangeMessage, Equatable {
    public var tenant: TenantID
    public var headsHash: Hash
    /// The node's own chain; nil before its first delta.
    public var ownHead: ChainHead?
    public var origin: OriginID
    /// How far of the own chain the node holds receipts for.
    public var receiptSeq: Int64
    public var cursor: Int64
    /// The hash of the log entry at `cursor`; nil at 0.
    public var cursorHash: Hash?
    public var schemaVersion: Int
    /// The node's clock, milliseconds since 1970.
    public var wall: Int64
    public var frames: [DeltaFrame]
    /// The newest statement of the hub's keys that the node knows (`HubIdentity.mark`); nil from a node of an
    /// earlier version, which is told nothing of them.
    public var hubMark: [UInt8]?
    /// The newest layout of a snapshot's file that the node reads, if it would rather take one than most of the log.
    public var snapshotLayout: Int64?

    public func encoded() -> [UInt8] {
        var map: [Int: CBOR] = [
            1: .int(ExchangeLimits.version), 2: .bytes(tenant.bytes), 3: .bytes(headsHash.bytes),
            4: .bytes(origin.bytes), 5: .int(ownHead?.seq ?? 0), 7: .int(receiptSeq), 8: .int(cursor),
            10: .int(Int64(schemaVersion)), 11: .int(wall), 12: frames.cbor,
        ]
        map[6] = ownHead.map { .bytes($0.hash.bytes) }
        map[9] = cursorHash.map { .bytes($0.bytes) }
        map[13] = hubMark.map { .bytes($0) }
        if let snapshotLayout {
            map[14] = .int(1)
            map[15] = .int(snapshotLayout)
        }
        return CBOR.map(map).encoded()
    }

    public init(encoded bytes: [UInt8]) throws {
        let map = try MessageMap(bytes)
        tenant = try map.value(2, TenantID.init(bytes:))
        headsHash = try map.value(3, Hash.init(bytes:))
        origin = try map.value(4, OriginID.init(bytes:))
        let seq = try map.int(5, in: 0...DeltaLimits.maxSequence)
        ownHead = try map.optional(6, Hash.init(bytes:)).map { [origin] in
            ChainHead(origin: origin, seq: seq, hash: $0)
        }
        receiptSeq = try map.int(7, in: 0...DeltaLimits.maxSequence)
        cursor = try map.int(8, in: 0...DeltaLimits.maxSequence)
        cursorHash = try map.optional(9, Hash.init(bytes:))
        schemaVersion = Int(try map.int(10, in: 1...65535))
        wall = try map.int(11)
        frames = try map.frames(12)
        hubMark = try map.mark(13)
        snapshotLayout = map[14]?.intValue == 1 ? map[15]?.intValue ?? 1 : nil
    }

    init(
        tenant: TenantID, headsHash: Hash, ownHead: ChainHead?, origin: OriginID, receiptSeq: Int64,
        cursor: Int64,
        cursorHash: Hash?, schemaVersion: Int, wall: Int64, frames: [DeltaFrame],
        hubMark: [UInt8]? = nil, snapshotLayout: Int64? = nil
    ) {
        self.hubMark = hubMark
        self.snapshotLayout = snapshotLayout
        self.tenant = tenant
        self.headsHash = headsHash
        self.ownHead = ownHead
        self.origin = origin
        self.receiptSeq = receiptSeq
        self.cursor = cursor
        self.cursorHash = cursorHash
        self.schemaVersion = schemaVersion
        self.wall = wall
        self.frames = frames
    }
}

/// What the hub has and gives: the answer to hello, push and pull alike.
public struct HubAnswer: ExchangeMessage, Equatable {
    public var verdict: Verdict
    /// The hub's clock, milliseconds since 1970.
    public var wall: Int64
    /// One hash over all heads at the hub, after what came with the request.
    public var headsHash: Hash
    /// The end of the node's chain in the hub's log; nil when nothing of it is there.
    public var head: ChainHead?
    /// A signed receipt for `head`, when it moved or the node lacks one.
    public var receipt: [UInt8]?
    /// Log entries after the request's cursor, without the node's own deltas.
    public var entries: [LogEntry]
    public var cursor: Int64
    public var cursorHash: Hash?
    public var logSize: Int64
    /// Deltas of the request that wait at the hub for what they build on, or were turned away.
    public var waiting: Int
    public var turnedAway: Int
    /// How far the hub holds the node's chain without a gap, waiting deltas included: a push that was
    /// cut goes on after it.
    public var heldSeq: Int64
    /// The ends of all chains at the hub, with an answer that reaches the end of the log: the node must
    /// then have all of them.
    public var heads: [ChainHead] = []
    /// The hub's newest signed checkpoint, with whatever is news.
    public var checkpoint: [UInt8]?
    /// Where the node's own deltas stand among the positions that `cursor` passes.
    public var ownRuns: [LogRun] = []
    /// With `heads`: how far every enrolled node has passed each chain, so that values of dead rows may go.
    public var passed: [ChainHead] = []
    /// With an answer that goes on to the end of the log: how far every chain is settled, so that what was replaced
    /// may go from bodies.
    public var settled: [ChainHead] = []
    /// With an answer to hello: what the hub says of its keys, as far as the node lacks it.
    public var hubStatements: [[UInt8]] = []

    public init(
        verdict: Verdict, wall: Int64, headsHash: Hash, head: ChainHead?, receipt: [UInt8]? = nil,
        entries: [LogEntry] = [], cursor: Int64, cursorHash: Hash?, logSize: Int64, waiting: Int = 0,
        turnedAway: Int = 0, heldSeq: Int64 = 0
    ) {
        self.verdict = verdict
        self.wall = wall
        self.headsHash = headsHash
        self.head = head
        self.receipt = receipt
        self.entries = entries
        self.cursor = cursor
        self.cursorHash = cursorHash
        self.logSize = logSize
        self.waiting = waiting
        self.turnedAway = turnedAway
        self.heldSeq = heldSeq
    }

    public func encoded() -> [UInt8] {
        var map: [Int: CBOR] = [
            1: .int(ExchangeLimits.version), 2: .text(verdict.rawValue), 3: .int(wall),
            4: .bytes(headsHash.bytes),
            9: .array(entries.map(\.cbor)), 10: .int(cursor), 12: .int(logSize), 13: .int(Int64(waiting)),
            14: .int(Int64(turnedAway)), 15: .int(heldSeq),
        ]
        if let head {
            map[5] = .bytes(head.origin.bytes)
            map[6] = .int(head.seq)
            map[7] = .bytes(head.hash.bytes)
        }
        if !heads.isEmpty { map[16] = .array(heads.map(\.cbor)) }
        if !passed.isEmpty { map[17] = .array(passed.map(\.cbor)) }
        if !settled.isEmpty { map[21] = .array(settled.map(\.cbor)) }
        map[18] = checkpoint.map { .bytes($0) }
        map[20] = hubStatements.statementsCBOR
        if !ownRuns.isEmpty { map[19] = .array(ownRuns.map(\.cbor)) }
        map[8] = receipt.map { .bytes($0) }
        map[11] = cursorHash.map { .bytes($0.bytes) }
        return CBOR.map(map).encoded()
    }

    public init(encoded bytes: [UInt8]) throws {
        let map = try MessageMap(bytes)
        verdict = try map.value(2, text: Verdict.init(rawValue:))
        wall = try map.int(3, in: -ExchangeLimits.maxWall...ExchangeLimits.maxWall)
        headsHash = try map.value(4, Hash.init(bytes:))
        if let origin = try map.optional(5, OriginID.init(bytes:)) {
            let seq = try map.int(6, in: 1...DeltaLimits.maxSequence)
            head = ChainHead(origin: origin, seq: seq, hash: try map.value(7, Hash.init(bytes:)))
        }
        receipt = map[8]?.bytesValue
        entries = try map.entries(9)
        cursor = try map.int(10, in: 0...DeltaLimits.maxSequence)
        cursorHash = try map.optional(11, Hash.init(bytes:))
        logSize = try map.int(12, in: 0...DeltaLimits.maxSequence)
        waiting = Int(try map.int(13, in: 0...Int64(ExchangeLimits.maxEntries)))
        turnedAway = Int(try map.int(14, in: 0...Int64(ExchangeLimits.maxEntries)))
        heldSeq = map[15] == nil ? 0 : try map.int(15, in: 0...DeltaLimits.maxSequence)
        heads = try map.heads(16)
        passed = try map.heads(17)
        checkpoint = map[18]?.bytesValue
        ownRuns = try map.runs(19)
        hubStatements = try map.statements(20)
        settled = try map.heads(21)
    }
}

/// Deltas of the node's chain, in order, or of one that it hands in. The cursor says what it has of the log.
public struct PushRequest: ExchangeMessage, Equatable {
    public var tenant: TenantID
    public var frames: [DeltaFrame]
    public var cursor: Int64
    public var cursorHash: Hash?
    /// Bytes of log entries that may come along with the answer; 0 for none.
    public var maxBytes: Int

    public init(
        tenant: TenantID, frames: [DeltaFrame], cursor: Int64, cursorHash: Hash?, maxBytes: Int = 0
    ) {
        self.tenant = tenant
        self.frames = frames
        self.cursor = cursor
        self.cursorHash = cursorHash
        self.maxBytes = maxBytes
    }

    public func encoded() -> [UInt8] {
        var map: [Int: CBOR] = [
            1: .int(ExchangeLimits.version), 2: .bytes(tenant.bytes), 3: frames.cbor, 4: .int(cursor),
        ]
        map[5] = cursorHash.map { .bytes($0.bytes) }
        if maxBytes > 0 { map[6] = .int(Int64(maxBytes)) }
        return CBOR.map(map).encoded()
    }

    public init(encoded bytes: [UInt8]) throws {
        let map = try MessageMap(bytes)
        tenant = try map.value(2, TenantID.init(bytes:))
        frames = try map.frames(3)
        cursor = try map.int(4, in: 0...DeltaLimits.maxSequence)
        cursorHash = try map.optional(5, Hash.init(bytes:))
        maxBytes = map[6] == nil ? 0 : Int(try map.int(6, in: 1...Int64(Int32.max)))
    }
}

/// Asks for log entries after a cursor.
public struct PullRequest: ExchangeMessage, Equatable {
    public var tenant: TenantID
    public var cursor: Int64
    public var cursorHash: Hash?
    public var maxBytes: Int

    public init(tenant: TenantID, cursor: Int64, cursorHash: Hash?, maxBytes: Int) {
        self.tenant = tenant
        self.cursor = cursor
        self.cursorHash = cursorHash
        self.maxBytes = maxBytes
    }

    public func encoded() -> [UInt8] {
        var map: [Int: CBOR] = [
            1: .int(ExchangeLimits.version), 2: .bytes(tenant.bytes), 3: .int(cursor),
            5: .int(Int64(maxBytes)),
        ]
        map[4] = cursorHash.map { .bytes($0.bytes) }
        return CBOR.map(map).encoded()
    }

    public init(encoded bytes: [UInt8]) throws {
        let map = try MessageMap(bytes)
        tenant = try map.value(2, TenantID.init(bytes:))
        cursor = try map.int(3, in: 0...DeltaLimits.maxSequence)
        cursorHash = try map.optional(4, Hash.init(bytes:))
        maxBytes = Int(try map.int(5, in: 1...Int64(ExchangeLimits.maxBatchBytes)))
    }
}
