import Foundation
import NodeCore
import SyncEngine
import TestSupport

/// Why a history failed; carries what was done until then.
struct HistoryFailure: Error, CustomStringConvertible {
    let description: String
}

/// What a history may meet on its way.
enum Met: CaseIterable {
    case wait, part, refusal, siblings, tornLife, deadByRule, absent, resolve, ruleChange, brokenLine
}

/// Several installations, everything that was ever written on them, and what each has really applied.
///
/// The record is the test's own: a delta's true history is what its author's store listed as applied
/// when the delta appeared there, never what the delta says of itself.
final class History {
    struct Recorded {
        let hash: Hash
        let frame: DeltaFrame
        let past: DeltaSet
        /// The deltas of its transaction.
        let transaction: ClosedRange<Int>
    }

    let world: World
    var random: SeededGenerator
    private(set) var deltas: [Recorded] = []
    private(set) var oracle: Oracle
    private(set) var applied: [DeltaSet]
    private(set) var appliedInOrder: [[Int]]
    private var numbers: [Hash: Int] = [:]
    private var lastStamp: [Int64]
    private(set) var trace: [String] = []
    /// Rows that the history itself wrote; the others came with the template.
    private(set) var touched: Set<RowKey> = []
    /// What this history met, to be sure that histories meet what they are for.
    var met: [Met: Int] = [:]

    init(_ template: World.Template, nodes: Int, seed: UInt64) throws {
        world = try World(template, nodes: nodes, seed: seed)
        random = SeededGenerator(seed: seed)
        oracle = Oracle(documents: HistoryRules.meanings)
        applied = world.sites.map { _ in DeltaSet() }
        appliedInOrder = world.sites.map { _ in [] }
        lastStamp = world.sites.map { _ in 0 }
        try observe(0, author: true)
        touched = []
        for site in 1..<world.sites.count { try observe(site) }
    }

    func note(_ text: String) { trace.append(text) }
    func meet(_ what: Met, _ times: Int = 1) { met[what, default: 0] += times }

    func require(_ condition: Bool, _ text: @autoclosure () -> String) throws {
        guard condition else {
            throw HistoryFailure(
                description: text() + "\n  after:\n    " + trace.suffix(40).joined(separator: "\n    "))
        }
    }

    // MARK: Observing

    /// Reads what an installation has applied since the last time, and checks that its past and the
    /// rest of its transaction are there too. New deltas are those that `author` has just written.
    func observe(_ site: Int, author: Bool = false) throws {
        let store = world.sites[site].store
        let fresh = try store.read { reader in
            try reader.deltas(after: lastStamp[site]).map { ($0, try reader.frame($0.facts.stamp)!) }
        }
        var arrived: [Int] = []
        for (summary, frame) in fresh {
            lastStamp[site] = summary.facts.stamp
            if numbers[summary.facts.hash] == nil {
                try require(author, "\(name(site)) applied a delta that nobody wrote")
                try record(summary, frame, site)
            }
            let number = numbers[summary.facts.hash]!
            try require(!applied[site].contains(number), "\(name(site)) applied delta \(number) twice")
            try require(
                deltas[number].past.isSubset(of: applied[site]),
                "\(name(site)) applied delta \(number) without its past")
            applied[site].insert(number)
            appliedInOrder[site].append(number)
            arrived.append(number)
        }
        for number in arrived {
            for part in deltas[number].transaction {
                try require(
                    applied[site].contains(part), "\(name(site)) applied a part of a transaction alone")
            }
        }
    }

    private func record(_ summary: DeltaSummary, _ frame: DeltaFrame, _ site: Int) throws {
        let number = deltas.count, first = number - summary.part
        let past = applied[site]
        let writes = try world.sites[site].store.read { try DeltaVerifier.verify(frame, in: $0).writes() }
        deltas.append(
            Recorded(
                hash: summary.facts.hash, frame: frame, past: past,
                transaction: first...(first + summary.parts - 1)))
        numbers[summary.facts.hash] = number
        if summary.parts > 1 { meet(.part) }
        for write in writes {
            let key = RowKey(table: write.table, id: write.id)
            touched.insert(key)
            let write = TrueWrite(
                delta: number, hash: summary.facts.hash, hlc: summary.facts.hlc, byHub: site == 0,
                change: write.change, past: past)
            oracle.add(write, to: key)
        }
        if oracle.refused[number] != nil { meet(.refusal) }
    }

    func name(_ site: Int) -> String { world.sites[site].name }

    // MARK: Moving deltas

    /// How the taking of a heap of frames ends.
    enum Ending: CaseIterable { case committed, rolledBack, thrown, damaged }

    /// Hands frames straight to an installation, as a stick or a stray peer would.
    func deliver(_ frames: [DeltaFrame], to site: Int, _ ending: Ending) throws {
        let store = world.sites[site].store
        let before = try store.read { try $0.waitingCount() }
        do {
            switch ending {
            case .committed: _ = try store.replicate { try DeltaApplier.receive(frames, in: $0) }
            case .rolledBack:
                _ = try store.replicate(commit: false) { try DeltaApplier.receive(frames, in: $0) }
            case .thrown:
                try store.replicate { replica in
                    _ = try DeltaApplier.receive(Array(frames.prefix((frames.count + 1) / 2)), in: replica)
                    throw CancellationError()
                }
            case .damaged:
                try store.replicate { replica in
                    _ = try DeltaApplier.receive(Array(frames.dropLast()), in: replica)
                    _ = try DeltaApplier.receive(frames.suffix(1).map(damaged), in: replica)
                }
                try require(frames.isEmpty, "a damaged delta was taken")
            }
        } catch is CancellationError {} catch let error as DeltaError {
            if case .unknownKey = error {
                // Only the last node of the template has not pulled the certificates from the start.
                try require(site == 4, "\(name(site)) doesn't know the author of a delta")
            } else {
                try require(ending == .damaged, "\(name(site)) refused a sound delta: \(error)")
            }
        }
        let known = applied[site]
        try observe(site)
        if try store.read({ try $0.waitingCount() }) > before { meet(.wait) }
        if ending != .committed {
            try require(known == applied[site], "a delivery that was taken back left deltas")
            let after = try store.read { try $0.waitingCount() }
            try require(before == after, "a delivery that was taken back left waiting deltas")
        }
    }

    private func damaged(_ frame: DeltaFrame) -> DeltaFrame {
        var body = frame.body, envelope = frame.envelope
        if Bool.random(using: &random) {
            body[Int.random(in: body.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        } else {
            envelope[envelope.count - 1 - Int.random(in: 0..<64, using: &random)] ^= 1
        }
        return DeltaFrame(envelope: envelope, body: body)
    }

    /// One exchange of a node with the hub; each request fares as the dice say.
    func exchange(_ site: Int, sound: Bool = false) throws {
        let outcome = try world.sync(world.sites[site]) { [self] _ in
            guard !sound, Int.random(in: 0..<3, using: &random) == 0 else { return .delivered }
            return [World.Fate.lost, .answerLost, .repeated].randomElement(using: &random)!
        }
        if let error = outcome.error {
            meet(.brokenLine)
            try require(
                !sound && error.code == .hubUnreachable, "the exchange of \(name(site)) failed: \(error)")
        }
        try observe(0)
        try observe(site)
    }

    /// Sound exchanges until every installation has everything.
    func settle() throws {
        note("settle")
        try world.settle()
        for site in world.sites.indices { try observe(site) }
        for site in world.sites.indices {
            let waiting = try world.sites[site].store.read { try $0.waitingCount() }
            try require(waiting == 0, "\(waiting) deltas still wait at \(name(site))")
            let missing = deltas.indices.filter { !applied[site].contains($0) }
            try require(missing.isEmpty, "\(name(site)) lacks the deltas \(missing)")
        }
    }

    // MARK: Writing

    /// One local transaction; afterwards its author must show what was acknowledged.
    func write(_ site: Int, _ operations: [Operation]) throws {
        let author = world.sites[site]
        var promised: [RowKey: [String: Value]?] = [:]
        try author.write { transaction in
            for operation in operations {
                guard let effect = try operation.perform(transaction, on: author) else { continue }
                promised[effect.row] = operation.promise(after: promised[effect.row], effect.values)
            }
        }
        try observe(site, author: true)
        try author.store.read { reader in
            for (row, values) in promised {
                guard let table = Schema.table(row.table) else { continue }
                let shown = try reader.shown(table, id: row.id)
                try require(
                    (shown == nil) == (values == nil), "\(name(site)) doesn't show its own write of \(row)")
                for (column, value) in values ?? [:] where table.column(column) != nil {
                    try require(
                        shown?[column] == stored(value, table.column(column)!),
                        "\(name(site)) doesn't show its own write of \(row).\(column)")
                }
            }
        }
    }

    /// A transaction of a node whose program ignores the hub's rights. It is signed with the node's
    /// key but never takes the local road; every installation, its own too, gets it as a frame.
    func writeWithoutRight(_ site: Int, _ operations: [Operation]) throws {
        let frames = try world.sites[site].framesOfBrokenProgram { transaction in
            for operation in operations {
                _ = try operation.perform(transaction, on: world.sites[site], force: true)
            }
        }
        _ = try world.sites[site].store.replicate { try DeltaApplier.receive(frames, in: $0) }
        try observe(site, author: true)
    }
}

/// What a STRICT column shows of a value of another type.
func stored(_ value: Value?, _ column: Column) -> Value {
    switch (value, column.kind) {
    case (.text(let text), .text): .text(text)
    case (.int(let number), .int): .int(number)
    case (.bytes(let bytes), .bytes): .bytes(bytes)
    default: .null
    }
}
