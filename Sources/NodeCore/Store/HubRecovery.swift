import Foundation
import GRDB

/// What a hub knows of having been put back to an older state (DESIGN 9).
///
/// Idea: nodes hold what the hub lost, in the very order in which it had signed for it. Until every node was
/// heard, the hub's log takes nothing but that: no write of its own, no delta, no certificate. Then the log
/// goes on where it was, and nobody can tell the difference; an admin who can't wait releases it.
extension StoreReader {
    private static let originBytes = 16

    /// Origins that were heard since; nil when the hub isn't recovering.
    func heardSinceRestore() throws -> [OriginID]? {
        guard let bytes = try state(.recovering)?.bytes else { return nil }
        return stride(from: 0, to: bytes.count, by: Self.originBytes).compactMap {
            OriginID(bytes: Array(bytes[$0..<min($0 + Self.originBytes, bytes.count)]))
        }
    }

    public func isRecovering() throws -> Bool { try state(.recovering)?.bytes != nil }

    /// The nodes that must still be heard; empty when the hub isn't recovering.
    public func nodesToHear() throws -> [OriginRecord] {
        guard let heard = try heardSinceRestore() else { return [] }
        return try origins().filter { try $0.role == .node && !heard.contains($0.id) && isInUse($0) }
    }

    /// Throws `HUB_RECOVERING` while the log may take nothing new.
    public func requireRecovered() throws {
        guard try isRecovering() else { return }
        let names = try nodesToHear().map(\.name)
        throw NodeError.hubRecovering(waitingFor: names.count)
    }
}

extension NodeError {
    static func hubRecovering(waitingFor count: Int) -> NodeError {
        NodeError(
            .hubRecovering,
            "the hub was put back to an older state and waits to hear \(count) of its nodes; nothing was written",
            hint: """
                Have them sync (`node-cli nodes list` at the hub); `node-cli backup release` there goes on \
                without those that can't.
                """)
    }
}

extension ReplicaTransaction {
    /// From now on only what nodes bring back is taken. What waited goes: nodes still have it.
    public func beginRecovery() throws {
        guard try !isRecovering() else { return }
        try setState(.recovering, .bytes([]))
        try db.execute(sql: "DELETE FROM sync_waiting")
    }

    /// Notes that a node has nothing that this log lacks.
    public func noteHeard(_ id: OriginID) throws {
        guard let heard = try heardSinceRestore(), !heard.contains(id) else { return }
        try setState(.recovering, .bytes((heard + [id]).flatMap(\.bytes)))
    }

    /// Forgets leaves beyond a size: those that no signed checkpoint covers.
    public func cutTree(to size: Int64) throws {
        try db.execute(
            sql: "DELETE FROM sync_tree WHERE (idx + 1) * (1 << level) > ?", arguments: [size])
    }

    /// Node: the hub holds this chain only up to a number; what follows is sent again.
    public func lowerReceipts(to seq: Int64) throws {
        guard seq < (try state(.receiptSeq)?.int ?? 0) else { return }
        try setState(.receiptSeq, .int(seq))
    }
}

extension Installation {
    /// Hub: takes only what nodes bring back, until all were heard.
    public func beginRecovery(_ slug: String) throws {
        let store = try tenant(slug).store
        try store.replicate { try $0.beginRecovery() }
        if try store.read({ try $0.nodesToHear().isEmpty }) { try endRecovery(slug) }
    }

    /// Hub: goes on with a new key of its own. That key's chain can't meet what the old one wrote after the
    /// backup and no node had.
    public func endRecovery(_ slug: String) throws {
        let store = try tenant(slug).store
        guard try store.read({ try $0.isRecovering() }) else { return }
        try store.replicate { replica in
            // The key may have been changed after the backup.
            if let own = try replica.ownOrigin(), let present = try replica.present(ofLife: own.life) {
                try replica.setState(.ownOrigin, .int(present.number))
            }
            try replica.setState(.recovering, .null)
        }
        try rotateHubKey(slug)
        try note("backup.recovered", "tenant \(slug)")
    }
}
