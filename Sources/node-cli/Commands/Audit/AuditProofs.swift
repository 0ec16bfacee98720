import ArgumentParser
import Foundation
import NodeCore
import NodeServer
import SyncEngine

struct AuditVerify: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check the signed history: every checkpoint against every entry.",
        discussion: """
            Example: node-cli audit verify

            At the hub the log is hashed again from its entries; at a node, what it was given. Exit 13 when \
            something doesn't fit, or when the hub was caught changing its log: then both checkpoints are shown.
            """)

    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, _) = try context.tenant(tenant)
        let report = try LogAudit.verify(open)
        try installation.note("audit.verify", "tenant \(open.slug), \(report.problems.count) problems")
        var result = CommandResult(
            data: Shapes.logAudit.json(report),
            body: .text(
                """
                \(report.isOK ? "ok" : "FAILED"): \(report.size) entries of the hub's log, root \(report.root.hex)
                \(report.checkpoints) signed checkpoints; \(report.proved) deltas proved, \(report.unproved) not yet
                """))
        let words = report.evidence.map(\.reason) + report.problems
        if let first = words.first {
            result.errors = [
                NodeError(
                    .verificationFailed, words.count == 1 ? first : "\(words.count) problems: \(first); …",
                    hint: "`--json` lists everything. Keep this folder as it is: it is the evidence.")
            ]
        }
        return result
    }
}

extension AuditExportCommand {
    /// The signed history: the newest checkpoint first, then a delta a line with its proof.
    func writeProofs(of open: OpenTenant, _ installation: Installation) throws -> CommandResult {
        var count = 0, size: Int64 = 0
        try DurableFile.write(to: out) { append in
            (count, size) = try AuditProofs.write(of: open, withBody: true, to: append)
        }
        try installation.note("audit.export", "tenant \(open.slug), \(count) deltas")
        return CommandResult(
            data: [
                "file": .string(out), "deltas": JSONValue(count), "checkpoint_size": .int(size),
            ],
            body: .text("Wrote \(count) deltas with proofs to \(out)."))
    }
}
