import TestSupport
import Testing

@testable import NodeCore

@Suite("Packed id")
struct PackedIDTests {
    @Test("ids come back as they were and sort as their texts")
    func order() throws {
        let seed = SeededGenerator.seed(default: 0x1D)
        var random = SeededGenerator(seed: seed)
        let texts = (0..<500).map { _ in
            // Few different bytes at the front, so that the end decides too.
            let front = [UInt8](repeating: UInt8.random(in: 0...1, using: &random) * 0xFF, count: 12)
            return UUIDText.text(front + (0..<4).map { _ in UInt8.random(in: 0...255, using: &random) })
        }
        let packed = try texts.map { try #require(PackedID($0)) }
        #expect(packed.map(\.text) == texts, "seed \(seed)")
        #expect(packed.sorted().map(\.text) == texts.sorted(), "seed \(seed)")
    }

    @Test(
        "what isn't an id as we write them is refused",
        arguments: ["", "row-1", "0G", "ABCDEF00-0000-8000-8000-000000000000"])
    func refused(text: String) { #expect(PackedID(text) == nil) }
}
