import Foundation
import NodeCore
import Testing

struct JSONValueTests {
    @Test("the writer keeps order and spells everything in one way")
    func compact() {
        let value: JSONValue = [
            "z": 1, "a": [true, nil, -1.5, "x"], "o": [:], "e": [], "big": .int(.min), "nan": .double(.nan),
        ]
        #expect(
            value.text
                == #"{"z":1,"a":[true,null,-1.5,"x"],"o":{},"e":[],"big":-9223372036854775808,"nan":null}"#)
        #expect(value["z"] == 1)
        #expect(JSONValue(milliseconds: 0) == "1970-01-01T00:00:00.000Z")
        #expect(JSONValue(nil as String?) == nil)
    }

    @Test(
        "a string escapes what RFC 8259 asks for and what moves a terminal",
        arguments: [
            ("a\"b\\c/", #""a\"b\\c/""#),
            ("\u{0}\u{8}\t\n\u{B}\u{C}\r\u{1F}", #""\u0000\b\t\n\u000b\f\r\u001f""#),
            ("\u{1B}[31m", #""\u001b[31m""#),
            ("\u{7F}\u{80}\u{9F}\u{A0}", "\"\\u007f\\u0080\\u009f\u{A0}\""),
            ("\u{2028}\u{2029}\u{202E}\u{2066}", #""\u2028\u2029\u202e\u2066""#), ("né 小 🏫", "\"né 小 🏫\""),
            ("\r\n", #""\r\n""#),
        ])
    func strings(text: String, json: String) {
        #expect(JSONValue.string(text).text == json)
    }

    @Test("another JSON reader reads back what was written, control characters included")
    func roundTrip() throws {
        let all = String(String.UnicodeScalarView((0...0x2100).compactMap { Unicode.Scalar($0) }))
        let read = try JSONDecoder().decode(
            [String].self, from: Data(JSONValue.array([.string(all)]).text.utf8))
        #expect(read.first.map { Array($0.utf8) } == Array(all.utf8))
        for number in [Double](arrayLiteral: 0.1, 1e300, .leastNonzeroMagnitude, -0.0, 1e16, 123456789.125) {
            let read = try JSONDecoder().decode(
                [Double].self, from: Data("[\(JSONValue.double(number).text)]".utf8))
            #expect(read == [number])
        }
    }
}
