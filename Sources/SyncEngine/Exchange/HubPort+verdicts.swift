import NodeCore

/// What ends an exchange before anything is taken or given.
extension HubPort {
    /// The verdict that stops the exchange, or nil.
    func judge(_ request: HelloRequest, in reader: StoreReader) throws -> Verdict? {
        guard let origin = try reader.origin(node) else { throw DeltaError.unknownKey(keyID: node.hex) }
        if request.schemaVersion < Self.successionSchema, try reader.hasSuccessions() {
            return .upgradeRequired
        }
        if try isForked(in: reader) { return .fork }
        let theirs = request.ownHead?.seq ?? 0
        if origin.headSeq > 0, theirs <= origin.headSeq {
            if theirs > 0, let stamp = try reader.stamp(origin: origin.number, seq: theirs),
                try reader.facts(stamp).hash != request.ownHead?.hash
            {
                return .fork
            }
            if theirs < origin.headSeq { return .nodeBehind }
        }
        if request.receiptSeq > origin.headSeq { return .hubBehind }
        guard try reader.knows(request.cursor, request.cursorHash) else { return .hubBehind }
        return nil
    }

    /// The verdict for a node that is better off without the log, or can't be given it any more; nil for the others.
    /// One that hands in a former key's deltas does so first: it pulls nothing before, and then asks again.
    func judgeLog(for request: HelloRequest, in reader: StoreReader) throws -> Verdict? {
        if try isTrimmed(after: request.cursor, in: reader) {
            guard readsSnapshots(request, in: reader) else {
                let isOld = request.schemaVersion < reader.schema.version || request.snapshotLayout != nil
                return isOld ? .upgradeRequired : nil
            }
            return .snapshotRequired
        }
        return try offersSnapshot(request, in: reader) ? .snapshotRequired : nil
    }

    /// Whether the log after a cursor can't be given any more: writes were let go of its bodies.
    func isTrimmed(after cursor: Int64, in reader: StoreReader) throws -> Bool {
        try reader.trimmedThrough() > cursor
    }

    /// The schema version since which a node reads certificates that name a predecessor.
    private static let successionSchema = 3

    /// Whether two machines have written with the node's key, or another key has followed it.
    func isForked(in reader: StoreReader) throws -> Bool {
        try reader.wasCopied(node)
    }

    func stop(_ verdict: Verdict, _ request: HelloRequest) throws -> HubAnswer {
        try tenant.store.read {
            var answer = try answer(verdict, in: $0, cursor: request.cursor, cursorHash: request.cursorHash)
            answer.head = nil
            answer.heads = try $0.origin(node).map($0.heads(of:)) ?? []
            return answer
        }
    }
}
