import ArgumentParser
import NodeCore

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Show what was done.",
        subcommands: [AuditList.self, AuditVerify.self, AuditExport.self])
}

struct AuditList: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List audit entries, newest first.",
        discussion: "Example: node-cli audit list --limit 20 --action roster.import")

    @Option(help: "At most so many.") var limit = 100
    @Option(help: "Only this action.") var action: String?
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        guard limit > 0 else { throw NodeError(.usage, "--limit must be at least 1", field: "limit") }
        let (_, open, _) = try context.tenant(tenant)
        let (entries, zone) = try open.store.read {
            (try $0.auditEntries(limit: limit, action: action), try $0.tenant().timeZone)
        }
        var table = Table([
            .init("at"), .init("action"), .init("count", .right), .init("target"), .init("via"),
            .init("actor", maxWidth: 60),
        ])
        for entry in entries {
            table.add([
                context.time(entry.at, in: zone), entry.action, String(entry.count), entry.targetType,
                entry.via,
                entry.actor,
            ])
        }
        let list = entries.map { entry -> JSONValue in
            [
                "id": .string(entry.id), "at": JSONValue(milliseconds: entry.at),
                "actor": .string(entry.actor),
                "via": .string(entry.via), "tenant": .string(open.slug), "action": .string(entry.action),
                "target_type": .string(entry.targetType), "target_id": .string(entry.targetID),
                "count": JSONValue(entry.count), "outcome": .string(entry.outcome),
                "reason": JSONValue(entry.reason),
            ]
        }
        return CommandResult(data: ["entries": .array(list)], body: .table(table))
    }
}
