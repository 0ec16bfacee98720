import NodeCore

// What a dry run asks of a node's store.

extension NodePort {
    /// Keeps an answer for `rehearse`, outside the tenant's file.
    func setAside(_ answer: HubAnswer) throws { try tenant.store.setAside(answer.encoded()) }

    func clearPages() throws { try tenant.store.clearPages() }

    /// Stores all answers that were set aside in one transaction, counts, and rolls it back. Also how many
    /// conflicts would then wait for a person.
    func rehearse() throws -> (summary: ApplySummary, openConflicts: Int) {
        do { return try rehearsed() } catch is LogContradiction { throw NodeError.hubContradictsItself }
    }

    private func rehearsed() throws -> (summary: ApplySummary, openConflicts: Int) {
        try tenant.store.replicate(commit: false) { replica in
            var summary = ApplySummary()
            try replica.forEachPage { page in
                let one = try keep(StoreRequest(try HubAnswer(encoded: page)), in: replica)
                summary.add(one)
                summary.hasDiverged = one.hasDiverged
            }
            return (summary, try replica.openConflicts())
        }
    }

    /// The hash of an own delta; nil for 0.
    func ownHash(_ seq: Int64) throws -> Hash? {
        try tenant.store.read { reader in
            guard let own = try reader.ownOrigin(), seq > 0 else { return nil }
            return try reader.stamp(origin: own.number, seq: seq).map { try reader.facts($0).hash }
        }
    }

    /// The number of the first part of the own transaction that a delta belongs to.
    func transactionStart(_ seq: Int64) throws -> Int64 {
        try tenant.store.read { reader in
            guard let own = try reader.ownOrigin(),
                let stamp = try reader.stamp(origin: own.number, seq: seq),
                let delta = try reader.delta(stamp)
            else { return seq }
            return seq - Int64(delta.part)
        }
    }

    func ownWrites(after seq: Int64, through last: Int64) throws -> Int {
        try tenant.store.read { try $0.ownWrites(after: seq, through: last) }
    }
}
