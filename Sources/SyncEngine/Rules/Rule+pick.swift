import NodeCore

extension Rule {
    /// What is shown, and the write that it comes from (of several, the latest).
    public struct Pick: Sendable {
        public let value: Value
        public let chosen: RankedSibling
    }

    /// At least one sibling is needed.
    public func pick(_ siblings: [RankedSibling]) -> Pick {
        let latest = Self.latest(siblings)
        switch self {
        case .latest: return Pick(latest)
        case .earliest, .appendOnly: return Pick(siblings.min { $0.rank < $1.rank }!)
        case .prefer(let writer):
            return Pick(Self.latest(siblings.filter { writer.matches($0.facts) }, else: latest))
        case .highest:
            return Pick(siblings.max { Self.rising($0.value, $1.value) ?? ($0.rank < $1.rank) }!)
        case .lowest:
            return Pick(siblings.max { Self.rising($1.value, $0.value) ?? ($0.rank < $1.rank) }!)
        case .longest:
            return Pick(
                siblings.max { ($0.value.codePoints, $0.rank) < ($1.value.codePoints, $1.rank) }!)
        case .union(let separator): return Self.union(siblings, separator, latest)
        case .nonEmpty(let then):
            let filled = siblings.filter { !$0.value.isEmptyOrNull }
            return then.pick(filled.isEmpty ? siblings : filled)
        case .denyWins(let denials):
            return Pick(Self.latest(siblings.filter { denials.contains($0.value) }, else: latest))
        case .privilege(let order, let higher):
            func level(_ one: RankedSibling) -> Int { order.firstIndex { one.value.text == $0 } ?? -1 }
            return Pick(
                siblings.max {
                    (level($0) * (higher ? 1 : -1), $0.rank) < (level($1) * (higher ? 1 : -1), $1.rank)
                }!)
        case .stateMachine(let steps, let otherwise):
            return Self.furthest(siblings, steps).map(Pick.init) ?? otherwise.pick(siblings)
        case .manual(let rule, _): return rule.pick(siblings)
        }
    }

    private static func latest(_ siblings: [RankedSibling]) -> RankedSibling {
        siblings.max { $0.rank < $1.rank }!
    }

    private static func latest(_ siblings: [RankedSibling], else other: RankedSibling) -> RankedSibling {
        siblings.isEmpty ? other : latest(siblings)
    }

    /// Whether a value is less than another; nil when they are equal.
    private static func rising(_ left: Value, _ right: Value) -> Bool? {
        switch (left, right) {
        case (.int(let one), .int(let two)): return one == two ? nil : one < two
        case (.text(let one), .text(let two)):
            if let left = Int64(one), let right = Int64(two), left != right { return left < right }
            return rising(Array(one.utf8), Array(two.utf8))
        case (.bytes(let one), .bytes(let two)): return rising(one, two)
        default: return left.kindRank == right.kindRank ? nil : left.kindRank < right.kindRank
        }
    }

    private static func rising(_ left: [UInt8], _ right: [UInt8]) -> Bool? {
        left == right ? nil : left.lexicographicallyPrecedes(right)
    }

    private static func union(_ siblings: [RankedSibling], _ separator: String, _ latest: RankedSibling)
        -> Pick
    {
        if siblings.allSatisfy({ $0.value == siblings[0].value }) { return Pick(latest) }
        guard siblings.allSatisfy({ $0.value.isNull || $0.value.text != nil }) else { return Pick(latest) }
        let words = siblings.flatMap { ($0.value.text ?? "").split(separator: separator).map(String.init) }
        let unique = Set(words.map { Array($0.utf8) }).sorted { $0.lexicographicallyPrecedes($1) }
        let text = unique.map { String(decoding: $0, as: UTF8.self) }.joined(separator: separator)
        return Pick(value: .text(text), chosen: latest)
    }

    /// The state that every other can reach; nil where no or more than one does.
    private static func furthest(_ siblings: [RankedSibling], _ steps: [String: [String]]) -> RankedSibling? {
        let states = Set(siblings.map(\.value))
        let ends = states.filter { end in
            guard let end = end.text else { return false }
            return states.allSatisfy { $0.text.map { reaches($0, end, steps) } ?? false }
        }
        guard ends.count == 1 else { return nil }
        return latest(siblings.filter { ends.contains($0.value) })
    }

    private static func reaches(_ from: String, _ to: String, _ steps: [String: [String]]) -> Bool {
        var seen: Set<String> = [from], pending = [from]
        while let state = pending.popLast() {
            if state == to { return true }
            for next in steps[state] ?? [] where seen.insert(next).inserted { pending.append(next) }
        }
        return false
    }
}

extension Rule.Pick {
    init(_ chosen: RankedSibling) { self.init(value: chosen.value, chosen: chosen) }
}

extension Value {
    fileprivate var kindRank: Int {
        switch self {
        case .null: 0
        case .int: 1
        case .text: 2
        case .bytes: 3
        }
    }

    /// Code points of a text, -1 for anything else.
    fileprivate var codePoints: Int { text?.unicodeScalars.count ?? -1 }

    var isEmptyOrNull: Bool { isNull || text?.isEmpty == true }
}
