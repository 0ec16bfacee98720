import NodeCore

/// Query strings as HTML forms and URLs write them (`application/x-www-form-urlencoded`).
public enum QueryString {
    /// Pairs in order; a part without `=` has an empty value. A `%` that begins no escape stands for
    /// itself; bytes that are not UTF-8 become U+FFFD.
    public static func decode(_ text: String) -> [(String, String)] {
        text.utf8.split(separator: UInt8(ascii: "&")).map { part in
            let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            let name = percentDecode(part[..<equals], plusIsBlank: true)
            return (name, percentDecode(part[equals...].dropFirst(), plusIsBlank: true))
        }
    }

    /// Decodes `%41`; for a segment of a path, where `+` is a plus.
    public static func decodeSegment(_ segment: Substring) -> String {
        percentDecode(segment.utf8, plusIsBlank: false)
    }

    private static func percentDecode(_ text: Substring.UTF8View, plusIsBlank: Bool) -> String {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "+"), plusIsBlank {
                bytes.append(0x20)
            } else if byte == UInt8(ascii: "%"), let value = hexPair(rest.prefix(2)) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hexPair(_ digits: Substring.UTF8View) -> UInt8? {
        guard digits.count == 2 else { return nil }
        return [UInt8](hex: String(decoding: digits, as: UTF8.self))?.first
    }
}
