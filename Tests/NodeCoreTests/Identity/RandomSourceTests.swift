import NodeCore
import Testing

@Suite("Random sources")
struct RandomSourceTests {
    @Test("the system's bytes have the count asked for and differ")
    func system() throws {
        let random = SystemRandom()
        #expect(try random.bytes(0) == [])
        #expect(try random.bytes(33).count == 33)
        #expect(try random.bytes(32) != random.bytes(32))
    }

    @Test("equal seeds give equal streams, other seeds other ones")
    func seeded() {
        let first = SeededRandom(seed: 1)
        let second = SeededRandom(seed: 1)
        let other = SeededRandom(seed: 2)
        for count in [1, 8, 31, 0, 100] {
            let bytes = first.bytes(count)
            #expect(bytes.count == count)
            #expect(bytes == second.bytes(count))
            if count > 7 { #expect(bytes != other.bytes(count)) }
        }
        #expect(first.bytes(32) != first.bytes(32))
    }
}
