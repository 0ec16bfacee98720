/// The records of a roster, each of which can be read again from its place: a plan needn't keep what they say.
enum RosterRecords: Sendable {
    /// A place is an index.
    case list([RosterRecord])
    /// A place is where the record begins in the bytes of the file.
    case csv(CSVRows)

    /// The record at a place; `row`: the one that it had when it was read first.
    func record(at place: Int, row: Int) -> RosterRecord {
        switch self {
        case .list(let records): records[place]
        case .csv(let rows): RosterSheet.record(rows.row(at: place, number: row))
        }
    }
}
