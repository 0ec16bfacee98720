import NodeCore
import SyncEngine

/// Conflict rules: those in force, and files that are checked, tried out and applied.
enum RuleRoutes {
    private static let file = DataSchema.object([
        .init("document", .text(1...262_144), "The rule file, YAML."),
        .optional("policy", .boolean, "Take it as the hub's policy, not as the district's own file."),
    ])

    private static let checked = DataSchema.named(
        "RulesChecked",
        .object(
            [
                .init("ok", .boolean), .init("domain", .nullable(.anyText)),
                .init("problems", Shapes.ruleProblem.listSchema),
            ], isOpen: true))

    static let all = [
        Route(
            .get, "/api/v1/rules", id: "list_rules", tag: "rules", "The rules in force, with their places.",
            .tenant(.readRules, .query),
            parameters: [
                .tenant, .page, .perPage,
                .init(name: "table", schema: .text(1...100), about: "Only those of this table."),
            ],
            content: .json(
                .object(
                    [
                        .init("rules", Shapes.rule.listSchema),
                        .init("documents", Shapes.ruleDocument.listSchema),
                        .init("pagination", Answer.paginationSchema),
                    ], isOpen: true))
        ) { call in
            let lines = try service(call).show(table: call.query["table"])
            let documents = try call.tenant.store.read { try $0.ruleDocuments() }
            let page = call.page
            return Answer([
                "rules": .array(page.slice(lines).map(Shapes.rule.json)),
                "documents": .array(documents.map(Shapes.ruleDocument.json)),
                "pagination": Answer.pagination(lines.count, page),
            ])
        },
        Route(
            .post, "/api/v1/rules/check", id: "check_rules", tag: "rules",
            "Every mistake of a rule file, with line and column; changes nothing.",
            .tenant(.readRules, .query), parameters: [.tenant], body: .json(file), content: .json(checked)
        ) { call in
            let (found, problems) = try service(call).check(
                call.body.required("document"), asPolicy: call.body.flag("policy") ?? false)
            return Answer([
                "ok": .bool(!problems.contains(where: \.isError)), "domain": JSONValue(found?.domain),
                "problems": .array(problems.map(Shapes.ruleProblem.json)),
            ])
        },
        Route(
            .post, "/api/v1/rules/test", id: "test_rules", tag: "rules",
            "Run the examples that stand in a rule file; changes nothing.", .tenant(.readRules, .query),
            parameters: [.tenant], body: .json(file), content: .json(Shapes.ruleTests.schema)
        ) { call in
            let outcomes = try service(call).test(
                call.body.required("document"), asPolicy: call.body.flag("policy") ?? false)
            return Answer(Shapes.ruleTests.json(outcomes))
        },
        Route(
            .post, "/api/v1/rules/backtest", id: "backtest_rules", tag: "rules",
            "What a rule file would have made of the conflicts so far; changes nothing.",
            .tenant(.readConflicts, .query),
            parameters: [
                .tenant,
                .init(
                    name: "days", schema: .integer(0...36_500),
                    about: "How far back conflicts that are over are looked at; 90 unless told."),
            ], body: .json(file), content: .json(Shapes.backtest.schema)
        ) { call in
            let test = try service(call).backtest(
                call.body.required("document"), days: call.integer("days") ?? 90,
                asPolicy: call.body.flag("policy") ?? false)
            return Answer(Shapes.backtest.json(test))
        },
        Route(
            .put, "/api/v1/rules", id: "apply_rules", tag: "rules",
            "Make a rule file the district's own, or at the hub the policy.",
            .tenant(.applyRules, .query), parameters: [.tenant, .dryRun], body: .json(file),
            content: .json(Shapes.rulesApplied.schema)
        ) { call in
            let applied = try service(call).apply(
                call.body.required("document"), asPolicy: call.body.flag("policy") ?? false,
                dryRun: call.flag("dry_run"))
            return Answer(Shapes.rulesApplied.json(applied))
        },
        Route(
            .delete, "/api/v1/rules/{domain}", id: "remove_rules", tag: "rules",
            "Take the district's own file for a domain away.", .tenant(.applyRules, .query),
            parameters: [.tenant, .dryRun], content: .json(Shapes.rulesApplied.schema)
        ) { call in
            let removed = try service(call).remove(
                domain: call.segment("domain"), dryRun: call.flag("dry_run"))
            return Answer(Shapes.rulesApplied.json(removed))
        },
    ]

    private static func service(_ call: Call) throws -> RuleService {
        RuleService(try call.tenant, actor: try call.actor)
    }
}
