import ArgumentParser
import NodeCore
import NodeServer
import SyncEngine

struct RulesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules", abstract: "Show, check, try out and apply conflict rules.",
        discussion: """
            A rule picks what a value shows when several people changed it without knowing of each other.
            The hub's policy holds for every district; a district's own file overrides it but for what is
            locked. docs/CONFLICTS.md says how to write one.
            """,
        subcommands: [
            RulesShow.self, RulesCheck.self, RulesTest.self, RulesBacktest.self, RulesApply.self,
        ])

    static func json(_ problem: RuleProblem) -> JSONValue { Shapes.ruleProblem.json(problem) }

    static func json(_ change: RuleChange) -> JSONValue { Shapes.ruleChange.json(change) }

    /// A change as two lines of a diff.
    static func diff(_ changes: [RuleChange]) -> String {
        changes.map { one in
            """
            \(one.table).\(one.column) of \(one.row)\(one.isPast ? " (past)" : "")
            - \(ConflictsCommand.visible(one.before))   \(one.ruleBefore)
            + \(ConflictsCommand.visible(one.after))   \(one.ruleAfter)
            """
        }.joined(separator: "\n")
    }

    /// The problems as the envelope's errors and warnings, each with its place in the file.
    static func errors(_ problems: [RuleProblem], _ file: String) -> [NodeError] {
        problems.filter(\.isError).map { one in
            NodeError(
                .ruleInvalid, "\(file):\(one.line):\(one.column): \(one.message)",
                hint: one.suggestion ?? "See conflict-rules/README.md.", row: one.line)
        }
    }

    static func warnings(_ problems: [RuleProblem], _ file: String) -> [Notice] {
        problems.filter { !$0.isError }.map { one in
            Notice(
                "RULE_REMARK", "\(file):\(one.line):\(one.column): \(one.message)", hint: one.suggestion ?? ""
            )
        }
    }
}

/// A rule file of the district, or at the hub of the policy.
struct RuleFileOption: ParsableArguments {
    @Argument(help: ArgumentHelp("The rule file; - for standard input.", valueName: "file")) var file: String
    @Flag(help: "Take it as the hub's policy instead of the district's own file.") var policy = false

    func text(_ context: CommandContext) throws -> String {
        let bytes = try context.read(file)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw NodeError(.encoding, "'\(file)' isn't UTF-8", hint: "Save it as UTF-8.")
        }
        return text
    }

    /// What a command answers to a file with mistakes: all of them, as `check` tells them. Nil for a sound one.
    func refusal(of text: String, _ service: RuleService) throws -> CommandResult? {
        let (rules, problems) = try service.check(text, asPolicy: policy)
        guard rules == nil else { return nil }
        return CommandResult(
            data: nil, warnings: RulesCommand.warnings(problems, file),
            errors: RulesCommand.errors(problems, file))
    }
}

struct RulesShow: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show the rules in force, with where each stands.",
        discussion: """
            Example: node-cli rules show --table teacher

            The column * is the row's life: deleted on one side, edited on the other; *duplicate speaks of \
            rows that share a key, *missing_parent of rows whose parent is gone. Owner says who may write; \
            what only one side writes has no conflicts.
            """)

    @Option(help: "Only this table.") var table: String?
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (_, open, actor) = try context.tenant(tenant, to: .readRules)
        let lines = try RuleService(open, actor: actor).show(table: table)
        let documents = try open.store.read { try $0.ruleDocuments() }
        var list = Table([
            .init("table"), .init("column"), .init("owner"), .init("when", maxWidth: 32),
            .init("rule", maxWidth: 40), .init("from", maxWidth: 36), .init("locked"),
        ])
        for one in lines {
            list.add([
                one.table, one.column, one.owner.rawValue, one.when.joined(separator: " and "), one.rule,
                one.place, one.isLocked ? "yes" : "",
            ])
        }
        return CommandResult(
            data: [
                "rules": .array(lines.map(Shapes.rule.json)),
                "documents": .array(documents.map(Shapes.ruleDocument.json)),
            ], body: .table(list))
    }
}
