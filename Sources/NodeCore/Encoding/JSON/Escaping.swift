/// Which characters never reach a terminal as they are, and how they are shown instead.
///
/// Names may be typed by anybody: an escape sequence in one must not move the cursor, and a
/// bidirectional override must not make one name look like another.
public enum Escaping {
    /// C0, DEL, C1, the line and paragraph separators, and the bidirectional embeddings, overrides and
    /// isolates (U+202A…U+202E, U+2066…U+2069; UAX #9).
    public static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x1F, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    /// The text with every unsafe character as `\u{1b}`; all else as typed.
    public static func visible(_ text: String) -> String {
        // Bytes first: nearly every text has nothing to escape.
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == 0xC2 || $0 == 0xE2 })
        else { return text }
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if isUnsafe(scalar) {
                out.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
            } else {
                out.append(scalar)
            }
        }
        return String(out)
    }

    /// `\u001b`, for JSON; every unsafe character fits four digits.
    public static func hex4(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
