/// Writes CSV as RFC 4180 has it: commas, CRLF, quotes where a cell needs them.
public struct CSVWriter: Sendable {
    public private(set) var text = ""

    public init() {}

    /// One record, with the cells as they are: for programs, and files that are read again.
    public mutating func add(_ cells: [String]) {
        text += cells.map(Self.quoted).joined(separator: ",") + "\r\n"
    }

    /// One record for people who open it in a spreadsheet: a cell that it would take for a formula is kept
    /// text by an apostrophe before it (OWASP, CSV injection).
    public mutating func addForSpreadsheet(_ cells: [String]) {
        add(
            cells.map { cell in
                guard let first = cell.utf8.first, "=+-@\t\r".utf8.contains(first) else { return cell }
                return "'" + cell
            })
    }

    private static func quoted(_ cell: String) -> String {
        let needsQuotes = cell.utf8.contains { byte in
            byte == 0x22 || byte == 0x0A || byte == 0x0D || CSVDelimiter(rawValue: byte) != nil
        }
        guard needsQuotes || cell.hasPrefix(" ") || cell.hasSuffix(" ") else { return cell }
        return "\"" + cell.replacing("\"", with: "\"\"") + "\""
    }
}
