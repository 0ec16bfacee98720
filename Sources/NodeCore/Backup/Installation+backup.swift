import Foundation
import GRDB

extension Installation {
    /// The public half of the recovery key that backups are sealed to; nil before the first one.
    public func recoveryKey() throws -> [UInt8]? { try control.setting("recovery_key")?.bytes }

    public func setRecoveryKey(_ key: RecoveryKey) throws {
        try control.set("recovery_key", .bytes(key.publicKey))
        try note("backup.key", RecoveryKey.name(of: key.publicKey))
    }

    /// Where backups go unless told.
    public func backupPath(in folder: String?) -> String {
        "\(folder ?? directory.backups)/\(BackupFile.name(of: self))"
    }

    /// One backup at a time.
    public func lockForBackup() throws -> FileLock {
        try FileLock(
            directory.path + "/backup.lock", waiting: 60, else: "another backup is being made",
            hint: "Wait for it to end.")
    }

    /// Seals a checked copy.
    public func seal(
        _ copy: BackupCopy, _ tenants: [BackupManifest.Tenant], to path: String, recoveryKey: [UInt8],
        progress: (Int, Int) -> Void
    ) throws -> BackupFile {
        let writer = BackupWriter(
            installation: self, copy: copy, tenants: tenants, recoveryKey: recoveryKey)
        _ = try writer.write(to: path, progress: progress)
        return try BackupFile(path)
    }

    /// A restored copy that has none of its keys is an installation of its own: it gets an id of its own and
    /// must enrol before it syncs.
    public func becomeStranger() throws {
        let id = try Identifiers(slug: "", secret: []).fresh(
            milliseconds: environment.clock.milliseconds(), random: environment.random)
        try control.write { db in
            try db.execute(sql: "UPDATE installation SET value = ? WHERE key = 'node_id'", arguments: [id])
            try db.execute(sql: "DELETE FROM peer")
        }
    }

    /// Node: whether a tenant was restored without its keys, so that the hub is to be joined again.
    public func isOrphaned(_ slug: String) throws -> Bool {
        try role == .node && slugs().contains(slug) && peer(slug) == nil
    }

    /// Node: goes on in a tenant whose keys are lost with the key of a new enrolment, and hands in what the old
    /// one wrote. Repeats after a stop end the same.
    func adopt(_ enrolled: Enrolled, key: SigningKey, keyFile: String, hubURL: String) throws {
        let slug = enrolled.claim.slug, open = try tenant(slug)
        guard enrolled.claim.tenant == open.id, enrolled.tenantSecret == open.secret else {
            throw NodeError(
                .conflict, "the tenant '\(slug)' here is another one than the hub's",
                hint: "Enrol in a fresh data directory.")
        }
        let actor = Actor(id: "system:\(nodeID)", role: "system", via: "sync")
        try open.store.replicate { replica in
            guard try replica.ownOrigin()?.publicKey != key.publicKey else { return }
            try replica.goOn(
                with: key, identifiers: open.identifiers, claim: enrolled.claim,
                certificate: enrolled.certificate, reason: "enrol", as: actor)
            try replica.setHubIdentity(enrolled.hub)
        }
        try keys.copy(keyFile, to: directory.tenantKey(slug: slug))
        try control.write { db in
            try db.execute(
                sql:
                    "INSERT OR REPLACE INTO peer (tenant, hub_url, hub_key, enrolled_at) VALUES (?, ?, ?, ?)",
                arguments: [slug, hubURL, Data(enrolled.hub.key.bytes), environment.clock.milliseconds()])
            try db.execute(
                sql: "UPDATE installation SET value = ? WHERE key = 'user_secret'",
                arguments: [Data(enrolled.userSecret)])
        }
    }
}
