/// Takes old audit entries out of the files of a tenant into an archive, and checks such archives.
public struct AuditArchiveService: Sendable {
    private let tenant: OpenTenant
    private let actor: Actor

    public init(_ tenant: OpenTenant, actor: Actor) {
        self.tenant = tenant
        self.actor = actor
    }

    /// Archives every entry before an instant (milliseconds since 1970): `write` gets the file's bytes before
    /// anything is committed, and when it throws nothing has changed. Nil when there is nothing so old.
    ///
    /// Throws `HUB_OWNED` at a node, `TENANT_INACTIVE`, `UPGRADE_REQUIRED` while an enrolled installation doesn't
    /// know archives.
    public func create(before: Int64, dryRun: Bool = false, write: ([UInt8]) throws -> Void) throws
        -> AuditArchive?
    {
        guard tenant.origin.role == .hub else {
            throw NodeError(
                .hubOwned, "the hub decides how long audit entries stay",
                hint: "`node-cli audit export` writes a copy of them here.")
        }
        return try tenant.store.write(as: actor, origin: tenant.origin, dryRun: dryRun) { transaction in
            try transaction.replica.requireWritable()
            try transaction.replica.requireKnowing(
                Schema.auditArchive.since, for: "archives of the audit")
            let id = try transaction.freshID()
            let file = try transaction.replica.nextArchiveFile(id, before: before)
            guard !file.lines.isEmpty else { return nil }
            let archive = AuditArchive(
                id: id, at: transaction.now, before: before, entries: file.lines.count, digest: file.digest)
            transaction.audit(
                AuditAction("audit.archive", targetType: Schema.auditArchive.name, targetID: id))
            try transaction.put(
                Schema.auditArchive, id: id,
                [
                    "at": .int(archive.at), "before": .int(before), "entries": .int(Int64(archive.entries)),
                    "digest": .text(archive.digest),
                ])
            if !dryRun { try write(file.bytes) }
            return archive
        }
    }

    public func list() throws -> [AuditArchive] {
        try tenant.store.read { try $0.auditArchives() }
    }

    /// An archive's file, made again from the deltas that are here. Throws `RECORD_NOT_FOUND`.
    public func file(_ id: String) throws -> AuditArchiveFile {
        try tenant.store.read { try $0.archiveFile(id) }
    }

    /// What is wrong with an archive's file; empty when it holds the entries that were taken out, all of them and
    /// as they were written. Throws `VALIDATION_ERROR` for another kind of file, `RECORD_NOT_FOUND`.
    public func verify(_ bytes: [UInt8]) throws -> (archive: AuditArchive, problems: [String]) {
        let (id, digest) = try AuditArchiveFile.read(bytes)
        return try tenant.store.read { reader in
            guard let archive = try reader.auditArchives().first(where: { $0.id == id }) else {
                throw NodeError(
                    .recordNotFound, "there is no audit archive '\(id)'",
                    hint: "Is it of another tenant? `audit archive list` shows this one's.")
            }
            let made = try reader.archiveFile(id).digest
            var problems: [String] = []
            if digest != archive.digest { problems.append("the file is not the one that the hub signed") }
            if made != archive.digest {
                problems.append("what the hub signed is not what the deltas here say; sync, then try again")
            }
            return (archive, problems)
        }
    }
}
