import NodeCore

/// Every limit on what is accepted from elsewhere, in one place, enforced before allocation.
public enum DeltaLimits {
    /// Writes in one delta.
    public static let maxWrites = 1000
    /// Body bytes as sent. A part closes at a quarter of this, so that one large value still fits.
    public static let maxBodyBytes = 2 << 20
    /// Body bytes after decompression, and the ratio it may have.
    public static let maxPlainBytes = 8 << 20
    public static let maxRatio = 200
    /// The COSE envelope with its header.
    public static let maxEnvelopeBytes = 64 << 10
    /// Parts of one transaction: ten million writes.
    public static let maxParts = LocalTransaction.maxParts
    /// Origins named by one `seen`.
    public static let maxSeen = 1024
    /// Tables, columns, ids, authors.
    public static let maxNameBytes = 255
    public static let maxColumns = 256
    public static let maxSequence: Int64 = 1 << 48

    /// Longest text or byte string of a value.
    public static let maxValueBytes = 1 << 20

    static let header = CBORLimits(
        maxBytes: maxEnvelopeBytes, maxDepth: 4, maxItems: 8192, maxStringBytes: 1024, allowedTags: [])
    static let body = CBORLimits(
        maxBytes: maxPlainBytes, maxDepth: 6, maxItems: maxWrites * (maxColumns + 2) + 16_384,
        maxStringBytes: maxValueBytes, allowedTags: [37])
}

/// Why a delta was refused. Its bytes are never applied in part.
public enum DeltaError: Error, Sendable, Equatable {
    case malformed(String)
    case unknownVersion(Int64)
    /// No certificate of this tenant names the key.
    case unknownKey(keyID: String)
    case badSignature
    case wrongTenant
    case wrongOrigin
    case bodyMismatch
    /// The origin has another delta with this number.
    case fork(origin: OriginID, seq: Int64)

    /// The error as a caller sees it.
    public var nodeError: NodeError {
        switch self {
        case .malformed(let what):
            NodeError(
                .deltaRefused, "a delta is malformed: \(what)", hint: "It was refused whole; nothing changed."
            )
        case .unknownVersion(let version):
            NodeError(
                .upgradeRequired, "a delta has format version \(version)",
                hint: "Install a newer node-cli on this machine, then sync again.")
        case .unknownKey(let id):
            NodeError(
                .deltaRefused, "a delta is signed by the unknown key \(id)", hint: "It was refused whole.")
        case .badSignature:
            NodeError(
                .deltaRefused, "a delta's signature is not valid",
                hint: "It was refused whole; nothing changed.")
        case .wrongTenant:
            NodeError(.deltaRefused, "a delta belongs to another tenant", hint: "It was refused whole.")
        case .wrongOrigin:
            NodeError(
                .deltaRefused, "a delta names another origin than its key's", hint: "It was refused whole.")
        case .bodyMismatch:
            NodeError(
                .deltaRefused, "a delta's body isn't the one that was signed", hint: "It was refused whole.")
        case .fork(let origin, let seq):
            NodeError(
                .fork, "two different deltas have number \(seq) of origin \(origin)",
                hint: "The machine was cloned or restored. Stop using one copy; nothing was lost or changed.")
        }
    }
}
