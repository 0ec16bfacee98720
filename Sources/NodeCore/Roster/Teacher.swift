import GRDB

/// A teacher in one academic year.
public struct Teacher: MergeableTeacher, Sendable, Equatable {
    public let id: String
    public let name: String
    public let email: String
    public let year: String
    public internal(set) var schoolID: String?
    public internal(set) var school: String
    public internal(set) var grade: String
    /// In the roster of the year and not deactivated by hand: an import elsewhere that hadn't seen the
    /// deactivation must not undo it.
    public internal(set) var active: Bool
    public internal(set) var handDeactivated: Bool
    /// Addresses of teachers who were merged into this one.
    public internal(set) var otherEmails: [String] = []
    /// The id of the `teacher_year` row; nil when the teacher isn't in that year.
    var yearID: String?

    /// Takes the year of a merged teacher when this one has none, and its address.
    mutating func absorb(_ other: Teacher) {
        otherEmails.append(other.email)
        guard yearID == nil, other.yearID != nil else { return }
        (schoolID, school, grade) = (other.schoolID, other.school, other.grade)
        (active, handDeactivated, yearID) = (other.active, other.handDeactivated, other.yearID)
    }
}

extension Teacher {
    /// A column of the person or the year as the rows have it.
    func value(of column: String) -> Value {
        switch column {
        case "name": .text(name)
        case "email": .text(email)
        case "school_id": .optional(schoolID)
        case "grade": .text(grade)
        default: .null
        }
    }
}

extension StoreReader {
    /// Which version of a teacher's rows this is, by column.
    public func version(of teacher: Teacher) throws -> RecordVersion {
        let person = ["name", "email"].map { ($0, Schema.teacher, Optional(teacher.id), $0) }
        let year = ["school_id", "grade", "active", "hand_deactivated"].map {
            ($0, Schema.teacherYear, teacher.yearID, $0)
        }
        return try RecordVersion(person + year, in: self)
    }

    /// The plus keeps the planner from joining by the index on the year, which fits every row of it:
    /// 28 s instead of 0.2 for 8,500 teachers.
    private static let teacherSQL = """
        SELECT t.id, t.name, t.email, y.id, y.school_id, s.name, y.grade, y.active, y.hand_deactivated
        FROM teacher t LEFT JOIN teacher_year y ON y.teacher_id = t.id AND +y.year = :year
        LEFT JOIN tenant s ON s.id = y.school_id
        """

    /// The latest academic year that has a roster.
    public func latestRosterYear() throws -> AcademicYear? {
        let rows = try rows(
            "SELECT DISTINCT year FROM teacher_year WHERE year IS NOT NULL ORDER BY year DESC")
        return rows.lazy.compactMap { AcademicYear($0[0] as String) }.first
    }

    /// Teachers of a year by name; with `all` also inactive ones and those of other years. Who was merged
    /// into another is that one.
    public func teachers(year: AcademicYear, all: Bool) throws -> [Teacher] {
        let teachers = try teachers(in: readTeachers(year: year))
        return all ? teachers : teachers.filter(\.active)
    }

    /// The same of rows that were read already.
    func teachers(in rows: TeacherRows) throws -> [Teacher] {
        let merges = try teacherMerges(), teachers = rows.teachers()
        return merges.isEmpty ? teachers : merges.folded(teachers)
    }

    /// Every teacher with an id or an address, compared in normal form; who was merged into another is
    /// that one.
    public func teachers(matching idOrEmail: String, year: AcademicYear) throws -> [Teacher] {
        let email = NormalForm.email(idOrEmail)
        let found = try rows(
            Self.teacherSQL + " WHERE t.id = :id OR t.email = :email ORDER BY t.id",
            ["year": year.description, "id": idOrEmail, "email": email]
        ).map { teacher($0, year) }
        let merges = try teacherMerges()
        guard !merges.isEmpty else { return found }
        let persons = Set(found.map { merges.person($0.id) })
        return try teachers(in: readTeachers(year: year)).filter { persons.contains($0.id) }
    }

    /// The ids of the teachers with an address in normal form.
    func teacherIDs(email: String) throws -> [String] {
        try rows("SELECT id FROM teacher WHERE email = ? ORDER BY id", [email]).map { $0[0] }
    }

    /// The ids of a teacher's rows of every year.
    public func teacherYearIDs(teacher: String) throws -> [String] {
        try rows("SELECT id FROM teacher_year WHERE teacher_id = ? ORDER BY id", [teacher]).map { $0[0] }
    }

    /// The rows of a teacher, the person's and those of years, against which one of these deletes stands.
    public func teacherRows(
        _ teacher: String, deletedBy deletes: Set<RowState.Stamp>
    ) throws -> [(table: SyncedTable, id: String)] {
        let sql = "SELECT DISTINCT id FROM sync_row WHERE tbl = ? AND deleted ORDER BY id"
        let years = try rows(sql, [Schema.teacherYear.name]).map { (Schema.teacherYear, $0[0] as String) }
        return try ([(Schema.teacher, teacher)] + years).filter { table, id in
            guard try !deletes.isDisjoint(with: loadRow(table.name, id: id).deletes) else { return false }
            let state = try wholeRow(table, id: id)
            return try id == teacher
                || state.siblings(of: "teacher_id", covers: covering(state)).contains {
                    $0.value == .text(teacher)
                }
        }
    }

    private func teacher(_ row: Row, _ year: AcademicYear) -> Teacher {
        let handDeactivated = (row[8] as Int?) == 1
        return Teacher(
            id: row[0], name: row[1] ?? "", email: row[2] ?? "", year: year.description, schoolID: row[4],
            school: row[5] ?? "", grade: row[6] ?? "", active: (row[7] as Int?) == 1 && !handDeactivated,
            handDeactivated: handDeactivated, yearID: row[3])
    }
}

extension LocalTransaction {
    /// The id that a teacher with an address nearly always has.
    func firstTeacherID(email: String) -> String { identifiers.derived(table: "teacher", key: email) }

    /// The id for a teacher with an address: the derived one, or the next counter's when that row has
    /// moved to another address since. `first`: `firstTeacherID`, where it is known.
    func teacherID(email: String, first: String? = nil) throws -> String {
        for counter in 0..<1000 {
            let known = counter == 0 ? first : nil
            let id = known ?? identifiers.derived(table: "teacher", key: email, counter: counter)
            if try replica.isUntouched(Schema.teacher, id: id) { return id }
            guard let shown = try replica.shown(Schema.teacher, id: id), shown["email"] != .text(email) else {
                return id
            }
        }
        throw NodeError(
            .conflict, "no free id for this address", hint: "Report this: 1,000 rows moved from one address.")
    }

    func teacherYearID(teacher: String, year: AcademicYear) -> String {
        identifiers.derived(table: "teacher_year", key: "\(teacher)\u{0}\(year)")
    }

    /// Puts a teacher's row of a year. `id`: `teacherYearID`, where it is known.
    func putTeacherYear(
        id: String? = nil, teacher: String, year: AcademicYear, school: String?, grade: String,
        source: String,
        active: Bool = true
    ) throws {
        try put(
            Schema.teacherYear, id: id ?? teacherYearID(teacher: teacher, year: year),
            [
                "teacher_id": .text(teacher), "year": .text(year.description), "school_id": .optional(school),
                "grade": .text(grade), "active": .bool(active), "source": .text(source),
                "hand_deactivated": 0,
            ])
    }
}
