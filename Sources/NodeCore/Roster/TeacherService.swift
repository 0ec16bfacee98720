/// Single changes to teachers.
public struct TeacherService {
    let tenant: OpenTenant
    let actor: Actor
    let environment: Environment

    public init(_ tenant: OpenTenant, actor: Actor) {
        self.tenant = tenant
        self.actor = actor
        environment = tenant.store.environment
    }

    /// The named year, or the latest with a roster, or the current one.
    public func year(_ text: String?, in reader: StoreReader) throws -> AcademicYear {
        if let text {
            guard let year = AcademicYear(text) else {
                throw NodeError(
                    .validation, "'\(text)' is no academic year", hint: "Write it as 2025-2026.",
                    field: "year")
            }
            return year
        }
        return try reader.latestRosterYear() ?? RosterService.currentYear(in: reader, environment)
    }

    public func list(year text: String?, all: Bool) throws -> (teachers: [Teacher], year: AcademicYear) {
        try tenant.store.read { reader in
            let year = try year(text, in: reader)
            return (try reader.teachers(year: year, all: all), year)
        }
    }

    /// Throws `TEACHER_NOT_FOUND`, or `CONFLICT` when two rows carry the address.
    public func show(_ idOrEmail: String, year text: String? = nil) throws -> Teacher {
        try tenant.store.read { try find(idOrEmail, year: year(text, in: $0), in: $0) }
    }

    func find(_ idOrEmail: String, year: AcademicYear, in reader: StoreReader) throws -> Teacher {
        let matches = try reader.teachers(matching: idOrEmail, year: year)
        if let exact = matches.first(where: { $0.id == idOrEmail }) { return exact }
        guard let first = matches.first else {
            throw NodeError(
                .teacherNotFound, "there is no teacher with that id or address",
                hint: "`node-cli teacher list --all` shows every teacher.")
        }
        guard matches.count == 1 else {
            throw NodeError(
                .conflict,
                "\(matches.count) teachers have that address: \(matches.map(\.id).joined(separator: ", "))",
                hint: "Name the one you mean by its id.")
        }
        return first
    }

    public struct Edit: Sendable {
        public var name: String?
        public var school: String?
        public var grade: String?
        public var email: String?
        public init(name: String? = nil, school: String? = nil, grade: String? = nil, email: String? = nil) {
            self.name = name
            self.school = school
            self.grade = grade
            self.email = email
        }
        var isEmpty: Bool { name == nil && school == nil && grade == nil && email == nil }
    }

    /// Changes the named fields; fields that already have the value are left alone.
    public func edit(_ idOrEmail: String, _ edit: Edit, year text: String?, dryRun: Bool = false) throws
        -> Teacher
    {
        guard !edit.isEmpty else {
            throw NodeError(
                .usage, "nothing to change was named", hint: "Give --name, --school, --grade or --email.")
        }
        return try change(idOrEmail, "teacher.edit", year: text, dryRun: dryRun) {
            transaction, teacher, year in
            var person: [String: Value] = [:]
            if let name = edit.name { person["name"] = .text(try checkedName(name)) }
            if let email = edit.email {
                person["email"] = .text(
                    try checkedEmail(email, except: teacher.id, year, transaction.replica))
            }
            if !person.isEmpty { try transaction.edit(Schema.teacher, id: teacher.id, person) }
            var yearly: [String: Value] = [:]
            if let grade = edit.grade { yearly["grade"] = .text(try checkedGrade(grade)) }
            if let school = edit.school {
                yearly["school_id"] = .text(try schoolID(school, transaction.replica))
            }
            guard !yearly.isEmpty else { return }
            if let id = teacher.yearID {
                try transaction.edit(Schema.teacherYear, id: id, yearly)
            } else {
                try transaction.putTeacherYear(
                    teacher: teacher.id, year: year, school: yearly["school_id"]?.text,
                    grade: yearly["grade"]?.text ?? "", source: "hand")
            }
        }
    }

    /// A deactivation by hand survives roster imports.
    public func setActive(_ idOrEmail: String, _ active: Bool, year text: String?, dryRun: Bool = false)
        throws
        -> Teacher
    {
        let action = active ? "teacher.reactivate" : "teacher.deactivate"
        return try change(idOrEmail, action, year: text, dryRun: dryRun) { transaction, teacher, year in
            guard let id = teacher.yearID else {
                throw NodeError(
                    .teacherNotFound, "the teacher isn't in the roster of \(year)",
                    hint: "Name another year with --year.")
            }
            try transaction.edit(
                Schema.teacherYear, id: id, ["active": .bool(active), "hand_deactivated": .bool(!active)])
        }
    }

    /// Adds a teacher by hand. Throws `EMAIL_TAKEN`, `SCHOOL_NOT_FOUND`, `VALIDATION_ERROR`.
    public func add(
        name: String, email: String, school: String, grade: String?, year text: String?, dryRun: Bool
    )
        throws
        -> Teacher
    {
        var address = ""
        return try run(dryRun: dryRun) { transaction in
            let year = try year(text, in: transaction.replica)
            address = try checkedEmail(email, except: nil, year, transaction.replica)
            let id = try transaction.teacherID(email: address)
            transaction.audit(AuditAction("teacher.add", targetType: "teacher", targetID: id))
            try transaction.put(
                Schema.teacher, id: id, ["email": .text(address), "name": .text(try checkedName(name))])
            try transaction.putTeacherYear(
                teacher: id, year: year, school: try schoolID(school, transaction.replica),
                grade: try checkedGrade(grade ?? ""), source: "hand")
            return try find(id, year: year, in: transaction.replica)
        }
    }

    private func change(
        _ idOrEmail: String, _ action: String, year text: String?, dryRun: Bool,
        _ body: (LocalTransaction, Teacher, AcademicYear) throws -> Void
    ) throws -> Teacher {
        try run(dryRun: dryRun) { transaction in
            let year = try year(text, in: transaction.replica)
            let teacher = try find(idOrEmail, year: year, in: transaction.replica)
            transaction.audit(AuditAction(action, targetType: "teacher", targetID: teacher.id))
            try body(transaction, teacher, year)
            return try find(teacher.id, year: year, in: transaction.replica)
        }
    }

    private func run<T>(dryRun: Bool, _ body: (LocalTransaction) throws -> T) throws -> T {
        try tenant.store.write(as: actor, origin: tenant.origin, dryRun: dryRun) { transaction in
            try transaction.replica.requireWritable()
            return try body(transaction)
        }
    }

    // MARK: Fields

    private func checkedName(_ raw: String) throws -> String {
        let name = NormalForm.text(raw)
        guard !name.isEmpty, name.count <= RosterSheet.maxNameLength, NormalForm.firstControl(in: name) == nil
        else {
            throw NodeError(.validation, "the name must have 1 to 255 printable characters", field: "name")
        }
        return name
    }

    private func checkedGrade(_ raw: String) throws -> String {
        let grade = NormalForm.text(raw)
        guard grade.count <= RosterSheet.maxGradeLength, NormalForm.firstControl(in: grade) == nil else {
            throw NodeError(
                .validation, "the grade must have at most 20 printable characters", field: "grade")
        }
        return grade
    }

    private func checkedEmail(
        _ raw: String, except id: String?, _ year: AcademicYear, _ reader: StoreReader
    ) throws -> String {
        let email = NormalForm.email(raw)
        if let problem = EmailAddress.problem(email) {
            throw NodeError(
                .validation, problem.message, hint: "Write it as name@example.org.", field: "email")
        }
        guard try reader.teachers(matching: email, year: year).allSatisfy({ $0.id == id }) else {
            throw NodeError(
                .emailTaken, "another teacher has that address",
                hint: "`node-cli teacher show EMAIL` shows who.",
                field: "email")
        }
        return email
    }

    private func schoolID(_ text: String, _ reader: StoreReader) throws -> String {
        let schools = try reader.schools()
        if let exact = schools.first(where: { $0.id == text }) { return exact.id }
        let matcher = SchoolMatcher(schools.map { RosterSchool(id: $0.id, name: $0.name) })
        switch matcher.match(text) {
        case .school(let id): return id
        case .ambiguous(let matches):
            throw NodeError(
                .validation, "\(matches.count) schools are called '\(text)'",
                hint: "Name the one you mean by its id.",
                field: "school")
        case .none:
            let near = matcher.suggestions(for: text).joined(separator: ", ")
            throw NodeError(
                .schoolNotFound, "School not found: '\(text)'",
                hint: near.isEmpty ? "`node-cli school list` shows the schools." : "Near: \(near).",
                field: "school")
        }
    }
}

extension StoreReader {
    /// Throws `TENANT_INACTIVE` when the tenant has been deactivated.
    func requireWritable() throws {
        guard try tenant().active else {
            throw NodeError(
                .tenantInactive, "the tenant is deactivated",
                hint: "Ask PrepKC to activate it; reading and sync go on."
            )
        }
    }
}
