// Who the educators of session exports are (CONTRACT 4, Usage). For a record, the first that says something:
//
// 1. a decision about its user id (without one: its address);
// 2. the teacher that the user id stands for: the one that addresses of records with this id name, or, where
//    none does, the one that their names do;
// 3. the one teacher with its address;
// 4. a decision about its name at its school;
// 5. the one teacher with its name; of several the one who was at its school in some year.
//
// A teacher is known by former names and addresses too (`teacher.former_names`), so that a rename takes no
// session away; and of names that two sides wrote apart by both until somebody settles it.
//
// A pure function of synced rows, so the queue of what is left is the same on every installation. Cost:
// linear in records and teachers.

/// A teacher of the tenant as names are matched: any year, active or not.
public struct MatchableTeacher: Sendable, Equatable {
    public let id: String
    public let name: String
    public let email: String
    /// The names of the schools of every year.
    public var schools: [String]
    /// Names and addresses of before, and of teachers who were merged into this one.
    public var otherNames: [String] = []
    public var otherEmails: [String] = []

    public init(id: String, name: String, email: String, schools: [String] = []) {
        self.id = id
        self.name = name
        self.email = email
        self.schools = schools
    }

    /// Counts another teacher as this one.
    mutating func absorb(_ other: MatchableTeacher) {
        schools += other.schools
        otherNames += [other.name] + other.otherNames
        otherEmails += [other.email] + other.otherEmails
    }
}

/// An educator's record of a session, as stored.
public struct EducatorRecord: Sendable, Equatable {
    public let id: String
    public let session: String
    /// `2025-09-15`
    public let date: String
    public let status: String
    public let name: String
    public let email: String
    public let userID: String
    public let school: String
    public let educatorsAttended: Int

    /// Whether it counts as usage once it is matched.
    public var counts: Bool { NormalForm.matchKey(status) == "completed" && educatorsAttended >= 1 }
}

/// What somebody decided about a person in session exports.
public struct MatchDecision: Sendable, Equatable {
    public let id: String
    public let userID: String
    public let email: String
    public let name: String
    public let school: String
    /// The teacher whom it names, if that one is there.
    public let teacherID: String?
    public let isIgnored: Bool
}

/// Whom a record is about, as far as the export says it.
public enum EducatorKey: Sendable, Hashable {
    case user(String)
    case email(String)
    /// Name and school as `PersonName.matchKey` and `NormalForm.matchKey`.
    case name(String, school: String)

    init(userID: String, email: String, name: String, school: String) {
        self = !userID.isEmpty ? .user(userID) : !email.isEmpty ? .email(email) : .named(name, school)
    }

    static func named(_ name: String, _ school: String) -> EducatorKey {
        .name(PersonName.matchKey(name), school: NormalForm.matchKey(school))
    }
}

/// Matches records to teachers.
public struct EducatorMatching: Sendable {
    public enum Outcome: Sendable, Equatable {
        case teacher(id: String)
        case ignored
        /// Nobody, or several: the ids of those who may be meant.
        case unmatched(candidates: [String])
    }

    private let teachers: [String: MatchableTeacher]
    private var byEmail: [String: [String]] = [:]
    private var byName: [String: [String]] = [:]
    private var near: [String: [String]] = [:]
    private var decisions: [EducatorKey: MatchDecision] = [:]
    private var userTeacher: [String: String] = [:]

    /// `records`: all educators of the tenant; what addresses and names say about a user id is taken from them.
    public init(
        teachers: [MatchableTeacher], decisions: [MatchDecision], records: [EducatorRecord]
    ) {
        self.teachers = Dictionary(teachers.map { ($0.id, $0) }) { first, _ in first }
        for teacher in teachers {
            let emails = ([teacher.email] + teacher.otherEmails).map(NormalForm.email)
            for email in Set(emails) where !email.isEmpty { byEmail[email, default: []].append(teacher.id) }
            let names = ([teacher.name] + teacher.otherNames).map(PersonName.matchKey)
            for key in Set(names) where !key.isEmpty {
                byName[key, default: []].append(teacher.id)
                for word in Self.nearKeys(key) { near[word, default: []].append(teacher.id) }
            }
        }
        for one in decisions where one.isIgnored || one.teacherID.map({ self.teachers[$0] != nil }) == true {
            let key = EducatorKey(userID: one.userID, email: one.email, name: one.name, school: one.school)
            if let other = self.decisions[key], other.id < one.id { continue }
            self.decisions[key] = one
        }
        learnUsers(records)
    }

    private mutating func learnUsers(_ records: [EducatorRecord]) {
        var byAddress: [String: Set<String>] = [:]
        var byName: [String: Set<String>] = [:]
        for record in records where !record.userID.isEmpty {
            if let id = only(byEmail[record.email]) { byAddress[record.userID, default: []].insert(id) }
            if let id = only(named(record)) { byName[record.userID, default: []].insert(id) }
        }
        for user in Set(byAddress.keys).union(byName.keys) {
            let found = byAddress[user] ?? byName[user] ?? []
            if found.count == 1, let teacher = found.first { userTeacher[user] = teacher }
        }
    }

    /// Who a record is about.
    public func outcome(_ record: EducatorRecord) -> Outcome {
        if let decided = decisions[record.key] { return outcome(of: decided) }
        if let teacher = userTeacher[record.userID] { return .teacher(id: teacher) }
        if let teacher = only(byEmail[record.email]) { return .teacher(id: teacher) }
        if let decided = decisions[.named(record.name, record.school)] { return outcome(of: decided) }
        let found = named(record)
        if let teacher = only(found) { return .teacher(id: teacher) }
        return .unmatched(candidates: found.isEmpty ? similar(record.name) : found)
    }

    /// A teacher by id.
    public func teacher(_ id: String) -> MatchableTeacher? { teachers[id] }

    private func outcome(of decision: MatchDecision) -> Outcome {
        guard !decision.isIgnored, let teacher = decision.teacherID else { return .ignored }
        return .teacher(id: teacher)
    }

    private func only(_ ids: [String]?) -> String? { ids?.count == 1 ? ids?[0] : nil }

    /// Everybody with the record's name; the one at its school where that makes it one.
    private func named(_ record: EducatorRecord) -> [String] {
        let all = byName[PersonName.matchKey(record.name)] ?? []
        guard all.count > 1, !record.school.isEmpty else { return all }
        let school = NormalForm.matchKey(record.school)
        let there = all.filter { id in
            teachers[id]?.schools.contains { NormalForm.matchKey($0) == school } == true
        }
        return there.count == 1 ? there : all
    }

    /// Teachers with the same words in another order, or with the same last word and first letter; at most 5.
    private func similar(_ name: String) -> [String] {
        var found: [String] = []
        for key in Self.nearKeys(PersonName.matchKey(name)) {
            for id in near[key] ?? [] where !found.contains(id) && found.count < 5 { found.append(id) }
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
}
