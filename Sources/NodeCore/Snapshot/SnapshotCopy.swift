import Foundation
import GRDB

extension TenantStore {
    /// Hub: writes the tenant's present state into a new file and opens that.
    public func snapshotCopy(to path: String) throws -> TenantStore {
        Self.removeFiles(path)
        try copy(to: path)
        return try TenantStore(path: path, environment: environment, identifiers: identifiers)
    }

    /// Empties the write-ahead log and closes the file, so that it is whole by itself.
    public func closeCopy() throws {
        do { try queue.writeWithoutTransaction { try $0.execute(sql: "VACUUM") } } catch {
            throw ConnectionSetup.translate(error, file: fileName)
        }
        try close()
    }
}

extension ReplicaTransaction {
    /// Takes out of a copy what is this hub's own business, or another node's: what waits, deadlines, all
    /// checkpoints but the newest.
    public func keepForSnapshot() throws {
        try db.execute(
            sql: """
                DELETE FROM sync_waiting; DELETE FROM sync_review; DELETE FROM sync_receipt;
                DELETE FROM sync_evidence; DELETE FROM sync_handover;
                DELETE FROM sync_checkpoint WHERE size < (SELECT max(size) FROM sync_checkpoint);
                """)
        let kept: [StateKey] = [.tenant, .ownOrigin, .hubKey, .hubIdentity, .hlc]
        let names = kept.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        try db.execute(sql: "DELETE FROM sync_state WHERE key NOT IN (\(names))")
    }

    /// Substitutes for bodies that were made here and carry nobody's word yet.
    public func unsignedRedactions() throws -> [RowState.Stamp] {
        try rows("SELECT number FROM sync_redaction WHERE statement IS NULL").map { $0[0] }
    }

    public func sign(_ redaction: DeltaFrame.Redaction, of stamp: RowState.Stamp) throws {
        try setRedaction(stamp, redaction)
    }
}

extension OpenTenant {
    /// The same tenant in another file.
    public func over(_ store: TenantStore) -> OpenTenant {
        OpenTenant(
            slug: slug, id: id, secret: secret, store: store, origin: origin, keyStanding: keyStanding)
    }
}
