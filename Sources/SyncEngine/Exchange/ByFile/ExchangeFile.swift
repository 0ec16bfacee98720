import NodeCore

/// An exchange that travels as a file, for places with no line (docs/PROTOCOL.md, "Exchange by file").
///
/// Idea: the file holds the very messages of the exchange over a line, one record each, and ends with a
/// manifest that whoever made it signs. A node's file is its hello and its pushes; the hub's is its answers.
/// Everything in both may be taken twice, late or in another order: deltas are known by their hashes, and
/// where an answer begins is said, so that none is taken with a gap before it.
public enum ExchangeFile {
    public static let contentType = "application/vnd.prepkc.exchange+cbor"
    public static let format = RecordFormat(
        magic: "prepkcX1", contentType: contentType, maxRecordBytes: ExchangeLimits.cbor.maxBytes,
        maxFileBytes: 1 << 30)
    /// Messages beyond this size go into the next file; a transaction in parts may go over it.
    public static let batchBytes = 64 << 20
    /// A larger snapshot doesn't fit into a file beside what follows it.
    static let maxSnapshotBytes: Int64 = (1 << 30) - 2 * Int64(batchBytes)
    static let version: Int64 = 1

    /// What a record holds.
    enum Message: UInt8 {
        case succession = 1
        case hello = 2
        case push = 3
        case certificate = 4
        case answer = 5
        /// A piece of a snapshot, as a `SnapshotAnswer`.
        case snapshot = 6
    }
}

/// What both kinds of file say of themselves.
struct ExchangeManifest {
    var tenant: TenantID
    /// Who made it.
    var sender: Role
    /// The node's origin: the sender, or whom the answer is for.
    var origin: OriginID
    /// The sender's clock, milliseconds since 1970.
    var issuedAt: Int64
    /// Whether nothing was left for another file.
    var isComplete: Bool
    /// The last delta of former origins in the file; in an answer, the last that the hub took.
    var handed: ChainHead?
    /// In an answer: after which entry of the log it begins, and that entry's hash.
    var cursor: Int64 = 0
    var cursorHash: Hash?
    /// In an answer: what the hub says of its keys, so that the signature of one that followed is known.
    var hubStatements: [[UInt8]] = []

    static let statementsKey: Int64 = 19

    var own: [Int: CBOR] {
        var map: [Int: CBOR] = [
            10: .int(ExchangeFile.version), 11: .bytes(tenant.bytes), 12: .text(sender.rawValue),
            13: .bytes(origin.bytes), 14: .int(issuedAt), 15: .int(isComplete ? 1 : 0), 17: .int(cursor),
        ]
        map[16] = handed?.cbor
        map[18] = cursorHash.map { .bytes($0.bytes) }
        map[Int(Self.statementsKey)] = hubStatements.statementsCBOR
        return map
    }

    private static let broken = NodeError(
        .verificationFailed, "the file's manifest is not one of an exchange", hint: "Make the file anew.")

    /// What a hub's file says of the hub's keys. Each statement is signed by itself. Throws
    /// `VERIFICATION_FAILED`.
    static func statements(_ entry: CBOR?) throws -> [[UInt8]] {
        guard let entry else { return [] }
        guard let items = entry.arrayValue, items.count <= HubIdentity.maxStatements else { throw broken }
        return try items.map { item in
            guard let bytes = item.bytesValue, bytes.count <= HubKeyStatement.maxBytes else { throw broken }
            return bytes
        }
    }

    /// Of a verified map. Throws `UPGRADE_REQUIRED`, `VERIFICATION_FAILED`.
    init(_ map: CBOR) throws {
        let broken = Self.broken
        guard let version = map[10]?.intValue else { throw broken }
        guard version == ExchangeFile.version else { throw DeltaError.unknownVersion(version).nodeError }
        guard let tenant = map[11]?.bytesValue.flatMap({ TenantID(bytes: $0) }),
            let sender = map[12]?.textValue.flatMap(Role.init(rawValue:)),
            let origin = map[13]?.bytesValue.flatMap({ OriginID(bytes: $0) }),
            let issuedAt = map[14]?.intValue,
            (-ExchangeLimits.maxWall...ExchangeLimits.maxWall).contains(issuedAt),
            let complete = map[15]?.intValue, let cursor = map[17]?.intValue,
            (0...DeltaLimits.maxSequence).contains(cursor)
        else { throw broken }
        let handed: ChainHead?
        do { handed = try map[16].map(ChainHead.init(cbor:)) } catch is DeltaError { throw broken }
        self.init(
            tenant: tenant, sender: sender, origin: origin, issuedAt: issuedAt, isComplete: complete == 1,
            handed: handed, cursor: cursor, cursorHash: map[18]?.bytesValue.flatMap { Hash(bytes: $0) })
        hubStatements = try Self.statements(map[Int(Self.statementsKey)])
    }

    init(
        tenant: TenantID, sender: Role, origin: OriginID, issuedAt: Int64, isComplete: Bool,
        handed: ChainHead? = nil, cursor: Int64 = 0, cursorHash: Hash? = nil
    ) {
        self.tenant = tenant
        self.sender = sender
        self.origin = origin
        self.issuedAt = issuedAt
        self.isComplete = isComplete
        self.handed = handed
        self.cursor = cursor
        self.cursorHash = cursorHash
    }

    /// Throws when the file is of another tenant, or not from the side that this one hears.
    func require(tenant: TenantID, from sender: Role) throws {
        guard self.tenant == tenant else {
            throw NodeError(
                .deltaRefused, "the file is of another tenant", hint: "Nothing was changed; name its tenant.")
        }
        guard self.sender == sender else {
            throw NodeError(
                .validation,
                sender == .hub
                    ? "that is a node's file: the hub takes it" : "that is a hub's file: its node takes it",
                hint: "A node imports what its hub exported, a hub what a node exported.")
        }
    }
}

/// What an export put into a file.
public struct FileReport: Sendable {
    public var deltas = 0
    /// Bytes of the file before its manifest.
    public var bytes = 0
    /// Whether everything fitted; otherwise the rest goes with the next file.
    public var isComplete = true
    /// The node that a hub's file is for.
    public var node: EnrolledNode?
    public init() {}
}

extension RecordWriter {
    func append(_ type: ExchangeFile.Message, _ message: some ExchangeMessage) throws {
        try append(type.rawValue, message.encoded())
    }
}

extension NodeError {
    static let brokenExchangeFile = NodeError(
        .verificationFailed, "the file's messages are not those of an exchange", hint: "Make the file anew.")
}
