/// How many columns a text takes on a terminal.
///
/// The sum of its characters: an emoji sequence is two columns; otherwise each scalar counts by its
/// East Asian Width (UAX #11: Wide and Fullwidth two), marks that combine and invisible format
/// characters none. Ambiguous characters count one, as terminals do outside East Asian locales.
/// Cost: one pass; printable ASCII is counted by bytes.
enum DisplayWidth {
    static func of(_ text: String) -> Int {
        if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return text.utf8.count }
        return text.reduce(0) { $0 + of($1) }
    }

    static func of(_ character: Character) -> Int {
        let scalars = character.unicodeScalars
        guard scalars.count > 1 else { return scalars.first.map(of) ?? 0 }
        if isEmojiSequence(scalars) { return 2 }
        return scalars.reduce(0) { $0 + of($1) }
    }

    /// The longest beginning that fits, without cutting a character in two.
    static func prefix(of text: String, columns: Int) -> Substring {
        var used = 0
        var end = text.startIndex
        while end < text.endIndex {
            used += of(text[end])
            if used > columns { break }
            end = text.index(after: end)
        }
        return text[..<end]
    }

    /// The text cut to so many columns, with an ellipsis for what is missing.
    static func truncated(_ text: String, columns: Int) -> String {
        guard of(text) > columns else { return text }
        return columns < 1 ? "" : String(prefix(of: text, columns: columns - 1)) + "…"
    }

    private static func isEmojiSequence(_ scalars: String.UnicodeScalarView) -> Bool {
        guard let first = scalars.first else { return false }
        return first.properties.isEmojiPresentation
            || (first.properties.isEmoji && scalars.contains("\u{FE0F}"))
    }

    private static func of(_ scalar: Unicode.Scalar) -> Int {
        let value = scalar.value
        if value < 0x300 { return (value < 0x20 || (0x7F...0x9F).contains(value)) ? 0 : 1 }
        // Vowels and finals of Hangul join the syllable that their initial began.
        if (0x1160...0x11FF).contains(value) || (0xD7B0...0xD7FF).contains(value) { return 0 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: break
        }
        if scalar.properties.isEmojiPresentation { return 2 }
        return isWide(value) ? 2 : 1
    }

    /// Wide and Fullwidth of EastAsianWidth.txt but for emoji, which the standard library knows.
    private static func isWide(_ value: UInt32) -> Bool {
        guard value >= 0x1100 else { return false }
        return wideRanges.contains { $0.contains(value) }
    }

    private static let wideRanges: [ClosedRange<UInt32>] = [
        0x1100...0x115F,  // Hangul initials
        0x2329...0x232A,  // angle brackets
        0x2E80...0x303E,  // radicals, CJK punctuation
        0x3041...0x3247, 0x3250...0x4DBF,  // kana, compatibility, extension A
        0x4E00...0xA4CF,  // ideographs, Yi
        0xA960...0xA97C, 0xAC00...0xD7A3,  // Hangul
        0xF900...0xFAFF,  // compatibility ideographs
        0xFE10...0xFE19, 0xFE30...0xFE6F,  // vertical and small forms
        0xFF01...0xFF60, 0xFFE0...0xFFE6,  // full width
        0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF,  // Tangut, Khitan, kana supplements
        0x1F200...0x1F265,  // enclosed ideographs
        0x20000...0x2FFFD, 0x30000...0x3FFFD,  // further ideographs
    ]
}
