import Foundation
import NodeCore
import TestSupport
import Testing

@Suite struct JSONParserTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONParser.parse(Array(text.utf8)) }

    @Test("every kind of value is read, members in their order")
    func values() throws {
        let value = try parse(
            " {\"z\": [1, -0, 1.5e2, true, false, null], \"a\": {}, \"t\": \"\\u0041\\ud83c\\udfeb\\n\"} ")
        #expect(value["z"] == [1, 0, 150.0, true, false, nil])
        #expect(value["t"] == "A🏫\n")
        #expect(value.text == #"{"z":[1,0,150.0,true,false,null],"a":{},"t":"A🏫\n"}"#)
        #expect(try parse("9223372036854775807") == .int(.max))
        #expect(try parse("9223372036854775808") == .double(9_223_372_036_854_775_808))
    }

    @Test(
        "what two readers could take for two things is refused",
        arguments: [
            "", " ", "{", "[1,]", "{\"a\":1,}", "[1 2]", "{\"a\" 1}", "{a:1}", "'a'", "01", "1.", ".5", "+1",
            "-", "1e", "1e400", "NaN", "Infinity", "tru", "nulL", "\"\u{1}\"", "\"\t\"", "\"a", "\"\\x\"",
            "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\\ud800x\"", "1 2", "{} {}",
            "/**/1", "1 // x", "\u{FEFF}1", "[", "[[]", "{\"a\":1", "\\u0041", "[1]]", "{\"a\":1}}", "\u{B}1",
        ])
    func refused(_ text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
    }

    @Test("a key given twice is refused with its path, whatever its spelling")
    func duplicates() throws {
        for text in [
            #"{"a":[{"b":1,"b":2}]}"#, #"{"a":[{"b":1,"\u0062":2}]}"#, #"{"a":[{"b":{},"b":null}]}"#,
        ] {
            let error = #expect(throws: JSONError.self) { try parse(text) }
            #expect(error?.reason == .duplicateKey)
            #expect(error?.path == "a[0].b")
        }
        #expect(throws: Never.self) { try parse(#"{"a":{"b":1},"b":{"b":1}}"#) }
        // Canonically equal, but other bytes: two keys.
        #expect(throws: Never.self) { try parse("{\"é\":1,\"e\u{301}\":2}") }
    }

    @Test("depth is bounded, and bytes that aren't UTF-8 are refused")
    func limits() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(throws: Never.self) { try parse(nested(JSONParser.maxDepth)) }
        let error = #expect(throws: JSONError.self) { try parse(nested(JSONParser.maxDepth + 1)) }
        #expect(error?.reason == .tooDeep(limit: JSONParser.maxDepth))
        #expect(throws: JSONError.self) { try parse(nested(1_000_000)) }
        for bytes: [UInt8] in [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
        ] {
            #expect(throws: JSONError.self) { try JSONParser.parse(bytes) }
        }
    }

    @Test("what was written is read back, and any cut or changed byte is read the same way or refused")
    func roundTrips() throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<500 {
            let value = Self.value(depth: 0, &random)
            let bytes = Array(value.text.utf8)
            #expect(try JSONParser.parse(bytes) == value)
            var broken = bytes
            broken[Int.random(in: 0..<broken.count, using: &random)] = .random(in: 0...255, using: &random)
            // Foundation is laxer, never stricter, but for numbers and depth.
            if let read = try? JSONParser.parse(broken) {
                #expect(throws: Never.self) {
                    _ = try JSONSerialization.jsonObject(with: Data(broken), options: .fragmentsAllowed)
                }
                #expect(try JSONParser.parse(Array(read.text.utf8)) == read)
            }
        }
    }

    private static func value(depth: Int, _ random: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 3 ? 5 : 7), using: &random) {
        case 0: return nil
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .int(Int64.random(in: .min ... .max, using: &random))
        case 3: return .double(Double.random(in: -1e9...1e9, using: &random))
        case 4:
            let scalars = (0..<Int.random(in: 0..<8, using: &random)).compactMap { _ in
                Unicode.Scalar(UInt32.random(in: 0...0x11000, using: &random))
            }
            return .string(String(String.UnicodeScalarView(scalars)))
        case 5: return .array((0..<3).map { _ in value(depth: depth + 1, &random) })
        default: return .object((0..<3).map { ("k\($0)", value(depth: depth + 1, &random)) })
        }
    }
}
