import NodeCore

/// The hub's one answer to a hello (DESIGN 9).
public enum Verdict: String, Sendable, Equatable {
    /// Nothing to do on either side.
    case equal
    /// Either side has news.
    case exchange
    /// The hub lacks what it gave receipts for: it was restored.
    case hubBehind = "hub-behind"
    /// The hub is ahead on the node's own chain: the node was restored.
    case nodeBehind = "node-behind"
    /// Two different deltas have one number in the node's chain: the machine was cloned.
    case fork
    case upgradeRequired = "upgrade-required"
    case revoked

    /// Whether nothing may be exchanged until somebody acts.
    public var stops: Bool { self != .equal && self != .exchange }

    /// What a person is told; nil when the exchange goes on.
    public var error: NodeError? {
        switch self {
        case .equal, .exchange: nil
        case .hubBehind:
            NodeError(
                .hubBehind,
                "the hub lacks entries that it had signed receipts for: it was set back to an older state",
                hint: "Nothing was changed here. Tell the hub's admin; this node keeps all its work.")
        case .nodeBehind:
            NodeError(
                .nodeBehind,
                "the hub holds later changes of this very node than this data directory does: it was restored or copied",
                hint:
                    "Nothing was changed. Stop the other copy if there is one. \(NodeError.enrolElsewhere)"
            )
        case .fork:
            NodeError(
                .fork, "the hub holds other changes under this node's numbers: the data directory was copied",
                hint:
                    "Nothing was changed on either side. Use one copy only. \(NodeError.enrolElsewhere)"
            )
        case .upgradeRequired:
            NodeError(
                .upgradeRequired, "hub and node speak different versions of the sync protocol",
                hint: "Install the newer node-cli on the side that has the older one; work goes on meanwhile."
            )
        case .revoked:
            NodeError(
                .revoked, "the hub has revoked this node's key",
                hint: "Ask the hub's admin for a new token; local work is kept.")
        }
    }
}
