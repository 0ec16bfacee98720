import Foundation
import GRDB

/// How long the hub keeps audit entries in the files, and where what is older goes.
public struct AuditRetention: Sendable {
    /// 0 for ever.
    public let keepDays: Int
    public let folder: String

    static let day: Int64 = 86_400_000
    /// Archives are made a month at a time, so that there are few of them.
    static let batchDays = 30

    public init(keepDays: Int, folder: String) {
        self.keepDays = keepDays
        self.folder = folder
    }

    /// Archives what is older than entries are kept, once a month's worth is. Nil when nothing is due. Throws as
    /// `AuditArchiveService.create`, `STORAGE`.
    public func run(_ tenant: OpenTenant) throws -> (path: String, entries: Int)? {
        guard keepDays > 0 else { return nil }
        let before = tenant.store.environment.clock.milliseconds() - Int64(keepDays) * Self.day
        let oldest = try tenant.store.read { reader in
            try reader.tenant().active ? reader.oldestAuditEntry() : nil
        }
        guard let oldest, oldest < before - Int64(Self.batchDays) * Self.day else { return nil }
        let service = AuditArchiveService(tenant, actor: try tenant.systemActor(via: "retention"))
        let path = try freePath(tenant.slug, before: before)
        let made = try service.create(before: before) { try DurableFile.write($0, to: path) }
        return made.map { (path, $0.entries) }
    }

    /// A name in the folder that isn't taken. Makes the folder, readable by this user alone.
    public func freePath(_ slug: String, before: Int64) throws -> String {
        try DurableFile.makeFolder(
            folder, hint: "Set audit.archive_folder to one that this user may write.")
        let stem = "\(folder)/\(slug)-audit-before-\(RFC3339.string(milliseconds: before).prefix(10))"
        let names = [stem] + (2...1000).map { "\(stem)-\($0)" }
        guard let name = names.first(where: { !FileManager.default.fileExists(atPath: $0 + ".jsonl") }) else {
            throw NodeError(
                .fileExists, "\(stem).jsonl and a thousand after it are there", hint: "Move them elsewhere.")
        }
        return name + ".jsonl"
    }
}

extension StoreReader {
    /// When the oldest entry in the file was written; milliseconds since 1970.
    func oldestAuditEntry() throws -> Int64? {
        try row("SELECT min(at) FROM audit_entry")?[0]
    }
}
