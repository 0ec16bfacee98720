import NodeCore

/// The hub's signed word on its whole log of one tenant: so many entries, and the root of the tree over
/// them (`MerkleTree`). Two checkpoints that don't fit together prove that it changed its past.
public struct Checkpoint: Sendable, Equatable {
    public static let contentType = "application/vnd.prepkc.checkpoint+cbor"

    public let tenant: TenantID
    /// Entries of the log.
    public let size: Int64
    public let root: Hash
    /// The hub's clock, milliseconds since 1970; for display.
    public let issuedAt: Int64

    public init(tenant: TenantID, size: Int64, root: Hash, issuedAt: Int64) {
        self.tenant = tenant
        self.size = size
        self.root = root
        self.issuedAt = issuedAt
    }

    public func signed(by hub: SigningKey) throws -> [UInt8] {
        let payload = CBOR.map([
            1: .int(1), 2: .bytes(tenant.bytes), 3: .int(size), 4: .bytes(root.bytes), 5: .int(issuedAt),
        ]).encoded()
        return try COSESign1.sign(payload: payload, contentType: Self.contentType, with: hub)
    }

    /// Verifies, then parses. Throws `DeltaError`.
    public init(verifying bytes: [UInt8], hub: some DocumentSigners) throws {
        let payload = try SignedDocument.payload(bytes, contentType: Self.contentType, signers: hub)
        let map = try MessageMap(payload)
        tenant = try map.value(2, TenantID.init(bytes:))
        size = try map.int(3, in: 0...DeltaLimits.maxSequence)
        root = try map.value(4, Hash.init(bytes:))
        issuedAt = try map.int(5)
    }
}

extension HubPort {
    /// The newest checkpoint, which covers the whole log. New entries are read back from the file, hashed
    /// as they stand there and only then signed for; of one size there is only ever one root.
    func checkpoint() throws -> (bytes: [UInt8], size: Int64) {
        if let present = try tenant.store.read({ try signedCheckpoint(in: $0) }) { return present }
        try tenant.store.forgetPages()
        return try tenant.store.replicate { replica in
            try replica.growTree()
            let size = try replica.treeSize()
            if let stored = try replica.newestCheckpoint(), stored.size == size, isMine(stored) {
                return (stored.bytes, stored.size)
            }
            let root = try replica.treeRoot(size: size)
            let bytes = try Checkpoint(tenant: tenant.id, size: size, root: root, issuedAt: now)
                .signed(by: identity)
            try replica.addCheckpoint(size: size, root: root, bytes)
            return (bytes, size)
        }
    }

    /// The newest checkpoint where it covers the whole log; nil where there is more to sign for.
    func signedCheckpoint(in reader: StoreReader) throws -> (bytes: [UInt8], size: Int64)? {
        let size = try reader.logSize()
        guard let newest = try reader.newestCheckpoint(), newest.size == size, isMine(newest) else {
            return nil
        }
        return (newest.bytes, size)
    }

    /// Whether the key that signs now has signed it; one before it may have.
    private func isMine(_ checkpoint: StoredCheckpoint) -> Bool {
        do {
            let signed = try COSESign1.parse(
                checkpoint.bytes, contentType: Checkpoint.contentType, maxBytes: DeltaLimits.maxEnvelopeBytes)
            return signed.keyID == identity.publicKey.keyID
        } catch { return false }
    }
}
