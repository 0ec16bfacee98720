import Foundation
import GRDB

/// What a transaction does, for its one audit entry.
public struct AuditAction: Sendable {
    public let name: String
    public let targetType: String
    public let targetID: String?
    public let reason: String?

    /// `name`: `noun.verb`, such as `teacher.edit`. `targetID`: an id, never a name or an e-mail.
    public init(_ name: String, targetType: String, targetID: String? = nil, reason: String? = nil) {
        self.name = name
        self.targetType = targetType
        self.targetID = targetID
        self.reason = reason
    }
}

/// The typed write API: the only way by which this installation changes synced rows.
///
/// Each write is merged into the row at once (a local write had seen everything that is applied
/// here), so later reads in the transaction see it; the recorded writes become a delta, or several
/// parts of one, when the transaction is sealed.
public final class LocalTransaction {
    /// Limits of one part (DESIGN 5).
    public static let maxWritesInPart = 1000
    public static let maxBytesInPart = 1 << 20
    /// Limits of a whole transaction: what every other installation keeps until its last part is there.
    public static let maxParts = 10_000
    public static let maxBytes = 256 << 20
    /// Closed parts of more bytes than this together are put where they will stay until they are signed.
    static let maxHeldBytes = 1 << 20

    public let replica: ReplicaTransaction
    public let actor: Actor
    public let hlc: HLC
    public let now: Int64
    let origin: LocalOrigin
    let own: OriginRecord
    public let identifiers: Identifiers
    private let firstStamp: RowState.Stamp
    private let seen: SeenVector
    private let past: [Int64: Int64]
    private var action: AuditAction?
    private var standsAlone = false
    private var part: [RecordedWrite] = []
    private var partBytes = 0
    private var partIndex: [PartKey: Int] = [:]
    private var bodies: [ClosedPart] = []
    private var bodyBytes = 0
    private var storedBodies = 0
    private var heldBytes = 0
    private var changedIDs: [String] = []
    private var changedCount = 0

    private struct ClosedPart {
        let writes: Int
        /// nil once it is in the file.
        var body: [UInt8]?
    }

    private struct PartKey: Hashable {
        let table: String
        let id: String
    }

    /// The stamp of the part that is being recorded.
    private var stamp: RowState.Stamp { firstStamp + Int64(bodies.count) }

    init(_ replica: ReplicaTransaction, actor: Actor, origin: LocalOrigin) throws {
        self.replica = replica
        self.actor = actor
        self.origin = origin
        try replica.requireRecovered()
        guard let own = try replica.ownOrigin(), own.publicKey == origin.key.publicKey else {
            throw NodeError(
                .corrupt, "\(replica.store.fileName) doesn't know the key in this data directory",
                hint: "One of the two was put back from a copy: run `node-cli sync`, which makes a new key.")
        }
        self.own = own
        now = replica.store.environment.clock.milliseconds()
        let last = HLC(raw: try replica.state(.hlc)?.int ?? 0)
        hlc = HLC.next(after: last, nowMilliseconds: now)
        firstStamp = try replica.nextStamp()
        seen = try replica.seenNow(except: own.number)
        past = try replica.branches().past(of: own.number, seen)
        identifiers = origin.identifiers
    }

    /// Names what the transaction does. Needed before it is sealed when anything was written.
    public func audit(_ action: AuditAction) { self.action = action }

    /// Names what is read under a support session, or done to no row: the entry is written though nothing changes.
    public func auditAlone(_ action: AuditAction) {
        self.action = action
        standsAlone = true
    }

    /// Whether anything was written.
    public var hasChanges: Bool { changedCount > 0 }

    /// Writes every column of a row; columns that are not named become null.
    public func put(_ table: SyncedTable, id: String, _ values: [String: Value]) throws {
        let book = try ownership()
        try requireRight(to: book?.owner(of: nil, in: table) ?? table.owner, table.name)
        if table.isHubs(values) { try requireRight(to: .hub, "this value of \(table.name)") }
        if table.isAppendOnly || table.isHeld || table.isGranted,
            try !replica.loadRow(table.name, id: id).isEmpty
                || (table.name == Schema.auditEntry.name && replica.isCollected(table.name, id: id))
        {
            throw Self.madeOnce(table, id)
        }
        var complete = [String: Value](minimumCapacity: table.columns.count)
        for column in table.columns {
            // A row write leaves columns alone that its author may not write.
            let owner = book?.owner(of: column, in: table) ?? column.owner
            if !owner.allows(origin.role) {
                if values[column.name].map(\.isNull) == false {
                    try requireRight(to: owner, "\(table.name).\(column.name)")
                }
                continue
            }
            complete[column.name] = values[column.name] ?? .null
        }
        try record(table, id, .row(complete))
    }

    /// Writes the named columns that differ from what is shown; false when none does. `force` writes them
    /// all, which settles a conflict with the value that is shown.
    @discardableResult
    public func edit(_ table: SyncedTable, id: String, _ values: [String: Value], force: Bool = false) throws
        -> Bool
    {
        try refuseAppendOnly(table)
        guard let shown = try replica.shown(table, id: id) else {
            throw NodeError(
                .recordNotFound, "there is no \(table.name) \(id)", hint: "List the records and try again.")
        }
        var changed = force ? values : values.filter { shown[$0.key] != $0.value }
        if changed.isEmpty { return false }
        try refuseHubs(table, id)
        let book = try ownership()
        for column in changed.keys {
            guard let column = table.column(column) else {
                throw NodeError(.validation, "\(table.name) has no column \(column)")
            }
            if column.owner == .holder { try requireHolder(of: table, id, to: column) }
            if column.owner == .grant { throw Self.madeOnce(table, id) }
            try requireRight(
                to: book?.owner(of: column, in: table) ?? column.owner, "\(table.name).\(column.name)")
        }
        for (column, text) in try replica.memories(of: changed, in: table, id: id) {
            let owner = table.column(column).map { book?.owner(of: $0, in: table) ?? $0.owner }
            if owner?.allows(origin.role) == true { changed[column] = .text(text) }
        }
        try record(table, id, .columns(changed))
        return true
    }

    public func delete(_ table: SyncedTable, id: String) throws {
        try requireRight(to: try ownership()?.owner(of: nil, in: table) ?? table.owner, table.name)
        try refuseAppendOnly(table)
        if table.isGranted { throw Self.madeOnce(table, id) }
        if table.isHeld { try requireHolder(of: table, id) }
        try record(table, id, .delete)
    }

    private static func madeOnce(_ table: SyncedTable, _ id: String) -> NodeError {
        NodeError(
            .forbidden, "\(table.name) \(id) is there", hint: "Rows of \(table.name) are made once.")
    }

    /// Throws `HUB_OWNED` at a node for a row with a value that only the hub writes.
    private func refuseHubs(_ table: SyncedTable, _ id: String) throws {
        guard origin.role != .hub, !table.hubValues.isEmpty else { return }
        let state = try replica.loadRow(table.name, id: id)
        let author = ownFacts(part: bodies.count, hash: .unsigned)
        if try replica.isHubs(state, of: table, knownTo: author) {
            try requireRight(to: .hub, "this \(table.name)")
        }
    }

    /// Brings a row back that a delete stands against, by writing one column with the value it has: an
    /// edit is a write of the row's life. A column without conflict is taken, so that the others' stay
    /// open; when every column is in conflict, the first is settled with `fallback`, what it would show.
    /// Throws `RECORD_NOT_FOUND` when the row has no values.
    public func revive(_ table: SyncedTable, id: String, fallback: [String: Value]) throws {
        let state = try replica.wholeRow(table, id: id)
        let covers = try replica.covering(state)
        let book = try ownership()
        let writable = table.columns.filter {
            (book?.owner(of: $0, in: table) ?? $0.owner).allows(origin.role)
        }
        for column in writable {
            let present = state.siblings(of: column.name, covers: covers).compactMap(\.value)
            guard let value = present.first, present.allSatisfy({ $0 == value }) else { continue }
            return try record(table, id, .columns([column.name: value]))
        }
        guard let column = writable.first(where: { fallback[$0.name] != nil }),
            let value = fallback[column.name]
        else {
            throw NodeError(
                .recordNotFound, "the row has no values to bring back",
                hint: "Make it anew with its own command.")
        }
        try record(table, id, .columns([column.name: value]))
    }

    private func refuseAppendOnly(_ table: SyncedTable) throws {
        guard table.isAppendOnly else { return }
        throw NodeError(
            .forbidden, "\(table.name) is append-only", hint: "Its rows are never changed or deleted.")
    }

    private func requireRight(to owner: Owner, _ what: String) throws {
        guard !owner.allows(origin.role) else { return }
        guard owner == .hub else {
            throw NodeError(
                .nodeOnly, "\(what.replacing("_", with: " ")) is kept by the district's nodes",
                hint: "Make the change there; the hub's policy says so (`node-cli rules show`).")
        }
        throw NodeError(
            .hubOwned, "\(what.replacing("_", with: " ")) is kept by the hub",
            hint: "Ask the PrepKC hub to make this change; it reaches this node with the next sync.")
    }

    /// Throws `NOT_SEAT_HOLDER` unless this installation's life holds the row, or is the hub's and takes it from
    /// a life that is over.
    public func requireHolder(of table: SyncedTable, _ id: String, to column: Column? = nil) throws {
        let state = try replica.loadRow(table.name, id: id)
        let own = ownFacts(part: bodies.count, hash: .unsigned)
        if try replica.holds(state, own) { return }
        if origin.role == .hub, column?.name == SyncedTable.holderColumn,
            try replica.isForfeited(state, knownTo: own)
        {
            return
        }
        let holder = try replica.shown(table, id: id)?[SyncedTable.holderColumn]?.text
        let known = try replica.origins().first { $0.id.hex == holder }
        if origin.role == .node, try known?.nodeID == replica.ownOrigin()?.nodeID {
            throw NodeError(
                .notSeatHolder,
                "the \(table.name) \(id) was held by this machine before it was restored or copied",
                hint:
                    "`node-cli sync`: the hub takes it back once it has everything from then; then let it be granted."
            )
        }
        let name = known.map { $0.role == .hub ? "the hub" : $0.name }
        throw NodeError(
            .notSeatHolder, "the \(table.name) \(id) is held by \(name ?? "another installation")",
            hint:
                "Make the change there, or have it moved: `seats grant` at the hub, `seats release` at a node."
        )
    }

    private func record(_ table: SyncedTable, _ id: String, _ change: Change) throws {
        if table.name != Schema.auditEntry.name {
            if changedIDs.count < 20 { changedIDs.append(id) }
            changedCount += 1
        }
        try recordInPart(RecordedWrite(table: table.name, id: id, change: change))
        let old = try replica.stateForMerging(
            change, by: ownFacts(part: bodies.count, hash: .unsigned),
            into: replica.loadRow(table.name, id: id), RowID(table: table.name, id: id))
        var state = old
        merge(change, into: &state)
        try replica.saveRow(table.name, id: id, state, replacing: old)
        try replica.notePolicy(table.name, row: id, stamp: stamp)
    }

    private func ownership() throws -> (any RuleBook)? {
        try replica.ownership(seenBy: ownFacts(part: bodies.count, hash: .unsigned))
    }

    /// A column write on a row that this very part wrote is part of that row write, as it will be on
    /// every installation that applies the delta.
    private func merge(_ change: Change, into state: inout RowState) {
        if case .columns(let values) = change,
            let index = state.writes.firstIndex(where: { $0.stamp == stamp })
        {
            for (column, value) in values { state.writes[index].values[column] = value }
            return
        }
        let own = stamp
        state.apply(change, stamp: own) { $0 != own }
    }

    private func recordInPart(_ write: RecordedWrite) throws {
        let key = PartKey(table: write.table, id: write.id)
        if let index = partIndex[key] {
            if case .columns(let new) = write.change, let merged = part[index].change.adding(new) {
                part[index].change = merged
                return
            }
            try closePart()
        } else if part.count >= Self.maxWritesInPart || partBytes >= Self.maxBytesInPart / 2 {
            try closePart()
        }
        if part.isEmpty { replica.remember(ownFacts(part: bodies.count, hash: .unsigned)) }
        partIndex[key] = part.count
        part.append(write)
        partBytes += write.roughBytes
    }

    private func closePart() throws {
        guard !part.isEmpty else { return }
        let environment = replica.store.environment
        let body = try environment.replication.encodeBody(part, salt: environment.random.bytes(32))
        bodies.append(ClosedPart(writes: part.count, body: body))
        bodyBytes += body.count
        heldBytes += body.count
        guard bodies.count <= Self.maxParts, bodyBytes <= Self.maxBytes else {
            throw NodeError(
                .tooLarge,
                "the change has \(bodies.count) parts and \(bodyBytes) bytes, more than can travel at once",
                hint: "Split it; nothing was written.")
        }
        part.removeAll(keepingCapacity: true)
        partIndex.removeAll(keepingCapacity: true)
        partBytes = 0
        if heldBytes > Self.maxHeldBytes { try storeHeldBodies() }
    }

    /// A large transaction isn't held in memory: the bodies of its closed parts are in the file before their deltas are.
    private func storeHeldBodies() throws {
        while storedBodies < bodies.count {
            if let body = bodies[storedBodies].body {
                try replica.insertBody(body, of: firstStamp + Int64(storedBodies))
            }
            bodies[storedBodies].body = nil
            storedBodies += 1
        }
        heldBytes = 0
    }

    /// What is known of the part with an index before (`hash: .unsigned`) and after it is signed.
    private func ownFacts(part index: Int, hash: Hash) -> DeltaFacts {
        DeltaFacts(
            stamp: firstStamp + Int64(index), origin: own.number, seq: own.headSeq + 1 + Int64(index),
            hash: hash,
            hlc: hlc, wall: now, schemaVersion: replica.schema.version, author: actor.id,
            authorRole: actor.role, role: own.role, node: own.name, nodeID: own.nodeID, originID: own.id,
            lifeID: own.life, seen: past)
    }

    // MARK: Sealing

    /// Writes the audit entry, signs every part, and stores the deltas with the new chain head. Nothing when
    /// no row was changed, unless the entry is to stand `alone`.
    func seal(alone: Bool = false) throws {
        guard hasChanges || standsAlone || alone else { return }
        try writeAuditEntry()
        try closePart()
        let key = origin.key, replication = replica.store.environment.replication
        let tenant = try replica.tenantID()
        let ruleSetVersion = try replica.ruleSetVersion()
        var previous = own.headHash
        var previousSeen =
            try replica.stamp(origin: own.number, seq: own.headSeq)
            .map(replica.seenVector) ?? SeenVector()
        for (index, part) in bodies.enumerated() {
            let seq = own.headSeq + 1 + Int64(index)
            let body = try part.body ?? replica.storedBody(of: firstStamp + Int64(index))
            let draft = DeltaDraft(
                tenant: tenant, origin: own.id, seq: seq, previous: previous, hlc: hlc, wall: now,
                schemaVersion: replica.schema.version, policyVersion: Schema.policyVersion,
                ruleSetVersion: ruleSetVersion, author: actor.id, authorRole: actor.role,
                seen: try replica.seenEntries(seen, since: seq % 64 == 1 ? nil : previousSeen),
                writes: part.writes, part: index,
                parts: bodies.count, body: body)
            let sealed = try replication.seal(draft, with: key)
            try store(sealed, part, body, index: index)
            previous = sealed.hash
            previousSeen = seen
        }
        try replica.setState(.hlc, .int(hlc.raw))
    }

    private func store(_ sealed: SealedDelta, _ part: ClosedPart, _ body: [UInt8], index: Int) throws {
        let facts = ownFacts(part: index, hash: sealed.hash)
        try replica.insert(
            StoredDelta(
                facts: facts, seen: seen, part: index, parts: bodies.count, writes: part.writes,
                envelope: sealed.envelope, body: body), hasBody: part.body == nil)
        if own.role == .hub { try replica.appendToLog(delta: facts.stamp) }
    }

    private func writeAuditEntry() throws {
        guard let action else {
            throw NodeError(
                .internalError, "a transaction changed \(changedCount) rows without an audit action")
        }
        let id = try identifiers.fresh(milliseconds: now, random: replica.store.environment.random)
        let ids = changedIDs.map { "\"\($0)\"" }.joined(separator: ",")
        try record(
            Schema.auditEntry, id,
            .row([
                "at": .int(now), "actor": .text(actor.id), "via": .text(actor.via),
                "action": .text(action.name),
                "target_type": .text(action.targetType),
                "target_id": .optional(action.targetID ?? changedIDs.first),
                "count": .int(Int64(changedCount)),
                "ids": .text("[\(ids)]"), "outcome": "ok", "reason": .optional(action.reason),
                "support_id": .optional(actor.support),
            ]))
    }
}

extension LocalTransaction {
    /// A new random id of this tenant.
    public func freshID() throws -> String {
        try identifiers.fresh(milliseconds: now, random: replica.store.environment.random)
    }
}
