/// The encodings in which a file may come in.
public enum TextEncoding: String, Sendable, Equatable {
    case utf8 = "UTF-8"
    case utf16LittleEndian = "UTF-16LE"
    case utf16BigEndian = "UTF-16BE"
    case windows1252 = "Windows-1252"
}

/// A file's text as valid UTF-8 without a byte order mark, and what was assumed about it.
public struct DecodedText: Sendable, Equatable {
    /// Valid UTF-8, no byte order mark. A NUL may be in it, as any other control character.
    public let utf8: [UInt8]
    public let encoding: TextEncoding
    /// `ENCODING_ASSUMED` when the file was read as Windows-1252.
    public let notices: [Notice]

    public var text: String { String(decoding: utf8, as: UTF8.self) }
}

/// Bytes of a text file to UTF-8.
///
/// A byte order mark decides; without one a file that is valid UTF-8 is UTF-8, anything else is
/// taken for Windows-1252 with a notice. Nothing is repaired: what can't be decoded is an error.
public enum TextDecoding {
    /// Decodes a whole file. Throws `ENCODING` for UTF-16 without a mark, for broken UTF-16, for broken UTF-8
    /// behind a mark, and for bytes that Windows-1252 leaves undefined (81 8D 8F 90 9D).
    public static func decode(_ bytes: [UInt8]) throws(NodeError) -> DecodedText {
        if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
            throw failure("is a workbook or an archive, not text")
        }
        if bytes.starts(with: [0xFF, 0xFE]) {
            return DecodedText(
                utf8: try utf16(bytes, high: 1), encoding: .utf16LittleEndian, notices: [])
        }
        if bytes.starts(with: [0xFE, 0xFF]) {
            return DecodedText(
                utf8: try utf16(bytes, high: 0), encoding: .utf16BigEndian, notices: [])
        }
        if let offset = bytes.firstIndex(of: 0), isUnmarkedUTF16(bytes) {
            throw failure(
                "is UTF-16 without a mark or no text: it has many NUL bytes, one at offset \(offset)")
        }
        let marked = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        if isUTF8(bytes) {
            return DecodedText(
                utf8: marked ? Array(bytes.dropFirst(3)) : bytes, encoding: .utf8, notices: [])
        }
        let line = lineOfFirstError(bytes)
        if marked { throw failure("is marked as UTF-8 but line \(line) isn't") }
        let notice = Notice(
            "ENCODING_ASSUMED", "Line \(line) isn't UTF-8; the file was read as Windows-1252.",
            hint: "Check names with accents, or save the file as CSV UTF-8.")
        return DecodedText(
            utf8: try windows1252(bytes), encoding: .windows1252, notices: [notice])
    }

    /// Whether the file begins with so many NUL bytes that it is no text of single bytes: of a header in UTF-16
    /// every second one is, all at even or all at odd places. A NUL in a cell is that row's fault alone.
    private static func isUnmarkedUTF16(_ bytes: [UInt8]) -> Bool {
        var zeros = [0, 0]
        let head = bytes.prefix(256)
        for (index, byte) in head.enumerated() where byte == 0 { zeros[index & 1] += 1 }
        return zeros[0] + zeros[1] > 1 && (zeros.max() ?? 0) * 4 > head.count
    }

    /// Looks at the bytes where they are: a String would copy the whole file.
    private static func isUTF8(_ bytes: [UInt8]) -> Bool {
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: bytes.span)
            return true
        } catch { return false }
    }

    private static func failure(_ cause: String) -> NodeError {
        NodeError(.encoding, "The file \(cause).", hint: "Save it as CSV UTF-8 and try again.")
    }

    /// `high` is the place of the high byte in each pair: 0 or 1.
    private static func utf16(_ bytes: [UInt8], high: Int) throws(NodeError) -> [UInt8] {
        guard bytes.count.isMultiple(of: 2) else {
            throw failure("is marked as UTF-16 but has an odd number of bytes")
        }
        let units = stride(from: 2, to: bytes.count, by: 2).map { index in
            UInt16(bytes[index + high]) << 8 | UInt16(bytes[index + 1 - high])
        }
        if units.count(where: { $0 == 0 }) * 4 > units.count {
            throw failure("is marked as UTF-16 but looks like UTF-32")
        }
        guard let text = String(validating: units, as: UTF16.self) else {
            throw failure("is marked as UTF-16 but has half a surrogate pair")
        }
        return Array(text.utf8)
    }

    private static func windows1252(_ bytes: [UInt8]) throws(NodeError) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + bytes.count / 8)
        for (offset, byte) in bytes.enumerated() {
            if byte < 0x80 {
                output.append(byte)
                continue
            }
            let value = byte < 0xA0 ? upperControls[Int(byte - 0x80)] : UInt32(byte)
            guard value != 0, let scalar = Unicode.Scalar(value) else {
                let hex = String(byte, radix: 16, uppercase: true)
                throw failure("is neither UTF-8 nor Windows-1252: byte \(hex) at offset \(offset)")
            }
            output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        }
        return output
    }

    /// Windows-1252 80–9F (the WHATWG index without its C1 fall-backs); 0 is undefined.
    private static let upperControls: [UInt32] = [
        0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
        0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017D, 0,
        0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
        0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178,
    ]

    /// The physical line of the first byte that isn't UTF-8; runs only on files that aren't.
    private static func lineOfFirstError(_ bytes: [UInt8]) -> Int {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var line = 1
        var previous: Unicode.Scalar = " "
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            if scalar == "\r" || (scalar == "\n" && previous != "\r") { line += 1 }
            previous = scalar
        }
        return line
    }
}
