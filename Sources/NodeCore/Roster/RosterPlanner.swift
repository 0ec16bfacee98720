// Takes the records of a roster in the order of the file.
//
// - A record in error counts as such and nothing else. An address whose first record is in error may
//   still be taken from a later good one: the first *good* row wins.
// - A record whose address a good row had before is skipped, whatever its school.
// - Nobody whom any record mentions is deactivated: not by address, and, where a record in error has no
//   usable address, not by name either.
// - A record that takes its teacher out counts as an update, or as unchanged when there is nobody to take.
// - Where two teachers share an address (a merge made them; a case shows them) the one who is active in
//   the year is meant, then one with a row in the year, then the first by id; the other stays as is.

/// Collects a plan record by record.
struct RosterPlanner {
    /// Distinct unknown buildings that get suggestions; more of them is not a roster of this tenant.
    private static let maxSuggestedBuildings = 500
    /// Messages that a report has at most; the counts are of all. A file of another kind has one a row.
    static let maxMessages = 50_000

    private let hasGrade: Bool
    private let matcher: SchoolMatcher
    private let teachers: [RosterTeacher]
    private var byEmail: [String: RosterTeacher] = [:]
    private var firstRows: [String: (row: Int, email: String)] = [:]
    private var mentionedEmails: Set<String> = []
    private var mentionedNames: Set<String> = []
    private var knownNames: Set<String> = []
    private var suggestions: [String: [String]] = [:]

    private var creates: [RosterCreate] = []
    private var updates: [RosterUpdate] = []
    private var unchanged: [RosterUpdate] = []
    private var removals: [RosterUpdate] = []
    private var skipped = 0
    private var rowErrors = 0
    private var rows: [RowMessage] = []
    private var messages = 0

    init(hasGrade: Bool, schools: [RosterSchool], teachers: [RosterTeacher]) {
        self.hasGrade = hasGrade
        self.matcher = SchoolMatcher(schools)
        self.teachers = teachers
        for teacher in teachers {
            for key in teacher.emails {
                if let other = byEmail[key], !Self.precedes(teacher, other) { continue }
                byEmail[key] = teacher
            }
        }
        knownNames = Set(teachers.lazy.filter(\.isActiveInYear).map { NormalForm.matchKey($0.name) })
    }

    private static func precedes(_ left: RosterTeacher, _ right: RosterTeacher) -> Bool {
        if left.isActiveInYear != right.isActiveInYear { return left.isActiveInYear }
        if left.inYear != right.inYear { return left.inYear }
        return left.id.utf8.lexicographicallyPrecedes(right.id.utf8)
    }

    mutating func take(_ record: RosterRecord) {
        // Only of teachers that are there: a large file mentions many who aren't.
        for email in record.mentions.emails where byEmail[email] != nil { mentionedEmails.insert(email) }
        for name in record.mentions.names where knownNames.contains(name) { mentionedNames.insert(name) }
        if let problem = record.problem {
            refuse(problem)
            return
        }
        if let first = firstRows[person(record)] {
            skipped += 1
            say(
                RowMessage(
                    row: record.row, column: "Email", code: .duplicateEmail,
                    message: first.email == record.email
                        ? "Row \(record.row) repeats the e-mail of row \(first.row) and was skipped."
                        : "Row \(record.row) is the same person as row \(first.row), under another e-mail of a "
                            + "merged teacher, and was skipped."))
            return
        }
        if record.removes { return remove(record) }
        if record.building.isEmpty { return placeWhereKnown(record) }
        switch matcher.match(number: record.schoolNumber, name: record.building) {
        case .school(let id):
            firstRows[person(record)] = (record.row, record.email)
            place(record, schoolID: id)
        case .ambiguous(let schools):
            refuse(ambiguous(record, schools))
        case .none:
            refuse(notFound(record))
        }
    }

    /// What tells a record's teacher from others: two addresses of a merged teacher are one.
    private func person(_ record: RosterRecord) -> String { byEmail[record.email]?.id ?? record.email }

    private mutating func refuse(_ message: RowMessage) {
        rowErrors += 1
        say(message)
    }

    private mutating func say(_ message: RowMessage) {
        messages += 1
        if rows.count < Self.maxMessages { rows.append(message) }
    }

    private mutating func remove(_ record: RosterRecord) {
        firstRows[person(record)] = (record.row, record.email)
        guard let teacher = byEmail[record.email] else {
            unchanged.append(RosterUpdate(row: record.row, teacherID: ""))
            return
        }
        let nothing = RosterUpdate(row: record.row, teacherID: teacher.id)
        if teacher.isActiveInYear { removals.append(nothing) } else { unchanged.append(nothing) }
    }

    /// A record that says nothing about the school leaves a teacher of the year where she is.
    private mutating func placeWhereKnown(_ record: RosterRecord) {
        guard let school = byEmail[record.email]?.schoolID else {
            return refuse(
                RowMessage(
                    row: record.row, column: "Building", code: .schoolNotFound,
                    message: "The file doesn't say at which school, and the roster has none."))
        }
        firstRows[person(record)] = (record.row, record.email)
        place(record, schoolID: school)
    }

    private mutating func place(_ record: RosterRecord, schoolID: String) {
        guard let teacher = byEmail[record.email] else {
            creates.append(RosterCreate(record: record.withoutMentions, schoolID: schoolID))
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
        if update.changesNothing { unchanged.append(update) } else { updates.append(update) }
        if staysInactive {
            say(
                RowMessage(
                    row: record.row, code: .staysInactive,
                    message: "The teacher was deactivated by hand and stays inactive."))
        }
    }

    private func ambiguous(_ record: RosterRecord, _ schools: [RosterSchool]) -> RowMessage {
        let building = NormalForm.shortened(record.building, to: 80)
        let names = schools.prefix(5).map { "\($0.name) (\($0.id))" }.joined(separator: ", ")
        return RowMessage(
            row: record.row, column: "Building", code: .schoolAmbiguous,
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
            row: record.row, column: "Building", code: .schoolNotFound,
            message: "School not found: \(building)",
            suggestions: found)
    }

    func plan(records: Int, options: RosterOptions) -> RosterPlan {
        let active = teachers.filter(\.isActiveInYear)
        var leaving = removals.map(\.teacherID)
        if !options.additive { leaving += active.filter { !isMentioned($0) }.map(\.id) }
        leaving.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let held = RosterPlan.held(
            deactivations: leaving.count, active: active.count,
            approved: options.approvedDeactivations)
        return RosterPlan(
            creates: creates, updates: updates, removals: removals, same: unchanged, deactivations: leaving,
            skipped: skipped, rowErrors: rowErrors, records: records,
            rows: rows.sorted { $0.row < $1.row }, messages: messages, held: held)
    }

    private func isMentioned(_ teacher: RosterTeacher) -> Bool {
        teacher.emails.contains(where: mentionedEmails.contains)
            || (!mentionedNames.isEmpty && mentionedNames.contains(NormalForm.matchKey(teacher.name)))
    }
}

extension RosterRecord {
    /// For a record that has been looked at: only one in error is asked whom it mentions.
    fileprivate var withoutMentions: RosterRecord {
        RosterRecord(
            row: row, building: building, name: name, email: email, grade: grade, problem: problem,
            mentions: RosterMentions(emails: [], names: []))
    }
}
