/// The e-mail rule of the contract: one `@` with something on both sides, a dot in the domain with
/// something on both sides, no blank, comma or semicolon, at most 254 bytes.
public enum EmailAddress {
    /// The most bytes of an address (RFC 5321, 4.5.3.1.3).
    public static let maxBytes = 254

    /// What is wrong with an address in `NormalForm.email`; nil when nothing is.
    public static func problem(_ address: String) -> RowProblem? {
        func invalid(_ cause: String) -> RowProblem {
            RowProblem(.invalidEmail, "The e-mail \(cause).", column: "Email")
        }
        let bytes = Array(address.utf8)
        guard bytes.count <= maxBytes else {
            return RowProblem(.tooLong, "The e-mail is longer than \(maxBytes) bytes.", column: "Email")
        }
        if bytes.contains(0x20) { return invalid("has a blank in it") }
        if bytes.contains(UInt8(ascii: ",")) || bytes.contains(UInt8(ascii: ";")) {
            return invalid("has a comma or semicolon in it")
        }
        guard let at = bytes.firstIndex(of: UInt8(ascii: "@")) else { return invalid("has no @") }
        let domain = bytes[(at + 1)...]
        if domain.contains(UInt8(ascii: "@")) { return invalid("has more than one @") }
        if at == 0 || domain.isEmpty { return invalid("has nothing on one side of the @") }
        let dot = UInt8(ascii: ".")
        guard domain.contains(dot), domain.first != dot, domain.last != dot else {
            return invalid("has no dot inside its domain")
        }
        return nil
    }

    /// Whether an address in `NormalForm.email` is one.
    public static func isValid(_ address: String) -> Bool { problem(address) == nil }

    /// Every address that a cell in error may mean: its pieces between blanks and separators, and the
    /// whole without blanks. Too many do no harm, they only keep teachers from being deactivated.
    static func candidates(in cell: String) -> [String] {
        let visible = cell.unicodeScalars.filter { !NormalForm.isControl($0) }
        let email = NormalForm.email(String(String.UnicodeScalarView(visible)))
        guard email.utf8.contains(UInt8(ascii: "@")) else { return [] }
        let pieces = email.utf8.split(whereSeparator: { " ,;<>()[]:\"'|/".utf8.contains($0) })
            .map { trimmingDots(Array($0)) }
        let whole = trimmingDots(email.utf8.filter { $0 != 0x20 })
        return (pieces + [whole]).filter(isValid)
    }

    private static func trimmingDots(_ bytes: [UInt8]) -> String {
        let dot = UInt8(ascii: ".")
        let start = bytes.firstIndex { $0 != dot } ?? bytes.endIndex
        let end = bytes.lastIndex { $0 != dot }.map { $0 + 1 } ?? start
        return String(decoding: bytes[start..<max(start, end)], as: UTF8.self)
    }
}
