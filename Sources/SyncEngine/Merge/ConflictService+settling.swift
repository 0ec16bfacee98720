import NodeCore

/// Which conflicts a list or a bulk resolve means; nil takes all.
public struct ConflictFilter: Sendable {
    public var state: ConflictState?
    /// The name of the rule that decides, such as `manual`.
    public var rule: String?
    public var table: String?
    /// Only those whose newest write is older, or younger, than that (milliseconds since 1970).
    public var before: Int64?
    public var after: Int64?

    public init(
        state: ConflictState? = nil, rule: String? = nil, table: String? = nil, before: Int64? = nil,
        after: Int64? = nil
    ) {
        self.state = state
        self.rule = rule
        self.table = table
        self.before = before
        self.after = after
    }

    func takes(_ conflict: ConflictView) -> Bool {
        let newest = conflict.siblings.map(\.at).max() ?? 0
        return (rule == nil || conflict.rule == rule) && (table == nil || conflict.table == table)
            && (before.map { newest < $0 } ?? true) && (after.map { newest >= $0 } ?? true)
    }
}

/// What settling many conflicts at once did.
public struct BulkSettling: Sendable {
    /// As they are now.
    public internal(set) var settled: [ConflictView] = []
    /// Those that others settle: the holder of a seat, the hub, a district admin.
    public internal(set) var refused: [(conflict: ConflictView, cause: NodeError)] = []

    /// What is thrown before anything of a conflict is written.
    static let refusals: Set<ErrorCode> = [.hubOwned, .nodeOnly, .notSeatHolder, .forbidden]
}

/// What somebody wrote about a conflict.
public struct ConflictNote: Sendable, Equatable {
    public let text: String
    public let author: String
    public let at: Int64
}

extension ConflictService {
    /// Conflicts that a filter takes; without a state, settled and open ones.
    public func list(_ filter: ConflictFilter) throws -> [ConflictView] {
        try list(filter.state).filter(filter.takes)
    }

    /// Settles every open conflict that the filter takes with what its rule shows until then: one
    /// transaction, an ordinary write for each. What may not be settled here or by this person stays; throws
    /// the reason of the first such when nothing else was there to settle.
    public func resolveByRule(_ filter: ConflictFilter, note: String? = nil, dryRun: Bool = false) throws
        -> BulkSettling
    {
        try settle(note: note, dryRun: dryRun, right: requireRight) { open in open.filter(filter.takes) }
    }

    /// As `resolveByRule`, of the conflicts that `choose` gives back. Those of rows that can't be written
    /// (deleted, of an unknown table) stay.
    func settle(
        note: String?, dryRun: Bool, right: (ConflictView) throws -> Void = { _ in },
        _ choose: ([ConflictView]) throws -> [ConflictView]
    ) throws -> BulkSettling {
        let reason = try note.map(ConflictNote.check)
        return try tenant.store.write(as: actor, origin: tenant.origin, dryRun: dryRun) { transaction in
            try transaction.replica.requireWritable()
            let open = try standing(in: transaction.replica).filter { $0.state == .open }
            let chosen = try choose(open).filter { one in
                try transaction.replica.schema.table(one.table).map {
                    try transaction.replica.shown($0, id: one.row) != nil
                }
                    ?? false
            }
            transaction.audit(AuditAction("conflict.resolve", targetType: "conflict", reason: reason))
            var result = BulkSettling()
            for conflict in chosen {
                do {
                    try right(conflict)
                    try write(conflict.shown, to: conflict, in: transaction)
                    result.settled.append(conflict.showing(conflict.shown))
                } catch let error as NodeError where BulkSettling.refusals.contains(error.code) {
                    result.refused.append((conflict.withoutSecrets, error))
                }
            }
            if result.settled.isEmpty, let first = result.refused.first { throw first.cause }
            return result
        }
    }

    /// Takes the latest settling of a conflict back: writes what was shown before it. An ordinary write,
    /// so the values it settled don't come back as siblings. Of a row's life: also of the rows that it kept or
    /// deleted together. Throws `CONFLICT_NOT_FOUND` when none ended
    /// here, `STALE` when the cell has been written since, `CONFLICT` when it showed the same before.
    public func undo(_ id: String, dryRun: Bool = false) throws -> ConflictView {
        try tenant.store.write(as: actor, origin: tenant.origin, dryRun: dryRun) { transaction in
            let reader = transaction.replica
            try reader.requireWritable()
            let tenantID = try reader.tenantID()
            guard
                let (past, stamp) = try reader.conflictHistory().last(where: {
                    $0.conflict.id(tenant: tenantID) == id
                })
            else { throw notFound(id) }
            guard try reader.isNewest(stamp, of: past) else {
                throw NodeError(
                    .stale, "\(past.table).\(past.column) has been written since it was settled",
                    hint: "`node-cli why` shows by whom; edit the record instead.")
            }
            let others = try othersSettled(with: past, by: stamp, in: reader)
            guard let before = try reader.pastPick(past, reader.tenantRules()),
                let view = try resolved(in: reader).last(where: { $0.id == id }),
                view.shown != before.value || !others.isEmpty
            else {
                throw NodeError(
                    .conflict, "the settling changed nothing that is shown", hint: "There is nothing to undo."
                )
            }
            transaction.audit(AuditAction("conflict.undo", targetType: past.table, targetID: past.row))
            if past.column == CellConflict.lifeColumn {
                let own = RowID(table: past.table, id: past.row)
                let rows = view.shown == before.value ? others : [(own, before.value == "kept")] + others
                for (row, isKept) in rows { try takeBack(row, isKept: isKept, in: transaction) }
            } else {
                try write(before.value, to: view, in: transaction)
            }
            return view.showing(before.value)
        }
    }

    // MARK: Notes

    /// Writes a note about a conflict or a case; it is synced and stays. Throws `CONFLICT_NOT_FOUND`.
    public func note(_ id: String, _ text: String, dryRun: Bool = false) throws -> ConflictNote {
        let text = try ConflictNote.check(text)
        let about = try cases().first { $0.id == id }
        if about == nil { _ = try show(id) }
        return try tenant.store.write(as: actor, origin: tenant.origin, dryRun: dryRun) { transaction in
            try transaction.replica.requireWritable()
            transaction.audit(AuditAction("conflict.note", targetType: "conflict", targetID: id))
            let ids = try about.map { try Self.noteIDs(of: $0, in: transaction.replica) } ?? [id]
            for id in ids { try transaction.addNote(conflict: id, text) }
            return ConflictNote(text: text, author: actor.id, at: transaction.now)
        }
    }

    /// The notes about a conflict, oldest first.
    public func notes(_ id: String) throws -> [ConflictNote] {
        try tenant.store.read { try $0.notes(id) }
    }

    /// The notes about a case, oldest first.
    public func notes(of one: RowCase) throws -> [ConflictNote] {
        try tenant.store.read { reader in
            try Self.noteIDs(of: one, in: reader).flatMap { try reader.notes($0) }
                .reduce(into: []) { all, note in if !all.contains(note) { all.append(note) } }
                .sorted { $0.at < $1.at }
        }
    }

    /// A note about a case stands beside the life of each of its rows, so that it goes when a person is erased.
    private static func noteIDs(of one: RowCase, in reader: StoreReader) throws -> [String] {
        let tenant = try reader.tenantID()
        return one.rows.map {
            CellConflict(table: one.table, row: $0, column: CellConflict.lifeColumn, siblings: [])
                .id(tenant: tenant)
        }
    }
}

extension ConflictNote {
    /// Normal form, 1 to 1,000 printable code points. Throws `VALIDATION_ERROR`.
    static func check(_ raw: String) throws -> String {
        let text = NormalForm.text(raw)
        guard (1...1000).contains(text.unicodeScalars.count), NormalForm.firstControl(in: text) == nil else {
            throw NodeError(
                .validation, "a note has 1 to 1000 printable characters", hint: "Write it shorter.",
                field: "note")
        }
        return text
    }
}

extension ConflictView {
    func showing(_ value: Value) -> ConflictView {
        ConflictView(
            id: id, table: table, row: row, column: column, state: .resolved, shown: value, rule: rule,
            rulePlace: rulePlace, siblings: siblings, label: label)
    }
}

extension StoreReader {
    func notes(_ id: String) throws -> [ConflictNote] {
        try conflictNotes(id).map { ConflictNote(text: $0.text, author: $0.author, at: $0.at) }
    }

    /// Whether a delta's write of a cell, or of a row's life, is still the newest there.
    func isNewest(_ stamp: RowState.Stamp, of conflict: CellConflict) throws -> Bool {
        let state = try loadRow(conflict.table, id: conflict.row)
        let covers = try covering(state)
        guard conflict.column != CellConflict.lifeColumn else {
            return state.life(covers: covers).map(\.stamp) == [stamp]
        }
        return state.siblings(of: conflict.column, covers: covers).map(\.stamp) == [stamp]
    }
}
