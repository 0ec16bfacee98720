import NodeCore

/// What an audit of a tenant's log found.
public struct LogAuditReport: Sendable {
    /// Entries of the log that are hashed here, and the root over them.
    public let size: Int64
    public let root: Hash
    /// The newest checkpoint, nil when the hub has signed none yet.
    public let checkpoint: Checkpoint?
    public let checkpoints: Int
    /// Applied deltas that the newest checkpoint covers, and those that it doesn't yet.
    public let proved: Int
    public let unproved: Int
    public let evidence: [LogEvidence]
    public let problems: [String]
    public var isOK: Bool { problems.isEmpty && evidence.isEmpty }
}

/// One entry with what proves that it is in the log.
public struct ProvedEntry: Sendable {
    /// Position in the log, from 1.
    public let position: Int64
    public let delta: DeltaSummary
    public let frame: DeltaFrame
    public let leaf: Hash
    /// The siblings on the way from the leaf to the root, lowest first.
    public let path: [Hash]
}

/// Checks of the signed history that need no line: at the hub of its own log, at a node of what it saw.
public enum LogAudit {
    public static func verify(_ tenant: OpenTenant) throws -> LogAuditReport {
        try tenant.store.read { reader in
            var problems: [String] = []
            let size = try reader.treeSize()
            let hub = try reader.hubIdentity()
            let stored = try reader.checkpoints()
            for one in stored {
                do {
                    let signed = try Checkpoint(verifying: one.bytes, hub: hub)
                    guard signed.tenant == (try reader.tenantID()), signed.size == one.size else {
                        problems.append("the checkpoint of \(one.size) entries is not of this log")
                        continue
                    }
                    if try one.size > size || reader.treeRoot(size: one.size) != signed.root {
                        problems.append("the first \(one.size) entries are not those of their checkpoint")
                    }
                } catch is DeltaError {
                    problems.append("the checkpoint of \(one.size) entries is not signed by the hub's key")
                }
            }
            problems += try treeProblems(reader, size)
            let covered = stored.last?.size ?? 0
            let positions = try leafPositions(reader, through: covered)
            let deltas = try reader.deltas()
            let proved = try deltas.count { try leaf(of: $0, reader).map { positions[$0] != nil } ?? false }
            return LogAuditReport(
                size: size, root: try reader.treeRoot(size: size),
                checkpoint: try stored.last.map { try Checkpoint(verifying: $0.bytes, hub: hub) },
                checkpoints: stored.count, proved: proved, unproved: deltas.count - proved,
                evidence: try reader.evidence(), problems: problems)
        }
    }

    /// Every entry that the newest checkpoint covers, in the order of the log, with its proof; before them, and
    /// in the end, the checkpoint and the key that signed it. Throws `RECORD_NOT_FOUND` without one.
    public static func prove(
        _ tenant: OpenTenant, begin: (StoredCheckpoint, PublicKey) throws -> Void = { _, _ in },
        each body: (ProvedEntry) throws -> Void
    ) throws -> (checkpoint: StoredCheckpoint, hubKey: PublicKey) {
        try tenant.store.read { reader in
            guard let checkpoint = try reader.newestCheckpoint() else {
                throw NodeError(
                    .recordNotFound, "the hub has signed no checkpoint of this log yet", hint: "Sync first.")
            }
            let positions = try leafPositions(reader, through: checkpoint.size)
            let key = try signer(of: checkpoint, reader)
            try begin(checkpoint, key)
            for delta in try reader.deltas() {
                guard let frame = try reader.frame(delta.facts.stamp) else { continue }
                let leaf = LogEntry.delta(frame).leaf
                guard let index = positions[leaf] else { continue }
                let path = try MerkleTree.inclusion(index, size: checkpoint.size, nodes: reader.treeNode)
                try body(
                    ProvedEntry(position: index + 1, delta: delta, frame: frame, leaf: leaf, path: path))
            }
            return (checkpoint, key)
        }
    }

    /// The hub's key that signed a checkpoint: it may have another one by now.
    private static func signer(of checkpoint: StoredCheckpoint, _ reader: StoreReader) throws -> PublicKey {
        let envelope = try COSESign1.parse(
            checkpoint.bytes, contentType: Checkpoint.contentType, maxBytes: DeltaLimits.maxEnvelopeBytes)
        let hub = try reader.hubIdentity()
        return hub.signer(keyID: envelope.keyID) ?? hub.key
    }

    /// At the hub every leaf is hashed again from its entry; inner nodes everywhere from those below.
    private static func treeProblems(_ reader: StoreReader, _ size: Int64) throws -> [String] {
        var problems: [String] = []
        if try reader.ownOrigin()?.role == .hub {
            if try size > reader.logSize() { problems.append("the log has fewer entries than were signed") }
            for index in 0..<(min(size, try reader.logSize())) where problems.count < 20 {
                if try reader.leafFromLog(index + 1) != reader.treeNode(0, index) {
                    problems.append("log entry \(index + 1) is not the one that was signed")
                }
            }
        }
        for (level, index) in try reader.innerNodes() where problems.count < 20 {
            guard let left = try reader.treeNode(level - 1, 2 * index),
                let right = try reader.treeNode(level - 1, 2 * index + 1),
                try reader.treeNode(level, index) == MerkleTree.node(left, right)
            else {
                problems.append("a hash of the log's tree is wrong (level \(level), number \(index))")
                continue
            }
        }
        return problems
    }

    private static func leafPositions(_ reader: StoreReader, through size: Int64) throws -> [Hash: Int64] {
        var positions: [Hash: Int64] = [:]
        for index in 0..<max(0, size) {
            if let leaf = try reader.treeNode(0, index) { positions[leaf] = index }
        }
        return positions
    }

    private static func leaf(of delta: DeltaSummary, _ reader: StoreReader) throws -> Hash? {
        try reader.frame(delta.facts.stamp).map { LogEntry.delta($0).leaf }
    }
}
