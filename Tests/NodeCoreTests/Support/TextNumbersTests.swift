import TestSupport
import Testing

@testable import NodeCore

@Suite struct TextNumbersTests {
    @Test("texts have the numbers in which they came first, however many and however long they are")
    func numbers() {
        let seed = SeededGenerator.seed(default: 21)
        var random = SeededGenerator(seed: seed)
        var numbers = TextNumbers()
        var expected: [[UInt8]: Int] = [:]
        for _ in 0..<20_000 {
            let text = (0..<random.dice(40)).map { _ in UInt8(random.dice(3)) }
            let known = text.withUnsafeBufferPointer { numbers.known($0) }
            #expect(known == expected[text], "seed \(seed)")
            let number = text.withUnsafeBufferPointer { numbers.number($0) }
            #expect(number == expected[text] ?? expected.count, "seed \(seed)")
            expected[text] = number
        }
        #expect(numbers.count == expected.count && expected.count > 5_000)
    }

    @Test("an empty text is one too, and null is the same")
    func empty() {
        var numbers = TextNumbers()
        let null = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
        #expect(numbers.known(null) == nil)
        #expect(numbers.number("") == 0 && numbers.number("") == 0 && numbers.number(null) == 0)
        #expect(numbers.number("a") == 1 && numbers.number("") == 0 && numbers.known(null) == 0)
    }
}
