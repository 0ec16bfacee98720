import NodeCore

/// The lines of a rule file with what of each isn't comment, looked at before the file is parsed.
///
/// Nothing here may pass over an anchor that the parser would find. So quotes aren't followed: a `#` behind a
/// blank begins a comment unless a quote stands before it in the file and another one behind it in its line,
/// for then it may stand in a text.
struct RuleLines: IteratorProtocol {
    struct Line {
        let number: Int
        let text: Substring
        /// The code points before a comment.
        let content: ArraySlice<Unicode.Scalar>

        /// The place of a code point, from 0.
        func place(of index: Int) -> RulePlace { RulePlace(line: number, column: index + 1) }

        /// Where an anchor or alias may begin: `&` or `*` with a name right behind it, not within a word.
        var anchor: Int? {
            content.indices.first { index in
                guard content[index] == "&" || content[index] == "*", index + 1 < content.endIndex,
                    !RuleLines.isBlank(content[index + 1])
                else { return false }
                return index == 0 || !RuleLines.isWord(content[index - 1])
            }
        }
    }

    private var rest: Substring
    private var number = 0
    private var quoted = false

    init(_ yaml: String) { rest = yaml[...] }

    mutating func next() -> Line? {
        guard !rest.isEmpty else { return nil }
        number += 1
        let text = rest.prefix { !Self.isBreak($0) }
        rest = rest[text.endIndex...].dropFirst()
        let scalars = Array(text.unicodeScalars)
        let comment = scalars.indices.first { index in
            scalars[index] == "#" && (index == 0 || Self.isBlank(scalars[index - 1]))
        }
        var end = comment ?? scalars.count
        quoted = quoted || scalars[..<end].contains(where: Self.isQuote)
        if quoted, scalars[end...].contains(where: Self.isQuote) { end = scalars.count }
        return Line(number: number, text: text, content: scalars[..<end])
    }

    /// Where the first character stands that no YAML file may have.
    static func firstControl(in yaml: String) -> RulePlace? {
        var lines = RuleLines(yaml)
        while let line = lines.next() {
            let index = line.text.unicodeScalars.enumerated().first { _, scalar in
                switch scalar.value {
                case 0x09, 0x85: false
                case 0...0x1F, 0x7F...0x9F, 0xFFFE, 0xFFFF: true
                default: false
                }
            }?.offset
            if let index { return line.place(of: index) }
        }
        return nil
    }

    /// What ends a line in YAML.
    private static func isBreak(_ character: Character) -> Bool {
        ["\n", "\r", "\r\n", "\u{85}", "\u{2028}", "\u{2029}"].contains(character)
    }

    fileprivate static func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" }

    private static func isQuote(_ scalar: Unicode.Scalar) -> Bool { scalar == "\"" || scalar == "'" }

    fileprivate static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
    }
}
