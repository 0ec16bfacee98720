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
// linear in educators and teachers.

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

/// What an export says of an educator, and all that matching goes by: equal ones are one person.
public struct Educator: Sendable, Equatable {
    public let name: String
    public let email: String
    public let userID: String
    public let school: String

    /// Whom it is about.
    var key: EducatorKey { EducatorKey(userID: userID, email: email, name: name, school: school) }
}

/// An educator's record of a session, as stored.
public struct EducatorRecord: Sendable, Equatable {
    public let id: String
    public let session: String
    /// `2025-09-15`
    public let date: String
    public let name: String
    public let email: String
    public let userID: String
    public let school: String

    public var educator: Educator { Educator(name: name, email: email, userID: userID, school: school) }
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

/// Matches educators to teachers.
public struct EducatorMatching: Sendable {
    public enum Outcome: Sendable, Equatable {
        case teacher(id: String)
        case ignored
        /// Nobody, or several: the ids of those who may be meant.
        case unmatched(candidates: [String])
    }

    /// The same with a teacher's number and without a look for those who may be meant.
    enum Verdict: Sendable, Equatable { case teacher(Int), ignored, unmatched }

    private let teachers: [MatchableTeacher]
    private var numbers: [String: Int] = [:]
    private var byEmail: [String: Namesakes] = [:]
    private let byName: TeacherNames
    private var decisions: [EducatorKey: (decision: String, verdict: Verdict)] = [:]
    private var userTeacher: [String: Int] = [:]

    /// `educators`: all of the tenant; what addresses and names say about a user id is taken from them.
    /// `suggesting`: whether `outcome` is to say who may be meant.
    init(
        teachers: [MatchableTeacher], decisions: [MatchDecision], educators: some Sequence<Educator>,
        suggesting: Bool
    ) {
        self.teachers = teachers
        byName = TeacherNames(teachers, suggesting: suggesting)
        numbers.reserveCapacity(teachers.count)
        byEmail.reserveCapacity(teachers.count)
        for (number, teacher) in teachers.enumerated() {
            numbers[teacher.id] = number
            guard !teacher.otherEmails.isEmpty else {
                addEmail(NormalForm.email(teacher.email), number)
                continue
            }
            for email in Set(([teacher.email] + teacher.otherEmails).map(NormalForm.email)) {
                addEmail(email, number)
            }
        }
        for one in decisions {
            guard let verdict = verdict(of: one) else { continue }
            let key = EducatorKey(userID: one.userID, email: one.email, name: one.name, school: one.school)
            if let other = self.decisions[key], other.decision < one.id { continue }
            self.decisions[key] = (one.id, verdict)
        }
        learnUsers(educators)
    }

    /// `records`: all of the tenant.
    public init(teachers: [MatchableTeacher], decisions: [MatchDecision], records: [EducatorRecord]) {
        self.init(
            teachers: teachers, decisions: decisions, educators: records.lazy.map(\.educator),
            suggesting: true)
    }

    private mutating func addEmail(_ email: String, _ number: Int) {
        if !email.isEmpty { byEmail[email, default: Namesakes()].add(number) }
    }

    /// nil for one that names a teacher who isn't there.
    private func verdict(of decision: MatchDecision) -> Verdict? {
        if decision.isIgnored { return .ignored }
        return decision.teacherID.flatMap { numbers[$0] }.map(Verdict.teacher)
    }

    private mutating func learnUsers(_ educators: some Sequence<Educator>) {
        var byAddress: [String: Set<Int>] = [:]
        var byName: [String: Set<Int>] = [:]
        for educator in educators where !educator.userID.isEmpty {
            if let teacher = byEmail[educator.email]?.only {
                byAddress[educator.userID, default: []].insert(teacher)
            }
            if let teacher = named(educator).only { byName[educator.userID, default: []].insert(teacher) }
        }
        for user in Set(byAddress.keys).union(byName.keys) {
            let found = byAddress[user] ?? byName[user] ?? []
            if found.count == 1, let teacher = found.first { userTeacher[user] = teacher }
        }
    }

    /// Who a record is about.
    public func outcome(_ record: EducatorRecord) -> Outcome {
        let educator = record.educator
        switch verdict(educator) {
        case .teacher(let number): return .teacher(id: teachers[number].id)
        case .ignored: return .ignored
        case .unmatched:
            let found = named(educator)
            let candidates = found.isEmpty ? byName.similar(to: educator.name) : found.all
            return .unmatched(candidates: candidates.map { teachers[$0].id })
        }
    }

    /// Who an educator is.
    func verdict(_ educator: Educator) -> Verdict {
        if !decisions.isEmpty, let decided = decisions[educator.key] { return decided.verdict }
        if let teacher = userTeacher[educator.userID] { return .teacher(teacher) }
        if let teacher = byEmail[educator.email]?.only { return .teacher(teacher) }
        if !decisions.isEmpty, let decided = decisions[.named(educator.name, educator.school)] {
            return decided.verdict
        }
        return named(educator).only.map(Verdict.teacher) ?? .unmatched
    }

    /// A teacher by id.
    public func teacher(_ id: String) -> MatchableTeacher? { numbers[id].map { teachers[$0] } }

    /// The number of a teacher in verdicts: below `count`.
    func number(_ id: String) -> Int? { numbers[id] }
    var count: Int { teachers.count }

    /// Everybody with the educator's name; the one at its school where that makes it one.
    private func named(_ educator: Educator) -> Namesakes {
        let all = byName.teachers(named: educator.name)
        guard all.count > 1, !educator.school.isEmpty else { return all }
        let school = NormalForm.matchKey(educator.school)
        let there = all.all.filter { number in
            teachers[number].schools.contains { NormalForm.matchKey($0) == school }
        }
        return there.count == 1 ? Namesakes(there[0]) : all
    }
}
