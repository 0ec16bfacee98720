import TestSupport
import Testing

@testable import NodeCore

@Suite("Zip archive")
struct ZipArchiveTests {
    /// By Python's zipfile: two deflated entries in the folder `set`.
    private static let deflated = """
        504b03041400000008000000215ab8f7ce670b00000054000000090000007365742f612e6373764bd449e232d4
        31a22a0600504b03041400000008000000215a5e83e34a2a00000028000000100000007365742f6d616e696665
        73742e6373762b28ca2f482d2aa9f44bcc4dd5294bcc294de5ca4dcccb4c4b2d2ed12b4b2d2acecccfd331d433
        e00200504b010214031400000008000000215ab8f7ce670b000000540000000900000000000000000000008001
        000000007365742f612e637376504b010214031400000008000000215a5e83e34a2a0000002800000010000000
        00000000000000008001320000007365742f6d616e69666573742e637376504b05060000000002000200750000
        008a0000000000
        """

    private static func bytes() throws -> [UInt8] {
        let text = deflated.filter { !$0.isWhitespace }
        return stride(from: 0, to: text.utf8.count, by: 2).map { index in
            let start = text.index(text.startIndex, offsetBy: index)
            return UInt8(text[start..<text.index(start, offsetBy: 2)], radix: 16) ?? 0
        }
    }

    private static func refused(_ zip: StoredZip) {
        #expect(refusal(of: zip.bytes) == .archiveInvalid)
    }

    @Test("deflated entries unpack, without the folder that they stand in")
    func unpacks() throws {
        let archive = try ZipArchive(try Self.bytes())
        #expect(archive.entries.map(\.name) == ["a.csv", "manifest.csv"])
        let first = try archive.content(archive.entries[0], maxBytes: 1000)
        #expect(String(decoding: first, as: UTF8.self) == "a,b\n" + String(repeating: "1,2\n", count: 20))
        let error = #expect(throws: NodeError.self) { try archive.content(archive.entries[0], maxBytes: 10) }
        #expect(error?.code == .tooLarge)
    }

    @Test("stored entries, comments, folders and what macOS adds")
    func stored() throws {
        var zip = StoredZip([.init("x/", ""), .init("__MACOSX/._a.csv", "?"), .init("a.csv", "1")])
        zip.comment = Array("PK\u{5}\u{6} is no end".utf8)
        let archive = try ZipArchive(zip.bytes)
        #expect(archive.entries.map(\.name) == ["a.csv"])
        #expect(try archive.content(archive.entries[0], maxBytes: 1) == [0x31])
        #expect(try ZipArchive(StoredZip([]).bytes).entries.isEmpty)
    }

    @Test(
        "names that point elsewhere are refused",
        arguments: [
            "../a", "/a", "a/../b", "a\\b", "c:a", "a\u{1B}[2J", "a\u{202E}b",
            String(repeating: "a", count: 256),
        ])
    func names(name: String) { Self.refused(StoredZip([.init(name, "x")])) }

    @Test("bombs, lies and damage are refused")
    func hostile() {
        var bomb = StoredZip([.init("a", "xx")])
        bomb.entries[0].method = 8
        bomb.entries[0].statedBytes = 1 << 30
        Self.refused(bomb)
        var longer = StoredZip([.init("a", "x")])
        longer.entries[0].statedBytes = 2
        Self.refused(longer)
        var wrong = StoredZip([.init("a", "x")])
        wrong.entries[0].checksum = 1
        Self.refused(wrong)
        var overlap = StoredZip([.init("a", "xxxxx"), .init("b", "y")])
        overlap.entries[1].statedOffset = 0
        Self.refused(overlap)
        var locked = StoredZip([.init("a", "x")])
        locked.entries[0].flags = 1
        Self.refused(locked)
        var unknown = StoredZip([.init("a", "x")])
        unknown.entries[0].method = 14
        Self.refused(unknown)
        Self.refused(StoredZip([.init("a", "x"), .init("a", "y")]))
        var many = StoredZip([.init("a", "x")])
        many.statedCount = 60_000
        Self.refused(many)
        Self.refused(StoredZip((0...ZipArchive.maxEntries).map { .init("\($0)", "x") }))
    }

    @Test("every cut and 5,000 changed archives end in an answer or in words")
    func fuzzed() throws {
        let whole = try Self.bytes()
        for length in whole.indices {
            #expect(Self.refusal(of: Array(whole[..<length])) == .archiveInvalid)
        }
        var random = SeededGenerator(seed: SeededGenerator.seed(default: 0x21B))
        for _ in 0..<5_000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
            }
            guard let code = Self.refusal(of: bytes) else { continue }
            #expect([.archiveInvalid, .tooLarge].contains(code))
        }
    }

    /// What is wrong with an archive when it is read whole; nil when nothing is.
    private static func refusal(of bytes: [UInt8]) -> ErrorCode? {
        do throws(NodeError) {
            let archive = try ZipArchive(bytes)
            for entry in archive.entries { _ = try archive.content(entry, maxBytes: 1 << 16) }
            return nil
        } catch { return error.code }
    }
}
