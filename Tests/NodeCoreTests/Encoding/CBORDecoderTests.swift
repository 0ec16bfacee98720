import NodeCore
import TestSupport
import Testing

@Suite("CBOR decoder")
struct CBORDecoderTests {
    @Test(
        "what is not the deterministic form is refused with its offset",
        arguments: [
            ("1800", CBORError.nonShortestInteger(at: 0)), ("1817", .nonShortestInteger(at: 0)),
            ("1900ff", .nonShortestInteger(at: 0)), ("1a0000ffff", .nonShortestInteger(at: 0)),
            ("1b00000000ffffffff", .nonShortestInteger(at: 0)), ("3800", .nonShortestInteger(at: 0)),
            ("580161", .nonShortestInteger(at: 0)), ("9801f6", .nonShortestInteger(at: 0)),
            ("81980100", .nonShortestInteger(at: 1)), ("d81201", .nonShortestInteger(at: 0)),
            ("9fff", .indefiniteLength(at: 0)), ("81ff", .indefiniteLength(at: 1)),
            ("1f", .indefiniteLength(at: 0)), ("1c", .unsupported(at: 0)), ("fe", .unsupported(at: 0)),
            ("fc", .unsupported(at: 0)), ("f7", .unsupported(at: 0)), ("f814", .unsupported(at: 0)),
            ("a202000100", .unsortedKeys(at: 3)), ("a201000100", .duplicateKey(at: 3)),
            ("a2617a00616100", .unsortedKeys(at: 4)),
            ("a262616100617a00", .unsortedKeys(at: 5)), ("a220000100", .unsortedKeys(at: 3)),
            ("a2810100810000", .unsortedKeys(at: 4)), ("a2a1000000a1000000", .duplicateKey(at: 5)),
            ("61ff", .invalidUTF8(at: 0)), ("62c080", .invalidUTF8(at: 0)),
            ("63eda080", .invalidUTF8(at: 0)), ("0000", .trailingBytes(at: 1)), ("", .truncated(at: 0)),
            ("19ff", .truncated(at: 2)), ("8200", .truncated(at: 0)), ("4161ff", .trailingBytes(at: 2)),
            ("fa3f800000", .nonShortestFloat(at: 0)), ("fb3ff8000000000000", .nonShortestFloat(at: 0)),
            ("f97e01", .nonShortestFloat(at: 0)), ("f9fe00", .nonShortestFloat(at: 0)),
            ("d901", .truncated(at: 3)), ("d2", .truncated(at: 1)), ("d300", .unsupportedTag(19, at: 0)),
            ("c24101", .unsupportedTag(2, at: 0)), ("c0613a", .unsupportedTag(0, at: 0)),
        ])
    func refused(hex: String, error: CBORError) throws {
        let bytes = try #require([UInt8](hex: hex))
        if case .truncated = error {
            // The offset of a cut is where it was noticed; that it is a cut is what counts.
            let thrown = #expect(throws: CBORError.self) { try CBOR.decode(bytes) }
            guard case .truncated = thrown else {
                Issue.record("\(hex): \(String(describing: thrown))")
                return
            }
        } else {
            #expect(throws: error) { try CBOR.decode(bytes) }
        }
    }

    @Test(
        "a declared length is checked against what is there, not allocated",
        arguments: [
            "5b7fffffffffffffff", "7b7fffffffffffffff", "9bffffffffffffffff", "bb7fffffffffffffff",
            "9a7fffffff", "ba7fffffff00", "5a00010000",
        ])
    func hostileLengths(hex: String) throws {
        let bytes = try #require([UInt8](hex: hex))
        let limits = CBORLimits(maxItems: .max, maxStringBytes: .max)
        #expect(throws: CBORError.truncated(at: 0)) { try CBOR.decode(bytes, limits: limits) }
    }

    @Test("nested headers that each claim all that is left are refused at the second")
    func nestedClaims() {
        let bytes: [UInt8] = [0x84, 0x83, 0, 0, 0]
        #expect(throws: CBORError.truncated(at: 1)) { try CBOR.decode(bytes) }
    }

    @Test("each limit lets its bound through and refuses one more")
    func limits() throws {
        let deep = [UInt8](repeating: 0x81, count: 16)
        #expect(try CBOR.decode(deep + [0]).encoded() == deep + [0])
        #expect(throws: CBORError.tooDeep(at: 16)) { try CBOR.decode(deep + [0x80]) }
        #expect(throws: CBORError.tooDeep(at: 16)) { try CBOR.decode(deep + [0xD2, 0]) }

        let three: [UInt8] = [0x82, 0, 0]
        _ = try CBOR.decode(three, limits: CBORLimits(maxItems: 3))
        #expect(throws: CBORError.tooManyItems(at: 0)) {
            try CBOR.decode(three, limits: CBORLimits(maxItems: 2))
        }
        let text: [UInt8] = [0x62, 0x61, 0x61]
        _ = try CBOR.decode(text, limits: CBORLimits(maxBytes: 3, maxStringBytes: 2))
        #expect(throws: CBORError.stringTooLong(at: 0)) {
            try CBOR.decode(text, limits: CBORLimits(maxStringBytes: 1))
        }
        #expect(throws: CBORError.tooLarge(at: 2)) { try CBOR.decode(text, limits: CBORLimits(maxBytes: 2)) }
    }

    @Test("a tag is let through only where the limits name it")
    func tags() throws {
        #expect(try CBOR.decode([0xD2, 0x01]) == .tagged(18, .unsigned(1)))
        #expect(throws: CBORError.unsupportedTag(18, at: 0)) {
            try CBOR.decode([0xD2, 0x01], limits: CBORLimits(allowedTags: []))
        }
        let uuid: [UInt8] = [0xD8, 0x25, 0x41, 0x01]
        #expect(try CBOR.decode(uuid, limits: CBORLimits(allowedTags: [37])) == .tagged(37, .bytes([1])))
    }
}

@Suite("CBOR reader")
struct CBORReaderTests {
    @Test("reads what the writer wrote, item by item")
    func pull() throws {
        var writer = CBORWriter()
        writer.mapHeader(3)
        writer.unsigned(1)
        writer.arrayHeader(4)
        writer.int(-5)
        writer.bool(true)
        writer.null()
        writer.double(1.1)
        writer.unsigned(2)
        writer.tag(18)
        writer.bytes([1, 2, 3])
        writer.unsigned(3)
        writer.text("Zoë")

        var reader = CBORReader(writer.bytes)
        #expect(try reader.mapHeader() == 3)
        #expect(try reader.unsigned() == 1)
        #expect(try reader.arrayHeader() == 4)
        #expect(try reader.int() == -5)
        #expect(try reader.bool())
        #expect(reader.isNull)
        try reader.null()
        #expect(try reader.double() == 1.1)
        #expect(try reader.unsigned() == 2)
        #expect(try reader.peekMajor() == .tag)
        #expect(try reader.tag() == 18)
        #expect(try reader.bytes() == [1, 2, 3])
        #expect(try reader.int() == 3)
        #expect(try reader.text() == "Zoë")
        try reader.finish()
    }

    @Test("finish refuses a container that was not read out, and bytes left over")
    func finish() throws {
        var open = CBORReader([0x81, 0x00])
        _ = try open.arrayHeader()
        #expect(throws: CBORError.trailingBytes(at: 1)) { try open.finish() }
        var sequence = CBORReader([0x00, 0x01])
        _ = try sequence.unsigned()
        #expect(throws: CBORError.trailingBytes(at: 1)) { try sequence.finish() }
        _ = try sequence.unsigned()
        try sequence.finish()
        #expect(throws: CBORError.truncated(at: 2)) { try sequence.unsigned() }
    }

    @Test("unsorted and repeated keys are refused while pulling too")
    func keys() throws {
        var unsorted = CBORReader([0xA2, 0x02, 0x00, 0x01, 0x00])
        _ = try unsorted.mapHeader()
        _ = try unsorted.unsigned()
        _ = try unsorted.unsigned()
        #expect(throws: CBORError.unsortedKeys(at: 3)) { try unsorted.unsigned() }
    }

    @Test("another type than the one asked for is refused with what was found")
    func types() {
        var reader = CBORReader([0x61, 0x61])
        #expect(throws: CBORError.unexpectedType(at: 0, found: .text)) { try reader.bytes() }
        var flag = CBORReader([0xF5])
        #expect(throws: CBORError.unexpectedType(at: 0, found: .simple)) { try flag.null() }
    }

    @Test("integers at the edge of Int64 are read, beyond it refused")
    func integerRange() throws {
        for value in [Int64.min, Int64.min + 1, -1, 0, Int64.max] {
            var reader = CBORReader(CBOR.int(value).encoded())
            #expect(try reader.int() == value)
            #expect(CBOR.int(value).intValue == value)
        }
        for item in [CBOR.unsigned(1 << 63), .negative(1 << 63), .unsigned(.max), .negative(.max)] {
            var reader = CBORReader(item.encoded())
            #expect(throws: CBORError.integerOutOfRange(at: 0)) { try reader.int() }
            #expect(item.intValue == nil)
        }
    }
}
