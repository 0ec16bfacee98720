/// What a snapshot says of itself, under the hub's signature.
public struct SnapshotManifest: Sendable, Equatable {
    /// 16 random bytes.
    public let id: [UInt8]
    public let tenant: TenantID
    /// The hub's schema; a node of an older one can't read the file.
    public let schemaVersion: Int
    /// Entries of the hub's log that are in it, and the hash of the last of them.
    public let position: Int64
    public let entryHash: Hash
    /// Of the tree over these entries.
    public let root: Hash
    /// Of the state (docs/PROTOCOL.md, section 9).
    public let digest: Hash
    /// The SQLite file in it.
    public let fileBytes: Int
    public let fileHash: Hash
    /// The hub's clock, milliseconds since 1970; for display.
    public let createdAt: Int64

    static let version: Int64 = 1
    /// How the file's own tables are laid out, beside its schema: 2 since all siblings of a row stand in one row.
    public static let layout: Int64 = 2
    /// Bytes of the file in one record, before compression.
    static let pieceBytes = 4 << 20
    static let maxFileBytes = 1 << 36
    static let format = RecordFormat(
        magic: "prepkcS1", contentType: "application/vnd.prepkc.snapshot+cbor",
        maxRecordBytes: pieceBytes + (1 << 16), maxFileBytes: maxFileBytes)

    enum Record: UInt8 {
        /// The next piece of the file, one zstd frame.
        case piece = 1
    }

    public init(
        id: [UInt8], tenant: TenantID, schemaVersion: Int, position: Int64, entryHash: Hash, root: Hash,
        digest: Hash, fileBytes: Int, fileHash: Hash, createdAt: Int64
    ) {
        self.id = id
        self.tenant = tenant
        self.schemaVersion = schemaVersion
        self.position = position
        self.entryHash = entryHash
        self.root = root
        self.digest = digest
        self.fileBytes = fileBytes
        self.fileHash = fileHash
        self.createdAt = createdAt
    }

    var own: [Int: CBOR] {
        [
            10: .int(Self.version), 11: .bytes(id), 12: .bytes(tenant.bytes), 13: .int(Int64(schemaVersion)),
            14: .int(position), 15: .bytes(entryHash.bytes), 16: .bytes(root.bytes), 17: .bytes(digest.bytes),
            18: .int(Int64(fileBytes)), 19: .bytes(fileHash.bytes), 20: .int(createdAt),
        ]
    }

    /// Throws `UPGRADE_REQUIRED`, `VERIFICATION_FAILED`.
    init(_ map: CBOR) throws {
        guard let version = map[10]?.intValue else { throw RecordReader.damaged }
        guard version == Self.version else {
            throw NodeError(
                .upgradeRequired, "the hub's snapshot was made by a newer version of node-cli",
                hint: "Install that version here.")
        }
        guard let id = map[11]?.bytesValue, id.count == 16,
            let tenant = map[12]?.bytesValue.flatMap({ TenantID(bytes: $0) }),
            let schema = map[13]?.intValue, (1...65_535).contains(schema),
            let position = map[14]?.intValue, position > 0,
            let entryHash = map[15]?.bytesValue.flatMap({ Hash(bytes: $0) }),
            let root = map[16]?.bytesValue.flatMap({ Hash(bytes: $0) }),
            let digest = map[17]?.bytesValue.flatMap({ Hash(bytes: $0) }),
            let bytes = map[18]?.intValue, (1...Int64(Self.maxFileBytes)).contains(bytes),
            let fileHash = map[19]?.bytesValue.flatMap({ Hash(bytes: $0) }), let at = map[20]?.intValue
        else { throw RecordReader.damaged }
        self.init(
            id: id, tenant: tenant, schemaVersion: Int(schema), position: position, entryHash: entryHash,
            root: root, digest: digest, fileBytes: Int(bytes), fileHash: fileHash, createdAt: at)
    }
}
