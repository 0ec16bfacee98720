/// The header of a CSV file: where each column asked for stands, and which others there are.
struct CSVHeader: Sendable {
    /// The number of cells in the header.
    let width: Int
    /// For each column asked for, its place in the record.
    let places: [Int?]
    private let unknown: [String]

    /// Throws `DUPLICATE_COLUMN` and `MISSING_COLUMN`; both name every column concerned.
    init(_ record: CSVRecord, columns: [CSVColumn]) throws(NodeError) {
        let names = record.fields.map(NormalForm.text)
        let keys = names.map(NormalForm.matchKey)
        var places: [Int?] = []
        var duplicates: [String] = []
        for column in columns {
            let found = column.accepted.lazy.map { name in keys.indices.filter { keys[$0] == name } }
                .first { !$0.isEmpty }
            places.append(found?.first)
            if let found, found.count > 1 { duplicates.append(column.name) }
        }
        guard duplicates.isEmpty else {
            throw NodeError(
                .duplicateColumn,
                "The file has more than one column \(duplicates.joined(separator: ", ")).",
                hint: "Keep one of them.", field: duplicates[0], row: record.number)
        }
        let missing = columns.indices.filter { columns[$0].required && places[$0] == nil }
            .map { columns[$0].name }
        guard missing.isEmpty else { throw Self.missing(missing, found: names, row: record.number) }
        self.width = names.count
        self.places = places
        let known = Set(columns.flatMap(\.accepted))
        self.unknown = names.indices.filter { !keys[$0].isEmpty && !known.contains(keys[$0]) }
            .map { names[$0] }
    }

    /// A file without a header has people in its first record: their cells are not repeated.
    private static func missing(_ missing: [String], found names: [String], row: Int) -> NodeError {
        let list = missing.joined(separator: ", ")
        let message = "The file lacks the column\(missing.count == 1 ? "" : "s") \(list)"
        let looksLikeData = names.contains { $0.utf8.contains(UInt8(ascii: "@")) }
        if looksLikeData {
            return NodeError(
                .missingColumn, "\(message); its first record looks like data, not like a header.",
                hint: "Put a first line with the names of the columns on top.", field: missing[0],
                row: row)
        }
        return NodeError(
            .missingColumn, "\(message); found: \(listed(names.filter { !$0.isEmpty })).",
            hint: "Name the columns in the first record; order and case don't matter.",
            field: missing[0], row: row)
    }

    /// `UNKNOWN_COLUMN` with the names of the columns that were ignored; nil without any.
    var unknownNotice: Notice? {
        guard !unknown.isEmpty else { return nil }
        return Notice(
            "UNKNOWN_COLUMN",
            "Ignored the column\(unknown.count == 1 ? "" : "s") \(Self.listed(unknown)).")
    }

    /// At most 20 names of at most 40 characters.
    private static func listed(_ names: [String]) -> String {
        let shown = names.prefix(20).map { NormalForm.shortened($0, to: 40) }
        let rest = names.count - shown.count
        return shown.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }
}
