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

    /// Reads a whole file.
    ///
    /// Throws `ENCODING`, `EMPTY_FILE`, `DUPLICATE_COLUMN`, `MISSING_COLUMN` (all at once),
    /// `UNTERMINATED_QUOTE`, `TOO_LARGE` (a record over 1 MiB) and `NO_ROWS`.
    public static func parse(
        _ bytes: [UInt8], columns: [CSVColumn], reportUnknown: Bool = true
    ) throws(NodeError) -> CSVTable {
        let decoded = try TextDecoding.decode(bytes)
        var reader = CSVReader(decoded.utf8)
        var header: CSVHeader?
        var rows: [Row] = []
        while let record = try pull(&reader) {
            if record.fields.allSatisfy({ NormalForm.text($0).isEmpty }) { continue }
            if let header {
                rows.append(row(record, header: header, columns: columns))
            } else {
                header = try CSVHeader(record, columns: columns)
            }
        }
        guard let header else {
            throw NodeError(
                .emptyFile, "The file is empty.", hint: "Its first record must name the columns.")
        }
        guard !rows.isEmpty else {
            throw NodeError(
                .noRows, "The file has a header but no rows.",
                hint: "Add one record for each entry below the header.")
        }
        var notices = decoded.notices
        if reportUnknown, let notice = header.unknownNotice { notices.append(notice) }
        return CSVTable(rows: rows, present: header.places.map { $0 != nil }, notices: notices)
    }

    private static func pull(_ reader: inout CSVReader) throws(NodeError) -> CSVRecord? {
        do throws(CSVError) {
            return try reader.next()
        } catch {
            switch error.kind {
            case .unterminatedQuote:
                throw NodeError(
                    .unterminatedQuote, "The quote that opens in line \(error.line) isn't closed.",
                    hint: "Close it, or write a quote inside a quoted cell twice.", row: error.record)
            case .recordTooLarge:
                throw NodeError(
                    .tooLarge, "The record in line \(error.line) is larger than 1 MiB.",
                    hint: "Check the line ends of the file.", row: error.record)
            }
        }
    }

    private static func row(_ record: CSVRecord, header: CSVHeader, columns: [CSVColumn]) -> Row {
        var problems: [RowProblem] = []
        if record.fields.count > header.width {
            problems.append(
                RowProblem(
                    .tooManyCells,
                    "The row has \(record.fields.count) cells, the header \(header.width):"
                        + " a cell with the delimiter in it needs quotes."))
        }
        if record.malformed {
            problems.append(
                RowProblem(
                    .textAfterQuote, "Text follows a closing quote: write a quote in a cell twice."))
        }
        var cells: [String] = []
        cells.reserveCapacity(columns.count)
        for (index, column) in columns.enumerated() {
            guard let place = header.places[index], place < record.fields.count else {
                cells.append("")
                continue
            }
            let field = record.fields[place]
            if let control = NormalForm.firstControl(in: field) {
                let name = NormalForm.codePointName(control)
                problems.append(
                    RowProblem(.controlCharacter, "\(column.name) has the control character \(name)."))
            }
            cells.append(NormalForm.text(field))
        }
        return Row(number: record.number, cells: cells, raw: record.fields, problems: problems)
    }
}
