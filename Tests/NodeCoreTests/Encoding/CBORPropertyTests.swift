import NodeCore
import TestSupport
import Testing

@Suite("CBOR properties")
struct CBORPropertyTests {
    @Test("what is encoded decodes to the same item, and no cut of it decodes")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: SeededGenerator.seed(default: 20_260_101))
        for _ in 0..<2_000 {
            let item = arbitrary(depth: 4, &generator)
            let bytes = item.encoded()
            #expect(try CBOR.decode(bytes) == item)
            #expect(try CBOR.decode(bytes).encoded() == bytes)
            for count in 0..<min(bytes.count, 200) {
                #expect(throws: CBORError.self) { try CBOR.decode(Array(bytes.prefix(count))) }
            }
        }
    }

    @Test("random bytes and damaged items are refused or are their own encoding")
    func damage() {
        var generator = SeededGenerator(seed: SeededGenerator.seed(default: 7))
        var accepted = 0
        for round in 0..<20_000 {
            var bytes: [UInt8]
            if round.isMultiple(of: 2) {
                bytes = generator.bytes(Int.random(in: 1...12, using: &generator))
            } else {
                bytes = arbitrary(depth: 3, &generator).encoded()
                let index = Int.random(in: bytes.indices, using: &generator)
                bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            }
            guard let item = try? CBOR.decode(bytes) else { continue }
            accepted += 1
            #expect(item.encoded() == bytes)
        }
        #expect(accepted > 100)
    }

    @Test("every half-precision value is written as half, and reads back")
    func halves() throws {
        for bits in UInt16.min...UInt16.max {
            let bytes: [UInt8] = [0xF9, UInt8(bits >> 8), UInt8(bits & 0xFF)]
            let isOddNaN = bits & 0x7C00 == 0x7C00 && bits & 0x3FF != 0 && bits != 0x7E00
            if isOddNaN {
                #expect(throws: CBORError.nonShortestFloat(at: 0)) { try CBOR.decode(bytes) }
            } else {
                #expect(try CBOR.decode(bytes).encoded() == bytes)
            }
        }
    }

    @Test(
        "a float takes the shortest width that keeps its value",
        arguments: [
            (1.0, 3), (65504, 3), (0x1p-24, 3), (0x1p-14, 3), (.infinity, 3), (.nan, 3), (-0.0, 3),
            (65505, 5), (65536, 5), (0x1p-25, 5), (0x1.8p-24, 5), (0x1.004p-14, 3), (0x1.002p0, 5),
            (3.4028234663852886e38, 5), (0x1p-149, 5), (0x1p-150, 9), (1.1, 9), (1e300, 9), (0x1p128, 9),
        ])
    func widths(value: Double, count: Int) throws {
        let bytes = CBOR.double(value).encoded()
        #expect(bytes.count == count)
        #expect(try CBOR.decode(bytes) == .double(value))
    }

    @Test("map keys are sorted by their encoded bytes whatever order they came in")
    func sortedKeys() {
        let keys: [CBOR] = [
            .text("aa"), .bool(false), .int(-1), .int(100), .text("z"), .int(10), .array([.int(-1)]),
            .array([.int(100)]),
        ]
        // The order that RFC 8949 section 4.2.1 gives for these keys.
        let expected: [CBOR] = [
            .int(10), .int(100), .int(-1), .text("z"), .text("aa"), .array([.int(100)]),
            .array([.int(-1)]), .bool(false),
        ]
        let map = CBORMap(keys.map { CBOREntry($0, .null) })
        #expect(map.entries.map(\.key) == expected)
        #expect(map == CBORMap(keys.reversed().map { CBOREntry($0, .null) }))
        #expect(CBORMap([CBOREntry(.int(1), .null), CBOREntry(.int(1), .bool(true))]).entries.count == 1)
    }

    @Test("texts are equal by bytes and maps answer by key")
    func values() {
        #expect(CBOR.text("é") != .text("e\u{301}"))
        let map = CBOR.map([2: .text("b"), -1: .null])
        #expect(map[2]?.textValue == "b")
        #expect(map[-1]?.isNull == true)
        #expect(map[3] == nil)
        #expect(CBOR.map(["k": .bytes([1])])["k"]?.bytesValue == [1])
        #expect(CBOR.null[1] == nil)
        #expect(CBOR.double(.nan) == .double(-.nan) && CBOR.double(0) != .double(-0.0))
    }

    private func arbitrary(depth: Int, _ generator: inout SeededGenerator) -> CBOR {
        let count = Int.random(in: 0...5, using: &generator)
        let shift = UInt64.random(in: 0..<64, using: &generator)
        switch Int.random(in: 0..<(depth > 0 ? 11 : 8), using: &generator) {
        case 0: return .unsigned(generator.next() >> shift)
        case 1: return .negative(generator.next() >> shift)
        case 2: return .bytes(generator.bytes(count * count * 12))
        case 3:
            let parts = ["a", "Z", "é", "e\u{301}", "語", "🙂", "\0"].shuffled(using: &generator)
            return .text(parts.prefix(count).joined())
        case 4: return .bool(generator.next() & 1 == 0)
        case 5: return .null
        case 6: return .double(Double(bitPattern: generator.next()))
        case 7: return .double(Double(Int16(truncatingIfNeeded: generator.next())) / 64)
        case 8: return .array((0..<count).map { _ in arbitrary(depth: depth - 1, &generator) })
        case 9: return .tagged(18, arbitrary(depth: depth - 1, &generator))
        default:
            return .map(
                CBORMap(
                    (0..<count).map { _ in
                        CBOREntry(
                            arbitrary(depth: depth - 1, &generator), arbitrary(depth: depth - 1, &generator))
                    }))
        }
    }
}
