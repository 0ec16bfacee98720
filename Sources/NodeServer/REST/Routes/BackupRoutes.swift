import NodeCore
import SyncEngine

/// Backups of the installation. Verifying and restoring take the recovery key and are done at the machine.
enum BackupRoutes {
    static let all = [
        Route(
            .get, "/api/v1/backups", id: "list_backups", tag: "operations", "The backups, oldest first.",
            .installation(.operate), parameters: [.page, .perPage],
            content: Answer.pageSchema("backups", Shapes.backup)
        ) { call in
            let backups = try BackupService(call.installation).list(in: call.settings.backupFolder).backups
            return .page("backups", backups, Shapes.backup, call.page)
        },
        Route(
            .post, "/api/v1/backups", id: "create_backup", tag: "operations",
            "Make a backup. The first one is made at the machine, where it shows the recovery key.",
            .installation(.operate), statuses: [201], content: .json(Shapes.backup.schema)
        ) { call in
            guard try call.installation.recoveryKey() != nil else {
                throw NodeError(
                    .conflict, "this installation has no recovery key yet",
                    hint: "Run `node-cli backup create` there: it makes and shows the key.")
            }
            let made = try BackupService(call.installation).create(in: call.settings.backupFolder)
            return Answer(Shapes.backup.json(made.file))
        },
    ]
}
