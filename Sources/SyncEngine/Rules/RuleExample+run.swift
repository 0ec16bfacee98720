import NodeCore

extension RuleExample {
    public struct Outcome: Sendable {
        public let name: String
        public let line: Int
        /// Nothing when the example holds.
        public let failures: [String]
    }

    /// Builds the row's state from the writes and asks the rules, as an installation would.
    public func run(_ rules: TenantRules) throws -> Outcome {
        let (state, causality) = try state()
        let shown = try rules.project(table: table, state: state, causality: causality)
        var failures: [String] = []
        if (shown == nil) != (shows == nil) {
            failures.append(shown == nil ? "no row is shown" : "a row is shown")
        }
        for (column, value) in (shows ?? [:]).sorted(by: { $0.key < $1.key }) {
            let found = shown?[column] ?? .null
            if shown != nil, found != value {
                failures.append("\(column) shows \(found.display) instead of \(value.display)")
            }
        }
        if let open {
            let conflicts = state.conflicts(
                table: table, id: "example", covers: try causality.covering(state))
            let waiting = try conflicts.filter {
                try rules.needsReview($0, state: state, causality: causality)
            }.map(\.column).sorted()
            if waiting != open.sorted() {
                failures.append("open are \(waiting) instead of \(open.sorted())")
            }
        }
        return Outcome(name: name, line: line, failures: failures)
    }

    /// The row after the writes, and what is known of the deltas that made them.
    func state() throws -> (RowState, any Causality) {
        let deltas = try facts()
        var state = RowState()
        for (write, one) in zip(writes, deltas) {
            state.apply(write.change, stamp: one.stamp) { one.hadSeen(deltas[Int($0) - 1]) }
        }
        return (state, Deltas(deltas))
    }

    /// One delta a write; who had seen whom follows the whole chain.
    private func facts() throws -> [DeltaFacts] {
        guard let tenant = TenantID(bytes: [UInt8](repeating: 1, count: 16)) else { return [] }
        var origins: [String: Int64] = [:], seqs: [Int64: Int64] = [:]
        var result: [DeltaFacts] = []
        for (index, write) in writes.enumerated() {
            let origin = origins[write.by] ?? Int64(origins.count + 1)
            origins[write.by] = origin
            let seq = seqs[origin, default: 0] + 1
            seqs[origin] = seq
            var seen: [Int64: Int64] = [:]
            let known = write.seen.map { result[$0 - 1] } + result.filter { $0.origin == origin }
            for one in known {
                seen.merge(one.seen) { max($0, $1) }
                seen[one.origin] = max(seen[one.origin, default: 0], one.seq)
            }
            seen[origin] = nil
            let key = Digest.sha256(Array(write.by.utf8)).bytes
            guard let key = PublicKey(bytes: key) else { continue }
            result.append(
                DeltaFacts(
                    stamp: Int64(index + 1), origin: origin, seq: seq,
                    hash: Digest.sha256(Array("\(write.by) \(seq)".utf8)),
                    hlc: HLC(raw: Int64(write.at) * 60_000 << 16), wall: Int64(write.at) * 60_000,
                    schemaVersion: Schema.version, author: write.by, authorRole: write.role,
                    role: write.by == "hub" ? .hub : .node, node: write.by, nodeID: write.by,
                    originID: OriginID(publicKey: key, tenant: tenant), seen: seen))
        }
        return result
    }

    private final class Deltas: Causality {
        private let all: [DeltaFacts]
        init(_ all: [DeltaFacts]) { self.all = all }
        func facts(_ stamp: RowState.Stamp) throws -> DeltaFacts { all[Int(stamp) - 1] }
    }
}
