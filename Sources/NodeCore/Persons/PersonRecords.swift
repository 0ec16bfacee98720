import GRDB

/// A person about whom the tenant keeps something.
public struct Person: Sendable, Equatable {
    public enum Kind: String, Sendable { case teacher, learner }
    public let kind: Kind
    /// A teacher's row id, or the district's opaque id of a learner.
    public let id: String
    /// How people are asked before something is taken away: the address, where there is one.
    public let label: String
}

/// One write about a person, as some delta's body still holds it.
public struct PersonWrite: Sendable, Equatable {
    public let table: String
    public let row: String
    /// nil for a delete.
    public let values: [String: Value]?
    /// The author's clock, milliseconds since 1970.
    public let at: Int64
    public let author: String
    public let node: String
    public let delta: Hash
}

/// Everything that a tenant keeps about one person.
public struct PersonRecords: Sendable {
    /// A row as shown.
    public struct Row: Sendable, Equatable {
        public let table: String
        public let id: String
        public let values: [String: Value]
    }

    /// An entry of the audit that names one of the rows.
    public struct AuditMention: Sendable, Equatable {
        public let id: String
        /// Milliseconds since 1970.
        public let at: Int64
        public let action: String
    }

    public let person: Person
    /// The rows as shown, by table and id; a deleted row isn't among them.
    public let shown: [Row]
    /// Every write of those rows, deleted ones too, in the order in which they were applied here.
    public let history: [PersonWrite]
    /// Audit entries that name one of the rows: action and time.
    public let audit: [AuditMention]
    /// Records of sessions by this name that could be somebody else's; they aren't among the rows.
    public let unresolved: Int
    /// Whether values that were replaced long ago have gone here: `history` may lack some.
    public let isTrimmed: Bool
    let rows: Set<ErasureOrder.Row>
    let keys: Set<String>
}

extension StoreReader {
    /// Finds who is meant: a teacher by id or e-mail, present, past or deleted; else a learner by the
    /// district's id, with or without a seat now. Throws `RECORD_NOT_FOUND`, `CONFLICT` for several teachers.
    func person(_ who: String, learner: Bool) throws -> Person {
        if learner {
            guard try writes(of: .learner, who).isEmpty == false else { throw Self.nobody }
            return Person(kind: .learner, id: who, label: who)
        }
        let email = NormalForm.email(who)
        let merges = try teacherMerges()
        var found: [String: String] = [:]
        let sql = """
            SELECT id FROM teacher UNION SELECT id FROM sync_row WHERE tbl = 'teacher'
            UNION SELECT id FROM sync_cell WHERE tbl = 'teacher'
            """
        for row in try rows(sql) {
            let id: String = row[0]
            let state = try loadRow(Schema.teacher.name, id: id)
            let addresses = state.siblings(of: "email", covers: try covering(state)).compactMap {
                $0.value?.text
            }
            guard id == who || addresses.contains(email) else { continue }
            let person = merges.person(id)
            if found[person] == nil || person == id { found[person] = addresses.last ?? id }
        }
        guard let first = found.first else { throw Self.nobody }
        guard found.count == 1 else {
            throw NodeError(
                .conflict,
                "\(found.count) teachers have or had that address: \(found.keys.sorted().joined(separator: ", "))",
                hint: "Name the one you mean by its id.")
        }
        return Person(kind: .teacher, id: first.key, label: first.value)
    }

    private static var nobody: NodeError {
        NodeError(
            .recordNotFound, "nothing is kept about that person",
            hint: "Give a teacher's id or e-mail, or a learner's id with --learner.")
    }

    /// Everything about a person. Reads every body that is kept: some seconds for a large district.
    func records(of person: Person) throws -> PersonRecords {
        let names = try erasedNames()
        var rows: Set<ErasureOrder.Row> = []
        var keys: Set<String> = []
        var unresolved = 0
        switch person.kind {
        case .learner: keys = [names.learner(person.id)]
        case .teacher: (rows, unresolved) = try teacherRows(person.id)
        }
        var writes = try writes(of: person.kind, person.id, in: rows)
        if person.kind == .learner {
            rows = Set(writes.map { ErasureOrder.Row(table: $0.table, id: $0.row) })
        } else {
            keys = try self.keys(of: writes, rows: rows, names)
            let former = try attendance(knownBy: keys, besides: person.id, names).subtracting(rows)
            if !former.isEmpty {
                rows.formUnion(former)
                writes = try self.writes(of: person.kind, person.id, in: rows)
                keys = try self.keys(of: writes, rows: rows, names)
            }
        }
        let shown = try rows.sorted { ($0.table, $0.id) < ($1.table, $1.id) }.compactMap { row in
            try Schema.table(row.table).flatMap { try self.shown($0, id: row.id) }.map {
                PersonRecords.Row(table: row.table, id: row.id, values: $0)
            }
        }
        return PersonRecords(
            person: person, shown: shown, history: writes, audit: try auditEntries(naming: rows),
            unresolved: unresolved, isTrimmed: try trimmedCount() > 0, rows: rows, keys: keys)
    }

    /// A teacher's rows: the person, also under other ids, the years, what sessions and decisions say, notes on their conflicts.
    private func teacherRows(_ id: String) throws -> (Set<ErasureOrder.Row>, unresolved: Int) {
        let ids = try [id] + teacherMerges().persons.filter { $0.value == id }.map(\.key)
        var rows = Set(ids.map { ErasureOrder.Row(table: Schema.teacher.name, id: $0) })
        let (records, matching) = try educators()
        var unresolved = 0
        for record in records {
            switch matching.outcome(record) {
            case .teacher(id: id): rows.insert(.init(table: Schema.attendance.name, id: record.id))
            case .unmatched(let candidates) where candidates.contains(id): unresolved += 1
            default: break
            }
        }
        for table in [Schema.teacherYear, Schema.sessionMatch] {
            let sql = """
                SELECT id FROM "\(table.name)" UNION SELECT id FROM sync_row WHERE tbl = ?1
                UNION SELECT id FROM sync_cell WHERE tbl = ?1
                """
            for row in try self.rows(sql, [table.name]) {
                let state = try wholeRow(table, id: row[0])
                let teachers = state.siblings(of: "teacher_id", covers: try covering(state)).map(\.value)
                if ids.contains(where: { teachers.contains(.text($0)) }) {
                    rows.insert(.init(table: table.name, id: row[0]))
                }
            }
        }
        let conflicts = ErasureOrder.conflictIDs(of: rows, tenant: try tenantID())
        // A note about a case stands once beside each of its rows: with one of them go the others.
        let sql = """
            SELECT other.id, note.conflict_id FROM conflict_note note JOIN conflict_note other
            ON other.note = note.note AND other.author = note.author AND other.at = note.at
            """
        for row in try self.rows(sql) {
            if conflicts.contains(row[1] ?? "") {
                rows.insert(.init(table: Schema.conflictNote.name, id: row[0]))
            }
        }
        return (rows, unresolved)
    }

    /// Records of sessions under a name or an address that a teacher had once and that stand for nobody else.
    private func attendance(
        knownBy keys: Set<String>, besides teacher: String, _ names: ErasedNames
    ) throws -> Set<ErasureOrder.Row> {
        let (records, matching) = try educators()
        return Set(
            records.filter { record in
                if case .teacher(let id) = matching.outcome(record), id != teacher { return false }
                let values: [String: Value] = [
                    "name": .text(record.name), "email": .text(record.email), "user_id": .text(record.userID),
                ]
                return !names.keys(of: values, in: Schema.attendance.name).isDisjoint(with: keys)
            }.map { ErasureOrder.Row(table: Schema.attendance.name, id: $0.id) })
    }

    /// The writes of a teacher's rows, or those that name a learner.
    private func writes(
        of kind: Person.Kind, _ id: String, in rows: Set<ErasureOrder.Row> = []
    ) throws -> [PersonWrite] {
        var found: [PersonWrite] = []
        for delta in try deltas() {
            guard let frame = try frame(delta.facts.stamp) else { continue }
            let writes = try store.environment.replication.decodeBody(
                frame.body, writes: delta.writes, isRedacted: frame.redaction != nil)
            for write in writes {
                let isAbout =
                    kind == .teacher
                    ? rows.contains(.init(table: write.table, id: write.id))
                    : ErasureOrder.learnerColumns[write.table]?.contains {
                        write.change.values?[$0] == .text(id)
                    } == true
                guard isAbout else { continue }
                found.append(
                    PersonWrite(
                        table: write.table, row: write.id, values: write.change.values, at: delta.facts.wall,
                        author: delta.facts.author, node: delta.facts.node, delta: delta.facts.hash))
            }
        }
        return found
    }

    /// What a teacher is and was known by, also by what the row remembers of writes that are not kept any more. A name
    /// that another teacher has too says nothing.
    private func keys(
        of writes: [PersonWrite], rows: Set<ErasureOrder.Row>, _ names: ErasedNames
    ) throws -> Set<String> {
        let others = Set(
            try matchableTeachers().filter { !rows.contains(.init(table: Schema.teacher.name, id: $0.id)) }
                .flatMap { [$0.name] + $0.otherNames }.map(PersonName.idKey))
        var keys: Set<String> = []
        for write in writes {
            guard var values = write.values else { continue }
            let name = values["name"]?.text ?? ""
            if others.contains(PersonName.idKey(name)) { values["name"] = nil }
            keys.formUnion(names.keys(of: values, in: write.table))
            if write.table == Schema.teacher.name, let name = values["name"]?.text, !name.isEmpty {
                keys.insert(names.name(name))
            }
            guard write.table == Schema.teacher.name else { continue }
            keys.formUnion(FormerValues.list(values["former_emails"]?.text).map(names.email))
            let former = FormerValues.list(values["former_names"]?.text)
            keys.formUnion(former.filter { !others.contains(PersonName.idKey($0)) }.map(names.name))
        }
        return keys
    }

    private func auditEntries(naming rows: Set<ErasureOrder.Row>) throws -> [PersonRecords.AuditMention] {
        let ids = Set(rows.map(\.id))
        return try self.rows("SELECT id, at, action, target_id, ids FROM audit_entry ORDER BY at, id")
            .compactMap {
                let listed = ($0[4] as String? ?? "").split(whereSeparator: { "[]\",".contains($0) }).map(
                    String.init)
                guard ids.contains($0[3] ?? "") || listed.contains(where: ids.contains) else { return nil }
                return PersonRecords.AuditMention(id: $0[0], at: $0[1] ?? 0, action: $0[2] ?? "")
            }
    }
}
