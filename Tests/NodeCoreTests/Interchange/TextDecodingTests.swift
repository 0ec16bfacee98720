import NodeCore
import Testing

@Suite("Text decoding")
struct TextDecodingTests {
    private static let sample = "Building,José Núñez,“ok” – 😀\r\n"

    private static func utf16(_ text: String, little: Bool) -> [UInt8] {
        var bytes: [UInt8] = little ? [0xFF, 0xFE] : [0xFE, 0xFF]
        for unit in text.utf16 {
            let pair = [UInt8(unit >> 8), UInt8(unit & 0xFF)]
            bytes += little ? pair.reversed() : pair
        }
        return bytes
    }

    @Test("one text comes out of every encoding with a mark, without a notice")
    func marked() throws {
        let utf8 = Array(Self.sample.utf8)
        let files: [([UInt8], TextEncoding)] = [
            (utf8, .utf8), ([0xEF, 0xBB, 0xBF] + utf8, .utf8),
            (Self.utf16(Self.sample, little: true), .utf16LittleEndian),
            (Self.utf16(Self.sample, little: false), .utf16BigEndian),
        ]
        for (bytes, encoding) in files {
            let decoded = try TextDecoding.decode(bytes)
            #expect(decoded.utf8 == utf8)
            #expect(decoded.encoding == encoding)
            #expect(decoded.notices.isEmpty)
        }
    }

    @Test("bytes that aren't UTF-8 are read as Windows-1252 with a notice that names the line")
    func windows1252() throws {
        let bytes: [UInt8] = Array("a\r\nJos".utf8) + [0xE9, 0x20, 0x80, 0x93, 0xFF, 0x9F]
        let decoded = try TextDecoding.decode(bytes)
        #expect(decoded.text == "a\r\nJosé €“ÿŸ")
        #expect(decoded.encoding == .windows1252)
        #expect(decoded.notices.map(\.code) == ["ENCODING_ASSUMED"])
        #expect(decoded.notices.first?.message.contains("Line 2") == true)
    }

    @Test("every defined Windows-1252 byte gives one code point, each another")
    func wholeTable() throws {
        let undefined: Set<UInt8> = [0x81, 0x8D, 0x8F, 0x90, 0x9D]
        let bytes = (UInt8(0x80)...0xFF).filter { !undefined.contains($0) }
        let scalars = try TextDecoding.decode(bytes).text.unicodeScalars
        #expect(scalars.count == bytes.count)
        #expect(Set(scalars).count == bytes.count)
        #expect(scalars.allSatisfy { !(0x80...0x9F).contains($0.value) })
    }

    @Test(
        "what can't be decoded is an ENCODING error, never repaired",
        arguments: [
            [0x61, 0x00, 0x62, 0x00], [0x00, 0x61, 0x00, 0x62, 0x00], [0xE9, 0x81], [0xE9, 0x8D],
            [0xE9, 0x8F], [0xE9, 0x90], [0xE9, 0x9D],
            [0xEF, 0xBB, 0xBF, 0xE9, 0x41], [0xFF, 0xFE, 0x41], [0xFF, 0xFE, 0x00, 0xD8, 0x41, 0x00],
            [0xFE, 0xFF, 0xDC, 0x00], [0xFF, 0xFE, 0x00, 0x00, 0x41, 0x00, 0x00, 0x00],
            [0x50, 0x4B, 0x03, 0x04, 0x14],
        ] as [[UInt8]])
    func refused(bytes: [UInt8]) {
        let error = #expect(throws: NodeError.self) { try TextDecoding.decode(bytes) }
        #expect(error?.code == .encoding)
    }

    @Test("a NUL in a cell is left for the row to report, in every encoding")
    func loneNUL() throws {
        let text = "Building,Name,Email\nNorth High,A\0nn,ann@t.org\n"
        for bytes in [
            Array(text.utf8), Self.utf16(text, little: true), Self.utf16(text, little: false),
            Array(text.utf8) + [0xE9],
        ] {
            #expect(try TextDecoding.decode(bytes).text.hasPrefix(text))
        }
        let sheet = try RosterSheet.parse(Array((text + "North High,Bo,bo@t.org\n").utf8))
        #expect(sheet.records.map { $0.problem?.code } == [.controlCharacter, nil])
        #expect(sheet.records[0].problem?.message.contains("U+0000") == true)
    }

    @Test("nothing decodes to nothing")
    func empty() throws {
        for bytes in [[], [0xEF, 0xBB, 0xBF], [0xFF, 0xFE], [0xFE, 0xFF]] as [[UInt8]] {
            #expect(try TextDecoding.decode(bytes).utf8.isEmpty)
        }
    }
}
