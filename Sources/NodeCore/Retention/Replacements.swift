// Which writes may be let go (`BodyRetention`).
//
// The state of a row is the set of its maximal writes, those that no later one has replaced, and "replaces" is
// transitive. So whatever is made anew from bodies, now or when something comes late, is the same without a write that
// another one replaces, as long as that one can't go either. It can't go where
// - its author had a right to it: what is refused replaces nothing;
// - its table and columns are known here: a later version might refuse it;
// - no order of erasure drops it alone: none that drops a row drops only its newest writes, but one that knows a person
//   by an address drops the write with that address, and then the one before it stands again.
//
// Of some tables nothing is let go: held ones, where a late write is judged by the row as its author knew it; those
// with the hub's policy, by which others are judged; append-only ones, where nothing is ever replaced.

/// The writes of some deltas, as what replaced those of others.
struct Replacements {
    private enum Extent {
        case row, delete
        case columns(Set<String>)
    }

    private struct One {
        let author: Int
        let extent: Extent
    }

    private let schema: Schema
    private var authors: [DeltaFacts] = []
    private var byRow: [RowID: [One]] = [:]

    init(_ schema: Schema) { self.schema = schema }

    var isEmpty: Bool { byRow.isEmpty }

    /// `refused`: rows of which a write of the delta was refused, wholly or in part.
    mutating func add(_ writes: [RecordedWrite], by author: DeltaFacts, refused: Set<RowID>) {
        authors.append(author)
        for write in writes {
            let row = RowID(table: write.table, id: write.id)
            guard isKnown(write), !refused.contains(row), !ErasureOrder.maySpareReplaced(by: write) else {
                continue
            }
            let extent: Extent =
                switch write.change {
                case .row: .row
                case .columns(let values): .columns(Set(values.keys))
                case .delete: .delete
                }
            byRow[row, default: []].append(One(author: authors.count - 1, extent: extent))
        }
    }

    /// What must be kept of a delta's writes. A write that was refused, even in part, is kept whole.
    func remainder(of writes: [RecordedWrite], by author: DeltaFacts, refused: Set<RowID>) -> [RecordedWrite]
    {
        writes.compactMap { write in
            let row = RowID(table: write.table, id: write.id)
            guard let all = byRow[row], isKnown(write), !refused.contains(row) else { return write }
            let later = all.filter { authors[$0.author].hadSeen(author) }.map(\.extent)
            return later.isEmpty ? write : remainder(of: write, after: later)
        }
    }

    private func remainder(of write: RecordedWrite, after later: [Extent]) -> RecordedWrite? {
        let isRowWritten = later.contains { if case .row = $0 { true } else { false } }
        switch write.change {
        case .row: return isRowWritten ? nil : write
        // Whatever is written of a row later, another delete too, takes the place of a delete.
        case .delete: return nil
        case .columns(let values):
            if isRowWritten { return nil }
            var left = values
            for case .columns(let names) in later { for name in names { left[name] = nil } }
            return left.isEmpty
                ? nil : RecordedWrite(table: write.table, id: write.id, change: .columns(left))
        }
    }

    private func isKnown(_ write: RecordedWrite) -> Bool {
        guard let table = schema.table(write.table), table.letsReplacedGo else { return false }
        return (write.change.values ?? [:]).keys.allSatisfy { table.column($0) != nil }
    }
}

extension SyncedTable {
    fileprivate var letsReplacedGo: Bool {
        !isHeld && !isAppendOnly && name != Schema.rulePolicy.name && name != Schema.ruleSet.name
    }
}
