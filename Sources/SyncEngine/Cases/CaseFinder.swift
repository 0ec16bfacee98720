import NodeCore

/// Computes a tenant's cases from its state and rules.
struct CaseFinder {
    let reader: StoreReader
    let rules: TenantRules
    let tenant: TenantID

    init(_ reader: StoreReader) throws {
        self.reader = reader
        rules = try reader.tenantRules()
        tenant = try reader.tenantID()
    }

    /// Every case, by kind, table and rows; of some rows those that they are part of.
    func cases(among touched: TouchedRows = .all) throws -> [RowCase] {
        try reader.schema.tables.filter { !$0.naturalKey.isEmpty && touched.contains($0) }
            .flatMap { table in try duplicates(table, among: touched) }
            + reader.schema.tables.filter { !$0.parents.isEmpty }
            .flatMap { table in try reader.orphans(of: table, among: touched).map(missingParent) }
            + (touched.contains(Schema.seat) ? severalSeats() + doublePromises() : [])
            + (touched.contains(Schema.user) || touched.contains(Schema.userTenantRole) ? lastAdmin() : [])
    }

    // MARK: Admins

    private func lastAdmin() throws -> [RowCase] {
        guard let admin = try reader.shutOutAdmin() else { return [] }
        let table = Schema.user.name
        return [
            RowCase(
                id: RowCase.Kind.lastAdmin.id(tenant: tenant, table: table, rows: [admin.userID]),
                kind: .lastAdmin, table: table, rows: [admin.userID], subject: [], isOpen: false,
                rule: "latest", rulePlace: "built-in",
                remedy: "The tenant has no admin left; the hub lets the one in again who was shut out last.")
        ]
    }

    // MARK: Rows with one key

    private func duplicates(_ table: SyncedTable, among touched: TouchedRows) throws -> [RowCase] {
        try reader.duplicates(of: table, among: reader.fewRows(of: table, among: touched)).map { ids in
            let births = try ids.map { ($0, try reader.birth(of: table, id: $0)) }
            let ordered = births.sorted { left, right in
                guard let one = left.1, let two = right.1, one != two else { return left.0 < right.0 }
                return one < two
            }.map(\.0)
            let ruling = rules.duplicateRule(table: table.name)
            let keptApart = try ordered.dropFirst().contains { try reader.isKeptApart(table, id: $0) }
            let isOpen = ruling.rule == .review || keptApart
            let key = try reader.shown(table, id: ordered[0])?[table.naturalKey[0]]?.text
            return RowCase(
                id: RowCase.Kind.duplicate.id(tenant: tenant, table: table.name, rows: ordered),
                kind: .duplicate, table: table.name, rows: ordered, subject: [key].compactMap { $0 },
                isOpen: isOpen, rule: ruling.rule.rawValue, rulePlace: ruling.place,
                remedy: isOpen
                    ? "Merge them (`\(table.name) merge ID --into ID`), or give one another \(table.naturalKey[0])."
                    : "The hub merges the later into the earlier one.")
        }
    }

    // MARK: Rows without their parent

    private func missingParent(_ orphan: StoreReader.Orphan) throws -> RowCase {
        let ruling = rules.parentRule(table: orphan.table)
        let remedy = try remedy(orphan, ruling.rule)
        return RowCase(
            id: RowCase.Kind.missingParent.id(
                tenant: tenant, table: orphan.table, rows: [orphan.id, orphan.column]),
            kind: .missingParent, table: orphan.table, rows: [orphan.id], subject: [orphan.parent],
            isOpen: remedy == nil, rule: ruling.rule.rawValue, rulePlace: ruling.place,
            remedy: remedy
                ?? "Bring the \(orphan.parentTable) back, or name another in \(orphan.table).\(orphan.column)."
        )
    }

    /// What the hub does; nil when it can't.
    private func remedy(_ orphan: StoreReader.Orphan, _ rule: ParentRule) throws -> String? {
        switch rule {
        case .review: return nil
        case .revive:
            let parent = try reader.loadRow(orphan.parentTable, id: orphan.parent)
            let hasValues =
                try !parent.writes.isEmpty || reader.isCollected(orphan.parentTable, id: orphan.parent)
            return hasValues ? "The hub brings the \(orphan.parentTable) back." : nil
        case .remove:
            guard let table = reader.schema.table(orphan.table), !table.isAppendOnly, !table.isHeld else {
                return nil
            }
            return "The hub deletes the row."
        }
    }

    // MARK: Seats

    private func severalSeats() throws -> [RowCase] {
        try reader.learnersWithSeveralSeats().map { learner in
            let rows = [learner.kept.seat.id] + learner.surplus.map(\.seat.id)
            return RowCase(
                id: RowCase.Kind.severalSeats.id(tenant: tenant, table: Schema.seat.name, rows: rows),
                kind: .severalSeats, table: Schema.seat.name, rows: rows, subject: [learner.learnerID],
                isOpen: false, rule: "earliest", rulePlace: "built-in",
                remedy: "The earlier seat stays; whoever holds the other frees it at the hub's word.")
        }
    }

    /// Seats with several learners beside each other: two machines believed to hold them.
    private func doublePromises() throws -> [RowCase] {
        try reader.conflicts(in: Schema.seat).filter { $0.column == "learner_id" }
            .compactMap { conflict in
                let learners = Set(conflict.siblings.compactMap { $0.value?.text }).sorted()
                guard learners.count > 1 else { return nil }
                let ruling = rules.choices(table: conflict.table, column: conflict.column).last?.ruling
                return RowCase(
                    id: RowCase.Kind.doublePromise.id(
                        tenant: tenant, table: conflict.table, rows: [conflict.row]),
                    kind: .doublePromise, table: conflict.table, rows: [conflict.row], subject: learners,
                    isOpen: true, rule: ruling?.rule.name ?? "earliest",
                    rulePlace: ruling?.place ?? "built-in",
                    remedy: "Settle it with `conflicts resolve \(conflict.id(tenant: tenant)) --take N`, "
                        + "and give the other learner another seat.")
            }
    }
}

extension StoreReader {
    /// Every case between rows that stands now, by kind and table.
    public func cases() throws -> [RowCase] { try CaseFinder(self).cases() }
}
