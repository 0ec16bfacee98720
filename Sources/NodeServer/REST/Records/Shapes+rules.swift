import NodeCore
import SyncEngine

extension Shapes {
    public static let rule = Shape<RuleService.Line>(
        "Rule",
        [
            .text("table") { $0.table }, .text("domain") { $0.domain }, .text("column") { $0.column },
            .text("owner") { $0.owner.rawValue },
            .texts("when") { $0.when }, .text("rule") { $0.rule }, .text("place") { $0.place },
            .flag("locked") { $0.isLocked },
        ])

    public static let ruleDocument = Shape<RuleDocument>(
        "RuleDocument",
        [
            .text("layer") { $0.layer.rawValue }, .text("domain") { $0.domain },
            .count("version") { Int($0.version) },
        ])

    public static let ruleProblem = Shape<RuleProblem>(
        "RuleProblem",
        [
            .count("line") { $0.line }, .count("column") { $0.column },
            .text("severity") { $0.isError ? "error" : "warning" }, .text("message") { $0.message },
            .optional("suggestion") { $0.suggestion },
        ])

    public static let ruleChange = Shape<RuleChange>(
        "RuleChange",
        [
            .text("table") { $0.table }, .text("row_id") { $0.row }, .text("column") { $0.column },
            .init("before", .scalar) { json($0.before) }, .init("after", .scalar) { json($0.after) },
            .text("rule_before") { $0.ruleBefore }, .text("rule_after") { $0.ruleAfter },
            .flag("past") { $0.isPast },
        ])

    /// What an example of a rule file came to.
    public static let ruleTest = Shape<RuleExample.Outcome>(
        "RuleTest",
        [
            .text("name") { $0.name }, .count("line") { $0.line }, .flag("ok") { $0.failures.isEmpty },
            .texts("failures") { $0.failures },
        ])

    /// The examples of a file.
    public static let ruleTests = Shape<[RuleExample.Outcome]>(
        "RuleTests",
        [
            .count("passed") { $0.count { $0.failures.isEmpty } },
            .count("failed") { $0.count { !$0.failures.isEmpty } }, .list("tests", ruleTest) { $0 },
        ])

    public static let backtest = Shape<Backtest>(
        "RulesBacktest",
        [
            .count("standing") { $0.standing }, .count("past") { $0.past },
            .count("open_before") { $0.openBefore }, .count("open_after") { $0.openAfter },
            .list("changes", ruleChange) { $0.changes },
        ])

    public static let rulesApplied = Shape<RuleService.Applied>(
        "RulesApplied",
        [
            .text("domain") { $0.domain }, .count("version") { Int($0.version) },
            .flag("changed") { $0.isNew }, .list("changes", ruleChange) { $0.changes },
        ])
}
