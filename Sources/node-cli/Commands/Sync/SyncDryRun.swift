import NodeCore
import NodeServer
import SyncEngine

/// `sync --dry-run`.
extension SyncNow {
    func rehearse(_ open: OpenTenant, _ installation: Installation, _ context: CommandContext) throws
        -> CommandResult
    {
        let bar = context.progress("Checking", unit: "deltas")
        let result = try SyncRunner(
            installation, client: try context.curl(), hubURL: context.configuration.hubURL
        ).dryRun(open) { bar.update($0) }
        bar.finish()
        let outcome = result.outcome, exchange = outcome.exchange
        var command = CommandResult(
            data: data(result, slug: open.slug), body: .text(text(result)),
            warnings: warnings(exchange) + refusals(outcome))
        if let error = exchange.error { command.errors = [error] }
        if exchange.error == nil, failOnConflict, outcome.openConflicts > 0 { command.status = 5 }
        return command
    }

    private func data(_ result: DryRunResult, slug: String) -> JSONValue {
        let outcome = result.outcome, exchange = outcome.exchange
        let refused = outcome.refused.map { one -> JSONValue in
            [
                "table": .string(one.table), "id": .string(one.row), "column": .string(one.column),
                "reason": .string(one.reason),
            ]
        }
        return [
            "dry_run": true, "verdict": JSONValue(exchange.verdict?.rawValue), "tenant": .string(slug),
            "pushed": [
                "deltas": JSONValue(exchange.pushedDeltas), "writes": JSONValue(outcome.pushedWrites),
                "bytes": JSONValue(exchange.pushedBytes), "waiting": JSONValue(exchange.waitingAtHub),
                "refused": JSONValue(outcome.refusedCount), "refused_writes": .array(refused),
            ],
            "pulled": SyncCommand.json(exchange.pulled),
            "conflicts": [
                "settled": JSONValue(exchange.pulled.settled), "open": JSONValue(exchange.pulled.open),
            ],
            "conflicts_open": JSONValue(outcome.openConflicts), "round_trips": JSONValue(result.roundTrips),
            "duration_ms": .int(result.milliseconds),
        ]
    }

    private func refusals(_ outcome: DryRunOutcome) -> [Notice] {
        guard outcome.refusedCount > 0 else { return [] }
        return [
            Notice(
                "WRITES_REFUSED",
                "the hub would refuse \(outcome.refusedCount) writes for want of a right",
                hint: "`--json` names the first \(outcome.refused.count); the rest of their deltas is taken.")
        ]
    }

    private func text(_ result: DryRunResult) -> String {
        let exchange = result.outcome.exchange
        if exchange.error != nil { return "The dry run did not end; nothing was changed on either side." }
        if exchange.verdict == .equal { return "Nothing to do: hub and node are equal." }
        if exchange.verdict == .snapshotRequired {
            return """
                Would push \(exchange.pushedDeltas) deltas (\(exchange.pushedBytes) bytes) and take a snapshot of \
                the hub's file; what that brings can't be foretold. Nothing was changed on either side.
                """
        }
        return """
            Would push \(exchange.pushedDeltas) deltas (\(exchange.pushedBytes) bytes) and pull \
            \(exchange.pulled.deltas) (\(exchange.pulled.writes) rows), with \(exchange.pulled.settled) \
            conflicts settled by rule and \(result.outcome.openConflicts) open in all. \
            Nothing was changed on either side.
            """
    }
}
