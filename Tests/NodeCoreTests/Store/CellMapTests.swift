import TestSupport
import Testing

@testable import NodeCore

@Suite struct CellMapTests {
    @Test("columns stand by name, whatever the order in which they came, and equal ones have equal bytes")
    func order() {
        let names = (0..<50).map { "column\($0)" }
        func cells(_ names: [String]) -> CellMap {
            var cells = CellMap()
            for name in names { cells[name] = [.init(stamp: 1, value: .text(name))] }
            return cells
        }
        let one = cells(names), other = cells(names.reversed())
        #expect(one.columns == names.sorted() && one == other && one.encoded() == other.encoded())
        #expect(one["column7"] == [.init(stamp: 1, value: "column7")] && one["column"] == nil)
    }

    @Test(
        "what was written is read again: every kind of value, absent and null apart, siblings in their order")
    func roundTrip() throws {
        var cells = CellMap()
        cells["name"] = [
            .init(stamp: 3, value: "Ann"), .init(stamp: 7, value: .null), .init(stamp: 9, value: .none),
        ]
        cells["grade"] = [.init(stamp: .max, value: .int(.min))]
        cells["key"] = [.init(stamp: 1, value: .bytes([0, 255])), .init(stamp: 2, value: .text(""))]
        #expect(try CellMap(encoded: cells.encoded()) == cells)
        #expect(try CellMap(encoded: CellMap().encoded()).isEmpty)
    }

    @Test("however much was written is read again")
    func large() throws {
        var cells = CellMap()
        let value = Value.bytes([UInt8](repeating: 7, count: 2 << 20))
        for column in 0..<33 { cells["c\(column)"] = [.init(stamp: 1, value: value)] }
        let read = try CellMap(encoded: cells.encoded())
        #expect(read.columns == cells.columns && read["c32"] == cells["c32"])
    }

    @Test(
        "what isn't one is refused: no bool but false, no half sibling, no column twice or without siblings, nothing more",
        arguments: [
            [0x82, 0x61, 0x61, 0x82, 0x01, 0xF5], [0x82, 0x61, 0x61, 0x82, 0x01],
            [0x82, 0x61, 0x61, 0x81, 0x01],
            [0x82, 0x61, 0x61, 0x80], [0x80, 0x80], [0xA0],
            [0x84, 0x61, 0x61, 0x82, 0x01, 0x01, 0x61, 0x61, 0x82, 0x01, 0x01],
        ] as [[UInt8]])
    func refused(bytes: [UInt8]) {
        #expect(throws: (any Error).self) { _ = try CellMap(encoded: bytes) }
    }

    /// Against a dictionary of arrays.
    @Test("puts and removals leave what they leave of a dictionary of lists", arguments: 0..<200)
    func model(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed), cells = CellMap()
        var model: [String: [RowState.Sibling]] = [:]
        for stamp in 1...(1 + random.dice(30)) {
            let stamp = Int64(random.dice(2) == 0 ? stamp : 1 + random.dice(30))
            let seen = Set((0..<random.dice(20)).map { _ in Int64(1 + random.dice(30)) })
            if random.dice(6) == 0 {
                cells.removeAll(where: seen.contains)
                model = model.mapValues { $0.filter { !seen.contains($0.stamp) } }.filter {
                    !$0.value.isEmpty
                }
            } else {
                let column = "c\(random.dice(5))", new = RowState.Sibling(stamp: stamp, value: .int(stamp))
                cells.put(column, new, over: seen.contains)
                let kept = (model[column] ?? []).filter { $0.stamp != stamp && !seen.contains($0.stamp) }
                model[column] = (kept + [new]).sorted { $0.stamp < $1.stamp }
            }
            #expect(cells.columns == model.keys.sorted())
            for (column, siblings) in model { #expect(cells[column] == siblings) }
            #expect(cells.hasRivals == model.values.contains { $0.count > 1 })
            #expect(try CellMap(encoded: cells.encoded()) == cells)
        }
    }
}
