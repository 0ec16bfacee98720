import NodeCore
import Testing

/// Who of a row's writers had seen whom.
@Suite struct WritersTests {
    /// Deltas by stamp; counts how often each is asked for.
    private final class Deltas: Causality {
        struct Missing: Error {}
        let all: [RowState.Stamp: DeltaFacts]
        var asked: [RowState.Stamp: Int] = [:]

        init(_ all: [DeltaFacts]) {
            self.all = Dictionary(uniqueKeysWithValues: all.map { ($0.stamp, $0) })
        }

        func facts(_ stamp: RowState.Stamp) throws -> DeltaFacts {
            asked[stamp, default: 0] += 1
            guard let facts = all[stamp] else { throw Missing() }
            return facts
        }
    }

    private static func facts(
        _ stamp: Int64, origin: Int64, seq: Int64, seen: [Int64: Int64] = [:]
    ) throws -> DeltaFacts {
        let tenant = try #require(TenantID(bytes: [UInt8](repeating: 1, count: 16)))
        let key = try #require(PublicKey(bytes: [UInt8](repeating: UInt8(origin), count: 32)))
        return DeltaFacts(
            stamp: stamp, origin: origin, seq: seq, hash: Digest.sha256([UInt8(stamp)]),
            hlc: HLC(raw: stamp), wall: 0, schemaVersion: 3, author: "", authorRole: "", role: .node,
            node: "", nodeID: "", originID: OriginID(publicKey: key, tenant: tenant), seen: seen)
    }

    /// 3 and 5 were written apart, both knowing 2; 9 had seen 3.
    private static func deltas() throws -> Deltas {
        Deltas([
            try facts(2, origin: 1, seq: 1), try facts(3, origin: 2, seq: 1, seen: [1: 1]),
            try facts(5, origin: 1, seq: 2), try facts(9, origin: 3, seq: 1, seen: [1: 1, 2: 1]),
        ])
    }

    private static var state: RowState {
        var state = RowState()
        state.writes = [.init(stamp: 2, values: ["a": 1, "b": 1])]
        for column in ["a", "b"] {
            state.cells[column] = [.init(stamp: 3, value: 2), .init(stamp: 5, value: 3)]
        }
        return state
    }

    @Test("each writer is looked up once, and who wrote nothing of the rows had seen nothing")
    func lookups() throws {
        let deltas = try Self.deltas(), writers = try Writers(of: Self.state, Self.state, from: deltas)
        #expect(deltas.asked == [2: 1, 3: 1, 5: 1])
        for later in deltas.all.keys {
            for earlier in deltas.all.keys {
                let expected = [[3, 2], [5, 2]].contains([later, earlier])
                #expect(writers.covers(later, earlier) == expected, "\(later) \(earlier)")
            }
        }
        #expect(writers[4] == nil && writers[9] == nil && writers[5]?.stamp == 5)
    }

    @Test("a write that is missing is an error, not one that nobody had seen")
    func missing() throws {
        var state = Self.state
        state.deletes = [7]
        #expect(throws: Deltas.Missing.self) { try Writers(of: state, from: Self.deltas()) }
    }

    @Test("a write takes the place of those that its author had seen, and stands beside the others")
    func applied() throws {
        let deltas = try Self.deltas()
        var state = Self.state
        try state.apply(.columns(["a": 4]), by: deltas.facts(9), deltas)
        #expect(state.cells["a"]?.map(\.stamp) == [5, 9])
        #expect(state.cells["b"]?.map(\.stamp) == [3, 5])
        #expect(state.stamps == [2, 3, 5, 9])
    }
}
