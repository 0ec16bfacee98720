import TestSupport
import Testing

@testable import NodeCore

/// What may be let go of the writes of a row, without store or deltas: the state is the same without it, whatever
/// comes later, and whatever an order of erasure drops.
@Suite struct ReplacementsTests {
    struct Step {
        let number: Int
        var change: Change?
        let facts: DeltaFacts
        let past: Set<Int>
    }

    static let columns = [
        Schema.teacher.name: ["email", "name", "merged_into"],
        Schema.event.name: ["title", "location", "status"],
    ]

    /// Some authors write and tell each other at random.
    func history(_ table: String, _ random: inout SeededGenerator) -> [Step] {
        let authors = 2 + random.dice(3)
        var known = [Set<Int>](repeating: [], count: authors), steps: [Step] = []
        while steps.count < 12 {
            let author = random.dice(authors)
            guard random.dice(2) == 0 else {
                known[author].formUnion(known[random.dice(authors)])
                continue
            }
            var seen: [Int64: Int64] = [:]
            for number in known[author] where steps[number].facts.origin != Int64(author + 1) {
                let other = steps[number].facts
                seen[other.origin] = max(seen[other.origin] ?? 0, other.seq)
            }
            let seq = steps.count { $0.facts.origin == Int64(author + 1) } + 1
            let facts = DeltaFacts(
                stamp: Int64(steps.count + 1), origin: Int64(author + 1), seq: Int64(seq),
                hash: Digest.sha256([UInt8(steps.count)]), hlc: HLC(raw: 0), wall: 0, schemaVersion: 3,
                author: "a", authorRole: "r", role: .node, node: "n", nodeID: "n",
                originID: OriginID(hex: String(repeating: "0\(author)", count: 16))!, seen: seen)
            steps.append(
                Step(
                    number: steps.count, change: change(table, steps.count, &random), facts: facts,
                    past: known[author]))
            known[author].insert(steps.count - 1)
        }
        return steps
    }

    private func change(_ table: String, _ number: Int, _ random: inout SeededGenerator) -> Change {
        let all = Self.columns[table]!
        var names = all.filter { _ in random.dice(2) == 0 }
        if names.isEmpty { names = [all[1]] }
        // Few addresses, so that an order meets several writes.
        let values = Dictionary(
            uniqueKeysWithValues: names.map { name in
                (name, Value.text(name == "email" ? "e\(random.dice(3))" : "v\(number)"))
            })
        switch random.dice(5) {
        case 0: return .delete
        case 1: return .row(values)
        default: return .columns(values)
        }
    }

    /// Everything of the state that the steps give.
    func state(_ steps: [Step]) -> [String] {
        var state = RowState()
        for step in steps {
            guard let change = step.change else { continue }
            state.apply(change, stamp: step.facts.stamp) { step.past.contains(Int($0) - 1) }
        }
        return
            (state.writes.map { "row \($0.stamp) \($0.values)" } + state.deletes.map { "delete \($0)" }
            + state.cells.flatMap { column, all in
                all.map { "cell \(column) \($0.stamp) \($0.value?.display ?? "-")" }
            }).sorted()
    }

    func write(_ step: Step, _ table: String) -> RecordedWrite? {
        step.change.map { RecordedWrite(table: table, id: "r", change: $0) }
    }

    /// Lets go of what writes of `swept` have replaced among them.
    func trimmed(_ steps: [Step], swept: Set<Int>, _ table: String, refused: Set<Int> = []) -> [Step] {
        let row = RowID(table: table, id: "r")
        var replacements = Replacements(.current)
        for step in steps where swept.contains(step.number) {
            replacements.add(
                write(step, table).map { [$0] } ?? [], by: step.facts,
                refused: refused.contains(step.number) ? [row] : [])
        }
        return steps.map { step in
            guard swept.contains(step.number), let write = write(step, table) else { return step }
            var step = step
            step.change =
                replacements.remainder(
                    of: [write], by: step.facts, refused: refused.contains(step.number) ? [row] : []
                ).first?.change
            return step
        }
    }

    @Test(
        "without what was replaced, in one sweep or several, the state is the same with all that comes later")
    func sameState() {
        var random = SeededGenerator(seed: SeededGenerator.seed(default: 5)), gone = 0
        for round in 0..<3000 {
            let table = round % 2 == 0 ? Schema.teacher.name : Schema.event.name
            let steps = history(table, &random)
            let last = steps.randomElement(using: &random)!, later = steps.randomElement(using: &random)!
            let first = last.past.union([last.number]), second = first.union(later.past)
            let once = trimmed(steps, swept: first, table)
            let twice = trimmed(once, swept: second, table)
            #expect(state(once) == state(steps), "round \(round)")
            #expect(state(twice) == state(steps), "round \(round)")
            gone += zip(steps, twice).count { $0.change != $1.change }
        }
        #expect(gone > 2000)
    }

    @Test(
        "an order that drops writes by an address leaves the same, whether others were let go before or not")
    func erased() {
        var random = SeededGenerator(seed: SeededGenerator.seed(default: 6)), met = 0
        for round in 0..<3000 {
            let table = Schema.teacher.name, steps = history(table, &random)
            let last = steps.randomElement(using: &random)!
            let left = trimmed(steps, swept: last.past.union([last.number]), table)
            func drop(_ all: [Step]) -> [Step] {
                all.map { step in
                    guard step.change?.values?["email"] == .text("e1") else { return step }
                    var step = step
                    step.change = nil
                    return step
                }
            }
            #expect(state(drop(left)) == state(drop(steps)), "round \(round)")
            if state(drop(steps)) != state(steps),
                zip(steps, left).contains(where: { $0.change != $1.change })
            {
                met += 1
            }
        }
        #expect(met > 100)
    }

    @Test("a refused write replaces nothing, and is kept as it is")
    func refused() {
        var random = SeededGenerator(seed: SeededGenerator.seed(default: 7))
        for round in 0..<1000 {
            let table = Schema.event.name, steps = history(table, &random)
            let refused = Set(steps.filter { _ in random.dice(4) == 0 }.map(\.number))
            let last = steps.randomElement(using: &random)!
            let left = trimmed(steps, swept: last.past.union([last.number]), table, refused: refused)
            func allowed(_ all: [Step]) -> [Step] { all.filter { !refused.contains($0.number) } }
            #expect(state(allowed(left)) == state(allowed(steps)), "round \(round)")
            for number in refused { #expect(left[number].change == steps[number].change) }
        }
    }

    @Test(
        "of held and append-only tables, of the hub's policy, and of what this version doesn't know nothing goes",
        arguments: ["seat", "seat_audit", "audit_entry", "rule_policy", "rule_set", "unknown", "event"])
    func kept(table: String) {
        var random = SeededGenerator(seed: 1)
        let column = table == "event" ? "unknown" : Schema.table(table)?.columns[0].name ?? "x"
        let steps = history(Schema.event.name, &random)
        let writes = [0, 1].map { RecordedWrite(table: table, id: "r", change: .columns([column: .int($0)])) }
        let own = Dictionary(grouping: steps, by: \.facts.origin).values.max { $0.count < $1.count }!
        var replacements = Replacements(.current)
        replacements.add([writes[1]], by: own.last!.facts, refused: [])
        #expect(own.last!.facts.hadSeen(own[0].facts) && replacements.isEmpty)
        #expect(replacements.remainder(of: [writes[0]], by: own[0].facts, refused: []) == [writes[0]])
    }
}
