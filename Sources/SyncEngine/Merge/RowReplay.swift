import NodeCore

extension SignedReplication {
    /// Makes rows anew from the bodies of all applied deltas, in the order in which they were applied, or of
    /// those that `author` had seen: the rows as it knew them. As
    /// costly as the tenant is old: for rows of which something isn't stored any more, or was stored by a
    /// version that didn't know who may write them.
    public func replay(_ rows: Set<RowID>, seenBy author: DeltaFacts?, in reader: StoreReader) throws
        -> [RowID: ReplayedRow]
    {
        var result: [RowID: ReplayedRow] = [:]
        for delta in try reader.deltas() where author?.hadSeen(delta.facts) ?? true {
            guard let frame = try reader.frame(delta.facts.stamp) else { continue }
            let writes = try decodeBody(
                frame.body, writes: delta.writes, isRedacted: frame.redaction != nil)
            for write in writes {
                let row = RowID(table: write.table, id: write.id)
                guard rows.contains(row) else { continue }
                try merge(write, by: delta.facts, into: &result[row, default: ReplayedRow()], reader)
            }
        }
        return result
    }

    private func merge(
        _ write: RecordedWrite, by facts: DeltaFacts, into row: inout ReplayedRow, _ reader: StoreReader
    ) throws {
        let verdict = try WriteRights.judge(write, by: facts, on: row.state, in: reader)
        row.refused += verdict.refused.map {
            RefusedWrite(
                stamp: facts.stamp, table: write.table, row: write.id, column: $0.column, value: $0.value,
                reason: $0.reason)
        }
        guard let change = verdict.allowed else { return }
        try row.state.apply(change, by: facts, reader)
    }
}
