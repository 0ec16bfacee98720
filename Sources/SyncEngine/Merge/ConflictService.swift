import NodeCore

/// A sibling as a person sees it.
public struct SiblingView: Sendable, Equatable {
    public let value: Value
    public let origin: OriginID
    public let node: String
    public let author: String
    public let at: Int64
    public let delta: Hash
    public let stamp: RowState.Stamp
}

public enum ConflictState: String, Sendable, CaseIterable { case settled, open, resolved, refused }

/// A conflict as `conflicts list` shows it.
public struct ConflictView: Sendable, Equatable {
    public let id: String
    public let table: String
    public let row: String
    public let column: String
    public let state: ConflictState
    public let shown: Value
    public let rule: String
    public let rulePlace: String
    public let siblings: [SiblingView]
    /// What people call the row; nil when it isn't shown or has no name.
    public let label: String?
    /// Whether the hub's policy locks the rule, so that the district's own file can't change it.
    public var isLocked = false

    /// Which siblings it has, as an opaque text: another one stands for another question.
    public var tag: String {
        Array(Digest.sha256(siblings.flatMap(\.delta.bytes)).bytes.prefix(12)).base64url
    }
}

extension ConflictView {
    /// The same; values that nobody is shown are replaced by a word.
    var withoutSecrets: ConflictView {
        guard Schema.isSecret(table, column) else { return self }
        let hidden: Value = "(hidden)"
        var view = ConflictView(
            id: id, table: table, row: row, column: column, state: state, shown: hidden, rule: rule,
            rulePlace: rulePlace,
            siblings: siblings.map {
                SiblingView(
                    value: hidden, origin: $0.origin, node: $0.node, author: $0.author, at: $0.at,
                    delta: $0.delta,
                    stamp: $0.stamp)
            }, label: label)
        view.isLocked = isLocked
        return view
    }
}

/// Lists, explains and settles conflicts.
public struct ConflictService {
    let tenant: OpenTenant
    let actor: Actor

    public init(_ tenant: OpenTenant, actor: Actor) {
        self.tenant = tenant
        self.actor = actor
    }

    /// Conflicts in a state; without one, settled and open.
    public func list(_ state: ConflictState? = nil) throws -> [ConflictView] {
        try tenant.store.read { reader in
            let found =
                switch state {
                case .resolved: try resolved(in: reader)
                case .refused: try refused(in: reader)
                default: try standing(in: reader).filter { state == nil || $0.state == state }
                }
            return found.map(\.withoutSecrets)
        }
    }

    /// Cases between rows that stand now.
    public func cases() throws -> [RowCase] { try tenant.store.read { try $0.cases() } }

    /// Throws `CONFLICT_NOT_FOUND`.
    public func show(_ id: String) throws -> ConflictView {
        try tenant.store.read { reader in
            let all = try standing(in: reader) + resolved(in: reader).reversed() + refused(in: reader)
            guard let found = all.first(where: { $0.id == id }) else { throw notFound(id) }
            return found.withoutSecrets
        }
    }

    /// Settles a conflict with the value of a sibling (numbered from 1) or with a new one: an ordinary
    /// write that had seen all siblings. `seen`: the tag of the conflict as it was read; throws `STALE` when
    /// siblings came or went since.
    public func resolve(
        _ id: String, take: Int?, value: String?, note: String? = nil, seen: String? = nil,
        dryRun: Bool = false
    ) throws -> ConflictView {
        try tenant.store.write(as: actor, origin: tenant.origin, dryRun: dryRun) { transaction in
            guard let conflict = try standing(in: transaction.replica).first(where: { $0.id == id }) else {
                throw notFound(id)
            }
            try transaction.replica.requireWritable()
            try requireRight(to: conflict)
            if let seen, seen != conflict.tag {
                throw NodeError(
                    .stale, "the conflict has other values than when it was read", hint: "Read it again.")
            }
            transaction.audit(
                AuditAction("conflict.resolve", targetType: conflict.table, targetID: conflict.row))
            let chosen = try choose(conflict, take: take, value: value, in: transaction.replica)
            try write(chosen, to: conflict, in: transaction)
            if let note { try transaction.addNote(conflict: id, ConflictNote.check(note)) }
            return ConflictView(
                id: id, table: conflict.table, row: conflict.row, column: conflict.column, state: .resolved,
                shown: chosen, rule: conflict.rule, rulePlace: conflict.rulePlace,
                siblings: conflict.siblings, label: conflict.label
            )
        }
    }

    func write(_ chosen: Value, to conflict: ConflictView, in transaction: LocalTransaction) throws {
        guard let table = transaction.replica.schema.table(conflict.table) else {
            throw NodeError(
                .upgradeRequired, "this version doesn't know the table '\(conflict.table)'",
                hint: "Upgrade node-cli.")
        }
        guard conflict.column == CellConflict.lifeColumn else {
            if try transaction.replica.shown(table, id: conflict.row) == nil {
                throw NodeError(.conflict, "the row is deleted", hint: "Settle its row conflict first.")
            }
            if table === Schema.seat, Seat.settledTogether.contains(conflict.column) {
                let sibling = conflict.siblings.first { $0.value == chosen }
                return try transaction.settleSeat(conflict.row, as: sibling?.stamp)
            }
            _ = try transaction.edit(table, id: conflict.row, [conflict.column: chosen], force: true)
            return
        }
        try settleLife(of: conflict, table, keep: chosen != "deleted", in: transaction)
    }

    /// Who signs in and with what is settled by those who keep users. Throws `FORBIDDEN`.
    func requireRight(to conflict: ConflictView) throws {
        guard Schema.table(conflict.table)?.domain == Schema.user.domain else { return }
        guard ["operator", "admin", "hub_admin"].contains(actor.role) else {
            throw NodeError(
                .forbidden, "conflicts about users are settled by a district admin",
                hint: "`node-cli user` and `node-cli role` show and change what counts.")
        }
        guard !Schema.isSecret(conflict.table, conflict.column) else {
            throw NodeError(
                .forbidden, "a password isn't chosen among old ones",
                hint: "`node-cli user reset-password` gives a new one, which settles it.")
        }
    }

    private func choose(
        _ conflict: ConflictView, take: Int?, value: String?, in reader: StoreReader
    ) throws -> Value {
        if let take {
            guard conflict.siblings.indices.contains(take - 1) else {
                throw NodeError(
                    .validation, "there is no sibling \(take)", hint: "Take 1 to \(conflict.siblings.count).",
                    field: "take")
            }
            return conflict.siblings[take - 1].value
        }
        guard let value else {
            throw NodeError(.usage, "nothing was chosen", hint: "Give --take N or --value V.")
        }
        if conflict.column == CellConflict.lifeColumn {
            guard value == "deleted" || value == "kept" else {
                throw NodeError(.validation, "'\(value)' is neither deleted nor kept", field: "value")
            }
            return .text(value)
        }
        guard let table = reader.schema.table(conflict.table), let column = table.column(conflict.column)
        else {
            throw NodeError(
                .upgradeRequired, "this version doesn't know the column", hint: "Upgrade node-cli.")
        }
        return try TypedValue.parse(value, table: table, column: column, row: conflict.row, reader)
    }

    func notFound(_ id: String) -> NodeError {
        NodeError(
            .conflictNotFound, "there is no conflict \(id)",
            hint: "`node-cli conflicts list` shows the open ones.")
    }
}
