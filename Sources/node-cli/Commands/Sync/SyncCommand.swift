import ArgumentParser
import NodeCore
import NodeServer
import SyncEngine

struct SyncCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Exchange changes with the hub.", subcommands: [SyncNow.self],
        defaultSubcommand: SyncNow.self)

    static func json(_ summary: ApplySummary) -> JSONValue {
        [
            "deltas": JSONValue(summary.deltas), "writes": JSONValue(summary.writes),
            "bytes": JSONValue(summary.bytes),
        ]
    }
}

struct SyncNow: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "now", abstract: "Sync now.",
        discussion: """
            Example: node-cli sync --json

            Pushes what this node wrote, takes what the hub has. May be repeated and cut anywhere; nothing
            that was acknowledged is lost. Exit 10 when the hub can't be reached: the work is kept.
            """)

    @Flag(help: "Exit 5 when conflicts wait for a person.") var failOnConflict = false
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, actor) = try context.tenant(tenant)
        let lock = try FileLock(
            context.directory.path + "/sync-\(open.slug).lock", waiting: 60,
            else: "another sync has been running for a minute",
            hint: "Wait for it, or stop it.")
        defer { withExtendedLifetime(lock) {} }
        let acknowledged = try open.store.read { try $0.state(.receiptSeq)?.int ?? 0 }
        let bar = context.progress("Syncing", unit: "deltas")
        let result = try SyncRunner(installation, client: try context.curl()).sync(open) {
            bar.update($0, of: $1)
        }
        bar.finish()
        let outcome = result.outcome
        let openConflicts = try ConflictService(open, actor: actor).list(.open).count
        let written = try open.store.read { try $0.acknowledgedWrites(after: acknowledged) }
        let data: JSONValue = [
            "verdict": JSONValue(outcome.verdict?.rawValue), "tenant": .string(open.slug),
            "pushed": [
                "deltas": JSONValue(outcome.pushedDeltas), "writes": JSONValue(written),
                "bytes": JSONValue(outcome.pushedBytes),
            ],
            "pulled": SyncCommand.json(outcome.pulled),
            "conflicts": [
                "settled": JSONValue(outcome.pulled.settled), "open": JSONValue(outcome.pulled.open),
            ],
            "conflicts_open": JSONValue(openConflicts), "round_trips": JSONValue(result.roundTrips),
            "duration_ms": .int(result.milliseconds),
        ]
        var command = CommandResult(
            data: data, body: .text(text(result, open: openConflicts)), warnings: warnings(outcome))
        if let error = result.error { command.errors = [error] }
        if result.error == nil, failOnConflict, openConflicts > 0 { command.status = 5 }
        return command
    }

    private func warnings(_ outcome: ExchangeOutcome) -> [Notice] {
        var notices: [Notice] = []
        if -outcome.clockDifference > HLC.limitMilliseconds {
            notices.append(
                Notice(
                    "CLOCK_AHEAD",
                    "this machine's clock is \(-outcome.clockDifference / 1000) s ahead of the hub's",
                    hint: "Set the clock; syncing goes on."))
        }
        if outcome.waitingAtHub > 0 {
            notices.append(
                Notice(
                    "WAITING_AT_HUB", "\(outcome.waitingAtHub) deltas wait at the hub for what they build on")
            )
        }
        return notices
    }

    private func text(_ result: SyncResult, open: Int) -> String {
        let outcome = result.outcome
        if result.error != nil {
            return "Sync did not end; \(outcome.pushedDeltas) deltas were pushed before."
        }
        if outcome.verdict == .equal {
            return "Nothing to do: hub and node are equal (\(result.roundTrips) request)."
        }
        return """
            Pushed \(outcome.pushedDeltas) deltas (\(outcome.pushedBytes) bytes), pulled \(outcome.pulled.deltas) \
            (\(outcome.pulled.writes) rows) in \(result.roundTrips) requests and \(result.milliseconds) ms; \
            \(outcome.pulled.settled) conflicts settled by rule, \(open) open.
            """
    }
}
