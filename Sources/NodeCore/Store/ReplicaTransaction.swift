import Foundation
import GRDB

/// A write transaction in the terms of replication: row states, deltas, origins, the log. Both a
/// local change and a merge end here.
public final class ReplicaTransaction: StoreReader {
    /// Rows of `rule_set` were touched: everything with siblings is projected anew at the end.
    var rulesChanged = false
    /// Rows of `erasure` came: what they concern is dropped at the end.
    var erasureChanged = false
    /// Rows of `audit_archive` came, or an entry was looked at that one had taken out.
    var archivesChanged = false
    /// Rows that may have become part of a case; the hub's arbiter looks at them.
    public internal(set) var touched = TouchedRows()
    /// Says that the arbiter has looked already and found nothing to do, or will by itself.
    public var isWithoutCases = false
    /// `touched`, with what the end of the transaction adds.
    public var touchedAtEnd: TouchedRows { rulesChanged || erasureChanged ? .all : touched }
    /// Conflicts that this transaction settled, by id; those that are open again at its end are not
    /// history.
    var endedConflicts: [String: (conflict: CellConflict, by: RowState.Stamp)] = [:]

    override var isReadOnly: Bool { false }

    public func setState(_ key: StateKey, _ value: Value) throws {
        let statement = try db.cachedStatement(
            sql: "INSERT INTO sync_state VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value")
        try statement.execute(arguments: [key.rawValue, value])
    }

    public var environmentClock: any WallClock { store.environment.clock }

    /// The stamp that the next delta gets.
    public func nextStamp() throws -> RowState.Stamp {
        let statement = try db.cachedStatement(sql: "SELECT ifnull(max(number), 0) + 1 FROM sync_delta")
        return try Int64.fetchOne(statement) ?? 1
    }

    /// Stores an applied delta and moves its chain's head. Facts must be complete. `hasBody`: its body is there
    /// already (`insertBody`).
    public func insert(_ delta: StoredDelta, hasBody: Bool = false) throws {
        let insert = try db.cachedStatement(
            sql: "INSERT INTO sync_delta VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        let facts = delta.facts
        try insert.execute(arguments: [
            facts.stamp, facts.origin, facts.seq, Data(facts.hash.bytes), facts.hlc.raw, facts.wall,
            facts.schemaVersion, delta.part, delta.parts, delta.writes, delta.body.count, facts.author,
            facts.authorRole, Data(delta.seen.blob), Data(delta.envelope), max(0, -facts.chain),
            store.environment.clock.milliseconds(),
        ])
        if !hasBody { try insertBody(delta.body, of: facts.stamp) }
        if let redaction = delta.redaction { try setRedaction(facts.stamp, redaction) }
        try moveHead(of: facts.chain, to: facts.seq, facts.hash)
        remember(facts)
    }

    /// Stores the body of a delta, which may come before the delta itself: nobody looks for a body but by its delta.
    func insertBody(_ body: [UInt8], of stamp: RowState.Stamp) throws {
        try db.cachedStatement(sql: "INSERT INTO sync_body VALUES (?, ?)")
            .execute(arguments: [stamp, Data(body)])
    }

    /// A body that `insertBody` stored. Throws `CORRUPT`.
    func storedBody(of stamp: RowState.Stamp) throws -> [UInt8] {
        guard let body = try row("SELECT body FROM sync_body WHERE number = ?", [stamp])?[0] as Data? else {
            throw NodeError(.corrupt, "\(store.fileName): the body of delta number \(stamp) is gone")
        }
        return Array(body)
    }

    /// What `casesPending` is set to at the end: another number each time, so that whoever has looked at some rows
    /// doesn't take away the mark of others that came meanwhile.
    public func casesMark() throws -> Int64 {
        try max(nextStamp(), (state(.casesPending)?.int ?? 0) + 1)
    }

    /// Called once before commit: follows new orders of erasure and of archiving, projects anew what a change of rules touches.
    func finish() throws {
        try enforceErasures()
        try enforceArchives()
        if rulesChanged {
            bookCache = nil
            try reprojectRowsWithSiblings()
            touched = .all
        }
        if !touched.isEmpty, rulesChanged || !isWithoutCases {
            try setState(.casesPending, .int(casesMark()))
        }
        try fileEndedConflicts()
    }
}

/// A delta as `sync_delta` and `sync_body` keep it.
public struct StoredDelta: Sendable {
    public let facts: DeltaFacts
    public let seen: SeenVector
    public let part: Int
    public let parts: Int
    public let writes: Int
    public let envelope: [UInt8]
    public let body: [UInt8]
    public let redaction: DeltaFrame.Redaction?

    public init(
        facts: DeltaFacts, seen: SeenVector, part: Int, parts: Int, writes: Int, envelope: [UInt8],
        body: [UInt8], redaction: DeltaFrame.Redaction? = nil
    ) {
        self.facts = facts
        self.seen = seen
        self.part = part
        self.parts = parts
        self.writes = writes
        self.envelope = envelope
        self.body = body
        self.redaction = redaction
    }
}
