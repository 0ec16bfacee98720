import NodeCore

/// Which deltas, by the test's own numbers.
public struct DeltaSet: Equatable, Sendable {
    private var words: [UInt64] = []

    public func contains(_ number: Int) -> Bool {
        number >> 6 < words.count && words[number >> 6] >> UInt64(number & 63) & 1 == 1
    }

    mutating func insert(_ number: Int) {
        while words.count <= number >> 6 { words.append(0) }
        words[number >> 6] |= 1 << UInt64(number & 63)
    }

    func isSubset(of other: DeltaSet) -> Bool {
        words.indices.allSatisfy { words[$0] & ~($0 < other.words.count ? other.words[$0] : 0) == 0 }
    }
}

/// One write as it truly happened.
struct TrueWrite {
    let delta: Int
    let hash: Hash
    let hlc: HLC
    let byHub: Bool
    let change: Change
    /// Every delta that its author had applied when it wrote.
    let past: DeltaSet

    func beats(_ other: TrueWrite) -> Bool { (other.hlc, other.hash) < (hlc, hash) }
    /// The columns written; nil for all of them.
    func writes(_ column: String) -> Bool {
        switch change {
        case .row: true
        case .columns(let values): values[column] != nil
        case .delete: false
        }
    }
    func value(_ column: String) -> Value? {
        switch change {
        case .row(let values), .columns(let values): values[column]
        case .delete: nil
        }
    }
    var isDelete: Bool { if case .delete = change { true } else { false } }
    var isRow: Bool { if case .row = change { true } else { false } }
}

public struct RowKey: Hashable, CustomStringConvertible {
    public let table: String
    public let id: String
    public var description: String { "\(table) \(id)" }
}

/// A second opinion on what a set of deltas means, by brute force over a list of all writes and their
/// true history. It knows nothing of stamps, sequence numbers or the merge.
struct Oracle {
    struct Sibling: Equatable {
        let hash: Hash
        let value: Value?
    }
    struct Answer {
        /// For each column that is written, its maximal writes by hash.
        var cells: [String: [Sibling]] = [:]
        var alive: [Hash] = []
        var dead: [Hash] = []
        var shown: [String: Value]?
        var conflicts: [String] = []
    }
    struct Refusal: Hashable {
        let hash: Hash
        let row: RowKey
        let column: String
        let value: Value
    }

    private static let hubTables = ["tenant", "skill", "career_type", "rule_policy", "audit_archive"]
    private(set) var writes: [RowKey: [TrueWrite]] = [:]
    private(set) var refused: [Int: Set<Refusal>] = [:]
    /// What each text of a rule document means.
    let documents: [String: OracleRules]
    private var orders: OracleOrders

    init(documents: [String: OracleRules], orders: OracleOrders) {
        self.documents = documents
        self.orders = orders
    }

    /// Adds a write; what its author had no right to is set apart.
    mutating func add(_ write: TrueWrite, to row: RowKey) {
        if ["audit_entry", "roster_import", "erasure", "audit_archive"].contains(row.table) {
            let again = (writes[row] ?? []).contains { write.past.contains($0.delta) }
            guard write.isRow, !again else { return refuseWhole(write, row) }
        }
        guard !write.byHub, Self.hubTables.contains(row.table) else {
            orders.add(write, to: row)
            return writes[row, default: []].append(write)
        }
        let free = row.table == "tenant" ? ["cors_origins", "time_zone"] : []
        switch write.change {
        case .delete, .row: refuseWhole(write, row)
        case .columns(let values):
            for (column, value) in values where !free.contains(column) { refuse(write, row, column, value) }
            let allowed = values.filter { free.contains($0.key) }
            guard !allowed.isEmpty else { return }
            writes[row, default: []].append(
                TrueWrite(
                    delta: write.delta, hash: write.hash, hlc: write.hlc, byHub: false,
                    change: .columns(allowed), past: write.past))
        }
    }

    private mutating func refuse(_ write: TrueWrite, _ row: RowKey, _ column: String, _ value: Value) {
        refused[write.delta, default: []].insert(
            Refusal(hash: write.hash, row: row, column: column, value: value))
    }

    private mutating func refuseWhole(_ write: TrueWrite, _ row: RowKey) {
        switch write.change {
        case .delete: refuse(write, row, "*", "deleted")
        case .row(let values), .columns(let values):
            for (column, value) in values { refuse(write, row, column, value) }
        }
    }

    /// What is left of a row's writes within a set.
    func standing(_ row: RowKey, within set: DeltaSet) -> [TrueWrite] {
        (writes[row] ?? []).filter { set.contains($0.delta) && !orders.drop($0, of: row, within: set) }
    }

    /// Those that none of the others had seen.
    private func maximal(_ writes: [TrueWrite]) -> [TrueWrite] {
        writes.filter { one in !writes.contains { $0.past.contains(one.delta) } }
    }

    /// The rules in force for a set: those of the rule documents that it shows.
    func rules(within set: DeltaSet) -> OracleRules {
        var result = OracleRules()
        for layer in ["rule_policy", "rule_set"] {
            for row in writes.keys where row.table == layer {
                guard let text = answer(row, within: set, OracleRules()).shown?["document"]?.text,
                    let rules = documents[text]
                else { continue }
                // A table that the district's document names goes by it alone.
                let named = { (pick: String) in
                    rules.tables.contains { pick == $0 || pick.hasPrefix("\($0).") }
                }
                result.picks = result.picks.filter { !named($0.key) }.merging(rules.picks) { $1 }
                result.deleteWins = result.deleteWins.subtracting(rules.tables).union(rules.deleteWins)
            }
        }
        return result
    }

    func answer(_ row: RowKey, within set: DeltaSet, _ rules: OracleRules) -> Answer {
        let here = standing(row, within: set)
        var answer = Answer()
        let life = maximal(here)
        answer.alive = life.filter { !$0.isDelete }.map(\.hash).sorted()
        answer.dead = life.filter(\.isDelete).map(\.hash).sorted()
        var columns: Set<String> = []
        for write in here {
            if case .row(let values) = write.change { columns.formUnion(values.keys) }
            if case .columns(let values) = write.change { columns.formUnion(values.keys) }
        }
        var shown: [String: Value] = [:]
        if !answer.alive.isEmpty, !answer.dead.isEmpty { answer.conflicts.append("*") }
        for column in columns.sorted() {
            let siblings = maximal(here.filter { $0.writes(column) })
            let present = siblings.filter { $0.value(column) != nil }
            answer.cells[column] = siblings.map { Sibling(hash: $0.hash, value: $0.value(column)) }
                .sorted { $0.hash < $1.hash }
            guard let first = present.first else { continue }
            shown[column] = rules.pick(row.table, column).value(of: present, column)
            let isTorn = present.contains { $0.value(column) != first.value(column) }
            let isMemory = column.hasPrefix("former_")
            if isTorn, !isMemory, !answer.alive.isEmpty { answer.conflicts.append(column) }
        }
        let isDead = !answer.dead.isEmpty && rules.deleteWins.contains(row.table)
        if !answer.alive.isEmpty, !isDead { answer.shown = shown }
        return answer
    }
}

/// The conflict rules as the oracle understands them, said by hand.
struct OracleRules {
    enum Pick {
        case latest, earliest, preferHub, preferNode, nonEmpty
        /// The lines of all texts.
        case union

        /// What a column shows of its siblings.
        func value(of siblings: [TrueWrite], _ column: String) -> Value? {
            let values = siblings.map { $0.value(column) ?? .null }
            let isText = values.allSatisfy { $0.isNull || $0.text != nil }
            guard self == .union, isText, values.contains(where: { $0 != values[0] }) else {
                return choose(siblings, column).value(column)
            }
            let lines = values.flatMap { Array(($0.text ?? "").utf8).split(separator: 10).map(Array.init) }
            let sorted = Set(lines).sorted { $0.lexicographicallyPrecedes($1) }
            return .text(sorted.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n"))
        }

        private func choose(_ siblings: [TrueWrite], _ column: String) -> TrueWrite {
            if self == .nonEmpty {
                let some = siblings.filter { ![nil, .null, ""].contains($0.value(column)) }
                return Pick.latest.choose(some.isEmpty ? siblings : some, column)
            }
            return siblings.dropFirst().reduce(siblings[0]) { best, one in
                switch self {
                case .latest, .nonEmpty, .union: one.beats(best) ? one : best
                case .earliest: one.beats(best) ? best : one
                case .preferHub, .preferNode:
                    if one.byHub != best.byHub {
                        one.byHub == (self == .preferHub) ? one : best
                    } else {
                        one.beats(best) ? one : best
                    }
                }
            }
        }
    }
    /// By `table` or `table.column`.
    var picks: [String: Pick] = ["rule_set": .preferHub, "rule_policy": .preferHub]
    var deleteWins: Set<String> = []
    /// The tables that a document names.
    var tables: Set<String> = []

    func pick(_ table: String, _ column: String) -> Pick {
        column.hasPrefix("former_") ? .union : picks["\(table).\(column)"] ?? picks[table] ?? .latest
    }
}
