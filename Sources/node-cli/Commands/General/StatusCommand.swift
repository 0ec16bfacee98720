import ArgumentParser
import NodeCore
import SyncEngine

struct StatusCommand: NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show this installation, its tenants and what waits to be synced.",
        discussion: """
            Example: node-cli status --json

            pending: own deltas without a receipt of the hub. waiting: deltas that came and wait for what
            they build on, most often the parts of a large transaction that isn't here whole.
            """)

    @Flag(help: "Show it again every two seconds, until interrupted; with --json what was last.") var watch =
        false
    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) throws -> CommandResult {
        let installation = try context.installation()
        guard watch else { return try status(installation, context) }
        var last = CommandResult(data: .null)
        try Watch().run(every: 2) {
            last = try status(installation, context)
            try context.output.draw(last.body)
        }
        last.body = .none
        return last
    }

    private func status(_ installation: Installation, _ context: CommandContext) throws -> CommandResult {
        let actor = context.actor(installation)
        var table = Table([
            .init("tenant"), .init("active"), .init("pending", .right), .init("last sync"),
            .init("last error"),
            .init("open conflicts", .right), .init("waiting", .right),
            .init("free seats", .right),
        ])
        var tenants: [JSONValue] = []
        var warnings: [Notice] = []
        let gate = AccessGate(installation, leaseDays: context.configuration.leaseDays)
        let now = context.environment.clock.milliseconds()
        for slug in try installation.slugs() {
            let tenant = try installation.tenant(slug)
            let open = try ConflictService(tenant, actor: actor).list(.open).count
            let (pending, waiting, row, seats) = try tenant.store.read { reader in
                (
                    installation.role == .hub ? (deltas: 0, bytes: 0) : try reader.pending(),
                    try reader.waiting(), try? reader.tenant(), try reader.seatTotals()
                )
            }
            let peer = try installation.peer(slug)
            let last = peer?.lastSyncAt
            let lease = try gate.lease(of: slug)
            if let notice = lease?.notice(at: now) { warnings.append(notice) }
            tenants.append([
                "slug": .string(slug), "active": .bool(row?.active ?? false),
                "pending_deltas": JSONValue(pending.deltas),
                "pending_bytes": JSONValue(pending.bytes), "waiting_deltas": JSONValue(waiting.deltas),
                "waiting_bytes": JSONValue(waiting.bytes), "last_sync_at": JSONValue(milliseconds: last),
                "last_error": JSONValue(peer?.lastError), "conflicts_open": JSONValue(open),
                "seats": SeatsCommand.json(seats),
                "lease_until": JSONValue(milliseconds: lease?.until),
            ])
            let zone = row?.timeZone ?? Tenant.defaultTimeZone
            table.add([
                slug, row.map { $0.active ? "yes" : "no" } ?? "not synced yet", String(pending.deltas),
                last.map { context.time($0, in: zone) } ?? (installation.role == .hub ? "-" : "never"),
                peer?.lastErrorCode ?? "-", String(open), String(waiting.deltas),
                "\(seats.free) of \(seats.total)",
            ])
        }
        let paused =
            try installation.isSyncPaused() ? "; background sync is paused (`node-cli sync resume`)" : ""
        let name = Escaping.visible(installation.name)
        let head = "\(installation.role.rawValue) \(name) (\(installation.nodeID))\(paused)\n"
        let style = context.output.style
        return CommandResult(
            data: [
                "role": .string(installation.role.rawValue), "node_id": .string(installation.nodeID),
                "name": .string(installation.name), "sync_paused": .bool(try installation.isSyncPaused()),
                "tenants": .array(tenants),
            ],
            body: .text(head + table.text(context.output.layout, style: style)), warnings: warnings)
    }
}
