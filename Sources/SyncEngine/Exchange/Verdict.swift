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
    /// The node lacks most of the log, or what can't be given any more: it takes a snapshot, and goes on from there.
    case snapshotRequired = "snapshot-required"
    case upgradeRequired = "upgrade-required"
    case revoked

    /// Whether nothing may be exchanged until somebody acts.
    public var stops: Bool { self != .equal && self != .exchange }

    /// Why the node is to go on as a new origin; nil where it needn't.
    public var succession: Succession.Reason? {
        switch self {
        case .nodeBehind: .restore
        case .fork: .clone
        default: nil
        }
    }

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
                hint: "`node-cli sync` takes them back and goes on with a new key; nothing is lost.")
        case .fork:
            NodeError(
                .fork, "another copy of this data directory was written to under this node's key",
                hint: "`node-cli sync` keeps the changes of both and goes on with a new key here.")
        case .snapshotRequired:
            NodeError(
                .hubAnswer, "the hub asks for a snapshot of its file to be taken first",
                hint: "Nothing was changed. `node-cli sync` takes it; if that says so, tell the hub's admin.")
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
