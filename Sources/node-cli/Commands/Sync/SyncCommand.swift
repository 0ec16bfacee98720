import ArgumentParser
import NodeCore
import NodeServer
import SyncEngine

struct SyncCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Exchange changes with the hub.",
        subcommands: [
            SyncNow.self, SyncLog.self, SyncPause.self, SyncResume.self, SyncExport.self, SyncImport.self,
        ],
        defaultSubcommand: SyncNow.self)

    /// The installation, if it syncs by itself.
    static func node(_ context: CommandContext) throws -> Installation {
        let installation = try context.installation()
        guard installation.role == .node else {
            throw NodeError(
                .nodeOnly, "a hub has no background sync: nodes call it", hint: "Run it at a node.")
        }
        return installation
    }

    static func json(_ summary: ApplySummary) -> JSONValue {
        [
            "deltas": JSONValue(summary.deltas), "writes": JSONValue(summary.writes),
            "bytes": JSONValue(summary.bytes),
        ]
    }

    static func json(_ succession: Succession) -> JSONValue {
        [
            "reason": .string(succession.reason.rawValue),
            "predecessor": .string(succession.predecessor.hex),
        ]
    }

    static func json(_ snapshot: SnapshotTaken) -> JSONValue {
        [
            "position": .int(snapshot.position), "deltas": JSONValue(snapshot.deltas),
            "writes": JSONValue(snapshot.writes), "bytes": JSONValue(snapshot.bytes),
        ]
    }

    /// What a person is told whose node has gone on as a new origin.
    static func notice(_ succession: Succession) -> Notice {
        switch succession.reason {
        case .rotation:
            Notice("KEY_ROTATED", "this node writes with a new key now", hint: "There is nothing to do.")
        case .restore:
            Notice(
                "ORIGIN_REPLACED",
                "this node had been put back to an older state: it took its own changes back from the hub",
                hint: "It goes on with a new key. Seats that it held must be granted to it again at the hub.")
        case .clone:
            Notice(
                "ORIGIN_REPLACED",
                "two copies of this node's data were written to: all changes of both are kept",
                hint: """
                    This machine goes on with a new key. If another one runs from a copy of this folder, stop \
                    one of them. Seats that the node held must be granted again at the hub.
                    """)
        }
    }
}

struct SyncNow: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "now", abstract: "Sync now.",
        discussion: """
            Example: node-cli sync --json

            Pushes what this node wrote, takes what the hub has. May be repeated and cut anywhere; nothing
            that was acknowledged is lost. Exit 10 when the hub can't be reached: the work is kept.

            With --dry-run the hub checks signature, order and rights of all that would be pushed and
            stores nothing, and this node merges all that it would pull in a transaction that it rolls
            back. Conflicts are those that the pull would make here.

            A node that has most of it still to take gets the hub's file as a whole, checks it and goes on from
            there; if the line breaks meanwhile, the next sync goes on where it was.

            With --watch it goes on until interrupted: after each local change, and at the interval of \
            `serve` (sync.interval_seconds), also when the hub is away.
            """)

    @Flag(help: "Exit 5 when conflicts wait for a person.") var failOnConflict = false
    @Flag(help: "Go on until interrupted; with --json what was last.") var watch = false
    @OptionGroup var dryRun: DryRunOption
    @OptionGroup var tenant: TenantOption
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if watch, dryRun.dryRun { throw ValidationError("--watch syncs; a dry run is done once.") }
    }

    func execute(_ context: CommandContext) throws -> CommandResult {
        let (installation, open, actor) = try context.tenant(tenant, to: .runSync)
        guard watch else { return try sync(open, installation, actor, context) }
        let schedule = SyncSchedule(interval: context.configuration.syncInterval)
        var state = SyncSchedule.State(), last = CommandResult(data: .null)
        try Watch().run(every: 1) {
            let head = try open.store.read { try $0.ownOrigin()?.headSeq ?? 0 }
            guard schedule.isDue(state, head: head, now: .now) else { return }
            last = try sync(open, installation, actor, context)
            schedule.record(&state, head: head, failed: !last.errors.isEmpty, now: .now, random: 128)
            try tell(last, context)
        }
        last.body = .none
        return last
    }

    /// One line a sync, and what stood in its way.
    private func tell(_ result: CommandResult, _ context: CommandContext) throws {
        guard case .text(let text) = result.body else { return }
        let now = context.time(context.environment.clock.milliseconds(), in: Tenant.defaultTimeZone)
        try context.output.line("\(now)  \(text)")
        for notice in result.warnings { context.output.warn(notice) }
        for error in result.errors { context.output.fail(error) }
    }

    private func sync(
        _ open: OpenTenant, _ installation: Installation, _ actor: Actor, _ context: CommandContext
    ) throws -> CommandResult {
        let lock = try installation.lockForSync(open.slug, waiting: 60)
        defer { withExtendedLifetime(lock) {} }
        if dryRun.dryRun { return try rehearse(open, installation, context) }
        let acknowledged = try open.store.read { try $0.state(.receiptSeq)?.int ?? 0 }
        let result = try context.sync(
            open, label: "Syncing",
            by: SyncRunner(
                installation, client: try context.curl(), hubURL: context.configuration.hubURL,
                retention: BodyRetention(keepDays: context.configuration.retentionDays)))
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
            "succession": outcome.succession.map(SyncCommand.json) ?? .null,
            "snapshot": outcome.snapshot.map(SyncCommand.json) ?? .null,
        ]
        var command = CommandResult(
            data: data, body: .text(text(result, open: openConflicts)), warnings: warnings(outcome))
        if let error = result.retentionError {
            command.warnings.append(
                Notice(
                    "RETENTION_FAILED", "replaced values could not be let go: \(error.message)",
                    hint: error.hint))
        }
        if let error = result.error { command.errors = [error] }
        if result.error == nil, failOnConflict, openConflicts > 0 { command.status = 5 }
        return command
    }

    func warnings(_ outcome: ExchangeOutcome) -> [Notice] {
        var notices: [Notice] = []
        if let succession = outcome.succession { notices.append(SyncCommand.notice(succession)) }
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
        if outcome.verdict == .equal, open > 0 {
            return
                "Nothing to do: hub and node are equal; \(open) conflicts wait (`node-cli conflicts list --state open`)."
        }
        if outcome.verdict == .equal {
            return "Nothing to do: hub and node are equal (\(result.roundTrips) request)."
        }
        return """
            Pushed \(outcome.pushedDeltas) deltas (\(outcome.pushedBytes) bytes), pulled \(outcome.pulled.deltas) \
            (\(outcome.pulled.writes) rows) in \(result.roundTrips) requests and \(result.milliseconds) ms; \
            \(outcome.pulled.settled) conflicts settled by rule, \(open) open in all.\
            \(outcome.snapshot == nil ? "" : " Most of it came as a snapshot of the hub's file.")
            """
    }
}

extension CommandContext {
    /// Syncs a tenant and shows how far it is, also while a snapshot is fetched.
    func sync(_ tenant: OpenTenant, label: String, by runner: SyncRunner) throws -> SyncResult {
        let bar = progress(label, unit: "deltas")
        let fetching = progress("Fetching a snapshot", unit: "KB")
        defer { for one in [bar, fetching] { one.finish() } }
        return try runner.sync(tenant) {
            bar.update($0)
        } fetched: {
            bar.clear()
            fetching.update($0 / 1000, of: $1 / 1000)
        }
    }
}

extension Progress {
    func update(_ exchange: NodeExchange.Progress) {
        update(exchange.done, of: exchange.total, note: ByteText.short(exchange.bytes))
    }
}

struct SyncLog: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "List the exchanges of this node, newest first.",
        discussion: "Example: node-cli sync log --limit 20")

    @Option(help: "At most so many.") var limit = 50
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        guard limit > 0 else { throw NodeError(.usage, "--limit must be at least 1", field: "limit") }
        let exchanges = try context.installation().exchanges(limit: limit)
        var table = Table([
            .init("at"), .init("tenant"), .init("verdict"), .init("pushed", .right), .init("pulled", .right),
            .init("requests", .right), .init("ms", .right), .init("error"),
        ])
        for (at, one, code) in exchanges {
            table.add([
                context.time(at, in: Tenant.defaultTimeZone), one.tenant, one.verdict, String(one.pushed),
                String(one.pulled), String(one.roundTrips), String(one.milliseconds), code ?? "-",
            ])
        }
        return CommandResult(
            data: [
                "exchanges": .array(exchanges.map { Shapes.exchange.json(($0.at, $0.record, $0.errorCode)) })
            ], body: .table(table))
    }
}

struct SyncPause: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Stop the background sync of a running serve; `sync` still works.",
        discussion: "Example: node-cli sync pause")

    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        try SyncCommand.node(context).setSyncPaused(true)
        return CommandResult(data: ["paused": true], body: .text("Background sync is paused."))
    }
}

struct SyncResume: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Let the background sync go on.",
        discussion: "Example: node-cli sync resume")

    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        try SyncCommand.node(context).setSyncPaused(false)
        return CommandResult(data: ["paused": false], body: .text("Background sync goes on."))
    }
}
