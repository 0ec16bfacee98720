import NodeCore

/// What of a foreign write its author had a right to (DESIGN 6, Ownership). The rest never enters a
/// cell, on any installation, and is listed as refused.
///
/// Judged by the author's role, which its certificate gives, by the table's policy, and by what the
/// author had seen, which is applied before the write: every installation judges alike.
enum WriteRights {
    struct Refusal: Equatable {
        let column: String
        let value: Value
        let reason: String
    }

    struct Verdict {
        /// nil when nothing of the write is left.
        var allowed: Change?
        var refused: [Refusal] = []
    }

    static let appendOnly = "APPEND_ONLY"

    /// `state`: the row before the write.
    static func judge(
        _ write: RecordedWrite, by facts: DeltaFacts, on state: RowState, in reader: StoreReader
    ) throws -> Verdict {
        guard let table = reader.schema.table(write.table) else { return Verdict(allowed: write.change) }
        if table.isAppendOnly, try !isFirst(write.change, by: facts, on: state, reader) {
            return refusal(of: write.change, reason: appendOnly)
        }
        if table.isHeld { return try judgeHeld(write, in: table, by: facts, on: state, reader) }
        if table.isGranted {
            return try judgeGranted(write.change, in: table, by: facts, on: state, reader)
        }
        let book = try reader.ownership(seenBy: facts)
        if book == nil, facts.role == .hub || table.isOpen(to: facts.role) {
            return Verdict(allowed: write.change)
        }
        return judge(write.change, in: table, by: facts.role) { column in
            book?.owner(of: column, in: table) ?? column?.owner ?? table.owner
        }
    }

    /// The row by who owns the table, each column by who owns it; `owner(nil)` is the table's.
    private static func judge(
        _ change: Change, in table: SyncedTable, by role: Role, owner: (Column?) -> Owner
    ) -> Verdict {
        func refused(_ owner: Owner) -> String {
            (owner == .hub ? ErrorCode.hubOwned : ErrorCode.nodeOnly).rawValue
        }
        let values: [String: Value]
        switch change {
        case .columns(let named): values = named
        case .row(let whole) where owner(nil).allows(role): values = whole
        case .delete where owner(nil).allows(role): return Verdict(allowed: change)
        case .row, .delete: return refusal(of: change, reason: refused(owner(nil)))
        }
        let owners = values.keys.reduce(into: [String: Owner]()) { $0[$1] = owner(table.column($1)) }
        let allowed = values.filter { owners[$0.key]?.allows(role) ?? true }
        var verdict = Verdict()
        verdict.refused = values.filter { allowed[$0.key] == nil }.map {
            Refusal(column: $0.key, value: $0.value, reason: refused(owners[$0.key] ?? .hub))
        }
        if case .row = change {
            verdict.allowed = .row(allowed)
        } else if !allowed.isEmpty {
            verdict.allowed = .columns(allowed)
        }
        return verdict
    }

    /// A row with a holder: made once by the table's owner, then each column by whom it belongs to.
    private static func judgeHeld(
        _ write: RecordedWrite, in table: SyncedTable, by facts: DeltaFacts, on state: RowState,
        _ reader: StoreReader
    ) throws -> Verdict {
        let change = write.change
        let holds = try reader.holds(state, facts) || heldThen(write, by: facts, reader)
        let owns = table.owner != .hub || facts.role == .hub
        let hubOwned = ErrorCode.hubOwned.rawValue, notHolder = ErrorCode.notSeatHolder.rawValue
        guard case .columns(let values) = change else {
            guard owns else { return refusal(of: change, reason: hubOwned) }
            let isAllowed =
                try change == .delete ? holds : isFirst(change, by: facts, on: state, reader)
            return isAllowed ? Verdict(allowed: change) : refusal(of: change, reason: notHolder)
        }
        let isForfeited = try facts.role == .hub && reader.isForfeited(state, knownTo: facts)
        var verdict = Verdict()
        var allowed: [String: Value] = [:]
        for (name, value) in values {
            switch table.column(name)?.owner ?? table.owner {
            case .holder where !holds && !(isForfeited && name == SyncedTable.holderColumn):
                verdict.refused.append(Refusal(column: name, value: value, reason: notHolder))
            case .hub where facts.role != .hub:
                verdict.refused.append(Refusal(column: name, value: value, reason: hubOwned))
            default: allowed[name] = value
            }
        }
        verdict.allowed = allowed.isEmpty ? nil : .columns(allowed)
        return verdict
    }

    /// Whether the author of a write held the row when it wrote, although it is moved by now. That it doesn't know
    /// of the move takes a machine that was copied, whose chain forked or went on under another key, or a life that
    /// the hub has ended since. Such writes may come long after; what they promised is not to vanish.
    private static func heldThen(_ write: RecordedWrite, by facts: DeltaFacts, _ reader: StoreReader) throws
        -> Bool
    {
        guard facts.role == .node, try reader.hasEnded(facts.lifeID) || reader.wasCopied(facts.originID)
        else { return false }
        let row = RowID(table: write.table, id: write.id)
        return try reader.holds(reader.row(row, seenBy: facts), facts)
    }

    /// A row that is granted: made once, by the hub alone when it holds a value of the hub's; then only what
    /// isn't part of the grant is written, and by the hub alone where the author knew it for the hub's.
    private static func judgeGranted(
        _ change: Change, in table: SyncedTable, by facts: DeltaFacts, on state: RowState,
        _ causality: any Causality
    ) throws -> Verdict {
        let hubOwned = ErrorCode.hubOwned.rawValue
        switch change {
        case .delete: return refusal(of: change, reason: appendOnly)
        case .row(let values):
            guard try isFirst(change, by: facts, on: state, causality) else {
                return refusal(of: change, reason: appendOnly)
            }
            return facts.role != .hub && table.isHubs(values)
                ? refusal(of: change, reason: hubOwned) : Verdict(allowed: change)
        case .columns(let values):
            let isHubs = try facts.role != .hub && causality.isHubs(state, of: table, knownTo: facts)
            let allowed = values.filter { !isHubs && table.column($0.key)?.owner != .grant }
            let refused = values.filter { allowed[$0.key] == nil }.map { name, value in
                let isGrant = table.column(name)?.owner == .grant
                return Refusal(column: name, value: value, reason: isGrant ? appendOnly : hubOwned)
            }
            return Verdict(allowed: allowed.isEmpty ? nil : .columns(allowed), refused: refused)
        }
    }

    /// Whether a write makes an append-only row: a row write whose author had seen no write of it.
    private static func isFirst(
        _ change: Change, by facts: DeltaFacts, on state: RowState, _ causality: any Causality
    ) throws -> Bool {
        guard case .row = change else { return false }
        for stamp in state.stamps where facts.hadSeen(try causality.facts(stamp)) { return false }
        return true
    }

    private static func refusal(of change: Change, reason: String) -> Verdict {
        switch change {
        case .delete:
            Verdict(refused: [Refusal(column: CellConflict.lifeColumn, value: "deleted", reason: reason)])
        case .row(let values), .columns(let values):
            Verdict(refused: values.map { Refusal(column: $0.key, value: $0.value, reason: reason) })
        }
    }
}
