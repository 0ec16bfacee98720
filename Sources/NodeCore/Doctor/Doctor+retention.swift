import Foundation

extension Doctor {
    /// How large a tenant's file is, and what keeps replaced values in it for longer than they are to be kept.
    func size(_ open: OpenTenant, _ retention: BodyRetention) throws -> [Finding] {
        let subject = "storage \(open.slug)", status = try retention.status(open)
        let file = try DataDirectory.fileSize(open.store.path)
        let text =
            "the file has \(Self.size(file)), \(Self.size(status.bodyBytes)) of it what \(status.deltas) changes wrote"
        let gone =
            status.trimmed == 0 ? "" : "; replaced values have gone from \(status.trimmed) of them"
        return [Finding(subject, .ok, text + gone)] + status.holds.map { finding($0, subject, open.slug) }
    }

    private func finding(_ hold: RetentionStatus.Hold, _ subject: String, _ slug: String) -> Finding {
        switch hold {
        case .node(let name):
            Finding(
                subject, .warning,
                "replaced values are kept longer than retention.days: \(name) hasn't taken what wrote them",
                next: "Have it sync; or `node-cli nodes revoke` if it will not come back.")
        case .backup(let at):
            Finding(
                subject, .warning,
                "replaced values are kept longer than retention.days, for the backup of "
                    + RFC3339.string(milliseconds: at),
                next: "Make newer backups and remove that one from backup.folder if it isn't needed.")
        case .backupsAway:
            Finding(
                subject, .warning,
                "replaced values are kept: there is no backup in backup.folder, and there were some, or one can't be read",
                next:
                    "Is its disk there? `node-cli backup list` names what can't be read; `backup create` makes one."
            )
        }
    }

    private static func size(_ bytes: Int) -> String {
        bytes < 10 << 20 ? "\(bytes >> 10) KiB" : "\(bytes >> 20) MiB"
    }
}
