// What recording a part needs to know of a write: whether two become one, and what it weighs.

extension Change {
    /// This write with more columns, when it can still be one write: a delete can't.
    func adding(_ columns: [String: Value]) -> Change? {
        switch self {
        case .row(let values): .row(values.merging(columns) { $1 })
        case .columns(let values): .columns(values.merging(columns) { $1 })
        case .delete: nil
        }
    }
}

extension RecordedWrite {
    /// A cheap upper estimate of what the write adds to a body, bytes.
    var roughBytes: Int {
        switch change {
        case .delete: 40
        case .row(let values), .columns(let values):
            values.values.reduce(40) { sum, value in
                switch value {
                case .null: sum + 1
                case .int: sum + 9
                case .text(let text): sum + text.utf8.count + 5
                case .bytes(let bytes): sum + bytes.count + 5
                }
            }
        }
    }
}
