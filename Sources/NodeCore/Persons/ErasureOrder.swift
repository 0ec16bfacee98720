// A person's erasure (DESIGN, invariant 5): an order, signed and synced as every write, by which each
// installation drops what was written about the person by anybody who hadn't seen the order.
//
// - It names rows, and what the person is known by as derived ids (HMAC under the tenant's secret, PROTOCOL 3), so
//   that nothing of the person stands in it.
// - Whether a write is dropped follows from the write, its delta and the orders alone. So order and writes may
//   arrive in any order and every installation ends in the same state; a late delta can't bring anybody back.
// - A write by somebody who had seen the order stands: the person may come back later, as a new one.
// - A learner's id is replaced by a name that nobody can lead back, so that seats still add up.

/// One order.
struct ErasureOrder {
    static let teacher = "teacher"
    static let learner = "learner"

    /// What of a teacher may be dropped whole; rows of other tables are never touched.
    static let tables: Set<String> = [
        Schema.teacher.name, Schema.teacherYear.name, Schema.attendance.name, Schema.sessionMatch.name,
        Schema.conflictNote.name,
    ]
    /// Columns by whose value alone a write of these tables may be dropped (`remainder`).
    private static let keyColumns: [String: Set<String>] = [
        Schema.teacher.name: ["email"], Schema.teacherYear.name: ["teacher_id"],
        Schema.attendance.name: ["email", "user_id", "name"],
        Schema.sessionMatch.name: ["email", "user_id", "name", "teacher_id"],
        Schema.conflictNote.name: ["conflict_id"],
    ]

    /// Whether some order might drop a write and leave one that it replaced, so that this one stands again.
    static func maySpareReplaced(by write: RecordedWrite) -> Bool {
        guard let keys = keyColumns[write.table], let values = write.change.values else { return false }
        return !keys.isDisjoint(with: values.keys)
    }

    /// Columns that hold a learner's id.
    static let learnerColumns: [String: Set<String>] = [
        Schema.seat.name: ["learner_id", "wish_learner"],
        Schema.seatAudit.name: ["previous_learner_id", "new_learner_id"],
    ]

    struct Row: Hashable {
        let table: String
        let id: String
    }

    /// The delta that gave it.
    let facts: DeltaFacts
    let kind: String
    let rows: Set<Row>
    let keys: Set<String>

    init(facts: DeltaFacts, kind: String, rows: String, keys: String) {
        self.facts = facts
        self.kind = kind
        self.rows = Set(
            rows.split(separator: ",").compactMap { text in
                let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
                guard parts.count == 2, Self.tables.contains(parts[0]) else { return nil }
                return Row(table: parts[0], id: parts[1])
            })
        self.keys = Set(keys.split(separator: ",").map(String.init))
    }

    static func text(of rows: Set<Row>) -> String {
        rows.map { "\($0.table)/\($0.id)" }.sorted().joined(separator: ",")
    }

    /// Whether the order speaks of what a delta wrote: its author hadn't seen it.
    func concerns(_ other: DeltaFacts) -> Bool {
        other.stamp != facts.stamp && !other.hadSeen(facts)
    }

    /// Whether neither had seen the other, so that what the person is known by decides.
    private func isConcurrent(_ other: DeltaFacts) -> Bool { concerns(other) && !facts.hadSeen(other) }

    /// What is left of a write that the order speaks of; nil for nothing.
    func remainder(of write: RecordedWrite, by author: DeltaFacts, _ names: ErasedNames) -> RecordedWrite? {
        switch kind {
        case Self.learner: return renaming(write, names)
        case Self.teacher:
            if rows.contains(Row(table: write.table, id: write.id)) { return nil }
            guard isConcurrent(author), let values = write.change.values else { return write }
            let isTheirs =
                !names.keys(of: values, in: write.table).isDisjoint(with: keys)
                || belongs(values, write.table, names.tenant)
            return isTheirs ? nil : write
        default: return write
        }
    }

    /// Whether a row hangs on one of the order's teachers, or speaks of a conflict of its rows.
    private func belongs(_ values: [String: Value], _ table: String, _ tenant: TenantID) -> Bool {
        switch table {
        case Schema.teacherYear.name, Schema.sessionMatch.name:
            return values["teacher_id"]?.text.map { rows.contains(Row(table: Schema.teacher.name, id: $0)) }
                ?? false
        case Schema.conflictNote.name:
            return values["conflict_id"]?.text.map(Self.conflictIDs(of: rows, tenant: tenant).contains)
                ?? false
        default: return false
        }
    }

    /// The ids of all conflicts that rows could have.
    static func conflictIDs(of rows: Set<Row>, tenant: TenantID) -> Set<String> {
        var ids: Set<String> = []
        for row in rows {
            let columns = Schema.table(row.table)?.columns.map(\.name) ?? []
            for column in columns + [CellConflict.lifeColumn] {
                ids.insert(CellConflict.id(tenant: tenant, table: row.table, row: row.id, column: column))
            }
        }
        return ids
    }

    private func renaming(_ write: RecordedWrite, _ names: ErasedNames) -> RecordedWrite {
        guard let columns = Self.learnerColumns[write.table], let values = write.change.values else {
            return write
        }
        var renamed = values
        for column in columns {
            guard let learner = values[column]?.text else { continue }
            let key = names.learner(learner)
            if keys.contains(key) { renamed[column] = .text(ErasedNames.pseudonym(key)) }
        }
        return RecordedWrite(table: write.table, id: write.id, change: write.change.with(renamed))
    }
}

/// What people are known by, as ids derived under the tenant's secret.
struct ErasedNames {
    let identifiers: Identifiers
    let tenant: TenantID

    func learner(_ id: String) -> String { key("learner", id) }
    func email(_ email: String) -> String { key("email", NormalForm.email(email)) }
    func user(_ id: String) -> String { key("user", id) }
    func name(_ name: String) -> String { key("name", PersonName.idKey(name)) }

    /// Stands for an erased learner, the same on every installation.
    static func pseudonym(_ key: String) -> String { "erased-\(key)" }

    private func key(_ kind: String, _ text: String) -> String {
        identifiers.derived(table: "person", key: "\(kind)\0\(text)")
    }

    /// What the person of a row is known by.
    func keys(of values: [String: Value], in table: String) -> Set<String> {
        var keys: Set<String> = []
        func add(_ column: String, _ make: (String) -> String) {
            if let text = values[column]?.text, !text.isEmpty { keys.insert(make(text)) }
        }
        switch table {
        case Schema.teacher.name: add("email", email)
        case Schema.attendance.name, Schema.sessionMatch.name:
            add("email", email)
            add("user_id", user)
            add("name", name)
        default: break
        }
        return keys
    }
}

extension Change {
    /// The values of a row or column write; nil for a delete.
    var values: [String: Value]? {
        switch self {
        case .row(let values), .columns(let values): values
        case .delete: nil
        }
    }

    func with(_ values: [String: Value]) -> Change {
        switch self {
        case .row: .row(values)
        case .columns: .columns(values)
        case .delete: .delete
        }
    }
}
