import Foundation
import TestSupport
import Testing

@testable import NodeCore

@Suite("CSV reader")
struct CSVReaderTests {
    private static func read(_ bytes: [UInt8], delimiter: CSVDelimiter? = nil) throws -> [CSVRecord] {
        var reader = CSVReader(bytes, delimiter: delimiter)
        var records: [CSVRecord] = []
        while let record = try reader.next() { records.append(record) }
        return records
    }

    private static func read(_ text: String) throws -> [CSVRecord] { try read(Array(text.utf8)) }

    @Test(
        "csv-spectrum files give the rows of their JSON files",
        arguments: [
            "comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json", "newlines",
            "newlines_crlf", "quotes_and_newlines", "simple", "simple_crlf", "utf8",
        ])
    func spectrum(name: String) throws {
        let bytes = [UInt8](try Data(contentsOf: Vectors.url("csv/csvs/\(name).csv")))
        let json = try Data(contentsOf: Vectors.url("csv/json/\(name).json"))
        let expected = try #require(try JSONSerialization.jsonObject(with: json) as? [[String: String]])
        let records = try Self.read(bytes)
        let header = try #require(records.first).fields
        let rows = records.dropFirst().map { record in
            Dictionary(uniqueKeysWithValues: zip(header, record.fields))
        }
        #expect(rows.count == expected.count)
        for (row, other) in zip(rows, expected) {
            #expect(row.mapValues { Array($0.utf8) } == other.mapValues { Array($0.utf8) })
        }
    }

    /// Deviation: this JSON file holds one object, not an array, and another telephone number than its
    /// CSV; the cell with quotes inside an unquoted cell is the point of it and must agree.
    @Test("quotes inside an unquoted cell are text (csv-spectrum location_coordinates)")
    func coordinates() throws {
        let url = Vectors.url("csv/csvs/location_coordinates.csv")
        let bytes = [UInt8](try Data(contentsOf: url))
        let json = try Data(contentsOf: Vectors.url("csv/json/location_coordinates.json"))
        let expected = try #require(try JSONSerialization.jsonObject(with: json) as? [String: String])
        let records = try Self.read(bytes)
        #expect(records.count == 2)
        #expect(records[1].fields[1] == expected["Location Coordinates"])
        #expect(Array(records[1].fields[2...]) == ["Modesto", "Stanislaus"])
        #expect(!records[1].malformed)
    }

    @Test(
        "line ends, empty lines and missing last line ends",
        arguments: [
            ("a,b\n1,2", [["a", "b"], ["1", "2"]]), ("a,b\r1,2\r", [["a", "b"], ["1", "2"]]),
            ("a,b\r\n\r\n1,2\r\n", [["a", "b"], [""], ["1", "2"]]), ("a\n\n", [["a"], [""]]),
            ("a,\n", [["a", ""]]), ("a,", [["a", ""]]), ("", []), ("\n", [[""]]),
            ("\"\"", [[""]]), ("\"a\r\nb\",c", [["a\r\nb", "c"]]), ("\"a\"\"\"", [["a\""]]),
            ("a, \"b\"", [["a", " \"b\""]]), ("\"a\" ,b", [["a ", "b"]]),
        ] as [(String, [[String]])])
    func shapes(text: String, expected: [[String]]) throws {
        let records = try Self.read(text)
        #expect(records.map(\.fields) == expected)
        #expect(records.map(\.number) == expected.indices.map { $0 + 1 })
        #expect(records.allSatisfy { !$0.malformed })
    }

    @Test("a record knows its number and the physical line where it begins")
    func positions() throws {
        let records = try Self.read("h,i\r\n\r\n\"x\ny\r\nz\rw\",1\r2,3\n4,5")
        #expect(records.map(\.line) == [1, 2, 3, 7, 8])
        #expect(records.map(\.number) == [1, 2, 3, 4, 5])
    }

    @Test("text after a closing quote is kept and marks the record")
    func textAfterQuote() throws {
        let records = try Self.read("a,b\n\"Ann\" Lee,\"x\"y\"z\"\n1,2")
        #expect(records[1].fields == ["Ann Lee", "xy\"z\""])
        #expect(records.map(\.malformed) == [false, true, false])
    }

    @Test(
        "the delimiter is the one most frequent in the header outside quotes",
        arguments: [
            ("a,b;c,d\n", CSVDelimiter.comma), ("a;b;c\n1,2,3,4,5,6", .semicolon),
            ("a\tb\n", .tab), ("\"a,b,c\";d\n", .semicolon), ("a\n;;;\n", .comma), ("", .comma),
            ("\n\r\n;;;\n a\tb\n", .tab), ("a,b;c\n", .comma), ("\"x\ny\";z\n", .semicolon),
        ])
    func sniffed(text: String, expected: CSVDelimiter) {
        #expect(CSVReader.sniff(Array(text.utf8)) == expected)
    }

    @Test("an open quote is reported with the line and byte where it opened")
    func openQuote() {
        let error = #expect(throws: CSVError.self) { try Self.read("a,b\r\n1,2\r\n3,\"x\ny\n4,5\n") }
        #expect(error == CSVError(kind: .unterminatedQuote, line: 3, record: 3, byteOffset: 12))
    }

    @Test("a record over 1 MiB is refused; an open quote that runs so far is called one")
    func bounded() {
        let long = [UInt8](repeating: 0x78, count: CSVReader.maxRecordBytes + 1)
        let plain = #expect(throws: CSVError.self) { try Self.read(Array("a\n".utf8) + long).count }
        #expect(plain?.kind == .recordTooLarge)
        #expect(plain?.line == 2)
        let quoted = #expect(throws: CSVError.self) { try Self.read(Array("a\n\"".utf8) + long).count }
        #expect(quoted?.kind == .unterminatedQuote)
        #expect(quoted?.line == 2)
        let closed = #expect(throws: CSVError.self) {
            try Self.read(Array("a\n1,\"".utf8) + long + Array("\"\n2\n".utf8)).count
        }
        #expect(closed?.kind == .recordTooLarge && closed?.line == 2 && closed?.record == 2)
        let swallowed = #expect(throws: CSVError.self) {
            try Self.read(Array("a\n1,\"".utf8) + long + Array("\n2,\"x\"\n".utf8)).count
        }
        #expect(swallowed?.kind == .unterminatedQuote && swallowed?.line == 2)
        let many = [UInt8](repeating: 0x2C, count: CSVReader.maxRecordBytes + 1)
        #expect(throws: CSVError.self) { try Self.read(many).count }
        #expect(throws: Never.self) { try Self.read(Array(long.dropLast())).count }
    }

    @Test("quoted records read back as they were, for every delimiter and line end")
    func roundTrip() throws {
        let seed = SeededGenerator.seed(default: 0xC5F)
        var random = SeededGenerator(seed: seed)
        let pieces = ["a", "é", "\"", ",", ";", "\t", "\n", "\r", "\r\n", " ", "😀", ""]
        for _ in 0..<500 {
            let delimiter = CSVDelimiter.allCases.randomElement(using: &random) ?? .comma
            let end = ["\n", "\r\n", "\r"].randomElement(using: &random) ?? "\n"
            let rows = (0..<Int.random(in: 1...5, using: &random)).map { _ in
                (0..<Int.random(in: 1...4, using: &random)).map { _ in
                    (0..<Int.random(in: 0...5, using: &random))
                        .map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
                }
            }
            let separator = String(UnicodeScalar(delimiter.rawValue))
            let text = rows.map { row in
                row.map { "\"" + Self.doubled($0) + "\"" }.joined(separator: separator)
            }.joined(separator: end)
            let records = try Self.read(Array(text.utf8), delimiter: delimiter)
            let found = records.map { $0.fields.map { Array($0.utf8) } }
            #expect(found == rows.map { $0.map { Array($0.utf8) } }, "seed \(seed)")
        }
    }

    private static func doubled(_ text: String) -> String {
        String(decoding: text.utf8.flatMap { $0 == 0x22 ? [$0, $0] : [$0] }, as: UTF8.self)
    }
}
