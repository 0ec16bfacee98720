/// A CSV file with a header, read record by record: what is kept is the file's bytes and one record.
///
/// A copy reads on from where it was made, so a file can be gone through twice.
public struct CSVRows: Sendable {
    /// For each column asked for, whether the file has it.
    public let present: [Bool]
    /// `ENCODING_ASSUMED`, `UNKNOWN_COLUMN`.
    public let notices: [Notice]
    /// The size of the file as UTF-8.
    public let byteCount: Int
    private let columns: [CSVColumn]
    private let header: CSVHeader
    private var reader: CSVReader
    private var hasRows = false

    /// How many of `byteCount` bytes have been read.
    public var position: Int { reader.position }

    /// Where the record that was read last begins, in bytes.
    var recordStart: Int { reader.recordStart }

    /// Reads up to the header. Throws `ENCODING`, `EMPTY_FILE`, `DUPLICATE_COLUMN` and `MISSING_COLUMN` (all
    /// at once), and what `next` throws.
    public init(
        _ bytes: [UInt8], columns: [CSVColumn], reportUnknown: Bool = true
    ) throws(NodeError) {
        let decoded = try TextDecoding.decode(bytes)
        var reader = CSVReader(decoded.utf8)
        guard let record = try Self.pull(&reader) else {
            throw NodeError(
                .emptyFile, "The file is empty.", hint: "Its first record must name the columns.")
        }
        header = try CSVHeader(record, columns: columns)
        present = header.places.map { $0 != nil }
        var notices = decoded.notices
        if reportUnknown, let notice = header.unknownNotice { notices.append(notice) }
        self.notices = notices
        self.columns = columns
        self.reader = reader
        byteCount = decoded.utf8.count
    }

    /// The next record that isn't blank, nil at the end.
    ///
    /// Throws `UNTERMINATED_QUOTE`, `TOO_LARGE` (a record over 1 MiB), and `NO_ROWS` at the end of a file that
    /// had none.
    public mutating func next() throws(NodeError) -> CSVTable.Row? {
        guard let record = try Self.pull(&reader) else {
            guard hasRows else {
                throw NodeError(
                    .noRows, "The file has a header but no rows.",
                    hint: "Add one record for each entry below the header.")
            }
            return nil
        }
        hasRows = true
        return row(record)
    }

    /// A record that `next` gave, again: where it begins, and its number.
    func row(at start: Int, number: Int) -> CSVTable.Row {
        var again = reader
        again.goBack(to: start, number: number)
        do throws(NodeError) {
            if let record = try Self.pull(&again) { return row(record) }
        } catch {}
        preconditionFailure("the bytes of a file that is being read never change")
    }

    private static func pull(_ reader: inout CSVReader) throws(NodeError) -> CSVRecord? {
        do throws(CSVError) {
            while let record = try reader.next() {
                if !record.fields.allSatisfy(NormalForm.isBlank) { return record }
            }
            return nil
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

    private func row(_ record: CSVRecord) -> CSVTable.Row {
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
                    RowProblem(
                        .controlCharacter, "\(column.name) has the control character \(name).",
                        column: column.name))
            }
            cells.append(NormalForm.text(field))
        }
        return CSVTable.Row(number: record.number, cells: cells, raw: record.fields, problems: problems)
    }
}
