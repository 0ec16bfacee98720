// Normal form v1 of natural keys (PROTOCOL, "Normal form"). Ids are derived from it, so it is frozen:
// another table is another version, not a correction.
//
// 1. Zero-width code points are removed: U+00AD (soft hyphen: invisible, so two spellings that look
//    the same must be one key), U+200B–U+200F, U+2060, U+FEFF.
// 2. Runs of blanks become one U+0020, those at either end go. Blanks: U+0009, U+000A, U+000D, U+0020,
//    U+00A0, U+1680, U+2000–U+200A, U+2028, U+2029, U+202F, U+205F, U+3000.
// 3. Unicode canonical composition (NFC).
// 4. In e-mails only, A–Z become a–z; no other letter changes.
//
// The result is stable: applying a step again changes nothing.
import Foundation

/// Normal form v1 of natural keys, and the looser key for matching within one installation.
public enum NormalForm {
    /// Blanks folded and trimmed, zero-width code points removed, NFC. Control characters stay.
    public static func text(_ raw: String) -> String {
        if isPlain(raw) { return raw }
        var folded = String.UnicodeScalarView()
        var pendingBlank = false
        var isComposed = true
        for scalar in raw.unicodeScalars where !isZeroWidth(scalar) {
            if isBlank(scalar) {
                pendingBlank = !folded.isEmpty
                continue
            }
            if pendingBlank { folded.append(" ") }
            pendingBlank = false
            if scalar.value >= firstCombining { isComposed = false }
            folded.append(scalar)
        }
        let text = String(folded)
        return isComposed ? text : text.precomposedStringWithCanonicalMapping
    }

    /// Below it NFC changes nothing: no code point combines with another or has a canonical decomposition that
    /// NFC prefers (UAX 15, NFC_Quick_Check), which Unicode's stability policy keeps so.
    private static let firstCombining: UInt32 = 0x300

    /// `text` with A–Z as a–z; never `lowercased()`, whose tables change with Unicode's version.
    public static func email(_ raw: String) -> String { text(raw).lowercasedASCII }

    /// The key under which names are compared on one installation: `text`, then lower case by Unicode's
    /// full tables. Never stored, never part of a derived id.
    public static func matchKey(_ raw: String) -> String {
        let text = text(raw)
        let isASCII = text.withBytes { bytes in bytes.allSatisfy { $0 < 0x80 } }
        return isASCII ? text.lowercasedASCII : Self.text(text.lowercased())
    }

    /// Whether nothing is left of a text in normal form.
    static func isBlank(_ raw: String) -> Bool {
        raw.unicodeScalars.allSatisfy { isBlank($0) || isZeroWidth($0) }
    }

    /// The first control character of a cell: U+0000–U+001F but tab, LF and CR; U+007F–U+009F; the
    /// codes that embed, override or isolate a direction (U+202A–U+202E, U+2066–U+2069).
    public static func firstControl(in raw: String) -> Unicode.Scalar? {
        hasNoControl(raw) ? nil : raw.unicodeScalars.first(where: isControl)
    }

    /// Whether two texts are the same bytes; `==` on String is canonical equivalence.
    public static func same(_ left: String, _ right: String) -> Bool {
        left.withBytes { left in right.withBytes { left.count == $0.count && left.elementsEqual($0) } }
    }

    /// `U+0007` for a code point.
    public static func codePointName(_ scalar: Unicode.Scalar) -> String {
        let hex = String(scalar.value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - hex.utf8.count)) + hex
    }

    /// At most `count` code points, with an ellipsis where some were cut.
    static func shortened(_ text: String, to count: Int) -> String {
        guard text.utf8.count > count, text.unicodeScalars.count > count else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(count))) + "…"
    }

    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D: false
        case 0...0x1F, 0x7F...0x9F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D, 0x20, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F,
            0x3000:
            true
        default: false
        }
    }

    static func isZeroWidth(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xAD, 0x200B...0x200F, 0x2060, 0xFEFF: true
        default: false
        }
    }

    /// Whether a text has nothing to fold and nothing to compose, seen by its bytes: the common case. C2 A0 is the
    /// blank and C2 AD the zero-width code point below U+0300, whose first byte would be CC.
    private static func isPlain(_ raw: String) -> Bool {
        raw.withBytes { bytes in
            var previous: UInt8 = 0x20
            for byte in bytes {
                switch byte {
                case 0x09, 0x0A, 0x0D, 0xCC...: return false
                case 0x20 where previous == 0x20: return false
                case 0xA0 where previous == 0xC2, 0xAD where previous == 0xC2: return false
                default: previous = byte
                }
            }
            return previous != 0x20 || bytes.isEmpty
        }
    }

    /// Whether the bytes of a text show that no control character is in it: there is none above U+009F and below
    /// U+2000, whose first byte is E2.
    private static func hasNoControl(_ raw: String) -> Bool {
        raw.withBytes { bytes in
            var previous: UInt8 = 0
            for byte in bytes {
                switch byte {
                case 0x09, 0x0A, 0x0D: break
                case ..<0x20, 0x7F, 0xE2...: return false
                case 0x80...0x9F where previous == 0xC2: return false
                default: break
                }
                previous = byte
            }
            return true
        }
    }
}
