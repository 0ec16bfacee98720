import GRDB

extension StoreReader {
    /// Every educator's record whose session is there, by id.
    public func educatorRecords() throws -> [EducatorRecord] {
        let sql = """
            SELECT a.id, a.session_id, s.date, a.name, a.email, a.user_id, a.school, a.role
            FROM attendance a JOIN session s ON s.id = a.session_id ORDER BY a.id
            """
        var records: [EducatorRecord] = []
        try RowStatement(sql, in: db).each { row in
            guard NormalForm.matchKey(row.text(7)) == SessionRecord.educatorRole else { return }
            records.append(
                EducatorRecord(
                    id: row.text(0), session: row.text(1), date: row.text(2), name: row.text(3),
                    email: row.text(4), userID: row.text(5), school: row.text(6)))
        }
        return records
    }

    /// Every teacher with the schools of all years, by id; who was merged into another is that one.
    public func matchableTeachers() throws -> [MatchableTeacher] {
        try matchableTeachers(in: readTeachers())
    }

    /// The same of rows that were read already.
    func matchableTeachers(in rows: TeacherRows) throws -> [MatchableTeacher] {
        let disputed = try disputedTeachers(), merges = try teacherMerges()
        var persons: [MatchableTeacher] = []
        var merged: [MatchableTeacher] = []
        for (row, schools) in zip(rows.persons, rows.schoolNames()) {
            var teacher = MatchableTeacher(id: row.id, name: row.name, email: row.email, schools: schools)
            let other = disputed[row.id]
            teacher.otherNames = FormerValues.list(row.formerNames) + (other?.names ?? [])
            teacher.otherEmails = FormerValues.list(row.formerEmails) + (other?.emails ?? [])
            if merges.person(row.id) == row.id { persons.append(teacher) } else { merged.append(teacher) }
        }
        guard !merged.isEmpty else { return persons }
        let places = Dictionary(persons.enumerated().map { ($1.id, $0) }) { first, _ in first }
        for teacher in merged {
            if let place = places[merges.person(teacher.id)] { persons[place].absorb(teacher) }
        }
        return persons
    }

    /// Names and addresses of teachers that two sides wrote apart, by teacher: until somebody settles it a
    /// teacher is known by all of them.
    private func disputedTeachers() throws -> [String: (names: [String], emails: [String])] {
        var found: [String: (names: [String], emails: [String])] = [:]
        let sql = """
            SELECT id FROM sync_cell WHERE tbl = 'teacher' AND rivals = 1
            UNION SELECT id FROM sync_row WHERE tbl = 'teacher'
            """
        for row in try rows(sql) {
            let id: String = row[0]
            let state = try loadRow(Schema.teacher.name, id: id), covers = try covering(state)
            func values(_ column: String) -> [String] {
                let all = state.siblings(of: column, covers: covers).compactMap(\.value?.text)
                return Set(all).count > 1 ? all : []
            }
            found[id] = (values("name"), values("email"))
        }
        return found
    }

    /// Every decision about people in session exports, by id.
    public func matchDecisions() throws -> [MatchDecision] {
        let sql = """
            SELECT id, user_id, email, name, school, teacher_id, ignored FROM session_match ORDER BY id
            """
        let merges = try teacherMerges()
        return try rows(sql).map { row in
            MatchDecision(
                id: row[0], userID: row[1] ?? "", email: row[2] ?? "", name: row[3] ?? "",
                school: row[4] ?? "", teacherID: (row[5] as String?).map(merges.person),
                isIgnored: (row[6] as Int?) == 1)
        }
    }

    /// All educators' records with what says who they are.
    func educators() throws -> (records: [EducatorRecord], matching: EducatorMatching) {
        let records = try educatorRecords()
        let matching = EducatorMatching(
            teachers: try matchableTeachers(), decisions: try matchDecisions(), records: records)
        return (records, matching)
    }
}
