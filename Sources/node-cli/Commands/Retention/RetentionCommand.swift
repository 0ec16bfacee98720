import ArgumentParser
import NodeCore

struct RetentionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retention", abstract: "Let go of values that were replaced long ago.",
        subcommands: [RetentionRun.self])
}

struct RetentionRun: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Do now what serve and sync do once a day.",
        discussion: """
            Example: node-cli retention run --dry-run

            What a signed change wrote and a later one replaced more than retention.days ago goes, once every
            node and every backup in backup.folder has it. Values that stand, who wrote what and when, and the
            proofs of it stay. The space is used again by what is written next; --compact makes the file
            smaller. `doctor storage` says how large the files are, and what keeps replaced values.
            """)

    @Flag(help: "Write the file anew without free space; as much again must be free on the disk.")
    var compact = false
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, _) = try context.tenant(tenant)
        let settings = context.configuration
        guard settings.retentionDays > 0 else {
            throw NodeError(
                .usage, "replaced values are kept for ever here", hint: "Set retention.days.",
                field: "retention.days")
        }
        let retention = try installation.bodyRetention(
            keepDays: settings.retentionDays, backupFolder: settings.backupFolder)
        // A sync may take a snapshot, which numbers all deltas anew.
        let lock = try installation.lockForSync(open.slug, waiting: 60)
        defer { withExtendedLifetime(lock) {} }
        let done = try retention.run(open, dryRun: dryRun.dryRun)
        if compact, !dryRun.dryRun { try open.store.rewrite() }
        if !dryRun.dryRun {
            try installation.note("retention.run", "tenant \(open.slug), \(done.bytes) bytes")
        }
        let status = try retention.status(open)
        let verb = dryRun.dryRun ? "would go" : "went"
        return context.noting(
            dryRun,
            CommandResult(
                data: [
                    "dry_run": .bool(dryRun.dryRun), "swept": JSONValue(done.swept),
                    "trimmed": JSONValue(done.trimmed), "writes": JSONValue(done.writes),
                    "bytes": JSONValue(done.bytes), "proofs": JSONValue(done.proofs),
                    "complete": .bool(!done.isCut),
                    "body_bytes": JSONValue(status.bodyBytes), "deltas": JSONValue(status.deltas),
                    "held_back": .bool(!status.holds.isEmpty),
                ],
                body: .text(
                    "\(ByteText.short(done.bytes)) \(verb) from \(Count.text(done.trimmed, "change")); "
                        + "\(ByteText.short(status.bodyBytes)) are kept."),
                warnings: status.holds.isEmpty
                    ? []
                    : [
                        Notice(
                            "RETENTION_HELD", "a node or a backup keeps what is old enough to go",
                            hint: "`node-cli doctor storage` says which.")
                    ]))
    }
}
