/// The deltas that wrote some states of a row. Merging and rules ask for every column which of them had seen which;
/// they are looked up once, and found by their stamps in an ordered list, since nearly always there are two or three.
public struct Writers: Sendable {
    private var all: [DeltaFacts] = []

    init() {}

    /// Facts are loaded here, so that a storage error is thrown and never read as "had not seen".
    public init(of states: RowState..., from causality: any Causality) throws {
        var stamps: [RowState.Stamp] = []
        for state in states { state.forEachStamp { stamps.append($0) } }
        stamps.sort()
        for stamp in stamps where stamp != all.last?.stamp { all.append(try causality.facts(stamp)) }
    }

    /// nil for a delta that wrote nothing of the states.
    public subscript(stamp: RowState.Stamp) -> DeltaFacts? {
        var low = 0, high = all.count
        while low < high {
            let middle = (low + high) / 2
            if all[middle].stamp < stamp { low = middle + 1 } else { high = middle }
        }
        return low < all.count && all[low].stamp == stamp ? all[low] : nil
    }

    /// Whether the delta `later` had seen the delta `earlier`.
    public func covers(_ later: RowState.Stamp, _ earlier: RowState.Stamp) -> Bool {
        guard later != earlier, let later = self[later], let earlier = self[earlier] else { return false }
        return later.hadSeen(earlier)
    }
}

extension Causality {
    /// `covers` for the non-throwing closures of `RowState`.
    public func covering(_ state: RowState) throws -> (RowState.Stamp, RowState.Stamp) -> Bool {
        try Writers(of: state, from: self).covers
    }
}

extension RowState {
    /// Merges a write of an applied delta.
    public mutating func apply(_ change: Change, by author: DeltaFacts, _ causality: any Causality) throws {
        let writers = try isEmpty ? Writers() : Writers(of: self, from: causality)
        apply(change, stamp: author.stamp) { writers[$0].map(author.hadSeen) ?? false }
    }

    /// Every stamp that occurs in the state.
    public var stamps: Set<Stamp> {
        var result: Set<Stamp> = []
        forEachStamp { result.insert($0) }
        return result
    }

    /// Shows every stamp, those of several columns several times.
    fileprivate func forEachStamp(_ body: (Stamp) -> Void) {
        for write in writes { body(write.stamp) }
        deletes.forEach(body)
        for sibling in cells.siblings { body(sibling.stamp) }
    }
}
