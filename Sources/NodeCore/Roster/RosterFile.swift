/// A roster to import, in whatever form it came: CSV read record by record, or a OneRoster set.
public struct RosterFile: Sendable {
    /// How a roster came in; kept with the import.
    public enum Form: String, Sendable { case csv, oneroster, sheet }

    public let form: Form
    /// Whether the file says anything about grades; if not, grades are left alone.
    public let hasGrade: Bool
    /// Remarks about the file as a whole.
    public let notices: [Notice]
    /// The academic year that the file itself names; nil when it names none.
    public let year: AcademicYear?
    /// Whether the file tells changes only: nobody missing from it becomes inactive.
    public let isDelta: Bool
    private let content: Content

    private enum Content: Sendable {
        case csv(CSVRows, file: [UInt8])
        case oneRoster([RosterRecord], set: OneRosterSet)
    }

    /// One file that is read as this one was; kept while the import is held.
    var bytes: [UInt8] {
        switch content {
        case .csv(_, let file): file
        case .oneRoster(_, let set): set.packed
        }
    }

    /// Opens a file: CSV, a zipped OneRoster set, or one that was held. Throws the file errors of `CSVRows`
    /// that the header shows, and those of `OneRosterSet`.
    public init(_ bytes: [UInt8], form: Form = .csv) throws(NodeError) {
        if OneRosterSet.isPacked(bytes) {
            try self.init(OneRosterSet(packed: bytes))
        } else if ZipArchive.isZip(bytes) {
            try self.init(OneRosterSet(zip: bytes))
        } else {
            try self.init(csv: bytes, form: form)
        }
    }

    private init(csv bytes: [UInt8], form: Form) throws(NodeError) {
        let rows = try CSVRows(bytes, columns: RosterSheet.columns)
        self.form = form
        hasGrade = rows.present[3]
        notices = rows.notices
        year = nil
        isDelta = false
        content = .csv(rows, file: bytes)
    }

    /// A OneRoster set. Throws its file errors.
    public init(_ set: OneRosterSet) throws(NodeError) {
        let roster = try OneRosterReader.read(set)
        form = .oneroster
        hasGrade = roster.sheet.hasGrade
        notices = roster.sheet.notices
        year = roster.year
        isDelta = roster.isDelta
        content = .oneRoster(roster.sheet.records, set: set)
    }

    /// The records, to be read again by the places that `forEach` gives.
    var records: RosterRecords {
        switch content {
        case .csv(let rows, _): .csv(rows)
        case .oneRoster(let records, _): .list(records)
        }
    }

    /// Hands on every record in the order of the file, with its place; gives their number. `progress` gets how much
    /// has been read, and of how much (bytes, or records of a set). Throws the file errors that come after the header.
    func forEach(
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in },
        _ take: (_ record: RosterRecord, _ place: Int) -> Void
    ) throws(NodeError) -> Int {
        var count = 0
        switch content {
        case .oneRoster(let records, _):
            for (place, record) in records.enumerated() { take(record, place) }
            count = records.count
        case .csv(var rows, _):
            while let row = try rows.next() {
                take(RosterSheet.record(row), rows.recordStart)
                count += 1
                if count % 1024 == 0 { progress(rows.position, rows.byteCount) }
            }
        }
        return count
    }
}
