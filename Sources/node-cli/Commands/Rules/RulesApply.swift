import ArgumentParser
import NodeCore
import SyncEngine

struct RulesApply: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Make a rule file the district's own, or at the hub the policy.",
        discussion: """
            Example: node-cli rules apply roster.yaml --dry-run
                     node-cli rules apply --remove roster

            The file is checked and its examples are run first. It becomes part of the tenant: signed, synced,
            and in force on each installation in the moment it arrives there, for conflicts that stand too.
            """)

    @Argument(help: "The rule file; - for standard input.") var file: String?
    @Flag(help: "Make it the hub's policy instead of the district's own file; at the hub.") var policy = false
    @Option(help: ArgumentHelp("Take the district's own file for a domain away.", valueName: "domain"))
    var remove: String?
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (file == nil) != (remove == nil), !(policy && remove != nil) else {
            throw ValidationError("Give either a file or --remove DOMAIN.")
        }
    }

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant, to: .applyRules)
        let service = RuleService(open, actor: actor)
        if let remove {
            return result(try service.remove(domain: remove, dryRun: dryRun.dryRun), removed: true)
        }
        let source = try RuleFileOption.parse([file ?? "-"])
        let text = try source.text(context)
        let (rules, problems) = try service.check(text, asPolicy: policy)
        guard rules != nil else {
            return CommandResult(
                data: nil, warnings: RulesCommand.warnings(problems, source.file),
                errors: RulesCommand.errors(problems, source.file))
        }
        var answer = result(
            try service.apply(text, asPolicy: policy, dryRun: dryRun.dryRun), removed: false)
        answer.warnings = RulesCommand.warnings(problems, source.file)
        return answer
    }

    private func result(_ applied: RuleService.Applied, removed: Bool) -> CommandResult {
        var text = applied.changes.isEmpty ? "" : RulesCommand.diff(applied.changes) + "\n"
        let verb = removed ? "taken away" : "in force as version \(applied.version)"
        let shows = dryRun.dryRun ? "would show" : applied.changes.count == 1 ? "shows" : "show"
        text +=
            applied.isNew
            ? "\(applied.domain): \(dryRun.dryRun ? "would be " : "")\(verb); "
                + "\(Count.text(applied.changes.count, "value")) \(shows) otherwise."
            : "\(applied.domain): these rules are in force already."
        return CommandResult(
            data: [
                "domain": .string(applied.domain), "version": .int(applied.version),
                "changed": .bool(applied.isNew), "removed": .bool(removed),
                "changes": .array(applied.changes.map(RulesCommand.json)),
            ], body: .text(text))
    }
}
