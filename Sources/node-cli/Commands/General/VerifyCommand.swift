import ArgumentParser
import NodeCore
import NodeServer
import SyncEngine

struct VerifyCommand: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check the store and print its digest.",
        discussion: """
            Example: node-cli verify --json --tenant kckps

            Checks the file, every chain and signature, and that rows show what their writes and rules
            give. --deep builds the state anew from the deltas and compares, which finds any edit from
            outside. Two installations with equal state print equal digests. Exit 13 when something is
            wrong.
            """)

    private static func trimmed(_ report: VerifyReport) -> String {
        report.trimmed == 0
            ? "" : "; replaced values have gone from \(report.trimmed) of the deltas (retention)"
    }

    @Flag(help: "Build the state anew from the deltas and compare.") var deep = false
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, _) = try context.tenant(tenant)
        let scratch = try installation.scratchFile("verify")
        let bar = context.progress("Verifying", unit: "deltas")
        let report = try StoreVerifier.verify(open, deep: deep, scratch: scratch) { bar.update($0, of: $1) }
        bar.finish()
        try installation.note(
            deep ? "verify.deep" : "verify", "tenant \(open.slug), \(report.problems.count) problems")
        let data: JSONValue = [
            "ok": .bool(report.isOK), "digest": .string(report.digest.hex),
            "heads": Shapes.heads(report.heads),
            "problems": .array(report.problems.map { .string($0) }), "deltas": JSONValue(report.deltas),
            "rows": JSONValue(report.rows), "trimmed": JSONValue(report.trimmed),
        ]
        if report.isOK {
            return CommandResult(
                data: data,
                body: .text(
                    "ok: \(report.deltas) deltas and \(report.rows) rows of \(open.slug)\(Self.trimmed(report))\n"
                        + "digest \(report.digest.hex)"))
        }
        let error = NodeError(
            .verificationFailed,
            "\(report.problems.count) problems: \(report.problems.prefix(5).joined(separator: "; "))",
            hint:
                "Keep the data directory as it is and stop writing to it; the other installations of the tenant hold what was synced."
        )
        return CommandResult(data: data, errors: [error])
    }
}
