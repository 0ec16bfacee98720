import ArgumentParser
import Foundation
import NodeCore
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
        let evidence = report.evidence.map { one -> JSONValue in
            [
                "at": JSONValue(milliseconds: one.at), "reason": .string(one.reason),
                "known_checkpoint": JSONValue(one.known?.hex), "found_checkpoint": .string(one.found.hex),
            ]
        }
        let data: JSONValue = [
            "ok": .bool(report.isOK), "size": .int(report.size), "root": .string(report.root.hex),
            "checkpoints": JSONValue(report.checkpoints),
            "checkpoint_size": report.checkpoint.map { .int($0.size) } ?? .null,
            "checkpoint_at": JSONValue(milliseconds: report.checkpoint?.issuedAt),
            "proved": JSONValue(report.proved), "unproved": JSONValue(report.unproved),
            "evidence": .array(evidence), "problems": .array(report.problems.map { .string($0) }),
        ]
        var result = CommandResult(
            data: data,
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
        var lines: [UInt8] = [], count = 0
        let (checkpoint, hubKey) = try LogAudit.prove(open) { entry in
            lines += Array((Self.json(entry).text + "\n").utf8)
            count += 1
        }
        let header: JSONValue = [
            "format": "prepkc-audit-proofs-v1", "tenant": .string(open.id.description),
            "hub_key": .string(hubKey.hex), "checkpoint": .string(checkpoint.bytes.hex),
        ]
        try DurableFile.write(Array((header.text + "\n").utf8) + lines, to: out)
        try installation.note("audit.export", "tenant \(open.slug), \(count) deltas")
        return CommandResult(
            data: [
                "file": .string(out), "deltas": JSONValue(count), "checkpoint_size": .int(checkpoint.size),
            ],
            body: .text("Wrote \(count) deltas with proofs to \(out)."))
    }

    private static func json(_ entry: ProvedEntry) -> JSONValue {
        [
            "position": .int(entry.position), "origin": .string(entry.delta.facts.originID.hex),
            "seq": .int(entry.delta.facts.seq), "leaf": .string(entry.leaf.hex),
            "path": .array(entry.path.map { .string($0.hex) }),
            "envelope": .string(entry.frame.envelope.hex), "body": .string(entry.frame.body.hex),
        ]
    }
}
