/// The e-mail rule of the contract: one `@` with something on both sides, a dot in the domain with
/// something on both sides, no blank, comma or semicolon, at most 254 bytes.
public enum EmailAddress {
    /// The most bytes of an address (RFC 5321, 4.5.3.1.3).
    public static let maxBytes = 254

    /// What is wrong with an address.
    private enum Fault: Equatable {
        case tooLong
        /// What the address does or lacks.
        case invalid(String)
    }

    /// What is wrong with an address in `NormalForm.email`; nil when nothing is.
    public static func problem(_ address: String) -> RowProblem? {
        switch fault(address) {
        case nil: nil
        case .tooLong:
            RowProblem(.tooLong, "The e-mail is longer than \(maxBytes) bytes.", column: "Email")
        case .invalid(let cause): RowProblem(.invalidEmail, "The e-mail \(cause).", column: "Email")
        }
    }

    /// Whether an address in `NormalForm.email` is one.
    public static func isValid(_ address: String) -> Bool { fault(address) == nil }

    /// One look at every byte: a large roster asks this of each record.
    private static func fault(_ address: String) -> Fault? {
        address.withBytes { bytes in
            guard bytes.count <= maxBytes else { return .tooLong }
            var hasBlank = false, hasSeparator = false, hasDot = false
            var at: Int?, manyAts = false
            for (index, byte) in bytes.enumerated() {
                switch byte {
                case 0x20: hasBlank = true
                case UInt8(ascii: ","), UInt8(ascii: ";"): hasSeparator = true
                case UInt8(ascii: "@") where at == nil: at = index
                case UInt8(ascii: "@"): manyAts = true
                case dot where at != nil: hasDot = true
                default: break
                }
            }
            if hasBlank { return .invalid("has a blank in it") }
            if hasSeparator { return .invalid("has a comma or semicolon in it") }
            guard let at else { return .invalid("has no @") }
            if manyAts { return .invalid("has more than one @") }
            let domain = bytes[(at + 1)...]
            if at == 0 || domain.isEmpty { return .invalid("has nothing on one side of the @") }
            guard hasDot, domain.first != dot, domain.last != dot else {
                return .invalid("has no dot inside its domain")
            }
            return nil
        }
    }

    private static var dot: UInt8 { UInt8(ascii: ".") }

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
        let start = bytes.firstIndex { $0 != dot } ?? bytes.endIndex
        let end = bytes.lastIndex { $0 != dot }.map { $0 + 1 } ?? start
        return String(decoding: bytes[start..<max(start, end)], as: UTF8.self)
    }
}
