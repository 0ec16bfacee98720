import Foundation
import NodeCore

/// To which nodes a hub offers a snapshot in place of the log.
public struct SnapshotOffer: Sendable {
    /// Bytes of bodies that a node must lack.
    public let bytes: Int64
    /// Of a hundred writes in the log it must lack more than so many.
    public let percent: Int64

    public init(bytes: Int64, percent: Int64 = 75) {
        self.bytes = bytes
        self.percent = percent
    }

    /// A MiB and three quarters of all writes: a row that is taken over, with all that proves it, costs about what
    /// merging a write does.
    public static let standard = SnapshotOffer(bytes: 1 << 20)
}

/// The hub's side of snapshots.
///
/// Idea: a node that lacks most of the log takes the hub's file as it stands at one position instead of merging all
/// that led there. One file a tenant is kept and given to whoever asks, until the log has outgrown it.
extension HubPort {
    /// Whether the node that says hello takes snapshots and can read ours.
    func readsSnapshots(_ request: HelloRequest, in reader: StoreReader) -> Bool {
        request.schemaVersion >= reader.schema.version
            && request.snapshotLayout ?? 0 >= SnapshotManifest.layout
    }

    /// Whether a snapshot costs the node that says hello less than the log.
    func offersSnapshot(_ request: HelloRequest, in reader: StoreReader) throws -> Bool {
        guard readsSnapshots(request, in: reader), try request.cursor < reader.logSize() else { return false }
        let lacked = try reader.volume(after: request.cursor, except: node)
        guard lacked.bytes >= snapshots.bytes else { return false }
        return try 100 * lacked.writes > snapshots.percent * reader.volume(after: 0).writes
    }

    /// A piece of the snapshot that the node is fetching, or the first of the present one. Throws
    /// `HUB_RECOVERING`.
    public func snapshot(_ request: SnapshotRequest, at hub: Installation) throws -> SnapshotAnswer {
        guard request.tenant == tenant.id else { throw DeltaError.wrongTenant }
        try tenant.store.read { try $0.requireRecovered() }
        try hub.directory.createSnapshots()
        let lock = try FileLock(
            hub.directory.snapshotLock(slug: tenant.slug), waiting: 60, else: "the snapshot is being made",
            hint: "Sync again.")
        defer { withExtendedLifetime(lock) {} }
        let file = try present(for: request, at: hub) ?? make(at: hub)
        let offset = file.manifest.id == request.id ? Int(request.offset) : 0
        return SnapshotAnswer(
            id: file.manifest.id, size: Int64(file.size), offset: Int64(offset),
            bytes: try file.bytes(at: offset, count: request.maxBytes),
            hubStatements: try tenant.store.read { try $0.hubIdentity() }.statements(after: request.hubMark))
    }

    /// Where in the log a snapshot that was given ends; nil when another one has taken its place.
    func snapshotEnd(_ id: [UInt8], at hub: Installation) throws -> (position: Int64, hash: Hash?)? {
        let file = try SnapshotFile(
            hub.directory.snapshot(slug: tenant.slug), whole: false, signer: identity.publicKey.signer)
        return file.manifest.id == id ? (file.manifest.position, file.manifest.entryHash) : nil
    }

    /// The file that is there, if it is of this log and worth its while. One that is being fetched need only be of
    /// this log.
    private func present(for request: SnapshotRequest, at hub: Installation) throws -> SnapshotFile? {
        let path = hub.directory.snapshot(slug: tenant.slug)
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let file: SnapshotFile
        do {
            file = try SnapshotFile(path, whole: false, signer: identity.publicKey.signer)
        } catch is NodeError {
            return nil
        }
        let manifest = file.manifest
        guard manifest.id != request.refused, manifest.tenant == tenant.id,
            manifest.schemaVersion == tenant.store.environment.schema.version,
            manifest.position > request.cursor
        else { return nil }
        return try tenant.store.read { reader in
            let size = try reader.treeSize()
            guard manifest.position <= size, try reader.treeRoot(size: manifest.position) == manifest.root
            else { return nil }
            if manifest.id == request.id { return file }
            // Whoever takes it is not told at once to take another one.
            let isWorthIt =
                try 200 * reader.volume(after: manifest.position).writes
                <= snapshots.percent * reader.volume(after: 0).writes
                && !isTrimmed(after: manifest.position, in: reader)
            return isWorthIt ? file : nil
        }
    }

    private func make(at hub: Installation) throws -> SnapshotFile {
        let directory = hub.directory, environment = tenant.store.environment
        let scratch = directory.snapshotScratch(slug: tenant.slug)
        try directory.removeSnapshots(slug: tenant.slug)
        defer { TenantStore.removeFiles(scratch) }
        _ = try checkpoint()
        let copy = try tenant.store.snapshotCopy(to: scratch)
        // What came between the checkpoint and the copy is signed for there.
        let port = HubPort(tenant.over(copy), identity: identity, node: node)
        let position = try port.checkpoint().size
        try copy.replicate { replica in
            for stamp in try replica.unsignedRedactions() {
                guard let redaction = try replica.frame(stamp)?.sealed(by: tenant).redaction else { continue }
                try replica.sign(redaction, of: stamp)
            }
            try replica.keepForSnapshot()
        }
        let (entry, root, digest) = try copy.read {
            (try $0.logEntry(position)?.hash, try $0.treeRoot(size: position), try $0.stateDigest())
        }
        guard let entry else {
            throw NodeError(.recordNotFound, "there is nothing to make a snapshot of", hint: "Sync again.")
        }
        try copy.closeCopy()
        let id = try environment.random.bytes(16), path = directory.snapshot(slug: tenant.slug)
        try SnapshotFile.write(scratch, to: path, signedBy: identity) { bytes, hash in
            SnapshotManifest(
                id: id, tenant: tenant.id, schemaVersion: environment.schema.version, position: position,
                entryHash: entry, root: root, digest: digest, fileBytes: bytes, fileHash: hash,
                createdAt: now)
        }
        return try SnapshotFile(path, whole: true, signer: identity.publicKey.signer)
    }
}
