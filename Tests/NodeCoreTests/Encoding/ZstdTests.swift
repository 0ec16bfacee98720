import NodeCore
import TestSupport
import Testing

@Suite("Zstandard frames")
struct ZstdTests {
    private func refusal(of bytes: [UInt8], maxOutputBytes: Int = 1 << 20, maxRatio: Int = 200) -> String {
        let error = #expect(throws: NodeError.self) {
            try Zstd.decompress(bytes, maxOutputBytes: maxOutputBytes, maxRatio: maxRatio)
        }
        #expect(error?.code == .validation)
        return error?.message ?? ""
    }

    @Test("what is compressed comes back", arguments: [0, 1, 255, 256, 65_791, 65_792, 300_000], [1, 3, 19])
    func roundTrip(count: Int, level: Int) throws {
        var generator = SeededGenerator(seed: UInt64(count))
        let bytes = generator.bytes(count).map { $0 & 0x0F }
        let frame = try Zstd.compress(bytes, level: level)
        #expect(try Zstd.decompress(frame, maxOutputBytes: count) == bytes)
        if count > 0 { #expect(refusal(of: frame, maxOutputBytes: count - 1).contains("the limit is")) }
    }

    @Test("a bomb is refused for its ratio before it is unpacked")
    func bomb() throws {
        let frame = try Zstd.compress([UInt8](repeating: 0, count: 1 << 20))
        #expect(frame.count < 200)
        #expect(refusal(of: frame).contains("over 200 to one"))
        #expect(try Zstd.decompress(frame, maxOutputBytes: 1 << 20, maxRatio: 1 << 20).count == 1 << 20)
    }

    @Test("a stated size beyond all memory is refused, not allocated")
    func hugeSize() {
        // Single segment, content size in 8 bytes.
        let frame: [UInt8] =
            [0x28, 0xB5, 0x2F, 0xFD, 0xE0] + [UInt8](repeating: 0xFF, count: 7) + [0x7F, 1, 0, 0]
        #expect(refusal(of: frame).contains("the limit is"))
        #expect(refusal(of: frame, maxOutputBytes: .max).contains("over 200 to one"))
        let unknown: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x58, 1, 0, 0]
        #expect(refusal(of: unknown).contains("does not state"))
    }

    @Test("a window over 8 MiB, a dictionary and a skippable frame are refused")
    func headers() {
        // Window descriptor 0x69 is 2^23 + 2^20 bytes, 0x68 is 2^23.
        let wide: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x80, 0x69, 1, 0, 0, 0, 9, 0, 0, 7]
        #expect(refusal(of: wide).contains("its window is 9437184 bytes"))
        let dictionary: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x21, 7, 1, 9, 0, 0, 7]
        #expect(refusal(of: dictionary).contains("dictionary"))
        #expect(refusal(of: [0x50, 0x2A, 0x4D, 0x18, 1, 0, 0, 0, 7]).contains("magic"))
    }

    @Test("a second frame, bytes after the frame and every cut are refused")
    func surroundings() throws {
        let frame = try Zstd.compress(Array("a small body".utf8))
        #expect(refusal(of: frame + frame).contains("follow the frame"))
        #expect(refusal(of: frame + [0]).contains("follow the frame"))
        for count in frame.indices { _ = refusal(of: Array(frame.prefix(count))) }
    }

    @Test("no damage makes more than was stated, or crashes")
    func damage() throws {
        var generator = SeededGenerator(seed: SeededGenerator.seed(default: 3))
        let bytes = generator.bytes(2_000).map { $0 & 3 }
        let frame = try Zstd.compress(bytes)
        for index in frame.indices {
            for bit in 0..<8 {
                var damaged = frame
                damaged[index] ^= 1 << UInt8(bit)
                let content = try? Zstd.decompress(damaged, maxOutputBytes: 4_000)
                #expect((content?.count ?? 0) <= 4_000)
            }
        }
    }

    @Test("a level that libzstd does not have is refused", arguments: [0, -1, 20])
    func levels(level: Int) {
        #expect(throws: NodeError.self) { try Zstd.compress([1], level: level) }
    }
}
