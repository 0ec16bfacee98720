/// What the files beside users.csv say: schools, roles, where somebody teaches, the year.
struct OneRosterContext {
    struct Org {
        let name: String
        /// The district's or the state's number; an NCES number where it has 12 digits.
        let identifier: String
        let isSchool: Bool
    }
    enum Role { case teacher, learner, other, unknown }

    private var orgs: [String: Org] = [:]
    /// Whether orgs.csv is there.
    private(set) var knowsOrgs = false
    private let version: OneRosterManifest.Version
    private var roles: [String: Set<String>] = [:]
    /// From roles.csv, the primary first.
    private var roleOrgs: [String: [String]] = [:]
    /// Classes that a user teaches, by school.
    private var classes: [String: [String: Int]] = [:]
    private(set) var year: AcademicYear?
    private(set) var notices: [Notice] = []

    init(_ set: OneRosterSet, _ manifest: OneRosterManifest) throws(NodeError) {
        version = manifest.version
        try readOrgs(set, manifest)
        try readRoles(set, manifest)
        try readEnrollments(set, manifest)
        try readSessions(set, manifest)
    }

    mutating func remark(_ count: Int, _ code: String, _ text: String) {
        if count > 0 { notices.append(Notice(code, "\(count) \(text)")) }
    }

    /// A record of a file beside users.csv that can't be used; at most 20 are named.
    private mutating func remark(_ record: OneRosterFile.Record, of file: String) -> Bool {
        guard let message = RowMessage.joining(row: record.row.number, record.problems) else { return false }
        if notices.count < 20 {
            notices.append(
                Notice("ONEROSTER_ROW", "\(file): \(message.message)", row: message.row))
        }
        return true
    }

    // MARK: Files

    private mutating func readOrgs(_ set: OneRosterSet, _ manifest: OneRosterManifest) throws(NodeError) {
        let columns = [
            CSVColumn("name", required: true), CSVColumn("type", required: true), CSVColumn("identifier"),
        ]
        guard var file = try OneRosterFile("orgs.csv", of: set, manifest, columns) else { return }
        knowsOrgs = file.mode == .bulk
        while let org = try file.next() {
            if remark(org, of: file.name) || org.isRemoved { continue }
            orgs[org.sourcedID] = Org(name: org[0], identifier: org[2], isSchool: org[1] == "school")
        }
    }

    private mutating func readRoles(_ set: OneRosterSet, _ manifest: OneRosterManifest) throws(NodeError) {
        let columns = [
            CSVColumn("userSourcedId", required: true), CSVColumn("roleType"),
            CSVColumn("role", required: true), CSVColumn("orgSourcedId"),
        ]
        guard version == .v1_2, var file = try OneRosterFile("roles.csv", of: set, manifest, columns) else {
            return
        }
        while let role = try file.next() {
            if remark(role, of: file.name) || role.isRemoved { continue }
            roles[role[0], default: []].insert(role[2])
            guard role[2] == "teacher", !role[3].isEmpty else { continue }
            if role[1] == "primary" {
                roleOrgs[role[0], default: []].insert(role[3], at: 0)
            } else {
                roleOrgs[role[0], default: []].append(role[3])
            }
        }
    }

    private mutating func readEnrollments(_ set: OneRosterSet, _ manifest: OneRosterManifest)
        throws(NodeError)
    {
        let columns = [
            CSVColumn("schoolSourcedId", required: true), CSVColumn("userSourcedId", required: true),
            CSVColumn("role", required: true),
        ]
        guard var file = try OneRosterFile("enrollments.csv", of: set, manifest, columns) else { return }
        while let enrolment = try file.next() {
            if remark(enrolment, of: file.name) || enrolment.isRemoved || enrolment[2] != "teacher" {
                continue
            }
            classes[enrolment[1], default: [:]][enrolment[0], default: 0] += 1
        }
    }

    private mutating func readSessions(_ set: OneRosterSet, _ manifest: OneRosterManifest)
        throws(NodeError)
    {
        let columns = [CSVColumn("type", required: true), CSVColumn("schoolYear", required: true)]
        guard var file = try OneRosterFile("academicSessions.csv", of: set, manifest, columns) else { return }
        var years: Set<AcademicYear> = []
        while let session = try file.next() {
            if remark(session, of: file.name) || session.isRemoved || session[0] != "schoolYear" { continue }
            // The year in which it ends.
            guard session[1].utf8.count == 4, let end = Int(session[1]), end > 1 else { continue }
            years.insert(AcademicYear(startYear: end - 1))
        }
        year = years.count == 1 ? years.first : nil
        if years.count > 1 {
            notices.append(
                Notice(
                    "YEAR_UNCLEAR",
                    "academicSessions.csv names \(years.count) school years; today's is taken",
                    hint: "Name the one you mean with --year."))
        }
    }

    // MARK: Answers

    /// `column`: what users.csv says in 1.1.
    func role(of user: OneRosterFile.Record, column: String) -> Role {
        var names = roles[user.sourcedID] ?? []
        if names.isEmpty, !column.isEmpty { names = [column] }
        if names.contains("teacher") { return .teacher }
        if names.contains("student") { return .learner }
        return names.isEmpty ? .unknown : .other
    }

    /// The school of a teacher; nil when the set doesn't say.
    func school(of user: OneRosterFile.Record) -> Org? {
        let listed = user[2].split(separator: ",").map { NormalForm.text(String($0)) }
        let named = (user[3].isEmpty ? [] : [user[3]]) + (roleOrgs[user.sourcedID] ?? []) + listed
        let schools = named.filter { orgs[$0]?.isSchool == true }
        let taught = (classes[user.sourcedID] ?? [:]).filter { orgs[$0.key]?.isSchool == true }
        // The first of the schools with most classes, so that the order of a dictionary decides nothing.
        let candidates = schools.isEmpty ? taught.keys.sorted() : schools
        let most = candidates.map { taught[$0] ?? 0 }.max() ?? 0
        return candidates.first { (taught[$0] ?? 0) == most }.flatMap { orgs[$0] }
    }
}
