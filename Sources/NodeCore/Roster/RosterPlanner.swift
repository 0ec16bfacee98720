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

/// Collects a plan record by record. It keeps about 35 bytes for each teacher to make (`RosterCreates`,
/// `FirstRecords`) and 8 for each record that changes nothing.
struct RosterPlanner {
    /// Distinct unknown buildings that get suggestions; more of them is not a roster of this tenant.
    private static let maxSuggestedBuildings = 500
    /// Distinct buildings whose schools are remembered; of more each is looked up anew.
    private static let maxKnownBuildings = 4_096
    /// Messages that a report has at most; the counts are of all. A file of another kind has one a row.
    static let maxMessages = 50_000

    private let hasGrade: Bool
    private let matcher: SchoolMatcher
    private let teachers: [RosterTeacher]
    private var addresses: RosterAddresses
    private var matches: [String: SchoolMatcher.Match] = [:]
    private var suggestions: [String: [String]] = [:]

    /// The row that first named each teacher, 0 for none, and under which address where there are several.
    private var firstRows: [UInt32]
    private var firstEmails: [Int: String] = [:]
    /// The same of addresses that no teacher has: to be made, or to be taken out.
    private var firstCreates = FirstRecords()
    /// By create, the address of one that came again: a record may be long, and isn't read anew each time.
    private var repeatedEmails: [Int: String] = [:]
    private var firstRemovals: [String: Int] = [:]
    /// Of the teachers active in the year; made when a record mentions names.
    private var knownNames: Set<String>?
    private var mentionedNames: Set<String> = []

    private var creates: RosterCreates
    private var updates: [RosterUpdate] = []
    private var unchanged: [RosterSame] = []
    private var removals: [RosterUpdate] = []
    private var skipped = 0
    private var rowErrors = 0
    private var rows: [RowMessage] = []
    private var messages = 0

    /// `records`: those that will be taken.
    init(hasGrade: Bool, schools: [RosterSchool], teachers: [RosterTeacher], records: RosterRecords) {
        self.hasGrade = hasGrade
        self.matcher = SchoolMatcher(schools)
        self.teachers = teachers
        addresses = RosterAddresses(of: teachers)
        firstRows = [UInt32](repeating: 0, count: teachers.count)
        creates = RosterCreates(of: records)
    }

    /// `place`: where the record stands among the records.
    mutating func take(_ record: RosterRecord, at place: Int) {
        for email in record.mentions.emails { addresses.mention(email) }
        if !record.mentions.names.isEmpty { mention(record.mentions.names) }
        if let problem = record.problem {
            refuse(problem)
            return
        }
        let teacher = addresses.teacher(record.email)
        if let first = first(record, teacher) {
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
        if record.removes { return remove(record, teacher) }
        if record.building.isEmpty { return placeWhereKnown(record, teacher) }
        switch match(record) {
        case .school(let id): put(record, place, teacher, schoolID: id)
        case .ambiguous(let schools): refuse(ambiguous(record, schools))
        case .none: refuse(notFound(record))
        }
    }

    private mutating func mention(_ names: [String]) {
        let known =
            knownNames
            ?? Set(teachers.lazy.filter(\.isActiveInYear).map { NormalForm.matchKey($0.name) })
        knownNames = known
        for name in names where known.contains(name) { mentionedNames.insert(name) }
    }

    /// The row that had the record's teacher before, and the address there: two addresses of a merged teacher are one
    /// person.
    private mutating func first(_ record: RosterRecord, _ teacher: Int?) -> (row: Int, email: String)? {
        if let teacher {
            let row = Int(firstRows[teacher])
            return row == 0 ? nil : (row, firstEmails[teacher] ?? record.email)
        }
        if let row = firstRemovals[record.email] { return (row, record.email) }
        let known = firstCreates
        return known.find(record.email) { email(ofCreate: $0) == record.email }
            .map { (creates.row($0), record.email) }
    }

    private mutating func email(ofCreate number: Int) -> String {
        if let known = repeatedEmails[number] { return known }
        let email = creates.record(number).email
        repeatedEmails[number] = email
        return email
    }

    /// Notes the first row that named a teacher.
    private mutating func note(_ record: RosterRecord, of teacher: Int) {
        firstRows[teacher] = UInt32(clamping: record.row)
        if !teachers[teacher].otherEmails.isEmpty { firstEmails[teacher] = record.email }
    }

    /// The school of a record; files name few schools often.
    private mutating func match(_ record: RosterRecord) -> SchoolMatcher.Match {
        guard record.schoolNumber.isEmpty else {
            return matcher.match(number: record.schoolNumber, name: record.building)
        }
        if let known = matches[record.building] { return known }
        let match = matcher.match(record.building)
        if matches.count < Self.maxKnownBuildings { matches[record.building] = match }
        return match
    }

    private mutating func refuse(_ message: RowMessage) {
        rowErrors += 1
        say(message)
    }

    private mutating func say(_ message: RowMessage) {
        messages += 1
        if rows.count < Self.maxMessages { rows.append(message) }
    }

    private mutating func remove(_ record: RosterRecord, _ teacher: Int?) {
        guard let teacher else {
            firstRemovals[record.email] = record.row
            unchanged.append(RosterSame(row: record.row))
            return
        }
        note(record, of: teacher)
        guard teachers[teacher].isActiveInYear else {
            unchanged.append(RosterSame(row: record.row, teacher: teacher))
            return
        }
        removals.append(RosterUpdate(row: record.row, teacherID: teachers[teacher].id))
    }

    /// A record that says nothing about the school leaves a teacher of the year where she is.
    private mutating func placeWhereKnown(_ record: RosterRecord, _ teacher: Int?) {
        guard let teacher, let school = teachers[teacher].schoolID else {
            return refuse(
                RowMessage(
                    row: record.row, column: "Building", code: .schoolNotFound,
                    message: "The file doesn't say at which school, and the roster has none."))
        }
        update(record, teacher, schoolID: school)
    }

    private mutating func put(_ record: RosterRecord, _ place: Int, _ teacher: Int?, schoolID: String) {
        if let teacher { return update(record, teacher, schoolID: schoolID) }
        firstCreates.insert(record.email, number: creates.count)
        creates.append(place: place, row: record.row, schoolID: schoolID)
    }

    private mutating func update(_ record: RosterRecord, _ index: Int, schoolID: String) {
        note(record, of: index)
        let teacher = teachers[index]
        let inactive = !teacher.isActiveInYear
        let staysInactive = inactive && teacher.handDeactivated
        let isNew = !teacher.inYear
        let sameSchool = teacher.schoolID.map { NormalForm.same($0, schoolID) } ?? false
        let sameGrade = !hasGrade || NormalForm.same(teacher.grade, record.grade)
        let sameName = NormalForm.same(teacher.name, record.name)
        if sameName, sameSchool, sameGrade, !isNew, !inactive || staysInactive {
            unchanged.append(RosterSame(row: record.row, teacher: index))
        } else {
            updates.append(
                RosterUpdate(
                    row: record.row, teacherID: teacher.id, name: sameName ? nil : record.name,
                    schoolID: isNew || !sameSchool ? schoolID : nil,
                    grade: isNew || !sameGrade ? record.grade : nil,
                    activate: inactive && !staysInactive, addToYear: isNew))
        }
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
        var active = 0
        var leaving = removals.map(\.teacherID)
        for (index, teacher) in teachers.enumerated() where teacher.isActiveInYear {
            active += 1
            if !options.additive, !isMentioned(teacher, at: index) { leaving.append(teacher.id) }
        }
        leaving.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let held = RosterPlan.held(
            deactivations: leaving.count, active: active, approved: options.approvedDeactivations)
        return RosterPlan(
            creates: creates, updates: updates, removals: removals, same: unchanged, deactivations: leaving,
            skipped: skipped, rowErrors: rowErrors, records: records,
            rows: rows.sorted { $0.row < $1.row }, messages: messages, held: held)
    }

    private func isMentioned(_ teacher: RosterTeacher, at index: Int) -> Bool {
        addresses.isMentioned(teacher, at: index)
            || (!mentionedNames.isEmpty && mentionedNames.contains(NormalForm.matchKey(teacher.name)))
    }
}
