import GRDB

@testable import NodeCore

/// The usage report as its definition says it: every record is looked at by itself, every teacher for each.
struct UsageOracle {
    struct Known {
        let teacher: MatchableTeacher
        let names: Set<String>
        let emails: Set<String>
        let near: Set<String>
    }

    let records: [EducatorRecord]
    /// Sessions that were held, with an educator there, by their records.
    let held: Set<String>
    let known: [Known]
    let decisions: [MatchDecision]
    var userTeacher: [String: String] = [:]

    init(_ reader: StoreReader) throws {
        records = try Self.records(reader)
        held = try Self.held(reader)
        known = try Self.teachers(reader).map { teacher in
            let names = Set(([teacher.name] + teacher.otherNames).map(PersonName.matchKey))
            return Known(
                teacher: teacher, names: names,
                emails: Set(([teacher.email] + teacher.otherEmails).map(NormalForm.email)),
                near: Set(names.flatMap(Self.nearKeys)))
        }
        let ids = known.map(\.teacher.id)
        decisions = try reader.matchDecisions().filter {
            $0.isIgnored || $0.teacherID.map(ids.contains) == true
        }
        for user in Set(records.map(\.userID)) where !user.isEmpty {
            let own = records.filter { $0.userID == user }
            let byAddress = Set(own.compactMap { only(addressed($0.email)) })
            let byName = Set(own.compactMap { only(named($0)) })
            let found = byAddress.isEmpty ? byName : byAddress
            userTeacher[user] = found.count == 1 ? found.first : nil
        }
    }

    private static func records(_ reader: StoreReader) throws -> [EducatorRecord] {
        let sql = """
            SELECT a.id, a.session_id, s.date, a.name, a.email, a.user_id, a.school, a.role
            FROM attendance a JOIN session s ON s.id = a.session_id ORDER BY a.id
            """
        return try reader.rows(sql).compactMap { row in
            guard NormalForm.matchKey(row[7] ?? "") == "educator" else { return nil }
            return EducatorRecord(
                id: row[0], session: row[1] ?? "", date: row[2] ?? "", name: row[3] ?? "",
                email: row[4] ?? "", userID: row[5] ?? "", school: row[6] ?? "")
        }
    }

    private static func held(_ reader: StoreReader) throws -> Set<String> {
        let sql = """
            SELECT a.id, s.status FROM attendance a JOIN session s ON s.id = a.session_id
            WHERE a.educators_attended >= 1
            """
        return Set(
            try reader.rows(sql).compactMap { NormalForm.matchKey($0[1] ?? "") == "completed" ? $0[0] : nil })
    }

    private static func teachers(_ reader: StoreReader) throws -> [MatchableTeacher] {
        let schoolSQL = """
            SELECT DISTINCT s.name FROM teacher_year y JOIN tenant s ON s.id = y.school_id
            WHERE y.teacher_id = ? ORDER BY s.name
            """
        var persons: [String: MatchableTeacher] = [:]
        var merged: [MatchableTeacher] = []
        let merges = try reader.teacherMerges()
        let sql = "SELECT id, name, email, former_names, former_emails FROM teacher ORDER BY id"
        for row in try reader.rows(sql) {
            let id: String = row[0]
            var teacher = MatchableTeacher(
                id: id, name: row[1] ?? "", email: row[2] ?? "",
                schools: try reader.rows(schoolSQL, [id]).map { $0[0] ?? "" })
            teacher.otherNames = FormerValues.list(row[3])
            teacher.otherEmails = FormerValues.list(row[4])
            if merges.person(id) == id { persons[id] = teacher } else { merged.append(teacher) }
        }
        for teacher in merged {
            persons[merges.person(teacher.id)]?.schools += teacher.schools
            persons[merges.person(teacher.id)]?.otherNames += [teacher.name] + teacher.otherNames
            persons[merges.person(teacher.id)]?.otherEmails += [teacher.email] + teacher.otherEmails
        }
        return persons.values.sorted { $0.id < $1.id }
    }

    /// All teachers of a year as SQLite joins and sorts them.
    static func teachers(_ reader: StoreReader, year: AcademicYear) throws -> [Teacher] {
        let sql = """
            SELECT t.id, t.name, t.email, y.id, y.school_id, s.name, y.grade, y.active, y.hand_deactivated
            FROM teacher t LEFT JOIN teacher_year y ON y.teacher_id = t.id AND +y.year = ?
            LEFT JOIN tenant s ON s.id = y.school_id ORDER BY t.name, t.email, t.id, y.id
            """
        let all = try reader.rows(sql, [year.description]).map { row in
            let handDeactivated = (row[8] as Int?) == 1
            return Teacher(
                id: row[0], name: row[1] ?? "", email: row[2] ?? "", year: year.description,
                schoolID: row[4], school: row[5] ?? "", grade: row[6] ?? "",
                active: (row[7] as Int?) == 1 && !handDeactivated, handDeactivated: handDeactivated,
                yearID: row[3])
        }
        return try reader.teacherMerges().folded(all)
    }

    // MARK: Matching

    func outcome(_ record: EducatorRecord) -> EducatorMatching.Outcome {
        if let decided = decision(record.key) { return decided }
        if let teacher = userTeacher[record.userID] { return .teacher(id: teacher) }
        if let teacher = only(addressed(record.email)) { return .teacher(id: teacher) }
        if let decided = decision(.named(record.name, record.school)) { return decided }
        let found = named(record)
        if let teacher = only(found) { return .teacher(id: teacher) }
        return .unmatched(candidates: found.isEmpty ? similar(record.name) : found)
    }

    private func decision(_ key: EducatorKey) -> EducatorMatching.Outcome? {
        let all = decisions.filter {
            EducatorKey(userID: $0.userID, email: $0.email, name: $0.name, school: $0.school) == key
        }
        guard let first = all.min(by: { $0.id < $1.id }) else { return nil }
        return first.isIgnored ? .ignored : first.teacherID.map { .teacher(id: $0) }
    }

    private func only(_ ids: [String]) -> String? { ids.count == 1 ? ids[0] : nil }

    private func addressed(_ email: String) -> [String] {
        email.isEmpty ? [] : known.filter { $0.emails.contains(email) }.map(\.teacher.id)
    }

    private func named(_ record: EducatorRecord) -> [String] {
        let key = PersonName.matchKey(record.name), school = NormalForm.matchKey(record.school)
        let all = key.isEmpty ? [] : known.filter { $0.names.contains(key) }
        guard all.count > 1, !record.school.isEmpty else { return all.map(\.teacher.id) }
        let there = all.filter { $0.teacher.schools.contains { NormalForm.matchKey($0) == school } }
        return (there.count == 1 ? there : all).map(\.teacher.id)
    }

    private func similar(_ name: String) -> [String] {
        var found: [String] = []
        for key in Self.nearKeys(PersonName.matchKey(name)) {
            for one in known where one.near.contains(key) && !found.contains(one.teacher.id) {
                if found.count < 5 { found.append(one.teacher.id) }
            }
        }
        return found
    }

    private static func nearKeys(_ key: String) -> [String] {
        let words = key.split(separator: " ")
        guard words.count > 1, let initial = words[0].unicodeScalars.first, let last = words.last else {
            return key.isEmpty ? [] : [key]
        }
        return [words.sorted().joined(separator: " "), "\(initial) … \(last)"]
    }

    // MARK: Counting

    func report(
        _ reader: StoreReader, year: AcademicYear, semester: Semester, building: String?
    ) throws -> UsageReport {
        let days = semester.days(of: year)
        var attended: [String: Set<String>] = [:]
        var unmatched = 0
        for record in records where days.contains(record.date) {
            switch outcome(record) {
            case .teacher(let id):
                if held.contains(record.id) { attended[id, default: []].insert(record.session) }
            case .ignored: break
            case .unmatched: unmatched += 1
            }
        }
        var buildings: [String: (name: String, rows: [UsageReport.Row])] = [:]
        var distinct: Set<String> = []
        for teacher in try Self.teachers(reader, year: year)
        where building == nil || teacher.schoolID == building {
            let sessions = attended[teacher.id] ?? []
            guard !sessions.isEmpty || teacher.active else { continue }
            distinct.formUnion(sessions)
            buildings[teacher.schoolID ?? "", default: (teacher.school, [])].rows.append(
                UsageReport.Row(
                    teacherID: teacher.id, name: teacher.name, email: teacher.email, active: teacher.active,
                    sessions: sessions.count))
        }
        let sorted = buildings.map { key, value in
            UsageReport.Building(id: key.isEmpty ? nil : key, name: value.name, rows: value.rows)
        }.sorted {
            ($0.id == nil ? 1 : 0, $0.name, $0.id ?? "") < ($1.id == nil ? 1 : 0, $1.name, $1.id ?? "")
        }
        return UsageReport(
            year: year, semester: semester, buildings: sorted, distinctSessions: distinct.count,
            unmatched: unmatched)
    }
}
