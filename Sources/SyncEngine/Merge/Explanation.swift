import NodeCore

/// Why a cell shows what it shows.
public struct Explanation: Sendable {
    public let table: String
    public let row: String
    public let column: String
    public let value: Value
    public let author: String
    public let at: Int64
    public let node: String
    public let origin: OriginID
    public let seq: Int64
    public let delta: Hash
    public let isSignatureValid: Bool
    public let rule: String
    public let rulePlace: String
    public let siblings: [SiblingView]
    /// The values of the conflict that this write settled, as this installation saw it; empty when it
    /// settled none.
    public let settled: [SiblingView]
    /// The receipt that covers the delta; nil when there is none (yet).
    public let receipt: Receipt?
    /// At the hub a delta is in the log itself.
    public let isInHubLog: Bool
}

extension ConflictService {
    /// Explains one cell: value, author, delta with its signature checked anew, rule, siblings, receipt. The
    /// column `*` is the row's life: who wrote it last, or deleted it, so that it is kept or deleted.
    /// Throws `RECORD_NOT_FOUND`, `VALIDATION_ERROR` for an unknown table or column.
    public static func explain(table name: String, row id: String, column: String, in tenant: OpenTenant)
        throws
        -> Explanation
    {
        guard let table = Schema.table(name) else {
            throw NodeError(
                .validation, "there is no table '\(name)'",
                hint: "Tables are \(Schema.tables.map(\.name).joined(separator: ", ")).", field: "table")
        }
        if column == CellConflict.lifeColumn {
            return try tenant.store.read { try life(of: table, id, in: $0) }
        }
        guard table.position(of: column) != nil else {
            throw NodeError(
                .validation, "\(name) has no column '\(column)'",
                hint:
                    "Columns are \(table.columns.map(\.name).joined(separator: ", ")), and * for the row's life.",
                field: "column")
        }
        return try tenant.store.read { reader in
            guard let shown = try reader.shown(table, id: id) else {
                throw NodeError(.recordNotFound, "there is no \(name) \(id)", hint: "It may be deleted.")
            }
            return try explain(table, id, column, value: shown[column] ?? .null, in: reader)
        }
    }

    private static func explain(
        _ table: SyncedTable, _ id: String, _ column: String, value: Value, in reader: StoreReader
    ) throws -> Explanation {
        guard !Schema.isSecret(table.name, column) else {
            throw NodeError(
                .forbidden, "\(table.name).\(column) is shown to nobody", hint: "Ask for another column.")
        }
        let state = try reader.loadRow(table.name, id: id)
        let decision = try reader.tenantRules().decision(
            table: table.name, column: column, state: state, causality: reader)
        guard let decision else {
            throw NodeError(.recordNotFound, "nobody has written \(column) of this row", hint: "It is empty.")
        }
        return try explanation(
            CellConflict(table: table.name, row: id, column: column, siblings: []), value: value,
            chosen: decision.pick.chosen.facts, siblings: decision.siblings,
            rule: (decision.ruling.rule.name, decision.ruling.place), in: reader)
    }

    private static func life(of table: SyncedTable, _ id: String, in reader: StoreReader) throws
        -> Explanation
    {
        let state = try reader.loadRow(table.name, id: id), rules = try reader.tenantRules()
        let life = try state.life(covers: reader.covering(state)).map { one in
            RankedSibling(facts: try reader.facts(one.stamp), value: one.alive ? "kept" : "deleted")
        }
        let rule = rules.rowRule(table: table.name)
        let isTorn = Set(life.map { $0.value == "kept" }).count == 2
        let value: Value =
            isTorn ? (rule == .deleteWins ? "deleted" : "kept") : life.first?.value ?? .null
        guard let chosen = life.filter({ $0.value == value }).max(by: { $0.rank < $1.rank }) else {
            throw NodeError(
                .recordNotFound, "there is no \(table.name) \(id)", hint: "It was never made here.")
        }
        return try explanation(
            CellConflict(table: table.name, row: id, column: CellConflict.lifeColumn, siblings: []),
            value: value, chosen: chosen.facts, siblings: isTorn ? life : [chosen],
            rule: (rule.rawValue, rules.rowPlace(table: table.name)), in: reader)
    }

    private static func explanation(
        _ cell: CellConflict, value: Value, chosen facts: DeltaFacts, siblings: [RankedSibling],
        rule: (name: String, place: String), in reader: StoreReader
    ) throws -> Explanation {
        func view(_ one: RankedSibling) -> SiblingView {
            SiblingView(
                value: one.value, origin: one.facts.originID, node: one.facts.node, author: one.facts.author,
                at: one.facts.wall, delta: one.facts.hash, stamp: one.facts.stamp)
        }
        func ordered(_ all: [RankedSibling]) -> [SiblingView] {
            all.sorted { ($0.facts.hlc, $0.facts.hash) < ($1.facts.hlc, $1.facts.hash) }.map(view)
        }
        let past = try reader.conflictHistory().last {
            $0.conflict.table == cell.table && $0.conflict.row == cell.row
                && $0.conflict.column == cell.column && $0.resolvedBy == facts.stamp
        }
        let settled = try (past?.conflict.siblings ?? []).map {
            RankedSibling(facts: try reader.facts($0.stamp), value: $0.value ?? .null)
        }
        let hub = try reader.hubIdentity()
        let receipt = try reader.receipt(origin: facts.origin, seq: facts.seq).flatMap { bytes in
            try Receipt(verifying: bytes, hub: hub)
        }
        return Explanation(
            table: cell.table, row: cell.row, column: cell.column, value: value, author: facts.author,
            at: facts.wall, node: facts.node, origin: facts.originID, seq: facts.seq, delta: facts.hash,
            isSignatureValid: try isValid(facts, in: reader), rule: rule.name, rulePlace: rule.place,
            siblings: ordered(siblings), settled: ordered(settled), receipt: receipt,
            isInHubLog: try reader.ownOrigin()?.role == .hub)
    }

    private static func isValid(_ facts: DeltaFacts, in reader: StoreReader) throws -> Bool {
        guard let frame = try reader.frame(facts.stamp) else { return false }
        do { return try DeltaVerifier.verify(frame, in: reader).hash == facts.hash } catch is DeltaError {
            return false
        }
    }
}
