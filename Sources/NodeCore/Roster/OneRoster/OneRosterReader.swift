// Teachers of a OneRoster set as records of a roster.
//
// Who is a teacher: `role` in users.csv (1.1), a record of role teacher in roles.csv (1.2). In which school:
// the school among the orgs that users.csv (1.1) or roles.csv, and primaryOrgSourcedId (1.2), name; of
// several the one with most classes in enrollments.csv, else the first. A file that is absent says nothing:
// without orgs.csv a teacher stays where the roster has her. Learners are counted and not kept: a seat takes
// the district's own opaque id.

/// A OneRoster set, read.
struct OneRosterRoster {
    var sheet: RosterSheet
    /// The school year that academicSessions.csv names, when it names one.
    var year: AcademicYear?
    /// Whether users.csv tells changes only.
    var isDelta: Bool
}

enum OneRosterReader {
    private static let userColumns = [
        CSVColumn("enabledUser"), CSVColumn("role"), CSVColumn("orgSourcedIds"),
        CSVColumn("primaryOrgSourcedId"), CSVColumn("givenName", required: true),
        CSVColumn("familyName", required: true), CSVColumn("email", required: true), CSVColumn("grades"),
    ]

    /// Throws `ONEROSTER_INVALID` and the file errors of `CSVRows`, naming the file.
    static func read(_ set: OneRosterSet) throws(NodeError) -> OneRosterRoster {
        let manifest = try OneRosterManifest(set)
        guard var users = try OneRosterFile("users.csv", of: set, manifest, userColumns) else {
            throw NodeError(
                .noRows, "The set has no users.csv, and so no teachers.",
                hint: "Export it with users; other files alone change nothing.")
        }
        var context = try OneRosterContext(set, manifest)
        var records: [RosterRecord] = []
        var learners = 0, disabled = 0, unknown = 0
        var hasGrade = false
        while let user = try users.next() {
            let role = context.role(of: user, column: user[1])
            switch role {
            case .learner: learners += 1
            case .other: continue
            case .unknown where !user.isRemoved: unknown += 1
            case .unknown, .teacher:
                let isDisabled = user[0] == "false"
                if isDisabled { disabled += 1 }
                // In a full list a disabled user is one who is missing.
                if isDisabled, users.mode == .bulk { continue }
                if !user[7].isEmpty { hasGrade = true }
                records.append(record(user, context, removes: user.isRemoved || isDisabled))
            }
        }
        context.remark(
            learners, "LEARNERS_NOT_KEPT", "learners in the set: none is kept, seats take ids only")
        context.remark(disabled, "DISABLED_USERS", "teachers have enabledUser false and count as missing")
        context.remark(unknown, "ROLE_UNKNOWN", "users were passed over: the set doesn't say their role")
        return OneRosterRoster(
            sheet: RosterSheet(records: records, notices: context.notices, hasGrade: hasGrade),
            year: context.year, isDelta: users.mode == .delta)
    }

    private static func record(
        _ user: OneRosterFile.Record, _ context: OneRosterContext, removes: Bool
    ) -> RosterRecord {
        let name = NormalForm.text("\(user[4]) \(user[5])")
        let email = NormalForm.email(user[6])
        let grade = user[7]
        let school = context.school(of: user)
        var problems = user.problems
        if email.isEmpty { problems.append(RowProblem(.missingValue, "email is empty.", column: "email")) }
        if !removes {
            if name.isEmpty {
                problems.append(
                    RowProblem(.missingValue, "givenName and familyName are empty.", column: "givenName"))
            }
            if school == nil, context.knowsOrgs {
                problems.append(
                    RowProblem(
                        .missingValue, "The teacher belongs to no school of orgs.csv.",
                        column: "orgSourcedIds"
                    ))
            }
        }
        problems += RosterSheet.problems(name: name, email: email, grade: grade)
        var mentions = RosterMentions(emails: [email], names: [])
        if !problems.isEmpty {
            let found = RosterSheet.mentions(user.row, email: email)
            let isUsable = EmailAddress.isValid(email)
            mentions = RosterMentions(
                emails: found.emails + (isUsable ? [email] : []),
                names: isUsable ? [] : found.names + [NormalForm.matchKey(name)])
        }
        return RosterRecord(
            row: user.row.number, building: school?.name ?? "", schoolNumber: school?.identifier ?? "",
            name: name, email: email, grade: grade,
            problem: RowMessage.joining(row: user.row.number, problems), mentions: mentions,
            removes: removes)
    }
}
