import ArgumentParser
import Foundation
import NodeCore

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Show what was done, by whom; prove it.",
        subcommands: [
            AuditList.self, AuditTail.self, AuditExportCommand.self, AuditVerify.self,
            AuditArchiveCommand.self,
        ])

    static func table(_ entries: [AuditEntry], zone: String, support: Bool, _ context: CommandContext)
        -> Table
    {
        var table = Table([
            .init("at"), .init("action"), .init("count", .right), .init("target"), .init("via"),
            .init(support ? "PrepKC staff" : "actor", maxWidth: 60), .init("reason", maxWidth: 40),
        ])
        for entry in entries {
            table.add([
                context.time(entry.at, in: zone), entry.action, String(entry.count), entry.targetType,
                entry.via,
                support ? entry.supportStaff ?? entry.actor : entry.actor,
                (support ? entry.supportReason : entry.reason) ?? "-",
            ])
        }
        return table
    }
}

/// Which entries.
struct AuditFilterOptions: ParsableArguments {
    @Option(help: "Only this action; roster.* for all of a noun.") var action: String?
    @Option(help: "Only by this actor, by id, or a user's e-mail.") var actor: String?
    @Option(help: "Only about this id.") var target: String?
    @Option(help: ArgumentHelp("From this instant on.", valueName: "2025-10-01T00:00:00Z")) var since: String?
    @Option(help: ArgumentHelp("Before this instant.", valueName: "2025-11-01T00:00:00Z")) var until: String?
    @Flag(help: "Only what PrepKC staff did and read under support access: who, and why.") var support = false

    func filter(_ reader: StoreReader) throws -> AuditFilter {
        AuditFilter(
            action: action, actor: try actor.map { $0.contains("@") ? try reader.user($0).id : $0 },
            target: target,
            since: try since.map { try AuditFilter.instant($0, "since") },
            until: try until.map { try AuditFilter.instant($0, "until") },
            supportOnly: support)
    }
}

struct AuditList: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List audit entries, newest first.",
        discussion: """
            Example: node-cli audit list --limit 20 --action roster.import
                     node-cli audit list --support
            """)

    @Option(help: "At most so many.") var limit = 100
    @OptionGroup var filter: AuditFilterOptions
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        guard limit > 0 else { throw NodeError(.usage, "--limit must be at least 1", field: "limit") }
        let (_, open, _) = try context.tenant(tenant, to: .readAudit)
        let (entries, zone) = try open.store.read {
            (try $0.auditEntries(filter.filter($0), limit: limit), try $0.tenant().timeZone)
        }
        return CommandResult(
            data: ["entries": .array(entries.map { AuditExport.json($0, tenant: open.slug) })],
            body: .table(AuditCommand.table(entries, zone: zone, support: filter.support, context)))
    }
}

struct AuditTail: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "Show the latest entries, oldest first, and with --follow those that come.",
        discussion: "Example: node-cli audit tail --follow")

    @Option(help: "So many to begin with.") var lines = 20
    @Flag(help: "Go on until interrupted, one JSON object a line.") var follow = false
    @OptionGroup var filter: AuditFilterOptions
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        guard lines > 0 else { throw NodeError(.usage, "--lines must be at least 1", field: "lines") }
        let (_, open, _) = try context.tenant(tenant, to: .readAudit)
        let (entries, zone) = try open.store.read {
            (try $0.auditEntries(filter.filter($0), limit: lines), try $0.tenant().timeZone)
        }
        let latest = Array(entries.reversed())
        guard follow else {
            return CommandResult(
                data: ["entries": .array(latest.map { AuditExport.json($0, tenant: open.slug) })],
                body: .table(AuditCommand.table(latest, zone: zone, support: filter.support, context)))
        }
        try show(latest, open, context)
        var shown = Set(latest.map(\.id))
        // Entries of other installations come with a sync and may be older than those that stand here.
        while true {
            Thread.sleep(forTimeInterval: 1)
            let recent = try open.store.read {
                try $0.auditEntries(filter.filter($0), limit: max(lines, 200))
            }
            try show(recent.reversed().filter { shown.insert($0.id).inserted }, open, context)
        }
    }

    private func show(_ entries: [AuditEntry], _ open: OpenTenant, _ context: CommandContext) throws {
        for entry in entries { try context.output.line(AuditExport.json(entry, tenant: open.slug).text) }
    }
}

struct AuditExportCommand: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write audit entries, or the signed history with proofs, to a file.",
        discussion: """
            Example: node-cli audit export --out audit.csv --since 2025-08-01
                     node-cli audit export --proofs --out history.jsonl

            Entries come oldest first, as CSV or JSON Lines. With --proofs the first line has the hub's key and \
            its newest signed checkpoint, each other line one delta with its bytes and the proof that it is in \
            the hub's log; `scripts/verify_proofs.py` checks the file without this program. That file holds the \
            data of the tenant, personal data included.
            """)

    @Option(help: "The file; its ending says the form unless --format does.") var out: String
    @Option(help: "csv or jsonl.") var format: String?
    @Flag(help: "The signed history with inclusion proofs.") var proofs = false
    @Flag(help: "Overwrite a file that exists.") var force = false
    @OptionGroup var filter: AuditFilterOptions
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        try context.requireAbsent([out], force: force)
        let (installation, open, _) = try context.tenant(tenant, to: .readAudit)
        return proofs ? try writeProofs(of: open, installation) : try writeEntries(of: open)
    }

    private func writeEntries(of open: OpenTenant) throws -> CommandResult {
        let ending = format ?? (out.hasSuffix(".csv") ? "csv" : out.hasSuffix(".jsonl") ? "jsonl" : "")
        guard let form = AuditExport.Format(rawValue: ending) else {
            throw NodeError(
                .usage, "'\(ending)' is no form of an export", hint: "Give --format csv or jsonl.")
        }
        let chosen = try open.store.read { try filter.filter($0) }
        var count = 0
        try DurableFile.write(to: out) { append in
            count = try AuditExport.write(chosen, of: open, as: form, to: append)
        }
        return CommandResult(
            data: ["file": .string(out), "entries": JSONValue(count)],
            body: .text("\(count == 1 ? "1 entry" : "\(count) entries") in \(out)."))
    }
}
