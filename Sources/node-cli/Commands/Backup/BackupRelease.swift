import ArgumentParser
import NodeCore

struct BackupRelease: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Let a restored hub go on without the nodes that it hasn't heard.",
        discussion: """
            Example: node-cli backup release --tenant kckps --yes

            A restored hub first takes back from its nodes what it lost. Changes that only the missing ones have
            still come when they sync; but one that had seen more of the log than the others will refuse this
            hub and must enrol again.
            """)

    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, _) = try context.tenant(tenant)
        let missing = try open.store.read { try $0.nodesToHear().map(\.name) }
        guard try open.store.read({ try $0.isRecovering() }) else {
            return CommandResult(
                data: ["released": false, "missing": []], body: .text("The hub waits for nobody."))
        }
        try context.confirm(
            confirmation, name: open.slug, "Going on without \(missing.joined(separator: ", "))")
        try installation.endRecovery(open.slug)
        return CommandResult(
            data: ["released": true, "missing": .array(missing.map { .string($0) })],
            body: .text("The hub goes on without \(missing.joined(separator: ", "))."))
    }
}
