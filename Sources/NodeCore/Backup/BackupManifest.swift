/// What a backup says of itself, readable without the recovery key.
public struct BackupManifest: Sendable, Equatable {
    public struct File: Sendable, Equatable {
        /// Path in the data directory.
        public let name: String
        public let size: Int
        public let hash: Hash
    }

    /// A tenant's file as it was checked on the copy.
    public struct Tenant: Sendable, Equatable {
        public let slug: String
        public let digest: Hash
        public let deltas: Int

        public init(slug: String, digest: Hash, deltas: Int) {
            self.slug = slug
            self.digest = digest
            self.deltas = deltas
        }
    }

    /// 16 random bytes.
    public let id: [UInt8]
    public let nodeID: String
    public let role: Role
    public let name: String
    /// Milliseconds since 1970.
    public let createdAt: Int64
    /// Reference to the recovery key (`RecoveryKey.name`).
    public let recoveryKey: String
    /// The identity key that signed it.
    public let signer: PublicKey
    public let files: [File]
    public let tenants: [Tenant]

    static let version: Int64 = 1
    static let contentType = "application/vnd.prepkc.backup+cbor"
    static let chunkBytes = 1 << 20
    public static let format = RecordFormat(
        magic: "prepkcB1", contentType: contentType, maxRecordBytes: chunkBytes + SealedBox.tagBytes,
        maxFileBytes: 1 << 40)

    /// Of record 1.
    static let keyLimits = CBORLimits(
        maxBytes: 1024, maxDepth: 1, maxItems: 3, maxStringBytes: 1024, allowedTags: [])
    /// No clock is further away than this from 1970, in milliseconds.
    private static let maxTime: Int64 = 1 << 48
    private static let signerKey: Int64 = 17

    enum Record: UInt8 {
        /// CBOR array: ephemeral public key, the sealed content key.
        case key = 1
        /// A sealed piece of a file; no piece holds bytes of two files.
        case chunk = 2
    }

    /// What the parts of a backup are bound to: none fits into another.
    static func context(_ id: [UInt8], _ kind: String) -> [UInt8] {
        Array("prepkc/backup/\(kind)\0".utf8) + id
    }

    /// One key seals so many chunks under the number of each.
    static func nonce(_ index: Int) -> [UInt8] {
        [0, 0, 0, 0] + (0..<8).map { UInt8(truncatingIfNeeded: UInt64(index) >> (56 - 8 * UInt64($0))) }
    }

    var own: [Int: CBOR] {
        [
            10: .int(Self.version), 11: .bytes(id), 12: .text(nodeID), 13: .text(role.rawValue),
            14: .text(name), 15: .int(createdAt), 16: .text(recoveryKey), 17: .bytes(signer.bytes),
            18: .array(files.map { .array([.text($0.name), .int(Int64($0.size)), .bytes($0.hash.bytes)]) }),
            19: .array(
                tenants.map { .array([.text($0.slug), .bytes($0.digest.bytes), .int(Int64($0.deltas))]) }),
        ]
    }

    init(
        id: [UInt8], _ installation: Installation, recoveryKey: [UInt8], files: [File], tenants: [Tenant]
    ) {
        self.id = id
        nodeID = installation.nodeID
        role = installation.role
        name = installation.name
        createdAt = installation.environment.clock.milliseconds()
        self.recoveryKey = RecoveryKey.name(of: recoveryKey)
        signer = installation.identity.publicKey
        self.files = files
        self.tenants = tenants
    }

    /// Whose signature to ask for. A backup vouches for itself: who may read it is the recovery key's matter, and
    /// restoring checks the signed history in it.
    static func signer(in manifest: UnverifiedManifest) throws -> PublicKey {
        guard let key = try manifest.entry(signerKey)?.bytesValue.flatMap({ PublicKey(bytes: $0) }) else {
            throw RecordReader.damaged
        }
        return key
    }

    /// Of a verified map. Throws `UPGRADE_REQUIRED`, `VERIFICATION_FAILED`.
    init(_ map: CBOR) throws {
        guard let version = map[10]?.intValue else { throw RecordReader.damaged }
        guard version == Self.version else {
            throw NodeError(
                .upgradeRequired, "the backup was made by a newer version of node-cli",
                hint: "Restore it with that version or a later one.")
        }
        guard let id = map[11]?.bytesValue, id.count == 16, let nodeID = map[12]?.textValue,
            let role = map[13]?.textValue.flatMap(Role.init(rawValue:)), let name = map[14]?.textValue,
            let createdAt = map[15]?.intValue, (-Self.maxTime...Self.maxTime).contains(createdAt),
            let recoveryKey = map[16]?.textValue,
            let signer = map[17]?.bytesValue.flatMap({ PublicKey(bytes: $0) }),
            let files = map[18]?.arrayValue, let tenants = map[19]?.arrayValue
        else { throw RecordReader.damaged }
        self.id = id
        self.nodeID = nodeID
        self.role = role
        self.name = name
        self.createdAt = createdAt
        self.recoveryKey = recoveryKey
        self.signer = signer
        self.files = try files.map { item in
            guard let parts = item.arrayValue, parts.count == 3, let name = parts[0].textValue,
                Self.isAllowed(name), let size = parts[1].intValue, size >= 0, size < 1 << 40,
                let hash = parts[2].bytesValue.flatMap({ Hash(bytes: $0) })
            else { throw RecordReader.damaged }
            return File(name: name, size: Int(size), hash: hash)
        }
        self.tenants = try tenants.map { item in
            guard let parts = item.arrayValue, parts.count == 3, let slug = parts[0].textValue,
                let digest = parts[1].bytesValue.flatMap({ Hash(bytes: $0) }), let deltas = parts[2].intValue
            else { throw RecordReader.damaged }
            return Tenant(slug: slug, digest: digest, deltas: Int(clamping: deltas))
        }
    }

    /// The only files that a backup may hold: no path leads out of the folder, and no key is among them.
    static func isAllowed(_ name: String) -> Bool {
        if name == "control.db" || name == "node.yaml" { return true }
        guard name.hasPrefix("tenants/polaris_"), name.hasSuffix(".db") else { return false }
        let slug = name.dropFirst("tenants/polaris_".count).dropLast(3)
        return !slug.isEmpty
            && slug.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    }
}
