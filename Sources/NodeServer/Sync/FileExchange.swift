import NodeCore
import SyncEngine

/// An exchange by file at this installation, whichever side it is: for the command and for REST.
public enum FileExchange {
    /// `node`: at the hub whom the file is for; may be left out where the tenant has one node.
    public static func export(
        _ node: String?, of tenant: OpenTenant, at installation: Installation,
        to sink: @escaping ([UInt8]) throws -> Void
    ) throws -> FileReport {
        guard installation.role == .hub else {
            guard node == nil else {
                throw NodeError(
                    .hubOwned, "a node exports to its hub alone", hint: "Leave --node out.", field: "node")
            }
            return try NodeFile(tenant.slug, at: installation).export(to: sink)
        }
        return try HubFile(tenant, at: installation).export(to: addressee(node, tenant, installation), sink)
    }

    private static func addressee(_ node: String?, _ tenant: OpenTenant, _ hub: Installation) throws
        -> EnrolledNode
    {
        let enrolled = try hub.enrolments(slug: tenant.slug)
        if let node {
            let found = try NodeAdministration.find(node, tenant: tenant.slug, at: hub).origin.id
            guard let one = enrolled.last(where: { $0.origin == found }) else {
                throw NodeError(
                    .nodeNotFound, "no enrolled node is called '\(node)'", hint: "`node-cli nodes list`.",
                    field: "node")
            }
            return one
        }
        let present = try tenant.store.read { reader in
            try enrolled.filter { try reader.origin($0.origin).map(reader.isInUse) == true }
        }
        guard let only = present.first else {
            throw NodeError(
                .nodeNotFound, "no node is enrolled in '\(tenant.slug)'",
                hint: "`node-cli nodes invite` invites one.")
        }
        guard present.count == 1 else {
            throw NodeError(
                .usage, "'\(tenant.slug)' has \(present.count) nodes", hint: "Name one with --node.",
                field: "node")
        }
        return only
    }

    /// What an import did.
    public struct Imported: Sendable {
        public enum Side: Sendable {
            case hub(HubFile.Taken)
            case node(ExchangeOutcome)
        }
        public let tenant: String
        public let side: Side
        /// Own writes that the file brought receipts for.
        public let acknowledged: Int

        public var error: NodeError? {
            if case .node(let outcome) = side { outcome.error } else { nil }
        }
    }

    public static func take(
        _ source: any ByteSource, of tenant: OpenTenant, at installation: Installation
    ) throws -> Imported {
        guard installation.role == .node else {
            let taken = try HubFile(tenant, at: installation).take(source)
            return Imported(tenant: tenant.slug, side: .hub(taken), acknowledged: 0)
        }
        let before = try tenant.store.read { try $0.state(.receiptSeq)?.int ?? 0 }
        let outcome = try NodeFile(tenant.slug, at: installation).take(source)
        let acknowledged = try tenant.store.read { try $0.acknowledgedWrites(after: before) }
        return Imported(tenant: tenant.slug, side: .node(outcome), acknowledged: acknowledged)
    }

    public static func json(_ report: FileReport, tenant: String, file: String) -> JSONValue {
        [
            "tenant": .string(tenant), "file": .string(file), "deltas": JSONValue(report.deltas),
            "bytes": JSONValue(report.bytes), "complete": .bool(report.isComplete),
            "node": JSONValue(report.node?.name),
        ]
    }
}

extension FileExchange.Imported {
    public var json: JSONValue {
        switch side {
        case .hub(let taken):
            [
                "tenant": .string(tenant), "node": .string(taken.node.name), "verdict": "exchange",
                "deltas": JSONValue(taken.deltas), "pulled": Self.json(taken.summary),
                "waiting": JSONValue(taken.summary.waiting), "older": .bool(taken.isOlder),
            ]
        case .node(let outcome):
            [
                "tenant": .string(tenant), "verdict": JSONValue(outcome.verdict?.rawValue),
                "pulled": Self.json(outcome.pulled), "acknowledged": JSONValue(acknowledged),
                "conflicts": [
                    "settled": JSONValue(outcome.pulled.settled), "open": JSONValue(outcome.pulled.open),
                ],
                "succession": JSONValue(outcome.succession?.reason.rawValue),
            ]
        }
    }

    private static func json(_ summary: ApplySummary) -> JSONValue {
        [
            "deltas": JSONValue(summary.deltas), "writes": JSONValue(summary.writes),
            "bytes": JSONValue(summary.bytes),
        ]
    }
}
