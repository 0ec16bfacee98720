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

    /// As `show`, inside a transaction.
    public func find(_ idOrEmail: String, year: AcademicYear, in reader: StoreReader) throws -> Teacher {
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

    /// Changes the named fields; fields that already have the value are left alone. Throws `StaleRecord`
    /// for named fields that moved since `seen`.
    public func edit(
        _ idOrEmail: String, _ edit: Edit, year text: String?, seen: SeenRecord = .unsaid,
        dryRun: Bool = false
    ) throws -> Teacher {
        guard !edit.isEmpty else {
            throw NodeError(
                .usage, "nothing to change was named", hint: "Give --name, --school, --grade or --email.")
        }
        return try change(idOrEmail, "teacher.edit", year: text, dryRun: dryRun) {
            transaction, teacher, year in
            var person: [String: Value] = [:]
            if let name = edit.name { person["name"] = .text(try TeacherFields.name(name)) }
            if let email = edit.email {
                person["email"] = .text(
                    try TeacherFields.email(email, except: teacher.id, transaction.replica))
            }
            var yearly: [String: Value] = [:]
            if let grade = edit.grade { yearly["grade"] = .text(try TeacherFields.grade(grade)) }
            if let school = edit.school {
                yearly["school_id"] = .text(try TeacherFields.schoolID(school, transaction.replica))
            }
            try seen.require(
                transaction.replica.version(of: teacher), sent: person.merging(yearly) { $1 },
                current: teacher.value)
            if !person.isEmpty { try transaction.edit(Schema.teacher, id: teacher.id, person) }
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
            address = try TeacherFields.email(email, except: nil, transaction.replica)
            let id = try transaction.teacherID(email: address)
            transaction.audit(AuditAction("teacher.add", targetType: "teacher", targetID: id))
            try transaction.put(
                Schema.teacher, id: id,
                ["email": .text(address), "name": .text(try TeacherFields.name(name))])
            try transaction.putTeacherYear(
                teacher: id, year: year, school: try TeacherFields.schoolID(school, transaction.replica),
                grade: try TeacherFields.grade(grade ?? ""), source: "hand")
            return try find(id, year: year, in: transaction.replica)
        }
    }

    /// Deletes a teacher, all who were merged into it, and their rows of every year; gives back what it was. Added again, the address
    /// meets the same row. Throws `TEACHER_NOT_FOUND`.
    public func delete(_ idOrEmail: String, year text: String? = nil, dryRun: Bool = false) throws -> Teacher
    {
        try run(dryRun: dryRun) { transaction in
            let year = try year(text, in: transaction.replica)
            let teacher = try find(idOrEmail, year: year, in: transaction.replica)
            transaction.audit(AuditAction("teacher.delete", targetType: "teacher", targetID: teacher.id))
            for id in try transaction.replica.teacherIDs(ofPerson: teacher.id) {
                for year in try transaction.replica.teacherYearIDs(teacher: id) {
                    try transaction.delete(Schema.teacherYear, id: year)
                }
                try transaction.delete(Schema.teacher, id: id)
            }
            return teacher
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

    func run<T>(dryRun: Bool, _ body: (LocalTransaction) throws -> T) throws -> T {
        try tenant.store.write(as: actor, origin: tenant.origin, dryRun: dryRun) { transaction in
            try transaction.replica.requireWritable()
            return try body(transaction)
        }
    }
}

extension StoreReader {
    /// Throws `TENANT_INACTIVE` when the tenant has been deactivated.
    public func requireWritable() throws {
        guard try tenant().active else { throw NodeError.deactivated }
    }
}
