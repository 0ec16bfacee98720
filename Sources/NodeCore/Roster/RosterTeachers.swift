import GRDB

extension StoreReader {
    /// As in `teachers(year:all:)`; a teacher's years are found by the index on the teacher.
    private static let rosterTeacherSQL = """
        SELECT t.id, t.name, t.email, t.merged_into, y.id, y.school_id, y.grade, y.active, y.hand_deactivated
        FROM teacher t LEFT JOIN teacher_year y ON y.teacher_id = t.id AND +y.year = ?1
        """

    /// Every teacher as an import of a year sees them, in no order: neither sorted nor with the names of their
    /// schools, and without GRDB's rows, which take several times as long as reading does.
    func rosterTeachers(year: AcademicYear) throws -> [RosterTeacher] {
        let statement = try RowStatement(Self.rosterTeacherSQL, in: db)
        statement.bind(year.description, at: 1)
        var teachers: [RosterTeacher] = []
        var isMerged = false
        try statement.each { row in
            if !row.isNull(3) { isMerged = true }
            teachers.append(RosterTeacher(row))
        }
        return isMerged ? try teacherMerges().folded(teachers) : teachers
    }
}

extension RosterTeacher {
    fileprivate init(_ row: RowColumns) {
        let handDeactivated = row.int(8) == 1
        self.init(
            id: row.text(0), name: row.text(1), email: row.text(2),
            schoolID: row.isNull(5) ? nil : row.text(5), grade: row.text(6),
            active: row.int(7) == 1 && !handDeactivated, inYear: !row.isNull(4),
            handDeactivated: handDeactivated, yearID: row.isNull(4) ? nil : row.text(4))
    }
}
