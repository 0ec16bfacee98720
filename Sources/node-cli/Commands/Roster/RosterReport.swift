import NodeCore
import NodeServer

/// How the outcome of an import is shown.
enum RosterReport {
    static func json(_ row: RowMessage) -> JSONValue { Shapes.rowMessage.json(row) }

    /// One line a message, for people; at most 50.
    static func lines(_ rows: [RowMessage]) -> String {
        var text = ""
        for row in rows.prefix(50) {
            let near = row.suggestions.isEmpty ? "" : " (near: \(row.suggestions.joined(separator: ", ")))"
            text += "\n  row \(row.row): " + Escaping.visible(row.message + near) + " [\(row.code.rawValue)]"
        }
        if rows.count > 50 { text += "\n  … and \(rows.count - 50) more; --json lists all" }
        return text
    }

    static func result(_ outcome: RosterService.Outcome, dryRun: Bool) -> CommandResult {
        let plan = outcome.plan
        let data = Shapes.rosterOutcome.json(outcome)
        let verb = outcome.isHeld ? "Held, nothing written" : dryRun ? "Would import" : "Imported"
        let text = """
            \(verb): \(plan.records) records for \(outcome.year): \(plan.created) created, \(plan.updated) updated, \
            \(plan.unchanged) unchanged, \(plan.deactivated) deactivated, \(plan.skipped) skipped, \
            \(plan.rowErrors) in error.
            """ + lines(plan.rows)
        if let held = plan.held {
            let hint =
                dryRun
                ? "Repeat with --approve-deactivate \(held.deactivations) if that is right, or --additive to deactivate nobody."
                : "Check the list; if it is right: node-cli roster approve \(outcome.importID)"
            return CommandResult(
                data: data, body: .text(text), warnings: outcome.notices,
                errors: [NodeError(.held, held.message, hint: hint)])
        }
        return CommandResult(
            data: data, body: .text(text), warnings: outcome.notices, status: plan.rowErrors > 0 ? 3 : 0)
    }
}
