/// The causal state of one row: every write of it that no later write had seen.
///
/// Idea (DESIGN 4 and 6): a row write writes every column; a column write hides only the row
/// writes it had seen; a delete is a write of the row's life and so is every edit. What is kept is
/// the set of maximal writes under "had seen", so the state depends on the set of deltas applied
/// and on nothing else. Cost: linear in the number of siblings, which is one for nearly every row.
///
/// A stamp is the local number of the delta that wrote; it names the delta only on this
/// installation and never leaves it.
public struct RowState: Sendable, Equatable {
    public typealias Stamp = Int64

    public struct RowWrite: Sendable, Equatable {
        public let stamp: Stamp
        /// Column values; a column that is not named is absent and loses to any present sibling.
        public var values: [String: Value]
        public init(stamp: Stamp, values: [String: Value]) {
            self.stamp = stamp
            self.values = values
        }
    }

    public struct Sibling: Sendable, Equatable {
        public let stamp: Stamp
        /// nil is absent: written by a schema that didn't know the column.
        public let value: Value?
        public init(stamp: Stamp, value: Value?) {
            self.stamp = stamp
            self.value = value
        }
    }

    /// Row writes, ordered by stamp.
    public var writes: [RowWrite] = []
    /// Deletes, ordered by stamp.
    public var deletes: [Stamp] = []
    /// Separate column writes.
    public var cells = CellMap()

    public init() {}

    public var isEmpty: Bool { writes.isEmpty && deletes.isEmpty && cells.isEmpty }

    /// One row write, no deletes: the common shape, whose values stand in the domain table alone.
    public var isPlain: Bool { writes.count == 1 && deletes.isEmpty && cells.isEmpty }

    /// Merges one write. `covers(x)` says whether the delta `stamp` had seen the delta `x`.
    public mutating func apply(_ change: Change, stamp: Stamp, covers: (Stamp) -> Bool) {
        switch change {
        case .row(let values):
            writes.removeAll { covers($0.stamp) }
            insert(RowWrite(stamp: stamp, values: values))
            deletes.removeAll(where: covers)
            cells.removeAll(where: covers)
        case .columns(let values):
            for (column, value) in values {
                cells.put(column, Sibling(stamp: stamp, value: value), over: covers)
            }
            deletes.removeAll(where: covers)
        case .delete:
            deletes.removeAll(where: covers)
            deletes.append(stamp)
            deletes.sort()
        }
    }

    private mutating func insert(_ write: RowWrite) {
        writes.removeAll { $0.stamp == write.stamp }
        writes.append(write)
        writes.sort { $0.stamp < $1.stamp }
    }

    /// All columns that any write names, sorted.
    public var columns: [String] {
        var names = Set(cells.columns)
        for write in writes { names.formUnion(write.values.keys) }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// The visible writes of a column: its column writes and every row write that none of them had
    /// seen, absent values included. `covers(a, b)`: the delta `a` had seen the delta `b`.
    public func siblings(of column: String, covers: (Stamp, Stamp) -> Bool) -> [Sibling] {
        Array(standing(column, covers: covers))
    }

    /// `siblings` where they stand: what merging asks of every column of a row that two sides edited.
    public func standing(_ column: String, covers: (Stamp, Stamp) -> Bool) -> ArraySlice<Sibling> {
        guard let own = cells.siblings(of: column) else {
            return writes.map { Sibling(stamp: $0.stamp, value: $0.values[column]) }[...]
        }
        let unseen = writes.filter { write in
            !own.contains { $0.stamp == write.stamp || covers($0.stamp, write.stamp) }
        }
        if unseen.isEmpty { return own }
        return (own + unseen.map { Sibling(stamp: $0.stamp, value: $0.values[column]) })
            .sorted { $0.stamp < $1.stamp }[...]
    }

    /// The maximal writes of the row's life; every effective edit counts as alive.
    public func life(covers: (Stamp, Stamp) -> Bool) -> [(stamp: Stamp, alive: Bool)] {
        var alive = Set(writes.map(\.stamp))
        for sibling in cells.siblings { alive.insert(sibling.stamp) }
        let base = alive.map { (stamp: $0, alive: true) } + deletes.map { (stamp: $0, alive: false) }
        let maximal = base.filter { one in
            !base.contains { $0.stamp != one.stamp && covers($0.stamp, one.stamp) }
        }
        return maximal.sorted { ($0.stamp, $0.alive ? 1 : 0) < ($1.stamp, $1.alive ? 1 : 0) }
    }

    /// What the writes of a row's life come to.
    public enum Fate: Sendable {
        case alive, dead
        /// Deleted on one side and edited on the other, neither knowing of it.
        case torn
    }

    /// Dead as well when nothing was ever written.
    public func fate(covers: (Stamp, Stamp) -> Bool) -> Fate {
        if deletes.isEmpty { return writes.isEmpty && cells.isEmpty ? .dead : .alive }
        let life = life(covers: covers)
        guard life.contains(where: \.alive) else { return .dead }
        return life.contains { !$0.alive } ? .torn : .alive
    }
}

/// One write of one row, as a delta's body carries it.
public enum Change: Sendable, Equatable {
    /// Every column of the writer's schema.
    case row([String: Value])
    /// These columns only.
    case columns([String: Value])
    case delete
}
