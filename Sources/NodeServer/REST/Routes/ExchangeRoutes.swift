import NodeCore
import SyncEngine

/// The exchange with the hub, as people steer and watch it; `/sync/v1` is what the machines speak.
struct ExchangeRoutes: Sendable {
    /// Syncs a tenant now; nil where nothing syncs, as at a hub.
    let syncNow: (@Sendable (OpenTenant) throws -> SyncResult)?

    private static let status = DataSchema.named(
        "SyncStatus",
        .object(
            [
                .init("role", .choice(["hub", "node"])), .init("node_id", .anyText),
                .init("tenant", .anyText),
                .init("paused", .boolean), .init("pending_deltas", .count), .init("pending_bytes", .count),
                .init("waiting_deltas", .count), .init("waiting_bytes", .count),
                .init("conflicts_open", .count), .init("last_sync_at", .nullable(.time)),
                .init("last_error_code", .nullable(.anyText)), .init("lease_until", .nullable(.time)),
                .init("seats", Shapes.seatCounts.schema),
            ], isOpen: true))

    private static let result = DataSchema.named(
        "SyncResult",
        .object(
            [
                .init("verdict", .nullable(.anyText)), .init("tenant", .anyText),
                .init("pushed", .map(.count)), .init("pulled", .map(.count)),
                .init("conflicts", .map(.count)), .init("round_trips", .count), .init("duration_ms", .count),
            ], isOpen: true))

    var all: [Route] {
        let syncNow = syncNow
        return [
            Route(
                .post, "/api/v1/sync", id: "sync_now", tag: "sync", "A node syncs now.",
                .tenant(.runSync, .query), parameters: [.tenant], content: .json(Self.result)
            ) { call in
                guard let syncNow else { throw Self.nodeOnly }
                return try Self.answer(syncNow(call.tenant))
            },
            Route(
                .get, "/api/v1/sync/status", id: "get_sync_status", tag: "sync",
                "What waits to be synced, and how the last exchange went.", .tenant(.readSync, .query),
                parameters: [.tenant], content: .json(Self.status), handler: Self.status),
            Route(
                .get, "/api/v1/sync/log", id: "list_exchanges", tag: "sync",
                "The exchanges of this node, newest first.", .tenant(.readSync, .query),
                parameters: [.tenant, .page, .perPage],
                content: Answer.pageSchema("exchanges", Shapes.exchange)
            ) { call in
                let slug = try call.tenant.slug
                let all = try call.installation.exchanges(limit: 10_000).filter { $0.record.tenant == slug }
                return .page("exchanges", all, Shapes.exchange, call.page)
            },
            Self.pause("pause", true), Self.pause("resume", false), rotate,
        ]
    }

    private var rotate: Route {
        let syncNow = syncNow
        return Route(
            .post, "/api/v1/nodes/rotate", id: "rotate_node_key", tag: "nodes",
            "Change this installation's own key in a tenant; at a node with the hub, which certifies it.",
            .tenant(.rotateKey, .query), parameters: [.tenant], content: .json(Shapes.keyRotation.schema)
        ) { call in
            let outcome = try KeyRotation.rotate(
                try call.tenant, at: call.installation, sync: syncNow ?? { _ in throw Self.nodeOnly })
            if let error = outcome.error { throw error }
            return Answer(Shapes.keyRotation.json(outcome))
        }
    }

    private static let nodeOnly = NodeError(
        .nodeOnly, "a hub has nobody to sync with: nodes call it", hint: "Call the node.")

    private static func pause(_ verb: String, _ paused: Bool) -> Route {
        Route(
            .post, "/api/v1/sync/\(verb)", id: "\(verb)_sync", tag: "sync",
            paused ? "Stop the background sync." : "Let the background sync go on.",
            .tenant(.runSync, .query), parameters: [.tenant],
            content: .json(.object([.init("paused", .boolean)], isOpen: true))
        ) { call in
            guard call.installation.role == .node else { throw nodeOnly }
            try call.installation.setSyncPaused(paused)
            return Answer(["paused": .bool(paused)])
        }
    }

    private static func answer(_ result: SyncResult) throws -> Answer {
        if let error = result.error { throw error }
        let outcome = result.outcome
        return Answer([
            "verdict": JSONValue(outcome.verdict?.rawValue), "tenant": .string(result.tenant),
            "pushed": [
                "deltas": JSONValue(outcome.pushedDeltas), "bytes": JSONValue(outcome.pushedBytes),
            ],
            "pulled": [
                "deltas": JSONValue(outcome.pulled.deltas), "writes": JSONValue(outcome.pulled.writes),
                "bytes": JSONValue(outcome.pulled.bytes),
            ],
            "conflicts": [
                "settled": JSONValue(outcome.pulled.settled), "open": JSONValue(outcome.pulled.open),
            ],
            "round_trips": JSONValue(result.roundTrips), "duration_ms": .int(result.milliseconds),
        ])
    }

    private static func status(_ call: Call) throws -> Answer {
        let installation = call.installation, open = try call.tenant
        let (pending, waiting, conflicts, seats) = try open.store.read { reader in
            (
                installation.role == .hub ? (deltas: 0, bytes: 0) : try reader.pending(),
                try reader.waiting(), try reader.openConflicts(), try reader.seatTotals()
            )
        }
        let peer = try installation.peer(open.slug)
        let lease = try call.gate.lease(of: open.slug)
        return Answer([
            "role": .string(installation.role.rawValue), "node_id": .string(installation.nodeID),
            "tenant": .string(open.slug), "paused": .bool(try installation.isSyncPaused()),
            "pending_deltas": JSONValue(pending.deltas), "pending_bytes": JSONValue(pending.bytes),
            "waiting_deltas": JSONValue(waiting.deltas), "waiting_bytes": JSONValue(waiting.bytes),
            "conflicts_open": JSONValue(conflicts), "last_sync_at": JSONValue(milliseconds: peer?.lastSyncAt),
            "last_error_code": JSONValue(peer?.lastErrorCode),
            "lease_until": JSONValue(milliseconds: lease?.until),
            "seats": Shapes.seatCounts.json(seats),
        ])
    }
}
