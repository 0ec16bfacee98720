/// A column that a reader of a file looks for.
public struct CSVColumn: Sendable {
    /// How messages call it.
    public let name: String
    /// Names in the header that mean it, as `NormalForm.matchKey`; the first one present is taken.
    public let accepted: [String]
    public let required: Bool

    public init(_ name: String, accepted: [String] = [], required: Bool = false) {
        self.name = name
        self.accepted = (accepted.isEmpty ? [name] : accepted).map(NormalForm.matchKey)
        self.required = required
    }
}

/// A CSV file with a header: the columns asked for, by name, and every record that isn't blank.
///
/// The header is the first record that isn't wholly blank. Blank records are passed over but their
/// number counts, so a row's number is what a spreadsheet shows.
public struct CSVTable: Sendable {
    /// One record.
    public struct Row: Sendable {
        /// The number as a spreadsheet shows it: header = 1.
        public let number: Int
        /// One normalised cell (`NormalForm.text`) for each column asked for, empty where absent.
        public let cells: [String]
        /// Every cell as written, for rows that are in error.
        public let raw: [String]
        /// Faults of the record's form: cells too many, text after a quote, control characters.
        public let problems: [RowProblem]
    }

    public let rows: [Row]
    /// For each column asked for, whether the file has it.
    public let present: [Bool]
    /// `ENCODING_ASSUMED`, `UNKNOWN_COLUMN`.
    public let notices: [Notice]

    /// Reads a whole file. Throws what `CSVRows` throws.
    public static func parse(
        _ bytes: [UInt8], columns: [CSVColumn], reportUnknown: Bool = true
    ) throws(NodeError) -> CSVTable {
        var stream = try CSVRows(bytes, columns: columns, reportUnknown: reportUnknown)
        var rows: [Row] = []
        while let row = try stream.next() { rows.append(row) }
        return CSVTable(rows: rows, present: stream.present, notices: stream.notices)
    }
}
