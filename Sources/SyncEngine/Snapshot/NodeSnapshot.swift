import Foundation
import NodeCore

/// What taking a snapshot brought.
public struct SnapshotTaken: Sendable, Equatable {
    /// The position of the hub's log that it stands for.
    public let position: Int64
    /// Deltas that weren't here before.
    public let deltas: Int
    /// Rows that these wrote.
    public let writes: Int
    /// Bytes that came over the line, in this sync.
    public let bytes: Int

    /// With what an earlier one of the same sync brought.
    func adding(_ earlier: SnapshotTaken?) -> SnapshotTaken {
        guard let earlier else { return self }
        return SnapshotTaken(
            position: position, deltas: deltas + earlier.deltas, writes: writes + earlier.writes,
            bytes: bytes + earlier.bytes)
    }
}

/// A node's side of snapshots: fetches one piece by piece, checks it beside the tenant's file, and then lets that take
/// it over in one transaction. A stop anywhere leaves either what was or what is; what was fetched is not fetched
/// again.
///
/// Checked before the swap: the hub's signature over every byte; every key's certificate by the hub's identity; each
/// delta's signature, chain and place in the hub's signed log; that this log begins with the one seen so far; the
/// digest of the state. That the state is what the deltas give is the hub's word until `verify --deep`.
struct NodeSnapshot {
    private let slug: String
    private let node: Installation
    private let tenant: OpenTenant
    private var directory: DataDirectory { node.directory }

    init(_ slug: String, at node: Installation) throws {
        self.slug = slug
        self.node = node
        tenant = try node.tenant(slug)
    }

    /// Throws what `send` throws, `VERIFICATION_FAILED`, `HUB_ANSWER_INVALID`; then nothing has changed.
    func run(send: (SnapshotRequest) throws -> SnapshotAnswer) throws -> SnapshotTaken {
        let (part, bytes) = try fetch(send)
        return try takeOver(part, bytes: bytes)
    }

    /// Checks what was fetched and takes it over. `bytes`: how many of it came now.
    func takeOver(_ part: SnapshotPart, bytes: Int) throws -> SnapshotTaken {
        do {
            let before = try tenant.store.read { try $0.deltaCount() }
            let position = try take(part.path)
            let after = try tenant.store.read { try $0.deltaCount() }
            try directory.removeSnapshots(slug: slug)
            return SnapshotTaken(
                position: position, deltas: after.deltas - before.deltas,
                writes: after.writes - before.writes, bytes: bytes)
        } catch let error as NodeError
            where [.verificationFailed, .archiveInvalid, .corrupt].contains(error.code)
        {
            try part.refuse(directory, slug: slug)
            throw error
        }
    }

    // MARK: Fetching

    private func fetch(_ send: (SnapshotRequest) throws -> SnapshotAnswer) throws -> (SnapshotPart, Int) {
        var part = try SnapshotPart.find(directory, slug: slug), bytes = 0
        let refused = try SnapshotPart.refused(directory, slug: slug)
        let cursor = try tenant.store.read { try $0.state(.cursor)?.int ?? 0 }
        let most = SnapshotAnswer.maxSize / Int64(SnapshotAnswer.pieceBytes)
        for _ in 0...most {
            let answer = try send(
                SnapshotRequest(
                    tenant: tenant.id, cursor: cursor, id: part?.id, offset: Int64(part?.count ?? 0),
                    refused: refused, hubMark: try tenant.store.read { try $0.hubIdentity().mark }))
            let here = try add(answer, to: part)
            bytes += answer.bytes.count
            if Int64(here.count) == answer.size { return (here, bytes) }
            part = here
        }
        throw NodeExchange.standstill
    }

    /// Adds a piece to what is here of the snapshot, or begins with it. Throws `HUB_ANSWER_INVALID` for one that
    /// doesn't follow.
    func add(_ answer: SnapshotAnswer, to part: SnapshotPart?) throws -> SnapshotPart {
        if !answer.hubStatements.isEmpty {
            _ = try tenant.store.replicate { try $0.follow(answer.hubStatements) }
        }
        try directory.createSnapshots()
        let here: SnapshotPart
        if let part, part.id == answer.id {
            here = part
        } else {
            here = try SnapshotPart.begin(directory, slug: slug, id: answer.id)
        }
        let end = answer.offset + Int64(answer.bytes.count)
        guard answer.offset == Int64(here.count), end <= answer.size,
            !answer.bytes.isEmpty || end == answer.size
        else {
            throw NodeError(
                .hubAnswer, "the hub's snapshot doesn't go on where it was left", hint: "Sync again.")
        }
        try here.append(answer.bytes)
        return here
    }

    /// Where in the hub's log a snapshot that is here ends.
    func end(of part: SnapshotPart) throws -> (position: Int64, hash: Hash) {
        let hub = try tenant.store.read { try $0.hubIdentity() }
        let file = try SnapshotFile(part.path, whole: false) { hub.key.keyID == $0 ? hub.key : nil }
        return (file.manifest.position, file.manifest.entryHash)
    }

    // MARK: Checking and taking

    /// The position of the log that is reached.
    private func take(_ path: String) throws -> Int64 {
        let hub = try tenant.store.read { try $0.hubIdentity() }
        let file = try SnapshotFile(path, whole: false) { hub.key.keyID == $0 ? hub.key : nil }
        guard file.manifest.tenant == tenant.id else { throw Self.untrue("it is of another tenant") }
        let scratch = directory.snapshotScratch(slug: slug)
        TenantStore.removeFiles(scratch)
        defer { TenantStore.removeFiles(scratch) }
        try file.unpack(to: scratch)
        let store = try TenantStore(
            path: scratch, environment: tenant.store.environment, identifiers: tenant.identifiers)
        // The hub's file says who the hub is; this node knows.
        try store.replicate { try $0.setHubIdentity(hub) }
        try check(tenant.over(store), file.manifest, hub)
        try requireOwnChain(in: store)
        try store.closeCopy()
        try tenant.store.adopt(scratch, file.manifest) { frames, replica in
            _ = try DeltaApplier.receive(frames, in: replica)
        }
        return file.manifest.position
    }

    private func check(_ copy: OpenTenant, _ manifest: SnapshotManifest, _ hub: HubIdentity) throws {
        try copy.store.read { reader in
            guard try reader.tenantID() == tenant.id else { throw Self.untrue("it is of another tenant") }
            for origin in try reader.origins() { try check(origin, in: reader, hub) }
        }
        let report = try StoreVerifier.verify(copy, deep: false, scratch: "")
        guard report.problems.isEmpty else { throw Self.untrue(report.problems[0]) }
        guard report.digest == manifest.digest else { throw Self.untrue("its state is another one") }
        let log = try LogAudit.verify(copy)
        guard log.problems.isEmpty else { throw Self.untrue(log.problems[0]) }
        guard log.size == manifest.position, log.root == manifest.root, log.unproved == 0,
            log.checkpoint?.size == manifest.position
        else { throw Self.untrue("its log is another one") }
        try compareLogs(copy, manifest)
    }

    /// A machine that was put back since it asked knows less of its own chain than the hub: it goes on as a new origin
    /// first. Throws `NODE_BEHIND`.
    private func requireOwnChain(in copy: TenantStore) throws {
        guard let own = try tenant.store.read({ try $0.ownOrigin() }),
            let known = try copy.read({ try $0.origin(own.id) }), known.headSeq > own.headSeq
        else { return }
        throw Verdict.nodeBehind.error!
    }

    /// Each key is there by the word of the hub that this node knows.
    private func check(_ origin: OriginRecord, in reader: StoreReader, _ hub: HubIdentity) throws {
        let revocation = try reader.revocation(of: origin.id)
        do {
            let claim = try Certificate(verifying: origin.certificate, hub: hub).claim
            let revoked = try revocation.map { try Revocation(verifying: $0, hub: hub).origin }
            let isTrue =
                claim.tenant == tenant.id && claim.publicKey == origin.publicKey && claim.role == origin.role
                && claim.succession == origin.succession && (revoked == nil || revoked == origin.id)
                && OriginID(publicKey: origin.publicKey, tenant: tenant.id) == origin.id
            guard isTrue else { throw Self.untrue("a key has another certificate") }
        } catch is DeltaError { throw Self.untrue("a key's certificate isn't the hub's") }
    }

    /// The log that this node has seen is the beginning of the snapshot's; if not, both signed checkpoints are kept.
    private func compareLogs(_ copy: OpenTenant, _ manifest: SnapshotManifest) throws {
        let (size, root, known) = try tenant.store.read {
            let size = try $0.treeSize()
            return (size, try $0.treeRoot(size: size), try $0.newestCheckpoint())
        }
        guard size <= manifest.position else { throw Self.untrue("it is older than what is here") }
        let (theirs, found) = try copy.store.read { (try $0.treeRoot(size: size), try $0.newestCheckpoint()) }
        guard theirs != root, let found else { return }
        try tenant.store.replicate {
            try $0.addEvidence(
                "the first \(size) entries of a snapshot are not those of before", known: known?.bytes,
                found: found.bytes)
        }
        throw NodeError.hubContradictsItself
    }

    private static func untrue(_ what: String) -> NodeError {
        NodeError(
            .verificationFailed, "the hub's snapshot can't be trusted: \(what)",
            hint: "Nothing was changed. Sync again: the hub makes another one.")
    }
}
