import TestSupport
import Testing

@testable import NodeCore

@Suite struct TextOrderTests {
    private static func add(_ row: [[UInt8]?], to order: inout TextOrder) {
        func each(_ index: Int, _ texts: [UnsafeBufferPointer<UInt8>]) {
            if index == 3 { return order.add(texts[0], texts[1], texts[2]) }
            guard let text = row[index] else {
                return each(index + 1, texts + [UnsafeBufferPointer(start: nil, count: 0)])
            }
            // One byte more, so that an empty text has an address.
            (text + [7]).withUnsafeBufferPointer {
                each(index + 1, texts + [UnsafeBufferPointer(rebasing: $0.dropLast())])
            }
        }
        each(0, [])
    }

    private static func precedes(_ left: [[UInt8]?], _ right: [[UInt8]?]) -> Bool {
        for (one, other) in zip(left, right) where one != other {
            guard let one else { return true }
            guard let other else { return false }
            return one.lexicographicallyPrecedes(other)
        }
        return false
    }

    @Test("rows are in the order of their columns' bytes, null first, equal ones as they came")
    func order() {
        let seed = SeededGenerator.seed(default: 22)
        var random = SeededGenerator(seed: seed)
        let bytes: [UInt8] = [0, 1, 0x61, 0x62, 0xFF]
        for _ in 0..<50 {
            var order = TextOrder()
            let rows = (0..<60).map { _ in
                (0..<3).map { _ -> [UInt8]? in
                    guard random.dice(5) > 0 else { return nil }
                    let same = [[UInt8]](repeating: Array("Guadalupe".utf8), count: random.dice(2)).flatMap {
                        $0
                    }
                    return same + (0..<random.dice(4)).map { _ in bytes[random.dice(bytes.count)] }
                }
            }
            for row in rows { Self.add(row, to: &order) }
            let expected = rows.indices.sorted {
                Self.precedes(rows[$0], rows[$1]) || (rows[$0] == rows[$1] && $0 < $1)
            }
            #expect(order.sorted() == expected, "seed \(seed)")
        }
        #expect(TextOrder().sorted().isEmpty)
    }
}
