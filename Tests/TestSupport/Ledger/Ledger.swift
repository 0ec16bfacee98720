import NodeCore
import SyncEngine

/// A law that didn't hold; carries what was done until then.
public struct LawBroken: Error, CustomStringConvertible {
    public let description: String
    public init(description: String) { self.description = description }
}

/// What generated histories and simulations may meet on their way.
public enum Met: CaseIterable, Sendable {
    case wait, part, refusal, siblings, tornLife, deadByRule, absent, resolve, ruleChange, brokenLine,
        collected
}

/// Everything that was ever written to one tenant, and what each installation has really applied.
///
/// The record is the test's own: a delta's true history is what its author's store listed as applied
/// when the delta appeared there, never what the delta says of itself. From it the oracle tells what
/// any installation must hold and show; `check` compares.
open class Ledger {
    public struct Recorded: Sendable {
        public let hash: Hash
        public let frame: DeltaFrame
        public let hlc: HLC
        /// The site whose installation wrote it.
        public let author: Int
        public let past: DeltaSet
        /// The deltas of its transaction.
        public let transaction: ClosedRange<Int>
        let auditEntries: Int
    }

    public let world: World
    public private(set) var deltas: [Recorded] = []
    /// By site, as are `appliedInOrder` and `lastStamp`.
    public private(set) var applied: [DeltaSet]
    public private(set) var appliedInOrder: [[Int]]
    /// By site, what it has applied at any time, whatever copy was put back since; not of machines that were cloned.
    private(set) var everApplied: [DeltaSet]
    private(set) var oracle: Oracle
    private(set) var numbers: [Hash: Int] = [:]
    private var lastStamp: [Int64]
    private var lastHLC: [HLC]
    /// What was done, for the message of a failure.
    public private(set) var trace: [String] = []
    /// Rows that were written since the ledger was opened; the others came with the template.
    private(set) var touched: Set<RowKey> = []
    /// Whether an installation has run from an older or another's copy.
    public var hasCopies = false
    /// What was met, to be sure that generators get to what they are for.
    public var met: [Met: Int] = [:]

    public init(_ world: World) throws {
        self.world = world
        oracle = try Oracle(
            documents: RuleMeanings.all, orders: OracleOrders(names: world.erasedNames))
        applied = world.sites.map { _ in DeltaSet() }
        appliedInOrder = world.sites.map { _ in [] }
        everApplied = applied
        lastStamp = world.sites.map { _ in 0 }
        lastHLC = world.sites.map { _ in .zero }
        try observe(0, author: true)
        touched = []
        for site in 1..<world.sites.count { try observe(site) }
    }

    open func note(_ text: String) { trace.append(text) }
    public func meet(_ what: Met, _ times: Int = 1) { met[what, default: 0] += times }
    public func name(_ site: Int) -> String { world.sites[site].name }
    /// The test's own number of a delta, if anybody wrote it.
    public func number(_ hash: Hash) -> Int? { numbers[hash] }

    public func require(_ condition: Bool, _ text: @autoclosure () -> String) throws {
        guard condition else {
            throw LawBroken(
                description: text() + "\n  after:\n    " + trace.suffix(40).joined(separator: "\n    "))
        }
    }

    // MARK: Observing

    /// Reads what an installation has applied since the last time, and checks that its past and the
    /// rest of its transaction are there too. New deltas are those that `author` has just written.
    public func observe(_ site: Int, author: Bool = false) throws {
        try require(take(site, author: author), "\(name(site)) applied a delta that nobody wrote")
    }

    /// The same of the two ends of an exchange, in whose course both may have written by themselves.
    public func observe(ends sites: [Int]) throws {
        var left = sites
        while !left.isEmpty {
            let before = lastStamp
            left = try left.filter { try !take($0, author: false) }
            try require(
                left.isEmpty || lastStamp != before,
                "\(left.map(name)) applied a delta that nobody wrote")
        }
    }

    /// False when it stopped before a delta that somebody else must have written, and nobody has yet.
    private func take(_ site: Int, author: Bool) throws -> Bool {
        let before = try observeSnapshot(site)
        let fresh = try world.sites[site].store.read { reader in
            try reader.deltas(after: lastStamp[site]).map { ($0, try reader.frame($0.facts.stamp)!) }
        }
        let own = try world.sites[site].store.read { reader in
            // A sync may need two new keys, one after the other; each begins with a delta.
            let own = try reader.ownOrigin()
            return [own?.id, own?.succession?.predecessor].compactMap { $0 }
        }
        var arrived: [Int] = [], isWhole = true
        for (summary, frame) in fresh {
            if numbers[summary.facts.hash] == nil {
                // The hub's arbiter and a node's duty write by themselves in the course of an exchange.
                let isDuty = own.contains(summary.facts.originID) && summary.facts.author.hasPrefix("system:")
                guard author || isDuty else {
                    isWhole = false
                    break
                }
                try record(summary, frame, site, sinceSnapshot: before)
            }
            lastStamp[site] = summary.facts.stamp
            let number = numbers[summary.facts.hash]!
            try require(!applied[site].contains(number), "\(name(site)) applied delta \(number) twice")
            try require(
                deltas[number].past.isSubset(of: applied[site]),
                "\(name(site)) applied delta \(number) without its past")
            apply(number, at: site)
            arrived.append(number)
        }
        for number in arrived { try checkTransaction(of: number, at: site) }
        return isWhole
    }

    private func apply(_ number: Int, at site: Int) {
        applied[site].insert(number)
        appliedInOrder[site].append(number)
        if site < everApplied.count { everApplied[site].insert(number) }
    }

    private func checkTransaction(of number: Int, at site: Int) throws {
        let parts = deltas[number].transaction
        for part in parts {
            try require(
                applied[site].contains(part), "\(name(site)) applied a part of a transaction alone")
        }
        let entries = parts.reduce(0) { $0 + deltas[$1].auditEntries }
        try require(entries == 1, "the transaction of delta \(number) has \(entries) audit entries")
    }

    /// After an installation was opened anew: what it had is what it has, nothing less and nothing more.
    public func observeReopened(_ site: Int) throws {
        let hashes = try world.sites[site].store.read { try $0.deltas().map(\.facts.hash) }
        try require(
            hashes == appliedInOrder[site].map { deltas[$0].hash },
            "\(name(site)) came back with \(hashes.count) deltas, not \(appliedInOrder[site].count)")
    }

    /// After an older copy was put back: what an installation holds now is what it held then.
    public func observeRestored(_ site: Int) throws {
        let facts = try world.sites[site].store.read { try $0.deltas().map(\.facts) }
        appliedInOrder[site] = try facts.map { facts in
            guard let number = numbers[facts.hash] else {
                throw LawBroken(description: "\(name(site)) came back with a delta that nobody wrote")
            }
            return number
        }
        applied[site] = appliedInOrder[site].reduce(into: DeltaSet()) { $0.insert($1) }
        lastStamp[site] = facts.last?.stamp ?? 0
        lastHLC[site] = .zero
    }

    /// A snapshot gives every delta another place: what was applied before is there still, and each after its past.
    /// Returns what was applied before it; nil when there was none.
    private func observeSnapshot(_ site: Int) throws -> DeltaSet? {
        guard site > 0, world.hub.snapshots != nil, let last = appliedInOrder[site].last else { return nil }
        let place = world.sites[site].store
        let isAsBefore = try place.read { reader in
            guard try reader.delta(lastStamp[site])?.facts.hash == deltas[last].hash else { return false }
            // The last one may have kept its place while others changed theirs.
            if try reader.deltas(after: lastStamp[site], newest: 1).isEmpty { return true }
            let known = try reader.deltas().prefix(appliedInOrder[site].count).map(\.facts.hash)
            return known == appliedInOrder[site].map { deltas[$0].hash }
        }
        if isAsBefore { return nil }
        let before = applied[site]
        applied[site] = DeltaSet()
        appliedInOrder[site] = []
        for facts in try place.read({ try $0.deltas().map(\.facts) }) {
            // What nobody has seen yet was written since; whoever observes goes on from here.
            guard let number = numbers[facts.hash] else { break }
            try require(
                deltas[number].past.isSubset(of: applied[site]),
                "\(name(site)) has delta \(number) before its past since a snapshot")
            apply(number, at: site)
            lastStamp[site] = facts.stamp
        }
        try require(before.isSubset(of: applied[site]), "\(name(site)) has lost deltas with a snapshot")
        return before
    }

    /// After another machine has begun to run from a copy.
    public func observeClone() throws {
        applied.append(DeltaSet())
        appliedInOrder.append([])
        lastStamp.append(0)
        lastHLC.append(.zero)
        try observeRestored(world.sites.count - 1)
    }

    private func record(
        _ summary: DeltaSummary, _ frame: DeltaFrame, _ site: Int, sinceSnapshot before: DeltaSet?
    ) throws {
        let number = deltas.count, first = number - summary.part
        let past = try before.map { try known(to: summary.facts, at: site, atLeast: $0) } ?? applied[site]
        let writes = try world.sites[site].store.read { try DeltaVerifier.verify(frame, in: $0).writes() }
        try checkClock(summary, site)
        deltas.append(
            Recorded(
                hash: summary.facts.hash, frame: frame, hlc: summary.facts.hlc, author: site, past: past,
                transaction: first...(first + summary.parts - 1),
                auditEntries: writes.count { $0.table == Schema.auditEntry.name }))
        numbers[summary.facts.hash] = number
        if summary.parts > 1 { meet(.part) }
        for write in writes {
            let key = RowKey(table: write.table, id: write.id)
            touched.insert(key)
            oracle.add(
                TrueWrite(
                    delta: number, hash: summary.facts.hash, hlc: summary.facts.hlc, byHub: site == 0,
                    change: write.change, past: past),
                to: key)
        }
        if oracle.refused[number] != nil { meet(.refusal) }
    }

    /// What the author of a delta had applied that now stands after a snapshot, whether it was written before that or
    /// since: its place doesn't tell any more, its own word does. What was there before the exchange it knew for sure.
    private func known(to author: DeltaFacts, at site: Int, atLeast before: DeltaSet) throws -> DeltaSet {
        var past = DeltaSet()
        for other in try world.sites[site].store.read({ try $0.deltas().map(\.facts) })
        where other.stamp < author.stamp && author.hadSeen(other) {
            past.insert(numbers[other.hash]!)
        }
        try require(before.isSubset(of: past), "\(name(site)) wrote without what it had")
        return past
    }

    /// Stamps of an origin only grow, but where its clock was set back further than the limit.
    private func checkClock(_ summary: DeltaSummary, _ site: Int) throws {
        let last = lastHLC[site], hlc = summary.facts.hlc
        lastHLC[site] = hlc
        let grows = summary.part == 0 ? last < hlc : last == hlc
        let setBack = last.milliseconds - world.sites[site].clock.milliseconds() > HLC.limitMilliseconds
        try require(
            grows || (summary.part == 0 && setBack),
            "\(name(site)) stamps \(hlc.raw) after \(last.raw)")
    }

    // MARK: Writing

    /// One local transaction; afterwards its author must show what was acknowledged.
    public func write(_ site: Int, _ operations: [Operation]) throws {
        let author = world.sites[site]
        var promised: [RowKey: [String: Value]?] = [:]
        try author.write { transaction in
            for operation in operations {
                guard let effect = try operation.perform(transaction, on: author) else { continue }
                promised[effect.row] = operation.promise(after: promised[effect.row], effect.values)
            }
        }
        try observe(site, author: true)
        try checkPromises(promised, at: site)
    }

    private func checkPromises(_ promised: [RowKey: [String: Value]?], at site: Int) throws {
        try world.sites[site].store.read { reader in
            for (row, values) in promised {
                guard let table = reader.schema.table(row.table) else { continue }
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
    public func writeWithoutRight(_ site: Int, _ operations: [Operation]) throws {
        let frames = try world.sites[site].framesOfBrokenProgram { transaction in
            for operation in operations {
                _ = try operation.perform(transaction, on: world.sites[site], force: true)
            }
        }
        let clock = lastHLC[site]
        _ = try world.sites[site].store.replicate { try DeltaApplier.receive(frames, in: $0) }
        try observe(site, author: true)
        // Its stamps are not those of the store, which go on from where they were.
        lastHLC[site] = clock
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
