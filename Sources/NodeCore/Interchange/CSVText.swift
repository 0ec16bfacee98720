/// CSV for spreadsheets: RFC 4180 with a byte order mark, by which they know UTF-8, and no cell that they would
/// take for a formula.
public enum CSVText {
    /// The bytes of a file.
    public static func bytes(_ header: [String], _ lines: [[String]]) -> [UInt8] {
        let text = ([header] + lines).map { $0.map(quoted).joined(separator: ",") + "\r\n" }.joined()
        return [0xEF, 0xBB, 0xBF] + Array(text.utf8)
    }

    /// A text that a spreadsheet would take for a formula, with an apostrophe in front. Numbers stay.
    public static func harmless(_ text: String) -> String {
        guard let first = text.unicodeScalars.first, "=+-@\t\r\n|＝＋－＠".unicodeScalars.contains(first),
            Double(text) == nil
        else { return text }
        return "'" + text
    }

    private static func quoted(_ raw: String) -> String {
        let text = harmless(raw)
        guard text.utf8.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}
