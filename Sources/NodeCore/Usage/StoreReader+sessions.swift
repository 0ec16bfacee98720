import GRDB

extension StoreReader {
    /// Every educator's record whose session is there, by id.
    public func educatorRecords() throws -> [EducatorRecord] {
        let sql = """
            SELECT a.id, a.session_id, s.date, s.status, a.name, a.email, a.user_id, a.school,
              a.educators_attended, a.role
            FROM attendance a JOIN session s ON s.id = a.session_id ORDER BY a.id
            """
        return try rows(sql).compactMap { row in
            guard NormalForm.matchKey(row[9] ?? "") == SessionRecord.educatorRole else { return nil }
            return EducatorRecord(
                id: row[0], session: row[1] ?? "", date: row[2] ?? "", status: row[3] ?? "",
                name: row[4] ?? "", email: row[5] ?? "", userID: row[6] ?? "", school: row[7] ?? "",
                educatorsAttended: row[8] ?? 0)
        }
    }

    /// Every teacher with the schools of all years; who was merged into another is that one.
    public func matchableTeachers() throws -> [MatchableTeacher] {
        let sql = """
            SELECT DISTINCT y.teacher_id, s.name FROM teacher_year y JOIN tenant s ON s.id = y.school_id
            ORDER BY y.teacher_id, s.name
            """
        var schools: [String: [String]] = [:]
        for row in try rows(sql) { schools[row[0] ?? "", default: []].append(row[1] ?? "") }
        let merges = try teacherMerges()
        var persons: [String: MatchableTeacher] = [:]
        var merged: [MatchableTeacher] = []
        let disputed = try disputedTeachers()
        for row in try rows("SELECT id, name, email, former_names, former_emails FROM teacher ORDER BY id") {
            let id: String = row[0]
            var teacher = MatchableTeacher(
                id: id, name: row[1] ?? "", email: row[2] ?? "", schools: schools[id] ?? [])
            teacher.otherNames = FormerValues.list(row[3]) + (disputed[id]?.names ?? [])
            teacher.otherEmails = FormerValues.list(row[4]) + (disputed[id]?.emails ?? [])
            if merges.person(id) == id { persons[id] = teacher } else { merged.append(teacher) }
        }
        for teacher in merged { persons[merges.person(teacher.id)]?.absorb(teacher) }
        return persons.values.sorted { $0.id < $1.id }
    }

    /// Names and addresses of teachers that two sides wrote apart, by teacher: until somebody settles it a
    /// teacher is known by all of them.
    private func disputedTeachers() throws -> [String: (names: [String], emails: [String])] {
        var found: [String: (names: [String], emails: [String])] = [:]
        let sql = """
            SELECT id FROM sync_cell WHERE tbl = 'teacher' AND col IN ('name', 'email')
              GROUP BY id, col HAVING count(*) > 1
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
