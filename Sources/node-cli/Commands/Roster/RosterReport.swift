import NodeCore
import NodeServer

/// How the outcome of an import is shown.
enum RosterReport {
    static func json(_ row: RowMessage) -> JSONValue { Shapes.rowMessage.json(row) }

    /// One line a message, for people; at most 50.
    static func lines(_ rows: [RowMessage]) -> String {
        var text = ""
        for row in rows.prefix(50) {
            text += "\n  row \(row.row): " + Escaping.visible(words(row)) + " [\(row.code.rawValue)]"
        }
        if rows.count > 50 { text += "\n  … and \(rows.count - 50) more; --json and --report list all" }
        return text
    }

    private static func words(_ row: RowMessage) -> String {
        row.message + (row.suggestions.isEmpty ? "" : " (near: \(row.suggestions.joined(separator: ", ")))")
    }

    static func result(_ outcome: RosterService.Outcome, dryRun: Bool) -> CommandResult {
        let verb = outcome.isHeld ? "Held, nothing written" : dryRun ? "Would import" : "Imported"
        let text = summary(outcome, verb) + lines(outcome.plan.rows) + leaving(outcome)
        let hint =
            dryRun
            ? "Repeat with --approve-deactivate \(outcome.plan.deactivated) if that is right, or --additive to deactivate nobody."
            : "Check the list; if it is right: node-cli roster approve \(outcome.importID)"
        return finished(outcome, Shapes.rosterOutcome.json(outcome), .text(text), hint: hint)
    }

    /// What an import would do, row by row.
    static func preview(_ outcome: RosterService.Outcome, all: Bool) -> CommandResult {
        var table = Table([
            .init("row", .right), .init("action"), .init("name", maxWidth: 30), .init("email", maxWidth: 36),
            .init("change", maxWidth: 60),
        ])
        let messages = Dictionary(outcome.plan.rows.map { ($0.row, $0) }) { first, _ in first }
        for step in outcome.steps where all || step.action != .unchanged {
            let message = step.row.flatMap { messages[$0].map(words) }
            table.add([
                step.row.map(String.init) ?? "-", step.action.rawValue, step.name, step.email,
                step.changes.isEmpty
                    ? message ?? (step.action == .create ? step.school : "") : text(step.changes),
            ])
        }
        return finished(
            outcome, Shapes.rosterPreview.json(outcome), .summary(summary(outcome, "Would import"), table),
            hint: "Import it and approve it, or use --additive to deactivate nobody.")
    }

    private static func finished(
        _ outcome: RosterService.Outcome, _ data: JSONValue, _ body: Output.Body, hint: String
    ) -> CommandResult {
        guard let held = outcome.plan.held else {
            return CommandResult(
                data: data, body: body, warnings: outcome.notices, status: outcome.plan.rowErrors > 0 ? 3 : 0)
        }
        return CommandResult(
            data: data, body: body, warnings: outcome.notices,
            errors: [NodeError(.held, held.message, hint: hint)])
    }

    private static func summary(_ outcome: RosterService.Outcome, _ verb: String) -> String {
        let plan = outcome.plan
        return """
            \(verb): \(plan.records) records for \(outcome.year): \(plan.created) created, \(plan.updated) updated, \
            \(plan.unchanged) unchanged, \(plan.deactivated) deactivated, \(plan.skipped) skipped, \
            \(plan.rowErrors) in error.
            """
    }

    /// Who becomes inactive, for people; at most 50.
    private static func leaving(_ outcome: RosterService.Outcome) -> String {
        let leaving = outcome.steps.filter { $0.action == .deactivate }
        guard !leaving.isEmpty else { return "" }
        var text = outcome.isHeld ? "\nWould become inactive:" : "\nBecame inactive:"
        for one in leaving.prefix(50) {
            text += "\n  " + Escaping.visible("\(one.name), \(one.email), \(one.school)")
        }
        return text + (leaving.count > 50 ? "\n  … and \(leaving.count - 50) more; --json lists all" : "")
    }

    private static func text(_ changes: [RosterStep.Change]) -> String {
        changes.map { "\($0.column): \($0.from.isEmpty ? "nothing" : $0.from) -> \($0.to)" }
            .joined(separator: "; ")
    }
}
