import Foundation
import GRDB

/// Imports rosters.
public struct RosterService {
    let installation: Installation
    let tenant: OpenTenant
    let actor: Actor

    /// How long a held import can be approved, milliseconds.
    public static let heldMilliseconds: Int64 = 14 * 86_400_000

    public init(_ installation: Installation, _ tenant: OpenTenant, actor: Actor) {
        self.installation = installation
        self.tenant = tenant
        self.actor = actor
    }

    public struct Options: Sendable {
        public var year: String?
        public var additive = false
        public var approvedDeactivations: Int?
        public var dryRun = false
        /// Called with changes written and changes to write.
        public var progress: @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
        public init() {}
    }

    public struct Outcome: Sendable {
        public let importID: String
        public let year: AcademicYear
        public let plan: RosterPlan
        public let notices: [Notice]
        /// Whether anything was written (or, in a dry run, would be).
        public let changes: Bool
        public var isHeld: Bool { plan.held != nil }
    }

    /// The academic year of today in the tenant's time zone.
    static func currentYear(in reader: StoreReader, _ environment: Environment) throws -> AcademicYear {
        let zone = TimeZone(identifier: try reader.tenant().timeZone) ?? .gmt
        let instant = Date(timeIntervalSince1970: Double(environment.clock.milliseconds()) / 1000)
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let parts = calendar.dateComponents([.year, .month, .day], from: instant)
        return AcademicYear.containing(year: parts.year ?? 1970, month: parts.month ?? 1, day: parts.day ?? 1)
    }

    /// Applies a roster file: good rows are written in one transaction, rows in error are reported.
    ///
    /// Throws the file errors of `RosterSheet.parse` with nothing written. A plan that would
    /// deactivate too many is kept for `approve` and returned as held.
    public func importFile(_ bytes: [UInt8], _ options: Options) throws -> Outcome {
        let sheet = try RosterSheet.parse(bytes)
        let outcome = try tenant.store.write(as: actor, origin: tenant.origin, dryRun: options.dryRun) {
            transaction in
            try transaction.replica.requireWritable()
            return try apply(sheet, options, in: transaction)
        }
        if outcome.isHeld, !options.dryRun { try keep(bytes, outcome) }
        if !outcome.changes, !outcome.isHeld, !options.dryRun {
            try installation.note(
                "roster.import", "import \(outcome.importID) changed nothing, \(outcome.plan.records) records"
            )
        }
        return outcome
    }

    /// Applies a held import, if it would still deactivate as many teachers as when it was held.
    public func approve(_ id: String, dryRun: Bool = false) throws -> Outcome {
        let now = installation.environment.clock.milliseconds()
        let row = try installation.control.read {
            try Row.fetchOne(
                $0,
                sql:
                    "SELECT year, deactivations, file FROM held_import WHERE id = ? AND tenant = ? AND created_at > ?",
                arguments: [id, tenant.slug, now - Self.heldMilliseconds])
        }
        guard let row else {
            throw NodeError(
                .importNotFound, "there is no held import \(id)",
                hint:
                    "Held imports are kept for 14 days on the installation that made them; import the file again."
            )
        }
        var options = Options()
        options.year = row[0]
        options.approvedDeactivations = row[1]
        options.dryRun = dryRun
        let outcome = try importFile(Array(row[2] as Data), options)
        if !dryRun {
            try installation.control.write {
                try $0.execute(sql: "DELETE FROM held_import WHERE id = ?", arguments: [id])
            }
        }
        return outcome
    }

    private func apply(_ sheet: RosterSheet, _ options: Options, in transaction: LocalTransaction) throws
        -> Outcome
    {
        let reader = transaction.replica
        let year =
            try options.year.map { try TeacherService(tenant, actor: actor).year($0, in: reader) }
            ?? Self.currentYear(in: reader, installation.environment)
        let plan = try makePlan(sheet, year: year, options, reader)
        let id = try transaction.freshID()
        let conflicts = try reader.conflicts().count
        if plan.held == nil, !plan.changesNothing {
            transaction.audit(AuditAction("roster.import", targetType: "roster_import", targetID: id))
            try write(plan, year: year, id: id, options, in: transaction)
        }
        return Outcome(
            importID: id, year: year, plan: plan,
            notices: sheet.notices
                + settledNotice(conflicts - (conflicts == 0 ? 0 : try reader.conflicts().count)),
            changes: plan.held == nil && !plan.changesNothing)
    }

    /// An import that writes a cell in conflict settles it: said, never silent.
    private func settledNotice(_ count: Int) -> [Notice] {
        guard count > 0 else { return [] }
        return [
            Notice(
                "CONFLICTS_SETTLED",
                "the import wrote values for \(count) cells in conflict and so settled them",
                hint: "`node-cli conflicts list --state resolved` shows the values that lost.")
        ]
    }

    private func makePlan(
        _ sheet: RosterSheet, year: AcademicYear, _ options: Options, _ reader: StoreReader
    ) throws -> RosterPlan {
        let schools = try reader.schools().map { RosterSchool(id: $0.id, name: $0.name) }
        let teachers = try reader.teachers(year: year, all: true).map { teacher in
            RosterTeacher(
                id: teacher.id, name: teacher.name, email: teacher.email, schoolID: teacher.schoolID,
                grade: teacher.grade, active: teacher.active, inYear: teacher.yearID != nil,
                handDeactivated: teacher.handDeactivated)
        }
        return RosterPlan.make(
            sheet: sheet, schools: schools, teachers: teachers,
            options: RosterOptions(
                additive: options.additive, approvedDeactivations: options.approvedDeactivations))
    }

    private func write(
        _ plan: RosterPlan, year: AcademicYear, id: String, _ options: Options,
        in transaction: LocalTransaction
    ) throws {
        try transaction.put(
            Schema.rosterImport, id: id,
            [
                "at": .int(transaction.now), "year": .text(year.description),
                "additive": .bool(options.additive),
                "records": .int(Int64(plan.records)), "created": .int(Int64(plan.created)),
                "updated": .int(Int64(plan.updated)), "unchanged": .int(Int64(plan.unchanged)),
                "deactivated": .int(Int64(plan.deactivated)), "skipped": .int(Int64(plan.skipped)),
                "row_errors": .int(Int64(plan.rowErrors)),
            ])
        // The same on both sides for the same roster, or each teacher would be a conflict of two import
        // ids; the delta says which import a row came with.
        let source = "import"
        let total = plan.created + plan.updated + plan.deactivated
        var done = 0
        func step() {
            done += 1
            if done % 256 == 0 { options.progress(done, total) }
        }
        for create in plan.creates {
            step()
            let teacher = try transaction.teacherID(email: create.record.email)
            try transaction.put(
                Schema.teacher, id: teacher,
                ["email": .text(create.record.email), "name": .text(create.record.name)])
            try transaction.putTeacherYear(
                teacher: teacher, year: year, school: create.schoolID, grade: create.record.grade,
                source: source)
        }
        for update in plan.updates {
            step()
            try write(update, year: year, source: source, in: transaction)
        }
        for teacher in plan.deactivations {
            step()
            let row = transaction.teacherYearID(teacher: teacher, year: year)
            try transaction.edit(Schema.teacherYear, id: row, ["active": 0])
        }
    }

    private func write(
        _ update: RosterUpdate, year: AcademicYear, source: String, in transaction: LocalTransaction
    ) throws {
        if let name = update.name {
            try transaction.edit(Schema.teacher, id: update.teacherID, ["name": .text(name)])
        }
        if update.addToYear {
            return try transaction.putTeacherYear(
                teacher: update.teacherID, year: year, school: update.schoolID, grade: update.grade ?? "",
                source: source,
                active: update.activate)
        }
        var values: [String: Value] = [:]
        if let school = update.schoolID { values["school_id"] = .text(school) }
        if let grade = update.grade { values["grade"] = .text(grade) }
        if update.activate { values["active"] = 1 }
        guard !values.isEmpty else { return }
        values["source"] = .text(source)
        try transaction.edit(
            Schema.teacherYear, id: transaction.teacherYearID(teacher: update.teacherID, year: year), values)
    }

    private func keep(_ bytes: [UInt8], _ outcome: Outcome) throws {
        try installation.control.write { db in
            let now = installation.environment.clock.milliseconds()
            try db.execute(
                sql: "DELETE FROM held_import WHERE created_at <= ?", arguments: [now - Self.heldMilliseconds]
            )
            try db.execute(
                sql: "INSERT INTO held_import VALUES (?, ?, ?, ?, ?, ?)",
                arguments: [
                    outcome.importID, tenant.slug, now, outcome.year.description,
                    outcome.plan.held?.deactivations ?? 0, Data(bytes),
                ])
        }
    }
}
