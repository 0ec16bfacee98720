import NodeCore

extension ConflictService {
    /// Conflicts that stand now.
    func standing(in reader: StoreReader) throws -> [ConflictView] {
        let tenant = try reader.tenantID(), rules = try reader.tenantRules()
        return try reader.conflicts().map { conflict in
            let (rule, place, isOpen) = try ruling(conflict, rules, in: reader)
            var view = ConflictView(
                id: conflict.id(tenant: tenant), table: conflict.table, row: conflict.row,
                column: conflict.column, state: isOpen ? .open : .settled,
                shown: try shown(conflict, in: reader), rule: rule, rulePlace: place,
                siblings: try views(conflict.siblings, in: reader),
                label: try label(of: conflict, in: reader))
            view.isLocked = rules.source(conflict.table, conflict.column).isLocked
            return view
        }
    }

    func resolved(in reader: StoreReader) throws -> [ConflictView] {
        let tenant = try reader.tenantID(), rules = try reader.tenantRules()
        return try reader.conflictHistory().map { conflict, _ in
            let (rule, place, _) = try ruling(conflict, rules, in: reader)
            return ConflictView(
                id: conflict.id(tenant: tenant), table: conflict.table, row: conflict.row,
                column: conflict.column,
                state: .resolved, shown: try shown(conflict, in: reader), rule: rule, rulePlace: place,
                siblings: try views(conflict.siblings, in: reader),
                label: try label(of: conflict, in: reader))
        }
    }

    /// The rule that decides a cell or a row's life now, where it stands, and whether it leaves the
    /// conflict to a person.
    private func ruling(_ conflict: CellConflict, _ rules: TenantRules, in reader: StoreReader) throws
        -> (rule: String, place: String, isOpen: Bool)
    {
        let table = conflict.table
        guard conflict.column != CellConflict.lifeColumn else {
            return (rules.rowRule(table: table).rawValue, rules.rowPlace(table: table), false)
        }
        let decision = try rules.decision(
            table: table, column: conflict.column, state: reader.loadRow(table, id: conflict.row),
            causality: reader)
        let ruling = decision?.ruling ?? rules.choices(table: table, column: conflict.column).last!.ruling
        return (ruling.rule.name, ruling.place, ruling.rule.needsReview)
    }

    func refused(in reader: StoreReader) throws -> [ConflictView] {
        let tenant = try reader.tenantID()
        return try reader.refusedWrites().map { write in
            let conflict = CellConflict(
                table: write.table, row: write.row, column: write.column,
                siblings: [.init(stamp: write.stamp, value: write.value)])
            return ConflictView(
                id: conflict.id(tenant: tenant), table: write.table, row: write.row, column: write.column,
                state: .refused, shown: try shown(conflict, in: reader), rule: write.reason,
                rulePlace: "policy",
                siblings: try views(conflict.siblings, in: reader),
                label: try label(of: conflict, in: reader))
        }
    }

    private func shown(_ conflict: CellConflict, in reader: StoreReader) throws -> Value {
        guard let table = reader.schema.table(conflict.table) else { return .null }
        let row = try reader.shown(table, id: conflict.row)
        if conflict.column == CellConflict.lifeColumn { return row == nil ? "deleted" : "kept" }
        return row?[conflict.column] ?? .null
    }

    /// What people call the row: a teacher's address with the year, a school's or district's name.
    private func label(of conflict: CellConflict, in reader: StoreReader) throws -> String? {
        func shown(_ table: SyncedTable, _ id: String?, _ column: String) throws -> String? {
            try id.flatMap { try reader.shown(table, id: $0)?[column]?.text }
        }
        switch conflict.table {
        case Schema.teacher.name: return try shown(Schema.teacher, conflict.row, "email")
        case Schema.teacherYear.name:
            let teacher = try shown(Schema.teacherYear, conflict.row, "teacher_id")
            let parts = [
                try shown(Schema.teacher, teacher, "email"),
                try shown(Schema.teacherYear, conflict.row, "year"),
            ]
            return parts.contains { $0 != nil } ? parts.compactMap { $0 }.joined(separator: ", ") : nil
        case Schema.tenant.name: return try shown(Schema.tenant, conflict.row, "name")
        case Schema.seat.name:
            return try shown(Schema.tenant, shown(Schema.seat, conflict.row, "school_id"), "name")
        default: return nil
        }
    }

    /// Siblings in an order that is the same on every installation: by (HLC, hash).
    private func views(_ siblings: [RowState.Sibling], in reader: StoreReader) throws -> [SiblingView] {
        let ranked = try siblings.map { (facts: try reader.facts($0.stamp), value: $0.value ?? .null) }
        return ranked.sorted { ($0.facts.hlc, $0.facts.hash) < ($1.facts.hlc, $1.facts.hash) }.map { one in
            SiblingView(
                value: one.value, origin: one.facts.originID, node: one.facts.node, author: one.facts.author,
                at: one.facts.wall, delta: one.facts.hash, stamp: one.facts.stamp)
        }
    }
}

extension StoreReader {
    /// Conflicts that a person must settle.
    public func openConflicts() throws -> Int {
        let rules = try tenantRules()
        return try conflicts().count { conflict in
            let state = try loadRow(conflict.table, id: conflict.row)
            return try rules.needsReview(conflict, state: state, causality: self)
        }
    }

    /// The rules in force as this layer's type.
    public func tenantRules() throws -> TenantRules {
        guard let rules = try ruleBook() as? TenantRules else {
            throw NodeError(.internalError, "the store was opened with other rules")
        }
        return rules
    }
}
