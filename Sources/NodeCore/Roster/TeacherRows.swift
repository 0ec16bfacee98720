import GRDB

/// The teachers of a tenant with the rows of their years, joined here: each table is read once, as it stands. To
/// look for the years of each teacher in SQLite takes several times as long for a large district.
struct TeacherRows {
    struct Person {
        let id: String
        let name: String
        let email: String
        /// As `FormerValues` keeps them.
        let formerNames: String
        let formerEmails: String
    }

    /// By id.
    private(set) var persons: [Person] = []
    private let year: AcademicYear?
    private var ids = TextNumbers()
    private var order = TextOrder()
    private var schoolNumbers = TextNumbers()
    private var schools: [(id: String, name: String)] = []
    /// The schools of every year, by numbers of persons and schools.
    private var taught: [(person: Int, school: Int)] = []
    /// Of the year alone, by id.
    private var years: [Year] = []
    /// By person: the first of `years`, -1 without one.
    private var yearOf: [Int] = []
    /// The others of persons who have several.
    private var moreYears: [Int: [Int]] = [:]

    private struct Year {
        let id: String
        let schoolID: String?
        let school: String
        let grade: String
        let active: Bool
        let handDeactivated: Bool
    }

    fileprivate init(year: AcademicYear?, in db: Database) throws {
        self.year = year
        try RowStatement("SELECT id, name FROM tenant", in: db).each { row in
            _ = schoolNumbers.number(row.utf8(0))
            schools.append((row.text(0), row.text(1)))
        }
        let personSQL = "SELECT id, name, email, former_names, former_emails FROM teacher ORDER BY id"
        try RowStatement(personSQL, in: db).each { addPerson($0) }
        yearOf = [Int](repeating: -1, count: persons.count)
        let wanted = year.map { Array($0.description.utf8) }
        let yearSQL = """
            SELECT teacher_id, school_id, year, id, grade, active, hand_deactivated FROM teacher_year ORDER BY id
            """
        try RowStatement(yearSQL, in: db).each { row in
            let teacher = row.utf8(0), schoolID = row.utf8(1)
            guard teacher.baseAddress != nil, let person = ids.known(teacher) else { return }
            let school = schoolID.baseAddress == nil ? nil : schoolNumbers.known(schoolID)
            if let school { taught.append((person, school)) }
            if let wanted, row.utf8(2).elementsEqual(wanted) { addYear(row, of: person, school) }
        }
    }

    private mutating func addPerson(_ row: RowColumns) {
        _ = ids.number(row.utf8(0))
        order.add(row.utf8(1), row.utf8(2), row.utf8(0))
        persons.append(
            Person(
                id: row.text(0), name: row.text(1), email: row.text(2), formerNames: row.text(3),
                formerEmails: row.text(4)))
    }

    private mutating func addYear(_ row: RowColumns, of person: Int, _ school: Int?) {
        let handDeactivated = row.int(6) == 1
        // A school that isn't there has an id all the same.
        let schoolID = school.map { schools[$0].id } ?? (row.utf8(1).baseAddress == nil ? nil : row.text(1))
        if yearOf[person] < 0 {
            yearOf[person] = years.count
        } else {
            moreYears[person, default: []].append(years.count)
        }
        years.append(
            Year(
                id: row.text(3), schoolID: schoolID, school: school.map { schools[$0].name } ?? "",
                grade: row.text(4), active: row.int(5) == 1 && !handDeactivated,
                handDeactivated: handDeactivated))
    }

    /// Everybody as the year shows them, by name, address and id; once for each row of the year.
    func teachers() -> [Teacher] {
        let text = year?.description ?? ""
        return map(order.sorted()) { person, row in
            Teacher(
                id: person.id, name: person.name, email: person.email, year: text, schoolID: row?.schoolID,
                school: row?.school ?? "", grade: row?.grade ?? "", active: row?.active ?? false,
                handDeactivated: row?.handDeactivated ?? false, yearID: row?.id)
        }
    }

    /// Everybody as an import of the year sees them, by id; once for each row of the year.
    func rosterTeachers() -> [RosterTeacher] {
        map(persons.indices) { person, row in
            RosterTeacher(
                id: person.id, name: person.name, email: person.email, schoolID: row?.schoolID,
                grade: row?.grade ?? "", active: row?.active ?? false, inYear: row != nil,
                handDeactivated: row?.handDeactivated ?? false, yearID: row?.id)
        }
    }

    /// Persons, by number, with their rows of the year: once without one.
    private func map<T>(_ numbers: some Sequence<Int>, _ body: (Person, Year?) -> T) -> [T] {
        var result: [T] = []
        result.reserveCapacity(persons.count)
        for number in numbers {
            let first = yearOf[number]
            result.append(body(persons[number], first < 0 ? nil : years[first]))
            for other in moreYears[number] ?? [] { result.append(body(persons[number], years[other])) }
        }
        return result
    }

    /// The names of each person's schools of every year, each once, in the order of their bytes.
    func schoolNames() -> [[String]] {
        var names = [[String]](repeating: [], count: persons.count)
        for (person, school) in taught { names[person].append(schools[school].name) }
        for person in names.indices where names[person].count > 1 {
            let sorted = names[person].sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            names[person] = sorted.reduce(into: []) { all, name in
                if let last = all.last, NormalForm.same(last, name) { return }
                all.append(name)
            }
        }
        return names
    }
}

extension StoreReader {
    /// All teachers; with a year also its rows of them.
    func readTeachers(year: AcademicYear? = nil) throws -> TeacherRows { try TeacherRows(year: year, in: db) }

    /// Every teacher as an import of a year sees them; who was merged into another is that one.
    func rosterTeachers(year: AcademicYear) throws -> [RosterTeacher] {
        let merges = try teacherMerges(), teachers = try readTeachers(year: year).rosterTeachers()
        return merges.isEmpty ? teachers : merges.folded(teachers)
    }
}
