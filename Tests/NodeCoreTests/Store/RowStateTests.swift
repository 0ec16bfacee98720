import NodeCore
import TestSupport
import Testing

/// The laws of one row's causal state, without store or deltas.
@Suite struct RowStateTests {
    /// A write with the numbers of all writes that its author knew.
    struct Step: Sendable {
        let number: Int
        let change: Change
        let past: Set<Int>
    }

    /// The state after taking steps in an order, with stamps given in that order, as installations do.
    struct Taken {
        var state = RowState()
        var numbers: [RowState.Stamp: Int] = [:]
        var pasts: [Int: Set<Int>] = [:]

        mutating func take(_ step: Step) {
            let stamp = RowState.Stamp(numbers.count + 1)
            numbers[stamp] = step.number
            pasts[step.number] = step.past
            let numbers = numbers
            state.apply(step.change, stamp: stamp) { step.past.contains(numbers[$0]!) }
        }

        func covers(_ later: RowState.Stamp, _ earlier: RowState.Stamp) -> Bool {
            pasts[numbers[later]!]!.contains(numbers[earlier]!)
        }

        /// Everything that can be asked of the state, with writes named by number instead of stamp.
        var told: [String] {
            var lines = state.writes.map { "row \(numbers[$0.stamp]!)" }
            lines += state.deletes.map { "delete \(numbers[$0]!)" }
            for column in state.columns {
                lines += (state.cells[column] ?? []).map { "cell \(column) \(numbers[$0.stamp]!)" }
                lines += siblings(column).map { "sibling \(column) \($0)" }
            }
            lines += state.life(covers: covers).map { "life \(numbers[$0.stamp]!) \($0.alive)" }
            lines += state.conflicts(table: "t", id: "r", covers: covers).map { "conflict \($0.column)" }
            return lines.sorted()
        }

        func siblings(_ column: String) -> [String] {
            state.siblings(of: column, covers: covers)
                .map { "\(numbers[$0.stamp]!):\($0.value?.display ?? "absent")" }.sorted()
        }

        var life: [String] {
            state.life(covers: covers).map { "\(numbers[$0.stamp]!):\($0.alive ? "alive" : "dead")" }.sorted()
        }
    }

    // MARK: Laws

    /// Some authors write and tell each other at random.
    private func history(_ random: inout SeededGenerator) -> [Step] {
        var known = [Set<Int>](repeating: [], count: Int.random(in: 2...4, using: &random))
        var steps: [Step] = []
        while steps.count < 10 {
            let author = known.indices.randomElement(using: &random)!
            if Bool.random(using: &random) {
                let columns = ["a", "b", "c"].filter { _ in Bool.random(using: &random) }
                let values = Dictionary(
                    uniqueKeysWithValues: columns.map { ($0, Value.int(Int64(steps.count))) })
                let change: Change =
                    switch Int.random(in: 0..<5, using: &random) {
                    case 0: .delete
                    case 1, 2: .row(values)
                    default: .columns(values.isEmpty ? ["a": 0] : values)
                    }
                steps.append(Step(number: steps.count, change: change, past: known[author]))
                known[author].insert(steps.count - 1)
            } else {
                known[author].formUnion(known.randomElement(using: &random)!)
            }
        }
        return steps
    }

    /// Any order in which every step comes after its past.
    private func shuffled(_ steps: [Step], _ random: inout SeededGenerator) -> [Step] {
        var left = steps, result: [Step] = [], taken: Set<Int> = []
        while !left.isEmpty {
            let ready = left.indices.filter { left[$0].past.isSubset(of: taken) }
            let step = left.remove(at: ready.randomElement(using: &random)!)
            taken.insert(step.number)
            result.append(step)
        }
        return result
    }

    @Test("every causal order of the same writes gives the same state")
    func anyOrder() {
        var random = SeededGenerator(seed: SeededGenerator.seed(default: 2))
        for round in 0..<300 {
            let steps = history(&random)
            var expected: [String]?
            for _ in 0..<6 {
                var taken = Taken()
                for step in shuffled(steps, &random) { taken.take(step) }
                if let expected, expected != taken.told {
                    Issue.record("round \(round): \(steps) gives \(expected) or \(taken.told)")
                    return
                }
                expected = taken.told
            }
        }
    }

    @Test("the siblings of a column are its writes that no later write of it had seen")
    func siblingsAreMaximal() {
        var random = SeededGenerator(seed: SeededGenerator.seed(default: 3))
        for _ in 0..<300 {
            let steps = history(&random)
            var taken = Taken()
            for step in steps { taken.take(step) }
            for column in ["a", "b", "c"] {
                let writers = steps.filter { step in
                    switch step.change {
                    case .row: true
                    case .columns(let values): values[column] != nil
                    case .delete: false
                    }
                }
                let maximal = writers.filter { one in !writers.contains { $0.past.contains(one.number) } }
                let numbers = taken.state.siblings(of: column, covers: taken.covers)
                    .map { taken.numbers[$0.stamp]! }
                #expect(Set(numbers) == Set(maximal.map(\.number)), "\(column) of \(steps)")
                #expect(numbers.count == Set(numbers).count)
            }
            let maximal = steps.filter { one in !steps.contains { $0.past.contains(one.number) } }
            #expect(taken.life.count == maximal.count, "\(steps)")
        }
    }

    @Test("a column is in conflict when a living row has different values of it; the life when it is torn")
    func conflictsAreWhatDiffers() {
        var random = SeededGenerator(seed: SeededGenerator.seed(default: 4))
        for _ in 0..<300 {
            let steps = history(&random)
            var taken = Taken()
            for step in shuffled(steps, &random) { taken.take(step) }
            let state = taken.state
            let life = state.life(covers: taken.covers)
            let isAlive = life.contains(where: \.alive), isTorn = isAlive && life.contains { !$0.alive }
            #expect(state.fate(covers: taken.covers) == (isTorn ? .torn : isAlive ? .alive : .dead))
            let differing = state.columns.filter { column in
                Set(state.siblings(of: column, covers: taken.covers).compactMap(\.value)).count > 1
            }
            #expect(
                state.conflicts(table: "t", id: "r", covers: taken.covers).map(\.column)
                    == (isTorn ? [CellConflict.lifeColumn] : []) + (isAlive ? differing : []), "\(steps)")
        }
        #expect(RowState().fate { _, _ in false } == .dead)
    }

    // MARK: Stories

    struct Story: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let steps: [Step]
        /// The siblings of column `a`, as number:value.
        let siblings: [String]
        let life: [String]

        init(_ name: String, _ steps: [(Change, Set<Int>)], a siblings: [String], life: [String]) {
            testDescription = name
            self.steps = steps.enumerated().map { Step(number: $0, change: $1.0, past: $1.1) }
            self.siblings = siblings
            self.life = life
        }
    }

    static let stories: [Story] = [
        Story(
            "a row write hides what it had seen",
            [(.row(["a": "x"]), []), (.columns(["a": "y"]), [0]), (.row(["a": "z"]), [0, 1])],
            a: ["2:z"], life: ["2:alive"]),
        Story(
            "a row write leaves a column write that it had not seen",
            [(.row(["a": "x"]), []), (.columns(["a": "y"]), [0]), (.row(["a": "z"]), [0])],
            a: ["1:y", "2:z"], life: ["1:alive", "2:alive"]),
        Story(
            "a column write hides only the row write that it had seen",
            [(.row(["a": "x"]), []), (.row(["a": "twin"]), []), (.columns(["a": "y"]), [0])],
            a: ["1:twin", "2:y"], life: ["1:alive", "2:alive"]),
        Story(
            "a column write of another column hides nothing",
            [(.row(["a": "x"]), []), (.row(["a": "twin"]), []), (.columns(["b": "y"]), [0, 1])],
            a: ["0:x", "1:twin"], life: ["2:alive"]),
        Story(
            "two column writes apart stand side by side until one has seen both",
            [(.row(["a": "x"]), []), (.columns(["a": "y"]), [0]), (.columns(["a": "z"]), [0])],
            a: ["1:y", "2:z"], life: ["1:alive", "2:alive"]),
        Story(
            "a resolve ends the siblings that it had seen and no other",
            [
                (.row(["a": "x"]), []), (.columns(["a": "y"]), [0]), (.columns(["a": "z"]), [0]),
                (.columns(["a": "w"]), [0]), (.columns(["a": "z"]), [0, 1, 2]),
            ], a: ["3:w", "4:z"], life: ["3:alive", "4:alive"]),
        Story(
            "a delete that had seen everything leaves the row dead",
            [(.row(["a": "x"]), []), (.columns(["a": "y"]), [0]), (.delete, [0, 1])],
            a: ["1:y"], life: ["2:dead"]),
        Story(
            "an edit that had not seen the delete is alive beside it",
            [(.row(["a": "x"]), []), (.delete, [0]), (.columns(["a": "y"]), [0])],
            a: ["2:y"], life: ["1:dead", "2:alive"]),
        Story(
            "an edit that had seen the delete brings the row back",
            [(.row(["a": "x"]), []), (.delete, [0]), (.columns(["a": "y"]), [0, 1])],
            a: ["2:y"], life: ["2:alive"]),
        Story(
            "a row made anew after its delete is alive",
            [(.row(["a": "x"]), []), (.delete, [0]), (.row(["a": "y"]), [0, 1])],
            a: ["2:y"], life: ["2:alive"]),
        Story(
            "two deletes apart are two writes of the row's life",
            [(.row(["a": "x"]), []), (.delete, [0]), (.delete, [0])],
            a: ["0:x"], life: ["1:dead", "2:dead"]),
        Story(
            "a row made anew by one who had seen one of two deletes stands beside the other",
            [(.row(["a": "x"]), []), (.delete, [0]), (.delete, [0]), (.row(["a": "y"]), [0, 1])],
            a: ["3:y"], life: ["2:dead", "3:alive"]),
        Story(
            "a twin that doesn't know the column is absent in it",
            [(.row(["a": "x"]), []), (.row(["b": "twin"]), [])],
            a: ["0:x", "1:absent"], life: ["0:alive", "1:alive"]),
        Story(
            "a column write without its row shows alone",
            [(.columns(["a": "x"]), [])], a: ["0:x"], life: ["0:alive"]),
    ]

    @Test("stories of a few writes", arguments: stories)
    func story(_ story: Story) {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<10 {
            var taken = Taken()
            for step in shuffled(story.steps, &random) { taken.take(step) }
            #expect(taken.siblings("a") == story.siblings)
            #expect(taken.life == story.life)
        }
    }

    @Test("absent loses: it is no conflict with a present value and isn't listed in one")
    func absentLoses() {
        var taken = Taken()
        taken.take(Step(number: 0, change: .row(["a": "x", "b": 1]), past: []))
        taken.take(Step(number: 1, change: .row(["b": 1]), past: []))
        #expect(taken.state.conflicts(table: "t", id: "r", covers: taken.covers).isEmpty)
        taken.take(Step(number: 2, change: .row(["a": "y", "b": 1]), past: []))
        let conflicts = taken.state.conflicts(table: "t", id: "r", covers: taken.covers)
        #expect(conflicts.map(\.column) == ["a"])
        #expect(conflicts.first?.siblings.compactMap(\.value) == ["x", "y"])
    }

    @Test("equal values side by side are no conflict; texts are equal when their bytes are")
    func equalValues() {
        func conflicts(_ first: Value, _ second: Value) -> [String] {
            var taken = Taken()
            taken.take(Step(number: 0, change: .row(["a": first]), past: []))
            taken.take(Step(number: 1, change: .row(["a": second]), past: []))
            return taken.state.conflicts(table: "t", id: "r", covers: taken.covers).map(\.column)
        }
        #expect(conflicts("x", "x").isEmpty)
        #expect(conflicts("Ren\u{e9}", "Rene\u{301}") == ["a"])
        #expect(conflicts(.null, "x") == ["a"])
    }
}
