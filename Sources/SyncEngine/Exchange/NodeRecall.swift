import NodeCore

/// A node's side when the hub was put back to an older state: it hands in the entries of the log that the hub
/// lost, as the hub had signed for them, and forgets what only that hub's lost part acknowledged.
struct NodeRecall {
    private let tenant: OpenTenant

    init(_ tenant: OpenTenant) { self.tenant = tenant }

    /// `outcome`: of the exchange that the hub ended with `hub-behind`.
    func run(_ outcome: ExchangeOutcome, send: (RecallRequest) throws -> RecallAnswer) throws {
        let logSize = outcome.logSizeAtHub
        let (newest, sources) = try tenant.store.read { reader in
            let newest = try reader.newestCheckpoint()
            return (
                newest, try newest.map { try leaves(after: logSize, through: $0.size, in: reader) } ?? [:]
            )
        }
        var position = logSize, headSeq = outcome.ownHeadsAtHub.map(\.seq).max() ?? 0
        while let newest, position < newest.size {
            let request = try tenant.store.read {
                try batch(after: position, newest, sources, in: $0)
            }
            let next = try send(request)
            guard next.logSize > position else { throw NodeExchange.standstill }
            (position, headSeq) = (next.logSize, next.headSeq)
        }
        let signed = newest?.size ?? 0
        try tenant.store.replicate { replica in
            try replica.lowerReceipts(to: headSeq)
            // What no checkpoint covers was never promised; it is read again.
            guard try replica.treeSize() > max(signed, position) else { return }
            try replica.cutTree(to: signed)
            try replica.setState(.cursor, .int(0))
            try replica.setState(.cursorHash, .null)
        }
    }

    private static func missing(_ position: Int64) -> NodeError {
        NodeError(
            .hubBehind, "the hub lost entry \(position) of its log, and this node no longer has it",
            hint: "Nothing was changed here. Other nodes may have it: have them sync.")
    }

    /// Where each lost entry is found here.
    private enum Source { case delta(RowState.Stamp), document([UInt8]) }

    /// Every entry of the tail by its leaf: what was applied last is looked at first.
    private func leaves(after first: Int64, through last: Int64, in reader: StoreReader) throws
        -> [Hash: Source]
    {
        var wanted: Set<Hash> = [], found: [Hash: Source] = [:]
        for index in first..<max(first, last) {
            guard let leaf = try reader.treeNode(0, index) else { throw Self.missing(index + 1) }
            wanted.insert(leaf)
        }
        for origin in try reader.origins() {
            for document in [origin.certificate, try reader.revocation(of: origin.id)].compactMap({ $0 }) {
                let leaf = LogEntry.document(document).leaf
                if wanted.contains(leaf) { found[leaf] = .document(document) }
            }
        }
        for delta in try reader.deltas().reversed() where found.count < wanted.count {
            guard let frame = try reader.frame(delta.facts.stamp) else { continue }
            let leaf = LogEntry.delta(frame).leaf
            if wanted.contains(leaf) { found[leaf] = .delta(delta.facts.stamp) }
        }
        return found
    }

    /// Entries up to about a batch; a transaction in parts isn't cut.
    private func batch(
        after position: Int64, _ newest: StoredCheckpoint, _ sources: [Hash: Source], in reader: StoreReader
    ) throws -> RecallRequest {
        var entries: [LogEntry] = [], bytes = 0, end = position, isInside = false
        while end < newest.size {
            let isFull = bytes >= ExchangeLimits.batchBytes || entries.count >= ExchangeLimits.maxEntries
            if isFull, !isInside { break }
            guard let leaf = try reader.treeNode(0, end), let source = sources[leaf] else {
                throw Self.missing(end + 1)
            }
            switch source {
            case .document(let document):
                entries.append(.document(document))
            case .delta(let stamp):
                guard let frame = try reader.frame(stamp), !frame.isTrimmed,
                    let summary = try reader.delta(stamp)
                else { throw Self.missing(end + 1) }
                entries.append(.delta(try frame.sealed(by: tenant)))
                isInside = summary.part < summary.parts - 1
            }
            bytes += entries.last?.byteCount ?? 0
            end += 1
        }
        let proof =
            end == newest.size
            ? [] : try MerkleTree.consistency(old: end, new: newest.size, nodes: reader.treeNode)
        return RecallRequest(
            tenant: tenant.id, position: position, entries: entries, checkpoint: newest.bytes, proof: proof)
    }
}
