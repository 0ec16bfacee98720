// Takes the records of a roster in the order of the file.
//
// - A record in error counts as such and nothing else. An address whose first record is in error may
//   still be taken from a later good one: the first *good* row wins.
// - A record whose address a good row had before is skipped, whatever its school.
// - Nobody whom any record mentions is deactivated: not by address, and, where a record in error has no
//   usable address, not by name either.
// - Where two teachers share an address (a merge made them; a case shows them) the one who is active in
//   the year is meant, then one with a row in the year, then the first by id; the other stays as is.

/// Collects a plan record by record.
struct RosterPlanner {
    /// Distinct unknown buildings that get suggestions; more of them is not a roster of this tenant.
    private static let maxSuggestedBuildings = 500

    private let hasGrade: Bool
    private let matcher: SchoolMatcher
    private let teachers: [RosterTeacher]
    private var byEmail: [String: RosterTeacher] = [:]
    private var firstRows: [String: Int] = [:]
    private var mentionedEmails: Set<String> = []
    private var mentionedNames: Set<String> = []
    private var suggestions: [String: [String]] = [:]

    private var creates: [RosterCreate] = []
    private var updates: [RosterUpdate] = []
    private var unchanged = 0
    private var skipped = 0
    private var rowErrors = 0
    private var rows: [RowMessage] = []

    init(hasGrade: Bool, schools: [RosterSchool], teachers: [RosterTeacher]) {
        self.hasGrade = hasGrade
        self.matcher = SchoolMatcher(schools)
        self.teachers = teachers
        for teacher in teachers {
            let key = NormalForm.email(teacher.email)
            if let other = byEmail[key], !Self.precedes(teacher, other) { continue }
            byEmail[key] = teacher
        }
    }

    private static func precedes(_ left: RosterTeacher, _ right: RosterTeacher) -> Bool {
        if left.isActiveInYear != right.isActiveInYear { return left.isActiveInYear }
        if left.inYear != right.inYear { return left.inYear }
        return left.id.utf8.lexicographicallyPrecedes(right.id.utf8)
    }

    mutating func take(_ record: RosterRecord) {
        mentionedEmails.formUnion(record.mentions.emails)
        mentionedNames.formUnion(record.mentions.names)
        if let problem = record.problem {
            refuse(problem)
            return
        }
        if let first = firstRows[record.email] {
            skipped += 1
            rows.append(
                RowMessage(
                    row: record.row, code: .duplicateEmail,
                    message: "Row \(record.row) repeats the e-mail of row \(first) and was skipped."))
            return
        }
        switch matcher.match(record.building) {
        case .school(let id):
            firstRows[record.email] = record.row
            place(record, schoolID: id)
        case .ambiguous(let schools):
            refuse(ambiguous(record, schools))
        case .none:
            refuse(notFound(record))
        }
    }

    private mutating func refuse(_ message: RowMessage) {
        rowErrors += 1
        rows.append(message)
    }

    private mutating func place(_ record: RosterRecord, schoolID: String) {
        guard let teacher = byEmail[record.email] else {
            creates.append(RosterCreate(record: record, schoolID: schoolID))
            return
        }
        let inactive = !teacher.isActiveInYear
        let staysInactive = inactive && teacher.handDeactivated
        let isNew = !teacher.inYear
        let sameSchool = teacher.schoolID.map { NormalForm.same($0, schoolID) } ?? false
        let sameGrade = !hasGrade || NormalForm.same(teacher.grade, record.grade)
        let update = RosterUpdate(
            row: record.row, teacherID: teacher.id,
            name: NormalForm.same(teacher.name, record.name) ? nil : record.name,
            schoolID: isNew || !sameSchool ? schoolID : nil,
            grade: isNew || !sameGrade ? record.grade : nil,
            activate: inactive && !staysInactive, addToYear: isNew)
        if update.changesNothing { unchanged += 1 } else { updates.append(update) }
        if staysInactive {
            rows.append(
                RowMessage(
                    row: record.row, code: .staysInactive,
                    message: "The teacher was deactivated by hand and stays inactive."))
        }
    }

    private func ambiguous(_ record: RosterRecord, _ schools: [RosterSchool]) -> RowMessage {
        let building = NormalForm.shortened(record.building, to: 80)
        let names = schools.prefix(5).map { "\($0.name) (\($0.id))" }.joined(separator: ", ")
        return RowMessage(
            row: record.row, code: .schoolAmbiguous,
            message: "\(schools.count) schools are called \(building): \(names).",
            suggestions: schools.prefix(5).map(\.name))
    }

    private mutating func notFound(_ record: RosterRecord) -> RowMessage {
        let key = NormalForm.matchKey(record.building)
        let found: [String]
        if let known = suggestions[key] {
            found = known
        } else if suggestions.count < Self.maxSuggestedBuildings {
            found = matcher.suggestions(for: record.building)
            suggestions[key] = found
        } else {
            found = []
        }
        let building = NormalForm.shortened(record.building, to: 80)
        return RowMessage(
            row: record.row, code: .schoolNotFound, message: "School not found: \(building)",
            suggestions: found)
    }

    func plan(records: Int, options: RosterOptions) -> RosterPlan {
        let active = teachers.filter(\.isActiveInYear)
        var leaving: [String] = []
        if !options.additive {
            leaving = active.filter { !isMentioned($0) }.map(\.id)
                .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        }
        let held = RosterPlan.held(
            deactivations: leaving.count, active: active.count,
            approved: options.approvedDeactivations)
        return RosterPlan(
            creates: creates, updates: updates, unchanged: unchanged, deactivations: leaving,
            skipped: skipped, rowErrors: rowErrors, records: records,
            rows: rows.sorted { $0.row < $1.row }, held: held)
    }

    private func isMentioned(_ teacher: RosterTeacher) -> Bool {
        mentionedEmails.contains(NormalForm.email(teacher.email))
            || (!mentionedNames.isEmpty && mentionedNames.contains(NormalForm.matchKey(teacher.name)))
    }
}
