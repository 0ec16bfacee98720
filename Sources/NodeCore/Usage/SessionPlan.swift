// What an export would change, record by record, in the order of the file.
//
// - Of a session's records the first good one says title, date and the rest; one that says something else
//   gets a warning.
// - A person stands once in a session; a second record of them is skipped with a warning.
// - A column that the file hasn't is left alone.

/// What the records of an export come to. `created + updated + unchanged + skipped + rowErrors` is always
/// `records`.
public struct SessionPlan: Sendable, Equatable {
    /// A row to write: whole when it is new, else the columns that differ.
    struct Write: Sendable, Equatable {
        let id: String
        let values: [String: Value]
        let isNew: Bool
    }

    var sessions: [Write] = []
    var attendances: [Write] = []
    /// The rows of the file's educators, each once.
    var educators: [String] = []
    public internal(set) var created = 0
    public internal(set) var updated = 0
    public internal(set) var unchanged = 0
    public internal(set) var skipped = 0
    public internal(set) var rowErrors = 0
    public internal(set) var records = 0
    /// Errors and warnings by row.
    public internal(set) var rows: [RowMessage] = []

    /// Records that added or changed something.
    public var imported: Int { created + updated }
    /// Records that said nothing new.
    public var duplicates: Int { unchanged + skipped }
    public var changesNothing: Bool { sessions.isEmpty && attendances.isEmpty }
}

/// Collects a plan record by record.
struct SessionPlanner {
    /// What is shown of a row, nil when there is none.
    typealias Lookup = (_ table: SyncedTable, _ id: String) throws -> [String: Value]?

    private let identifiers: Identifiers
    private let has: Set<SessionSheet.Field>
    private let isErased: (SessionRecord) -> Bool
    private let shown: Lookup
    private var plan = SessionPlan()
    private var sessions: [String: (row: Int, values: [String: Value])] = [:]
    private var attendances: [String: Int] = [:]

    private init(
        _ identifiers: Identifiers, has: Set<SessionSheet.Field>,
        isErased: @escaping (SessionRecord) -> Bool, shown: @escaping Lookup
    ) {
        self.identifiers = identifiers
        self.has = has
        self.isErased = isErased
        self.shown = shown
    }

    /// `isErased`: whether a record is about somebody who was erased and hasn't come back.
    static func plan(
        _ sheet: SessionSheet, _ identifiers: Identifiers,
        isErased: @escaping (SessionRecord) -> Bool = { _ in false }, shown: @escaping Lookup
    ) throws -> SessionPlan {
        var planner = SessionPlanner(identifiers, has: sheet.has, isErased: isErased, shown: shown)
        for record in sheet.records { try planner.take(record) }
        return planner.plan
    }

    private mutating func take(_ record: SessionRecord) throws {
        plan.records += 1
        if let problem = record.problem {
            plan.rowErrors += 1
            plan.rows.append(problem)
            return
        }
        if record.isEducator, isErased(record) {
            plan.skipped += 1
            plan.rows.append(
                RowMessage(
                    row: record.row, code: .erasedPerson,
                    message: "The person was erased on request; the record is passed over."))
            return
        }
        let session = identifiers.derived(table: Schema.session.name, key: record.session)
        let id = attendanceID(record)
        if let first = attendances[id] {
            plan.skipped += 1
            plan.rows.append(
                RowMessage(
                    row: record.row, code: .duplicateAttendance,
                    message:
                        "Rows \(first) and \(record.row) are one person in one session; row \(first) counts.")
            )
            return
        }
        attendances[id] = record.row
        if record.isEducator { plan.educators.append(id) }
        let changedSession = try takeSession(record, id: session)
        let values = attendanceValues(record, session: session)
        guard let old = try shown(Schema.attendance, id) else {
            plan.attendances.append(.init(id: id, values: values, isNew: true))
            plan.created += 1
            return
        }
        let changed = values.filter { old[$0.key] != $0.value }
        if !changed.isEmpty { plan.attendances.append(.init(id: id, values: changed, isNew: false)) }
        if changed.isEmpty, !changedSession { plan.unchanged += 1 } else { plan.updated += 1 }
    }

    /// Whether the record changes or makes its session.
    private mutating func takeSession(_ record: SessionRecord, id: String) throws -> Bool {
        let values = sessionValues(record)
        if let first = sessions[id] {
            if first.values != values {
                plan.rows.append(
                    RowMessage(
                        row: record.row, code: .sessionDiffers,
                        message: "The session is described differently in row \(first.row), which counts."))
            }
            return false
        }
        sessions[id] = (record.row, values)
        guard let old = try shown(Schema.session, id) else {
            plan.sessions.append(.init(id: id, values: values, isNew: true))
            return true
        }
        let changed = values.filter { old[$0.key] != $0.value }
        if !changed.isEmpty { plan.sessions.append(.init(id: id, values: changed, isNew: false)) }
        return !changed.isEmpty
    }

    /// One row a person and session: by the user id, else the address, else name and school as written.
    private func attendanceID(_ record: SessionRecord) -> String {
        let person =
            !record.userID.isEmpty
            ? "user\0\(record.userID)"
            : !record.email.isEmpty ? "email\0\(record.email)" : "name\0\(record.name)\0\(record.school)"
        return identifiers.derived(
            table: Schema.attendance.name, key: "\(record.session)\0\(record.role)\0\(person)")
    }

    private func sessionValues(_ record: SessionRecord) -> [String: Value] {
        var values: [String: Value] = [
            "external_id": .text(record.session), "title": .text(record.title), "date": .text(record.date),
            "status": .text(record.status),
        ]
        if has.contains(.duration) { values["duration"] = .text(record.duration) }
        if has.contains(.careerCluster) { values["career_cluster"] = .text(record.careerCluster) }
        if has.contains(.series) { values["series"] = .text(record.series) }
        return values
    }

    private func attendanceValues(_ record: SessionRecord, session: String) -> [String: Value] {
        var values: [String: Value] = ["session_id": .text(session), "role": .text(record.role)]
        if record.isEducator {
            values["name"] = .text(record.name)
            if has.contains(.email) { values["email"] = .text(record.email) }
            if has.contains(.userID) { values["user_id"] = .text(record.userID) }
        }
        if has.contains(.school) { values["school"] = .text(record.school) }
        if has.contains(.organization) { values["organization"] = .text(record.organization) }
        let columns = [
            "students_registered", "students_attended", "educators_registered", "educators_attended",
        ]
        for (index, field) in SessionSheet.Field.counts.enumerated() where has.contains(field) {
            values[columns[index]] = record.counts[index].map(Value.int) ?? .null
        }
        return values
    }
}
