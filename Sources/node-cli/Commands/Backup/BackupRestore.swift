import ArgumentParser
import NodeCore
import SyncEngine

struct BackupVerify: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Restore a backup into a scratch folder and check all of it.",
        discussion: """
            Example: node-cli backup verify /media/backups/hub-….backup --key-file recovery-key.txt

            Every byte, every chain and signature, and the state built anew from the deltas. Takes the room of
            the restored files in the data directory, or in --scratch, for as long as it runs. Exit 13 when
            anything isn't as it was.
            """)

    @Argument(help: "The backup.") var file: String
    @Option(help: "A folder to unpack in.") var scratch: String?
    @OptionGroup var key: RecoveryKeyOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let backup = try BackupFile(file)
        let scratch = DataDirectory(path: (scratch ?? context.directory.path) + "/backup.verifying")
        let tenants = try BackupService.verify(
            backup, with: key.read(context), scratch: scratch, environment: context.environment)
        let deltas = tenants.reduce(0) { $0 + $1.deltas }
        return CommandResult(
            data: [
                "ok": true, "created_at": JSONValue(milliseconds: backup.manifest.createdAt),
                "signer": .string(backup.manifest.signer.hex), "tenants": BackupCommand.json(tenants),
            ],
            body: .text(
                "ok: \(tenants.count) tenants with \(deltas) deltas, as they were "
                    + RFC3339.string(milliseconds: backup.manifest.createdAt)))
    }
}

struct BackupRestoreCommand: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Put a backup in the place of this installation.",
        discussion: """
            Example: node-cli backup restore /media/backups/node-….backup --key-file recovery-key.txt

            Checks everything beside the present state before it takes its place; what was there is kept in a
            folder before-restore-…. A node then takes back what the hub has of it with the next sync. On a
            machine without the installation's keys (--keys) a node must `join` again; for a hub the recovery
            key names a new identity key, which its nodes follow with their next sync.
            Exit 11 beside a running serve.
            """)

    @Argument(help: "The backup.") var file: String
    @Option(help: ArgumentHelp("A folder with the installation's keys.", valueName: "folder")) var keys:
        String?
    @OptionGroup var key: RecoveryKeyOption
    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let backup = try BackupFile(file), made = RFC3339.string(milliseconds: backup.manifest.createdAt)
        let recovery = try key.read(context)
        try context.confirm(
            confirmation, name: backup.manifest.name,
            "Restoring the state of \(made) in \(context.directory.path)")
        let restored = try BackupRestore(
            into: context.directory, environment: context.environment, keys: keys
        ).restore(backup, with: recovery)
        var warnings: [Notice] = []
        if !restored.toEnrol.isEmpty {
            warnings.append(
                Notice(
                    "ENROL_AGAIN", "this machine has none of the keys, so the hub doesn't know it",
                    hint: "Run `node-cli join HUB_URL` with a new token; then revoke the old key at the hub.")
            )
        }
        if restored.isNewIdentity {
            warnings.append(
                Notice(
                    "HUB_KEY_RENEWED",
                    "the hub's old identity key isn't here; the recovery key named another",
                    hint: "Nodes that know the recovery key follow with their next sync. Make a backup after."
                ))
        }
        let next =
            backup.manifest.role == .hub
            ? "Start `node-cli serve`: it fills up from its nodes."
            : "Now run `node-cli \(restored.toEnrol.isEmpty ? "sync" : "join HUB_URL")`."
        return CommandResult(
            data: [
                "created_at": JSONValue(milliseconds: backup.manifest.createdAt),
                "tenants": BackupCommand.json(restored.tenants), "kept_in": JSONValue(restored.keptIn),
                "to_enrol": .array(restored.toEnrol.map { .string($0) }),
                "hub_key_renewed": .bool(restored.isNewIdentity),
            ],
            body: .text(
                "Restored \(restored.tenants.count) tenants as they were \(made). "
                    + (restored.keptIn.map { "What was here is kept in \($0). " } ?? "") + next),
            warnings: warnings)
    }
}
