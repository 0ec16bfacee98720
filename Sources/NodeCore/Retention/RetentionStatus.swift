import GRDB

extension Installation {
    /// What is let go here, and what not yet: at the hub by its backups in `backupFolder` (nil: the data directory's
    /// own). Where there were backups and none is to be found, or one or the folder can't be read, nothing goes: the
    /// disk may be away.
    public func bodyRetention(keepDays: Int, backupFolder: String?) throws -> BodyRetention {
        guard role == .hub, keepDays > 0 else { return BodyRetention(keepDays: keepDays) }
        return BodyRetention(
            keepDays: keepDays, backups: try presentBackups(backupFolder ?? directory.backups))
    }

    /// The hub's backups in a folder; nil when not all that there are can be told.
    private func presentBackups(_ folder: String) throws -> [BackupManifest]? {
        guard let found = try? BackupFile.list(folder), found.broken.isEmpty else { return nil }
        let backups = found.backups.map(\.manifest).filter { $0.role == .hub }
        return try backups.isEmpty && recoveryKey() != nil ? nil : backups
    }
}

/// How much of a tenant's file is what deltas wrote, and what keeps replaced values in it.
public struct RetentionStatus: Sendable, Equatable {
    public enum Hold: Sendable, Equatable {
        /// A node hasn't passed what is old enough to go.
        case node(String)
        /// A backup of the hub doesn't have it; made then, milliseconds since 1970.
        case backup(Int64)
        /// The hub's backups are not to be found, or not all to be read.
        case backupsAway
    }

    public let deltas: Int
    public let bodyBytes: Int
    /// Deltas of whose bodies writes were let go.
    public let trimmed: Int
    /// At the hub: what keeps values longer than they are to be kept.
    public let holds: [Hold]
}

extension BodyRetention {
    /// How things stand in a tenant.
    public func status(_ tenant: OpenTenant) throws -> RetentionStatus {
        let instant = tenant.store.environment.clock.milliseconds() - keep
        return try tenant.store.read { reader in
            let row = try reader.row("SELECT count(*), ifnull(sum(length(body)), 0) FROM sync_body")
            return RetentionStatus(
                deltas: row?[0] ?? 0, bodyBytes: row?[1] ?? 0, trimmed: try reader.trimmedCount(),
                holds: try keep > 0 && reader.ownOrigin()?.role == .hub
                    ? holds(tenant.slug, before: instant, reader) : [])
        }
    }

    private func holds(_ slug: String, before instant: Int64, _ reader: StoreReader) throws
        -> [RetentionStatus.Hold]
    {
        let aged = try reader.settlementBounds(before: instant, backups: []).aged
        var holds: [RetentionStatus.Hold] = []
        for node in try reader.nodesThatPass() {
            if try reader.passedPosition(origin: node.number) < reader.transactionEnd(aged) {
                holds.append(.node(node.name))
            }
        }
        guard let backups else { return holds + [.backupsAway] }
        for backup in backups {
            let bounds = try reader.settlementBounds(before: instant, backups: [backup.deltas(of: slug)])
            if bounds.backedUp < aged { holds.append(.backup(backup.createdAt)) }
        }
        return holds
    }
}

extension BackupManifest {
    /// How many deltas of a tenant it has.
    func deltas(of slug: String) -> Int { tenants.first { $0.slug == slug }?.deltas ?? 0 }
}
