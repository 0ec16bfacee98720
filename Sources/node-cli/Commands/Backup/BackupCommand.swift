import ArgumentParser
import NodeCore
import NodeServer
import SyncEngine

struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Make, list, verify and restore backups of this installation.",
        subcommands: [
            BackupCreate.self, BackupList.self, BackupVerify.self, BackupRestoreCommand.self,
            BackupRelease.self,
        ])

    static func json(_ tenants: [BackupManifest.Tenant]) -> JSONValue {
        .array(
            tenants.map {
                [
                    "slug": .string($0.slug), "digest": .string($0.digest.hex),
                    "deltas": JSONValue($0.deltas),
                ]
            })
    }
}

/// A recovery key, as a secret comes in.
struct RecoveryKeyOption: ParsableArguments {
    @Option(help: ArgumentHelp("The recovery key's file, or - for standard input.", valueName: "file"))
    var keyFile: String?

    func read(_ context: CommandContext) throws -> RecoveryKey {
        if keyFile == nil, context.output.terminal.canPrompt {
            context.output.message("Type the recovery key and press Enter:")
            return try RecoveryKey(readLine() ?? "")
        }
        return try RecoveryKey(context.secret(keyFile ?? "-"))
    }
}

struct BackupCreate: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a backup, while everything goes on.",
        discussion: """
            Example: node-cli backup create --folder /media/backups > recovery-key.txt

            One encrypted file with all tenants and control.db, each checked on the copy; no signing key is in
            it. The first backup makes the recovery key and shows it this once: keep it apart from the
            backups, for without it nobody can open them. Later ones are sealed to the same key; --new-key
            makes another.
            """)

    @Option(help: "Where to; backup.folder of the configuration unless told.") var folder: String?
    @Flag(help: "Make a new recovery key. Backups made before still need the old one.") var newKey = false
    @OptionGroup var acting: ActingOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, _) = try context.staff(acting, to: .operate)
        let bar = context.progress("Sealing", unit: "bytes")
        let made = try BackupService(installation).create(
            in: folder ?? context.configuration.backupFolder, newKey: newKey
        ) { bar.update($0, of: $1) }
        bar.finish()
        guard case .object(var members) = Shapes.backup.json(made.file) else {
            return CommandResult(data: .null)
        }
        var body = "Wrote \(made.file.path), \(ByteText.short(made.file.size))."
        if let key = made.recoveryKey {
            members.append(("recovery_secret", .string(key.text)))
            context.output.message(
                "This is the recovery key. It is shown this once; without it no backup can be opened:")
            body = key.text
            context.output.message("The backup is \(made.file.path).")
        }
        return CommandResult(data: ["backup": .object(members)], body: .text(body))
    }
}

struct BackupList: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the backups, oldest first.",
        discussion: "Example: node-cli backup list --folder /media/backups")

    @Option(help: "Which folder; backup.folder of the configuration unless told.") var folder: String?
    @OptionGroup var acting: ActingOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, _) = try context.staff(acting, to: .operate)
        let (backups, broken) = try BackupService(installation).list(
            in: folder ?? context.configuration.backupFolder)
        var table = Table([
            .init("made"), .init("of", maxWidth: 24), .init("tenants", .right), .init("size", .right),
            .init("recovery key"), .init("file", maxWidth: 80),
        ])
        for backup in backups {
            table.add([
                context.time(backup.manifest.createdAt, in: "UTC"), backup.manifest.name,
                String(backup.manifest.tenants.count), ByteText.short(backup.size),
                backup.manifest.recoveryKey, backup.path,
            ])
        }
        return CommandResult(
            data: ["backups": .array(backups.map(Shapes.backup.json))], body: .table(table),
            warnings: broken.map {
                Notice("BACKUP_BROKEN", "\($0) is no sound backup", hint: "Remove it; make another.")
            })
    }
}
