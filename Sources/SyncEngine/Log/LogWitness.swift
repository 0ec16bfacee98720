import NodeCore

/// What the hub signed or sent contradicts what it had signed or sent before. Kept as evidence.
struct LogContradiction: Error {
    let reason: String
    let known: [UInt8]?
    let found: [UInt8]
}

extension NodeError {
    /// What a person is told from then on.
    static let hubContradictsItself = NodeError(
        .verificationFailed,
        "the hub's log is not the one that it had signed before: entries were changed, removed or moved",
        hint: """
            Nothing more is exchanged with it; work goes on here and nothing is lost. Both signed checkpoints \
            are kept: `node-cli audit verify` shows them. Tell the hub's admin and your auditor.
            """)
}

/// A node's memory of the hub's log.
///
/// Idea: the node hashes every entry that it is given, and its own where they stand, into a tree of its
/// own. Each signed checkpoint must have the root of that very tree at its size: so an entry that was
/// changed, dropped, put elsewhere or slipped in since shows with the next checkpoint, whatever the hub
/// signs again. What is read a second time must have the same leaves. Cost: one hash an entry.
struct LogWitness {
    private let replica: ReplicaTransaction
    private let hubKey: PublicKey
    private let own: OriginRecord

    init(_ replica: ReplicaTransaction, hubKey: PublicKey, own: OriginRecord) {
        self.replica = replica
        self.hubKey = hubKey
        self.own = own
    }

    /// Takes the leaves of an answer, before its cursor is stored, and checks its checkpoint. False when
    /// the log must be read from its beginning: entries were taken before their leaves were kept.
    func take(_ request: StoreRequest) throws -> Bool {
        guard let bytes = request.checkpoint else {
            // A hub that has signed once must sign for whatever it gives.
            guard request.entries.isEmpty, request.ownRuns.isEmpty else {
                guard try replica.newestCheckpoint() == nil else { throw Self.unsigned }
                return true
            }
            return true
        }
        let checkpoint: Checkpoint
        do { checkpoint = try Checkpoint(verifying: bytes, hub: hubKey) } catch { throw Self.unsigned }
        guard checkpoint.tenant == (try replica.tenantID()) else { throw Self.unsigned }
        let cursor = try replica.state(.cursor)?.int ?? 0
        guard try replica.treeSize() >= cursor else { return false }
        if request.cursor > cursor { try addLeaves(request, after: cursor, bytes) }
        try compare(checkpoint, bytes)
        return true
    }

    private static let unsigned = NodeError(
        .verificationFailed, "the hub's checkpoint is missing or not signed by its key",
        hint: "Something on the line changes answers; nothing was stored.")

    private func addLeaves(_ request: StoreRequest, after cursor: Int64, _ bytes: [UInt8]) throws {
        var entries = request.entries[...], runs = request.ownRuns[...]
        for position in (cursor + 1)...request.cursor {
            let leaf: Hash
            if let run = runs.first, run.position <= position {
                leaf = try ownLeaf(run.seq + position - run.position)
                if position + 1 == run.position + run.count { runs.removeFirst() }
            } else if let entry = entries.popFirst() {
                leaf = entry.leaf
            } else {
                throw NodeError(
                    .hubAnswer, "the hub's answer leaves out entries of its log", hint: "Sync again.")
            }
            try add(leaf, at: position, bytes)
        }
        guard entries.isEmpty, runs.isEmpty else {
            throw NodeError(.hubAnswer, "the hub's answer has entries beyond its cursor", hint: "Sync again.")
        }
    }

    /// The leaf of the node's own delta with a number.
    private func ownLeaf(_ seq: Int64) throws -> Hash {
        guard let stamp = try replica.stamp(origin: own.number, seq: seq),
            let frame = try replica.frame(stamp)
        else { throw Verdict.nodeBehind.error! }
        return LogEntry.delta(frame).leaf
    }

    private func add(_ leaf: Hash, at position: Int64, _ bytes: [UInt8]) throws {
        guard let known = try replica.treeNode(0, position - 1) else { return try replica.addLeaf(leaf) }
        guard known == leaf else {
            throw try contradiction("entry \(position) is another one than before", bytes)
        }
    }

    private func compare(_ checkpoint: Checkpoint, _ bytes: [UInt8]) throws {
        let newest = try replica.newestCheckpoint()
        let size = try replica.treeSize()
        // Not all of it is here yet: a later answer brings another one.
        guard checkpoint.size <= size else { return }
        guard try replica.treeRoot(size: checkpoint.size) == checkpoint.root else {
            throw try contradiction("the first \(checkpoint.size) entries are not those of before", bytes)
        }
        guard checkpoint.size > newest?.size ?? 0 else { return }
        try replica.addCheckpoint(size: checkpoint.size, root: checkpoint.root, bytes)
    }

    private func contradiction(_ reason: String, _ bytes: [UInt8]) throws -> LogContradiction {
        LogContradiction(reason: reason, known: try replica.newestCheckpoint()?.bytes, found: bytes)
    }
}

extension LogEntry {
    /// What stands for it in the tree: the hash of the signed bytes.
    var leaf: Hash {
        switch self {
        case .document(let bytes): MerkleTree.leaf(bytes)
        case .delta(let frame): MerkleTree.leaf(frame.envelope)
        }
    }
}
