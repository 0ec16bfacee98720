/// The columns of one row that were written apart from it, each with all its siblings: columns by name, siblings by
/// stamp.
///
/// Idea: wherever two sides edited a row, this is read, merged and written, so it is three flat arrays and not a
/// dictionary of arrays.
public struct CellMap: Sendable, Equatable {
    public private(set) var columns: [String] = []
    /// Those of each column, one column after the other.
    public private(set) var siblings: [RowState.Sibling] = []
    /// Where in `siblings` those of each column end. No column has none.
    private var ends: [Int] = []

    public init() {}

    /// Whether some column has more than one sibling.
    var hasRivals: Bool { siblings.count > columns.count }

    /// The siblings of a column, ordered by stamp; nil when it wasn't written apart.
    public subscript(column: String) -> [RowState.Sibling]? {
        get { siblings(of: column).map(Array.init) }
        set {
            if let place = place(of: column) { remove(at: place) }
            guard let newValue, !newValue.isEmpty else { return }
            replace(insert(column), with: newValue)
        }
    }

    /// The same where they stand.
    func siblings(of column: String) -> ArraySlice<RowState.Sibling>? {
        place(of: column).map { siblings[range(at: $0)] }
    }

    /// Adds a write of a column in the place of those that it covers and of itself.
    mutating func put(
        _ column: String, _ new: RowState.Sibling, over covers: (RowState.Stamp) -> Bool
    ) {
        let place = place(of: column) ?? insert(column), all = range(at: place)
        var kept = all.lowerBound
        for index in all where siblings[index].stamp != new.stamp && !covers(siblings[index].stamp) {
            siblings.swapAt(kept, index)
            kept += 1
        }
        let before = siblings[all.lowerBound..<kept].count { $0.stamp < new.stamp }
        siblings.removeSubrange(kept..<all.upperBound)
        siblings.insert(new, at: all.lowerBound + before)
        moveEnds(from: place, by: kept + 1 - all.upperBound)
    }

    /// Takes away the writes that something covers, and columns that are left with none.
    mutating func removeAll(where covers: (RowState.Stamp) -> Bool) {
        guard siblings.contains(where: { covers($0.stamp) }) else { return }
        var left = CellMap()
        for (column, all) in self {
            left.siblings += all.filter { !covers($0.stamp) }
            left.end(column)
        }
        self = left
    }

    private func place(of column: String) -> Int? {
        let place = firstPlace(from: column)
        return place < columns.count && columns[place] == column ? place : nil
    }

    /// The place of the first column that doesn't come before a name. A row has few columns, but as many as anybody
    /// writes that this schema doesn't know.
    private func firstPlace(from column: String) -> Int {
        var low = 0, high = columns.count
        while low < high {
            let middle = (low + high) / 2
            if columns[middle] < column { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func range(at place: Int) -> Range<Int> { (place == 0 ? 0 : ends[place - 1])..<ends[place] }

    /// Makes place for a column that isn't there.
    private mutating func insert(_ column: String) -> Int {
        let place = firstPlace(from: column)
        columns.insert(column, at: place)
        ends.insert(place == 0 ? 0 : ends[place - 1], at: place)
        return place
    }

    /// Makes what was appended to `siblings` those of a column that comes after all others; no column, of nothing.
    private mutating func end(_ column: String) {
        guard siblings.count > ends.last ?? 0 else { return }
        columns.append(column)
        ends.append(siblings.count)
    }

    private mutating func remove(at place: Int) {
        replace(place, with: [])
        columns.remove(at: place)
        ends.remove(at: place)
    }

    private mutating func replace(_ place: Int, with new: [RowState.Sibling]) {
        let all = range(at: place)
        siblings.replaceSubrange(all, with: new)
        moveEnds(from: place, by: new.count - all.count)
    }

    private mutating func moveEnds(from place: Int, by distance: Int) {
        for index in place..<ends.count { ends[index] += distance }
    }
}

extension CellMap: RandomAccessCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { columns.count }
    public subscript(place: Int) -> (column: String, siblings: ArraySlice<RowState.Sibling>) {
        (columns[place], siblings[range(at: place)])
    }
}

// How `sync_cell.cells` keeps it: CBOR, an array of each column and an array of its siblings' stamps and values. Absent
// is `false`. The migration "3 cells by row" writes it, too: another layout needs a step of its own.

extension CellMap {
    func encoded() -> [UInt8] {
        var writer = CBORWriter(reserving: 32 * (columns.count + siblings.count))
        writer.arrayHeader(count * 2)
        for (column, siblings) in self {
            writer.text(column)
            writer.arrayHeader(siblings.count * 2)
            for sibling in siblings {
                writer.int(sibling.stamp)
                if let value = sibling.value { value.write(to: &writer) } else { writer.bool(false) }
            }
        }
        return writer.bytes
    }

    /// Each value was bounded when it came, and what was applied must be read, however many there are.
    private static let limits: CBORLimits = {
        var limits = CBORLimits.values
        (limits.maxBytes, limits.maxItems) = (.max, .max)
        return limits
    }()

    /// Throws `CBORError` for what `encoded` doesn't write.
    init(encoded bytes: [UInt8]) throws {
        var reader = CBORReader(bytes, limits: Self.limits)
        let count = try reader.arrayHeader() / 2
        columns.reserveCapacity(count)
        ends.reserveCapacity(count)
        siblings.reserveCapacity(2 * count)
        for _ in 0..<count {
            let column = try reader.text()
            if let last = columns.last, last >= column { throw CBORError.unsupported(at: reader.offset) }
            let count = try reader.arrayHeader()
            guard count >= 2, count % 2 == 0 else { throw CBORError.unsupported(at: reader.offset) }
            for _ in 0..<(count / 2) {
                let stamp = try reader.int()
                siblings.append(
                    .init(stamp: stamp, value: try reader.isAbsent() ? .none : Value(from: &reader)))
            }
            end(column)
        }
        try reader.finish()
    }
}

extension CBORReader {
    /// Whether the next item says that there is no value; only then it is read.
    fileprivate mutating func isAbsent() throws -> Bool {
        guard try peekMajor() == .simple, !isNull else { return false }
        guard try bool() == false else { throw CBORError.unsupported(at: offset) }
        return true
    }
}
