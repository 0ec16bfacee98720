import NodeCore

extension HubPort {
    /// Takes back entries of the log that a node kept: only those that the hub's own signature proves to have
    /// stood there. A valid checkpoint beyond the log is also how a hub learns that it was put back. Throws
    /// `VERIFICATION_FAILED`, with nothing changed, when the log can't be the one that was signed.
    public func recall(_ request: RecallRequest, at hub: Installation) throws -> RecallAnswer {
        guard request.tenant == tenant.id else { throw DeltaError.wrongTenant }
        let known = try tenant.store.read { try $0.hubIdentity() }
        let checkpoint = try Checkpoint(verifying: request.checkpoint, hub: known)
        guard checkpoint.tenant == tenant.id else { throw DeltaError.wrongTenant }
        try tenant.store.replicate { replica in
            let size = try replica.logSize()
            guard checkpoint.size > size, request.position <= size else { return }
            try replica.beginRecovery()
            try append(request.entries.dropFirst(Int(size - request.position)), in: replica)
            try replica.growTree()
            let now = try replica.treeSize()
            let isSame = try MerkleTree.isConsistent(
                old: now, oldRoot: replica.treeRoot(size: now), new: checkpoint.size,
                newRoot: checkpoint.root, path: request.proof)
            guard now == request.position + Int64(request.entries.count), isSame else { throw Self.otherLog }
            if now == checkpoint.size, (try replica.newestCheckpoint()?.size ?? 0) < now {
                try replica.addCheckpoint(size: now, root: checkpoint.root, request.checkpoint)
            }
        }
        try noteNodes(in: request.entries, at: hub)
        return try tenant.store.read { reader in
            RecallAnswer(
                logSize: try reader.logSize(), headSeq: try reader.origin(node)?.headSeq ?? 0)
        }
    }

    private static let otherLog = NodeError(
        .verificationFailed,
        "this hub's log can't go on as the one that it had signed: other entries were written since the restore",
        hint: "Restore the hub from a backup once more, before anything is written there.")

    /// In the order of the log: each transaction by itself, each document where it stood.
    private func append(_ entries: ArraySlice<LogEntry>, in replica: ReplicaTransaction) throws {
        var parts: [DeltaFrame] = []
        for entry in entries {
            switch entry {
            case .document(let bytes):
                try SignedDocument.take(bytes, hub: replica.hubIdentity(), in: replica)
                try replica.appendToLog(document: bytes, recalled: true)
            case .delta(let frame):
                parts.append(frame)
                let header = try DeltaVerifier.verify(frame, in: replica).header
                guard header.part >= header.parts - 1 else { continue }
                _ = try DeltaApplier.receive(parts, in: replica)
                parts = []
            }
        }
    }

    /// Nodes that enrolled after the backup are known again.
    private func noteNodes(in entries: [LogEntry], at hub: Installation) throws {
        let known = try tenant.store.read { try $0.hubIdentity() }
        for case .document(let bytes) in entries {
            if Revocation.isOne(bytes) {
                let revoked = try Revocation(verifying: bytes, hub: known)
                try hub.noteRevoked(revoked.origin, tenant: tenant.slug)
                continue
            }
            let claim = try Certificate(verifying: bytes, hub: known).claim
            guard claim.role == .node else { continue }
            try hub.recordEnrolment(
                EnrolledNode(
                    origin: OriginID(publicKey: claim.publicKey, tenant: tenant.id), tenant: tenant.slug,
                    nodeID: claim.nodeID, name: claim.name, enrolledAt: claim.issuedAt))
        }
    }

    /// While the hub recovers, a node that stands where the log does counts as heard; the last one ends it,
    /// and then this is true. Throws `HUB_RECOVERING` as long as others are missing.
    func hear(at hub: Installation) throws -> Bool {
        guard try tenant.store.read({ try $0.isRecovering() }) else { return false }
        try tenant.store.replicate { try $0.noteHeard(node) }
        try tenant.store.read { reader in
            if try !reader.nodesToHear().isEmpty { try reader.requireRecovered() }
        }
        try hub.endRecovery(tenant.slug)
        return true
    }
}
