import ArgumentParser
import NodeCore
import NodeServer
import SyncEngine

struct RulesCheck: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a rule file: every mistake with line, column and a suggestion.",
        discussion: """
            Example: node-cli rules check roster.yaml

            Changes nothing. Where a tenant is there, what the hub's policy locks is checked too.
            """)

    @OptionGroup var file: RuleFileOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let text = try file.text(context)
        let (rules, problems) = try check(text, context)
        let errors = RulesCommand.errors(problems, file.file)
        let summary = rules.map {
            "\(file.file) is sound: \(Count.text($0.tables.count, "table")), "
                + "\(Count.text($0.examples.count, "example"))."
        }
        return CommandResult(
            data: [
                "ok": .bool(errors.isEmpty), "domain": JSONValue(rules?.domain),
                "problems": .array(problems.map(RulesCommand.json)),
            ], body: summary.map { .text($0) } ?? .none,
            warnings: RulesCommand.warnings(problems, file.file), errors: errors)
    }

    /// Without an installation or tenant, the file alone.
    private func check(_ text: String, _ context: CommandContext) throws -> (RuleFile?, [RuleProblem]) {
        guard context.directory.isInitialised else { return RuleFile.read(text) }
        let installation = try context.installation()
        if try installation.slugs().isEmpty { return RuleFile.read(text) }
        let (_, open, actor) = try context.tenant(tenant, to: .readRules)
        return try RuleService(open, actor: actor)
            .check(text, asPolicy: file.policy)
    }
}

struct RulesTest: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Run the examples that stand in a rule file.",
        discussion: "Example: node-cli rules test roster.yaml")

    @OptionGroup var file: RuleFileOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant, to: .readRules)
        let service = RuleService(open, actor: actor), rules = try file.text(context)
        if let refusal = try file.refusal(of: rules, service) { return refusal }
        let outcomes = try service.test(rules, asPolicy: file.policy)
        let failed = outcomes.filter { !$0.failures.isEmpty }
        var text = ""
        for one in outcomes {
            text += "\(one.failures.isEmpty ? "ok    " : "FAILED") \(Escaping.visible(one.name))\n"
            for failure in one.failures { text += "         \(Escaping.visible(failure))\n" }
        }
        text +=
            outcomes.isEmpty
            ? "There are no examples in this file; write some under 'tests'."
            : "\(outcomes.count - failed.count) of \(Count.text(outcomes.count, "example")) "
                + "\(outcomes.count == 1 ? "holds" : "hold")."
        let errors = failed.map { one in
            NodeError(
                .ruleTestFailed,
                "\(file.file):\(one.line): '\(one.name)': \(one.failures.joined(separator: "; "))",
                hint: "Change the rule or the example.", row: one.line)
        }
        return CommandResult(
            data: Shapes.ruleTests.json(outcomes), body: .text(text), errors: errors)
    }
}

struct RulesBacktest: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "backtest", abstract: "Show what a rule file would have made of the conflicts so far.",
        discussion: """
            Example: node-cli rules backtest roster.yaml --days 90

            A diff of what is shown: conflicts that stand, and those that ended here in that time. Changes
            nothing.
            """)

    @OptionGroup var file: RuleFileOption
    @Option(help: "How far back conflicts that are over are looked at.") var days = 90
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        guard (0...36_500).contains(days) else {
            throw NodeError(.usage, "--days must be 0 to 36500", field: "days")
        }
        let (_, open, actor) = try context.tenant(tenant, to: .readConflicts)
        let service = RuleService(open, actor: actor), rules = try file.text(context)
        if let refusal = try file.refusal(of: rules, service) { return refusal }
        let test = try service.backtest(rules, days: days, asPolicy: file.policy)
        var text = test.changes.isEmpty ? "" : RulesCommand.diff(test.changes) + "\n"
        text += """
            \(Count.text(test.standing, "standing conflict")), \(Count.text(test.past, "past conflict")): \
            \(Count.text(test.changes.count, "value")) would show otherwise; open for review \
            \(test.openBefore), with this file \(test.openAfter).
            """
        return CommandResult(data: Shapes.backtest.json(test), body: .text(text))
    }
}
