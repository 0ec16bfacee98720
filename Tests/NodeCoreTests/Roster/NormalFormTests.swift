import Foundation
import NodeCore
import TestSupport
import Testing

@Suite("Normal form v1")
struct NormalFormTests {
    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test(
        "blanks are folded and trimmed, zero-width code points go, the rest is NFC",
        arguments: [
            ("", ""), (" ", ""), ("a", "a"), ("  a  b ", "a b"), ("a\t\r\nb", "a b"),
            ("\u{A0}a\u{3000}\u{2009}b\u{202F}", "a b"), ("a\u{1680}b\u{2028}c\u{205F}d", "a b c d"),
            ("\u{FEFF}a\u{200B}b\u{AD}c\u{2060}", "abc"), ("a \u{200B} b", "a b"),
            ("Jose\u{301}", "Jos\u{E9}"), ("e\u{200D}\u{301}", "\u{E9}"), ("\u{212B}", "\u{C5}"),
            ("\u{1100}\u{1161}", "\u{AC00}"), ("a\u{323}\u{307}", "\u{1EA1}\u{307}"),
            ("A\u{7}B", "A\u{7}B"), ("\u{85}", "\u{85}"), ("ﬁ", "ﬁ"),
        ])
    func text(raw: String, expected: String) {
        #expect(Self.bytes(NormalForm.text(raw)) == Self.bytes(expected))
    }

    @Test("every blank of the table folds, its neighbours don't")
    func table() {
        let ranges: [ClosedRange<UInt32>] = [
            0x09...0x0A, 0x0D...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A,
            0x2028...0x2029, 0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000,
        ]
        for value in UInt32(0)...0x3001 {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let isBlank = ranges.contains { $0.contains(value) }
            #expect((NormalForm.text("a\(scalar)b") == "a b") == isBlank, "\(value)")
        }
    }

    @Test(
        "e-mails lower-case A–Z and no other letter",
        arguments: [
            ("Ann.LEE@Kckps.ORG", "ann.lee@kckps.org"), (" A@B.c\u{A0}", "a@b.c"),
            ("ÉVA@X.org", "Éva@x.org"), ("İ@x.org", "İ@x.org"), ("\u{212A}@x.org", "k@x.org"),
            ("[@^_`{Z", "[@^_`{z"),
        ])
    func email(raw: String, expected: String) {
        #expect(Self.bytes(NormalForm.email(raw)) == Self.bytes(expected))
    }

    @Test("the match key folds the case of every letter")
    func matchKey() {
        #expect(NormalForm.matchKey(" LINCOLN\u{A0} élem ") == NormalForm.matchKey("Lincoln ÉLEM"))
        #expect(NormalForm.matchKey("Lincoln") != NormalForm.matchKey("Lincoln High"))
    }

    @Test("normal forms are stable")
    func stable() {
        let seed = SeededGenerator.seed(default: 0x4E46)
        var random = SeededGenerator(seed: seed)
        let pool: [UInt32] = [
            0x20, 0x41, 0x61, 0x65, 0x301, 0x323, 0x307, 0xAD, 0x200B, 0xFEFF, 0xA0, 0x3000, 0x212A,
            0x1100, 0x1161, 0x11A8, 0x130, 0x3A3, 0x37E, 0x0F71, 0x7, 0x2028, 0x1F600, 0x0344, 0x958,
        ]
        for _ in 0..<3_000 {
            var raw = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...8, using: &random) {
                guard let value = pool.randomElement(using: &random),
                    let scalar = Unicode.Scalar(value)
                else { continue }
                raw.append(scalar)
            }
            let input = String(raw)
            for form in [NormalForm.text, NormalForm.email, NormalForm.matchKey] {
                let once = form(input)
                #expect(Self.bytes(form(once)) == Self.bytes(once), "seed \(seed)")
            }
        }
    }

    @Test(
        "control characters are found, blanks and zero-width code points aren't",
        arguments: [
            ("a\u{7}b", "U+0007"), ("\u{0B}", "U+000B"), ("\u{0C}", "U+000C"), ("\u{7F}", "U+007F"),
            ("\u{85}", "U+0085"), ("a\u{202E}b", "U+202E"), ("\u{2066}", "U+2066"), ("\t\r\n", nil),
            ("a\u{A0}\u{200B}é", nil),
        ] as [(String, String?)])
    func control(raw: String, expected: String?) {
        #expect(NormalForm.firstControl(in: raw).map(NormalForm.codePointName) == expected)
    }

    @Test("what is seen by the bytes is what the table says code point by code point")
    func byBytes() {
        let seed = SeededGenerator.seed(default: 0xB17E)
        var random = SeededGenerator(seed: seed)
        let edges: [UInt32] = [
            0x00, 0x08, 0x09, 0x0A, 0x0B, 0x0D, 0x1F, 0x20, 0x7E, 0x7F, 0x80, 0x85, 0x9F, 0xA0, 0xA1, 0xAC,
            0xAD,
            0xAE, 0xC5, 0xE9, 0xED, 0x2AD, 0x2FF, 0x300, 0x301, 0x327, 0x345, 0x130, 0x131, 0x1E9E, 0x1FFF,
            0x2000,
            0x200B, 0x2029, 0x202A, 0x202E, 0x202F, 0x2066, 0x212B, 0x3000, 0xFEFF, 0xFB01, 0x1F600, 0x1D15E,
        ]
        for round in 0..<20_000 {
            var raw = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...(round % 24), using: &random) {
                let value =
                    switch Int.random(in: 0..<8, using: &random) {
                    case 0: edges[Int.random(in: 0..<edges.count, using: &random)]
                    case 1: UInt32.random(in: 0..<0x300, using: &random)
                    case 2: UInt32(0x20)
                    default: UInt32.random(in: 0x21...0x7E, using: &random)
                    }
                if let scalar = Unicode.Scalar(value) { raw.append(scalar) }
            }
            let text = String(raw)
            let expected = Self.folded(text)
            let lower = Self.bytes(expected).map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }
            #expect(Self.bytes(NormalForm.text(text)) == Self.bytes(expected), "seed \(seed)")
            #expect(Self.bytes(NormalForm.email(text)) == lower, "seed \(seed)")
            let key = Self.folded(expected.lowercased())
            #expect(Self.bytes(NormalForm.matchKey(text)) == Self.bytes(key), "seed \(seed)")
            #expect(NormalForm.firstControl(in: text) == raw.first(where: Self.isControl), "seed \(seed)")
            let other = Bool.random(using: &random) ? text + "" : expected
            let isSame = Self.bytes(text) == Self.bytes(other)
            #expect(NormalForm.same(text, other) == isSame, "seed \(seed)")
        }
    }

    /// The steps of normal form v1 as PROTOCOL lists them, one after the other.
    private static func folded(_ raw: String) -> String {
        let hidden: Set<UInt32> = Set([0xAD, 0x2060, 0xFEFF]).union(0x200B...0x200F)
        let blanks: Set<UInt32> = Set([
            0x09, 0x0A, 0x0D, 0x20, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000,
        ]).union(0x2000...0x200A)
        let visible = raw.unicodeScalars.filter { !hidden.contains($0.value) }
        let words = visible.split(whereSeparator: { blanks.contains($0.value) })
        let text = words.map { String(String.UnicodeScalarView($0)) }.joined(separator: " ")
        return text.precomposedStringWithCanonicalMapping
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        let isBlank = [0x09, 0x0A, 0x0D].contains(scalar.value)
        return !isBlank
            && (scalar.value < 0x20 || 0x7F...0x9F ~= scalar.value || 0x202A...0x202E ~= scalar.value
                || 0x2066...0x2069 ~= scalar.value)
    }
}
