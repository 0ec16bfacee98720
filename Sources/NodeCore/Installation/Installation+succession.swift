import Foundation

/// An own origin that the hub is to certify: with which key the hub knows this installation, and the new one.
public struct PendingSuccession: Sendable {
    /// The key that the hub knows.
    public let oldKey: SigningKey
    public let newKey: SigningKey
    public let reason: Succession.Reason
    /// How far of the old chain the hub has signed receipts for.
    public let receiptSeq: Int64
}

/// How the key files of a tenant and its file stand to each other.
public enum KeyStanding: Sendable {
    /// The file's own origin is of the key that is here, the hub has certified it, and no other is to follow.
    case settled
    /// The key that is here writes; it waits for its certificate, or another follows it.
    case changing
    /// They don't belong together: one of them was put back from a copy.
    case displaced
}

/// The key files of a tenant while one key follows another.
///
/// `SLUG.key` is the key that the hub knows, `SLUG.next.key` the one that follows. Which of them signs is
/// the tenant file's word: its own origin names the public key. So the step that counts is one transaction
/// of that file, and a stop at any point leaves a pair that is read rightly.
extension Installation {
    /// What the opening of a tenant asks of its file.
    struct OwnKey {
        let key: SigningKey
        let standing: KeyStanding
        /// Whether an order of erasure is still to be followed outside the tenant's transactions.
        let owesErasure: Bool
    }

    /// The key of the own origin. `SLUG.key` where neither fits: then `sync` makes a new one.
    func ownKey(_ slug: String, in store: TenantStore) throws -> OwnKey {
        let key = try keys.load(directory.tenantKey(slug: slug))
        let (own, rotation, erasure) = try store.readBeside {
            (try $0.ownOrigin(), try $0.state(.rotation)?.bytes, try $0.state(.erasurePending)?.int)
        }
        let owesErasure = erasure == 1
        if own?.publicKey == key.publicKey {
            let isSettled = own?.isCertified == true && rotation == nil
            return OwnKey(
                key: key, standing: isSettled ? .settled : .changing, owesErasure: owesErasure)
        }
        guard let next = try nextKey(slug), next.publicKey == own?.publicKey else {
            return OwnKey(key: key, standing: .displaced, owesErasure: owesErasure)
        }
        return OwnKey(key: next, standing: .changing, owesErasure: owesErasure)
    }

    private func nextKey(_ slug: String) throws -> SigningKey? {
        try hasNextKey(slug) ? keys.load(directory.nextTenantKey(slug: slug)) : nil
    }

    /// Whether the file of a key that follows is there.
    public func hasNextKey(_ slug: String) -> Bool { FileStamp(directory.nextTenantKey(slug: slug)) != nil }

    /// Whether the key that writes is one that the hub has not certified yet.
    private func waitsForCertificate(_ slug: String) throws -> Bool {
        let own = try tenant(slug).store.read { try $0.ownOrigin() }
        guard let own, !own.isCertified else { return false }
        return try nextKey(slug)?.publicKey == own.publicKey
    }

    /// Makes a key in place of one that was never used. The caller has made sure that it isn't the one that
    /// writes: after a stop before the last step of a succession that stands here too.
    private func freshNextKey(_ slug: String) throws -> SigningKey {
        let path = directory.nextTenantKey(slug: slug)
        if FileManager.default.fileExists(atPath: path) { unlink(path) }
        return try keys.create(at: path)
    }

    /// Goes on as a new origin at once, without the hub, which certifies it at the next sync: for an
    /// installation that was restored or cloned. What is written from now on is the new origin's.
    public func beginSuccession(_ slug: String, reason: Succession.Reason) throws {
        guard try !isOrphaned(slug) else {
            throw NodeError(
                .notAuthenticated,
                "the key of '\(slug)' is not here: this installation was restored without it",
                hint: "Enrol it again: `node-cli join HUB_URL` with a new token. All its work is kept.")
        }
        try finishSuccession(slug)
        // Only this machine can have deltas of such a key, and the hub couldn't take them without it.
        if try waitsForCertificate(slug) { return }
        let old = try tenant(slug), key = try freshNextKey(slug)
        try old.store.replicate {
            try $0.succeed(with: key, identifiers: old.identifiers, reason: reason, as: systemActor)
            try $0.setState(.rotation, .null)
        }
        try note("node.succeed", "tenant \(slug), \(reason.rawValue)")
    }

    /// Begins a rotation: makes the new key, or takes the one of a rotation that was cut. The installation
    /// writes with the old one until the hub has certified the new. A key that the hub doesn't know yet is new
    /// already, and stays.
    public func beginRotation(_ slug: String) throws {
        try finishSuccession(slug)
        if try waitsForCertificate(slug) { return }
        let store = try tenant(slug).store
        let begun = try store.read { try $0.state(.rotation)?.bytes }
        if let begun, try nextKey(slug)?.publicKey.bytes == begun { return }
        let key = try freshNextKey(slug)
        try store.replicate { try $0.setState(.rotation, .bytes(key.publicKey.bytes)) }
    }

    /// Gives a rotation up that the hub has refused; the old key stays.
    public func forgetRotation(_ slug: String) throws {
        try tenant(slug).store.replicate { try $0.setState(.rotation, .null) }
    }

    /// What is to be asked of the hub before anything else; nil when there is nothing.
    public func pendingSuccession(_ slug: String) throws -> PendingSuccession? {
        let open = try tenant(slug), known = try keys.load(directory.tenantKey(slug: slug))
        let (own, receipts, rotation) = try open.store.read { reader in
            let own = try reader.ownOrigin()
            let old = own?.isCertified == false ? own?.succession?.predecessor : own?.id
            return (own, try reader.receipts(of: old), try reader.state(.rotation)?.bytes)
        }
        if let own, let reason = own.succession?.reason, !own.isCertified {
            return PendingSuccession(
                oldKey: known, newKey: open.origin.key, reason: reason, receiptSeq: receipts)
        }
        guard let rotation, let next = try nextKey(slug), next.publicKey.bytes == rotation else { return nil }
        return PendingSuccession(oldKey: known, newKey: next, reason: .rotation, receiptSeq: receipts)
    }

    /// Whether the tenant file and the key file don't belong together: one of them was put back from a copy.
    public func isDisplaced(_ slug: String) throws -> Bool { try tenant(slug).keyStanding == .displaced }

    /// Takes the hub's certificate: for the origin that writes already, or at the end of a rotation, from
    /// when on the new key writes. The hub's log is read again from where it first holds deltas of the old
    /// key that may be missing here. Repeats change nothing.
    public func completeSuccession(
        _ slug: String, _ claim: OriginClaim, certificate: [UInt8], rewind: Int64, rewindHash: Hash?
    ) throws {
        let open = try tenant(slug), next = try nextKey(slug)
        try open.store.replicate { replica in
            if let next, try replica.ownOrigin()?.publicKey != claim.publicKey {
                try replica.succeed(
                    with: next, identifiers: open.identifiers, reason: claim.succession?.reason ?? .rotation,
                    certificate: certificate, as: systemActor)
                try replica.setState(.rotation, .null)
            } else {
                try replica.addOrigin(
                    publicKey: claim.publicKey, role: claim.role, nodeID: claim.nodeID, name: claim.name,
                    certificate: certificate, succession: claim.succession)
            }
            if rewind < (try replica.state(.cursor)?.int ?? 0) {
                try replica.setState(.cursor, .int(rewind))
                try replica.setState(.cursorHash, rewindHash.map { .bytes($0.bytes) } ?? .null)
            }
        }
        try finishSuccession(slug)
    }

    private var systemActor: Actor { Actor(id: "system:\(nodeID)", role: "system", via: "sync") }

    /// Hub: goes on with a new key of its own in a tenant. The certificate stands in the log before the
    /// key's first delta; what the hub holds it goes on holding. A rotation that was cut is done again.
    public func rotateHubKey(_ slug: String) throws {
        guard role == .hub else { throw NodeError(.hubOwned, "this installation is a node") }
        try finishSuccession(slug)
        let open = try tenant(slug), key = try freshNextKey(slug)
        try open.store.replicate { replica in
            guard let old = try replica.ownOrigin() else {
                throw NodeError(.corrupt, "this tenant has no key", hint: "Restore a backup.")
            }
            let claim = OriginClaim(
                tenant: open.id, slug: slug, publicKey: key.publicKey, role: .hub, nodeID: nodeID,
                name: old.name,
                issuedAt: environment.clock.milliseconds(),
                succession: Succession(predecessor: old.id, reason: .rotation))
            let certificate = try environment.replication.certify(claim, by: identity)
            try replica.appendToLog(document: certificate)
            try replica.succeed(
                with: key, identifiers: open.identifiers, reason: .rotation, certificate: certificate,
                as: systemActor)
        }
        try finishSuccession(slug)
        try note("nodes.rotate", "tenant \(slug), the hub's key")
    }

    /// Puts the new key in the old one's place once the hub knows it.
    public func finishSuccession(_ slug: String) throws {
        guard let next = try nextKey(slug) else { return }
        let own = try tenant(slug).store.read { try $0.ownOrigin() }
        guard let own, own.isCertified, own.publicKey == next.publicKey else { return }
        try keys.move(directory.nextTenantKey(slug: slug), to: directory.tenantKey(slug: slug))
    }
}
