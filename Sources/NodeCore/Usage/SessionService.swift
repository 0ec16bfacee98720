/// Imports session exports and keeps what people decide about names that nobody could match.
public struct SessionService {
    let installation: Installation
    let tenant: OpenTenant
    let actor: Actor

    public init(_ installation: Installation, _ tenant: OpenTenant, actor: Actor) {
        self.installation = installation
        self.tenant = tenant
        self.actor = actor
    }

    public struct Outcome: Sendable {
        public let importID: String
        public let plan: SessionPlan
        /// The file's educators by what they are matched to after the import.
        public let matched: Int
        public let unmatched: Int
        public let ignored: Int
        public let notices: [Notice]
    }

    // MARK: Import

    /// Takes an export in one transaction: good records are written, those in error reported. A file that says
    /// nothing new writes nothing. Throws the file errors of `SessionSheet.parse`, `TENANT_INACTIVE`.
    public func importFile(
        _ bytes: [UInt8], dryRun: Bool = false,
        progress: @escaping (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws -> Outcome {
        let sheet = try SessionSheet.parse(bytes)
        let outcome = try write(dryRun: dryRun) { transaction in
            let replica = transaction.replica
            let plan = try SessionPlanner.plan(
                sheet, transaction.identifiers, isErased: replica.isErased()
            ) { try replica.shown($0, id: $1) }
            let id = try transaction.freshID()
            if !plan.changesNothing {
                transaction.audit(AuditAction("sessions.import", targetType: "session_import", targetID: id))
                try keep(plan, in: transaction, progress)
            }
            return try count(id, plan, sheet.notices, in: replica)
        }
        if outcome.plan.changesNothing, !dryRun {
            try installation.note(
                "sessions.import",
                "import \(outcome.importID) changed nothing, \(outcome.plan.records) records")
        }
        return outcome
    }

    private func keep(
        _ plan: SessionPlan, in transaction: LocalTransaction, _ progress: (Int, Int) -> Void
    ) throws {
        let total = plan.sessions.count + plan.attendances.count
        var done = 0
        for (table, writes) in [(Schema.session, plan.sessions), (Schema.attendance, plan.attendances)] {
            for write in writes {
                if write.isNew {
                    try transaction.put(table, id: write.id, write.values)
                } else {
                    try transaction.edit(table, id: write.id, write.values)
                }
                done += 1
                if done % 256 == 0 { progress(done, total) }
            }
        }
    }

    private func count(
        _ id: String, _ plan: SessionPlan, _ notices: [Notice], in reader: StoreReader
    ) throws -> Outcome {
        let (records, matching) = try reader.educators()
        let ours = Set(plan.educators)
        var matched = 0, unmatched = 0, ignored = 0
        for record in records where ours.contains(record.id) {
            switch matching.outcome(record) {
            case .teacher: matched += 1
            case .ignored: ignored += 1
            case .unmatched: unmatched += 1
            }
        }
        return Outcome(
            importID: id, plan: plan, matched: matched, unmatched: unmatched, ignored: ignored,
            notices: notices)
    }

    // MARK: The queue

    /// Everybody whom nobody could match, of any year.
    public func unmatched() throws -> [UnmatchedEducator] {
        try tenant.store.read { reader in
            let (records, matching) = try reader.educators()
            return UnmatchedEducator.queue(records, matching, tenant.identifiers)
        }
    }

    /// Every decision, by name.
    public func decisions() throws -> [MatchDecision] {
        try tenant.store.read { try $0.matchDecisions() }.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
    }

    /// Says that a person of the exports is a teacher. `who`: an entry's id, or a name that only one has;
    /// `teacher`: id or e-mail. Throws `RECORD_NOT_FOUND`, `TEACHER_NOT_FOUND`, `CONFLICT`.
    public func match(_ who: String, to teacher: String, dryRun: Bool = false) throws -> MatchDecision {
        try decide(who, "sessions.match", dryRun: dryRun) { reader in
            let service = TeacherService(tenant, actor: actor)
            return try service.find(teacher, year: service.year(nil, in: reader), in: reader).id
        }
    }

    /// Takes a person of the exports, who is no teacher of the district, out of the queue. Throws
    /// `RECORD_NOT_FOUND`, `CONFLICT`.
    public func ignore(_ who: String, dryRun: Bool = false) throws -> MatchDecision {
        try decide(who, "sessions.ignore", dryRun: dryRun) { _ in nil }
    }

    /// Takes a decision back. Throws `RECORD_NOT_FOUND`, `CONFLICT`.
    public func reopen(_ who: String, dryRun: Bool = false) throws -> MatchDecision {
        try write(dryRun: dryRun) { transaction in
            let decisions = try transaction.replica.matchDecisions()
            let key = PersonName.matchKey(who)
            let decision = try Self.one(
                decisions.filter { $0.id == who },
                else: decisions.filter { PersonName.matchKey($0.name) == key },
                id: \.id, hint: "`node-cli sessions decisions` lists them.")
            transaction.audit(
                AuditAction("sessions.reopen", targetType: "session_match", targetID: decision.id))
            try transaction.delete(Schema.sessionMatch, id: decision.id)
            return decision
        }
    }

    private func decide(
        _ who: String, _ action: String, dryRun: Bool, teacher: (StoreReader) throws -> String?
    ) throws -> MatchDecision {
        try write(dryRun: dryRun) { transaction in
            let record = try find(who, in: transaction.replica)
            let teacher = try teacher(transaction.replica)
            let id = record.decisionID(transaction.identifiers)
            transaction.audit(AuditAction(action, targetType: "session_match", targetID: id))
            let verdict: [String: Value] = [
                "teacher_id": .optional(teacher), "ignored": .bool(teacher == nil),
            ]
            if try transaction.replica.shown(Schema.sessionMatch, id: id) != nil {
                try transaction.edit(Schema.sessionMatch, id: id, verdict)
            } else {
                let person: [String: Value] = [
                    "user_id": .text(record.userID), "email": .text(record.email),
                    "name": .text(record.name), "school": .text(record.school),
                ]
                try transaction.put(Schema.sessionMatch, id: id, person.merging(verdict) { $1 })
            }
            return MatchDecision(
                id: id, userID: record.userID, email: record.email, name: record.name, school: record.school,
                teacherID: teacher, isIgnored: teacher == nil)
        }
    }

    /// Some record of the person that is meant: matched or not, so that a wrong match can be put right.
    private func find(_ who: String, in reader: StoreReader) throws -> EducatorRecord {
        var people: [String: EducatorRecord] = [:]
        for record in try reader.educatorRecords().reversed() {
            people[record.decisionID(tenant.identifiers)] = record
        }
        let key = PersonName.matchKey(who)
        let named = people.filter { PersonName.matchKey($0.value.name) == key }.sorted { $0.key < $1.key }
        return try Self.one(
            people.filter { $0.key == who }.map(\.value), else: named.map(\.value),
            id: { $0.decisionID(tenant.identifiers) }, hint: "`node-cli sessions unmatched` lists them.")
    }

    private static func one<T>(
        _ byID: [T], else named: [T], id: (T) -> String, hint: String
    ) throws -> T {
        if let first = byID.first ?? (named.count == 1 ? named[0] : nil) { return first }
        guard named.isEmpty else {
            throw NodeError(
                .conflict, "several people have that name: \(named.map(id).joined(separator: ", "))",
                hint: "Name the one you mean by its row id.")
        }
        throw NodeError(.recordNotFound, "the imported sessions name nobody like that", hint: hint)
    }

    private func write<T>(dryRun: Bool, _ body: (LocalTransaction) throws -> T) throws -> T {
        try tenant.store.write(as: actor, origin: tenant.origin, dryRun: dryRun) { transaction in
            try transaction.replica.requireWritable()
            return try body(transaction)
        }
    }
}
