import ArgumentParser
import Foundation
import NodeCore

struct AuditArchiveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive", abstract: "Take old audit entries out of the files, into an archive.",
        subcommands: [
            AuditArchiveCreate.self, AuditArchiveList.self, AuditArchiveWrite.self, AuditArchiveVerify.self,
        ])

    static func json(_ archive: AuditArchive) -> JSONValue {
        [
            "id": .string(archive.id), "at": JSONValue(milliseconds: archive.at),
            "before": JSONValue(milliseconds: archive.before), "entries": JSONValue(archive.entries),
            "digest": .string(archive.digest),
        ]
    }
}

struct AuditArchiveCreate: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Archive what is older than entries are kept, on every installation.",
        discussion: """
            Example: node-cli audit archive create --tenant kc --before 2024-07-01 --out /srv/audit/kc-2024.jsonl

            At the hub. The entries leave the lists of every installation with its next sync; the signed deltas \
            that hold them stay, so `audit archive write` makes the same file again anywhere, and `audit archive \
            verify` shows that a file is whole and unchanged. With audit.keep_days, `serve` does this by itself.
            """)

    @Option(
        help: ArgumentHelp("Entries before this instant; audit.keep_days ago unless told.", valueName: "date")
    )
    var before: String?
    @Option(help: "The file; one in audit.archive_folder unless told.") var out: String?
    @Flag(help: "Overwrite a file that exists.") var force = false
    @Flag(help: "Say what would be done, and do nothing.") var dryRun = false
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, actor) = try context.tenant(tenant, to: .archiveAudit)
        let settings = context.configuration
        let limit =
            try before.map { try AuditFilter.instant($0, "before") }
            ?? past(days: settings.auditKeepDays, installation)
        if let out { try context.requireAbsent([out], force: force) }
        let retention = AuditRetention(
            keepDays: settings.auditKeepDays, folder: settings.auditArchiveFolder ?? context.directory.archive
        )
        let path = try out ?? (dryRun ? "" : retention.freePath(open.slug, before: limit))
        let made = try AuditArchiveService(open, actor: actor).create(before: limit, dryRun: dryRun) {
            try DurableFile.write($0, to: path)
        }
        guard let made else {
            return CommandResult(
                data: ["archive": .null, "file": .null, "dry_run": .bool(dryRun)],
                body: .text("Nothing is so old; nothing was changed."))
        }
        let words = made.entries == 1 ? "1 entry" : "\(made.entries) entries"
        return CommandResult(
            data: [
                "archive": AuditArchiveCommand.json(made), "file": dryRun ? .null : .string(path),
                "dry_run": .bool(dryRun),
            ],
            body: .text(dryRun ? "\(words) would be archived." : "\(words) archived in \(path)."))
    }

    private func past(days: Int, _ installation: Installation) throws -> Int64 {
        guard days > 0 else {
            throw NodeError(
                .usage, "audit entries are kept for ever here",
                hint: "Say --before DATE, or set audit.keep_days.", field: "before")
        }
        return installation.environment.clock.milliseconds() - Int64(days) * 86_400_000
    }
}

struct AuditArchiveList: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the archives of a tenant's audit.",
        discussion: "Example: node-cli audit archive list")

    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant, to: .readAudit)
        let archives = try AuditArchiveService(open, actor: actor).list()
        let zone = try open.store.read { try $0.tenant().timeZone }
        var table = Table([
            .init("archive"), .init("at"), .init("entries before"), .init("entries", .right),
            .init("digest", maxWidth: 16),
        ])
        for one in archives {
            table.add([
                one.id, context.time(one.at, in: zone), context.time(one.before, in: zone),
                String(one.entries), one.digest,
            ])
        }
        return CommandResult(
            data: ["archives": .array(archives.map(AuditArchiveCommand.json))], body: .table(table))
    }
}

struct AuditArchiveWrite: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "write", abstract: "Write an archive's file again, from the signed deltas.",
        discussion: "Example: node-cli audit archive write ID --out audit.jsonl")

    @Argument(help: "The archive's id.") var archive: String
    @Option(help: "The file.") var out: String
    @Flag(help: "Overwrite a file that exists.") var force = false
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        try context.requireAbsent([out], force: force)
        let (_, open, actor) = try context.tenant(tenant, to: .readAudit)
        let file = try AuditArchiveService(open, actor: actor).file(archive)
        try DurableFile.write(file.bytes, to: out)
        return CommandResult(
            data: [
                "file": .string(out), "entries": JSONValue(file.lines.count), "digest": .string(file.digest),
            ],
            body: .text("\(file.lines.count == 1 ? "1 entry" : "\(file.lines.count) entries") in \(out)."))
    }
}

struct AuditArchiveVerify: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check an archive's file against what the hub signed and the deltas here.",
        discussion: """
            Example: node-cli audit archive verify audit.jsonl

            Exit 13 when an entry is missing, added or changed.
            """)

    @Argument(help: "The file.") var file: String
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant, to: .readAudit)
        let bytes = try context.read(file, limit: 1 << 30)
        let (archive, problems) = try AuditArchiveService(open, actor: actor).verify(bytes)
        var result = CommandResult(
            data: [
                "ok": .bool(problems.isEmpty), "archive": AuditArchiveCommand.json(archive),
                "problems": .array(problems.map { .string($0) }),
            ],
            body: .text(
                problems.isEmpty
                    ? "ok: \(archive.entries) entries, all of them and as they were written." : "FAILED"))
        if let first = problems.first {
            result.errors = [
                NodeError(
                    .verificationFailed, first,
                    hint: "`audit archive write \(archive.id)` makes the file again from the deltas here.")
            ]
        }
        return result
    }
}
