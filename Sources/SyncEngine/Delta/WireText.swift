import NodeCore

/// Which texts may stand in a body. Names and ids are ASCII, so that no two of them are equal in one
/// sense and different in another; values are any UTF-8 without U+0000, which SQLite's text functions
/// take for an end.
enum WireText {
    /// `a-z`, `0-9` and `_`, 1 to 255 bytes.
    static func isName(_ text: String) -> Bool {
        (1...DeltaLimits.maxNameBytes).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
            }
    }

    /// Printable ASCII without blanks, 1 to 255 bytes.
    static func isID(_ text: String) -> Bool {
        (1...DeltaLimits.maxNameBytes).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    }

    static func name(_ reader: inout CBORReader, _ what: String) throws -> String {
        let text = try reader.text()
        guard isName(text) else { throw DeltaError.malformed(what) }
        return text
    }

    /// Refuses names of columns that no installation would take. Throws `VALIDATION_ERROR`.
    static func check(names: [String], of table: String) throws {
        for name in names where !isName(name) {
            throw NodeError(.validation, "\(name) is no column name of \(table)")
        }
    }

    /// Refuses at the write what no installation would take. Throws `TOO_LARGE`, `VALIDATION_ERROR`.
    static func check(_ write: RecordedWrite) throws {
        guard isName(write.table), isID(write.id) else {
            throw NodeError(.validation, "a row of \(write.table) has an id that can't travel")
        }
        switch write.change {
        case .delete: return
        case .row(let values), .columns(let values):
            for (column, value) in values { try check(value, write.table, column) }
        }
    }

    private static func check(_ value: Value, _ table: String, _ column: String) throws {
        let count: Int
        switch value {
        case .null, .int: return
        case .bytes(let bytes): count = bytes.count
        case .text(let text):
            count = text.utf8.count
            guard !hasZero(text) else {
                throw NodeError(
                    .validation, "\(table).\(column) holds a zero byte", hint: "Remove it.", field: column)
            }
        }
        guard count <= DeltaLimits.maxValueBytes else {
            throw NodeError(
                .tooLarge,
                "\(table).\(column) has \(count) bytes, over the limit of \(DeltaLimits.maxValueBytes)",
                hint: "Shorten it; nothing was written.", field: column)
        }
    }

    private static func hasZero(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { utf8 in utf8.contains(0) }
    }
}
