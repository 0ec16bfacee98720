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
        /// Called with bytes of the file read and to read, then with changes written and to write.
        public var progress: @Sendable (_ phase: Phase, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
        public init() {}
    }

    /// What an import is doing.
    public enum Phase: Sendable { case reading, writing }

    public struct Outcome: Sendable {
        public let importID: String
        public let year: AcademicYear
        public let plan: RosterPlan
        public let notices: [Notice]
        /// The teachers who become inactive, or would; in a preview also what every record does.
        public let steps: [RosterStep]
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

    /// Applies a CSV file or a zipped OneRoster set.
    public func importFile(_ bytes: [UInt8], _ options: Options) throws -> Outcome {
        try importFile(RosterFile(bytes), options)
    }

    /// Applies a roster file: good rows are written in one transaction, rows in error are reported.
    ///
    /// Throws the file errors of `RosterFile` with nothing written. A plan that would
    /// deactivate too many is kept for `approve` and returned as held.
    public func importFile(_ file: RosterFile, _ options: Options) throws -> Outcome {
        let outcome = try tenant.store.write(as: actor, origin: tenant.origin, dryRun: options.dryRun) {
            transaction in
            try transaction.replica.requireWritable()
            return try apply(file, options, in: transaction)
        }
        if outcome.isHeld, !options.dryRun { try keep(file.bytes, outcome) }
        let isFull = !options.additive && !file.isDelta && outcome.plan.rowErrors < outcome.plan.records
        if isFull, !outcome.isHeld, !options.dryRun { try forget(outcome.year) }
        if !outcome.changes, !outcome.isHeld, !options.dryRun {
            try installation.note(
                "roster.import", "import \(outcome.importID) changed nothing, \(outcome.plan.records) records"
            )
        }
        return outcome
    }

    /// What an import would do, record by record; reads only.
    public func preview(_ file: RosterFile, _ options: Options) throws -> Outcome {
        try tenant.store.read { reader in
            let work = try plan(file, options, reader)
            return outcome("", work, file, steps: work.steps(.all), settled: 0)
        }
    }

    /// Applies a held import, if it would still deactivate as many teachers as when it was held.
    public func approve(
        _ id: String, dryRun: Bool = false,
        progress: @escaping @Sendable (Phase, Int, Int) -> Void = { _, _, _ in }
    ) throws -> Outcome {
        let (file, held) = try heldFile(id)
        var options = Options()
        options.year = held.year
        options.approvedDeactivations = held.deactivations
        options.dryRun = dryRun
        options.progress = progress
        let outcome = try importFile(file, options)
        if !dryRun { try discard(id) }
        return outcome
    }

    private func apply(_ file: RosterFile, _ options: Options, in transaction: LocalTransaction) throws
        -> Outcome
    {
        let reader = transaction.replica
        let work = try plan(file, options, reader)
        let id = try transaction.freshID()
        let conflicts = try reader.conflicts().count
        if work.writes {
            transaction.audit(AuditAction("roster.import", targetType: "roster_import", targetID: id))
            try write(work, id: id, options, in: transaction)
        }
        let settled = conflicts == 0 ? 0 : try conflicts - reader.conflicts().count
        return outcome(id, work, file, steps: work.steps(.deactivations), settled: settled)
    }

    private func outcome(
        _ id: String, _ work: RosterWork, _ file: RosterFile, steps: [RosterStep], settled: Int
    ) -> Outcome {
        Outcome(
            importID: id, year: work.year, plan: work.plan,
            notices: file.notices + reportNotice(work.plan) + settledNotice(settled), steps: steps,
            changes: work.writes)
    }

    /// A report that is cut says so; the counts are of all records.
    private func reportNotice(_ plan: RosterPlan) -> [Notice] {
        guard plan.messages > plan.rows.count else { return [] }
        return [
            Notice(
                "REPORT_CUT", "the report lists \(plan.rows.count) of \(plan.messages) messages",
                hint: "Mend what they say and import the file again.")
        ]
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

    private func plan(_ file: RosterFile, _ options: Options, _ reader: StoreReader) throws -> RosterWork {
        let year =
            try options.year.map { try TeacherService(tenant, actor: actor).year($0, in: reader) }
            ?? file.year ?? Self.currentYear(in: reader, installation.environment)
        let schools = try reader.rosterSchools()
        let teachers = try reader.rosterTeachers(year: year)
        var planner = RosterPlanner(
            hasGrade: file.hasGrade, schools: schools, teachers: teachers, records: file.records)
        let records = try file.forEach(progress: { options.progress(.reading, $0, $1) }) {
            planner.take($0, at: $1)
        }
        let additive = options.additive || file.isDelta
        let plan = planner.plan(
            records: records,
            options: RosterOptions(
                additive: additive, approvedDeactivations: options.approvedDeactivations))
        return RosterWork(
            plan: plan, year: year, additive: additive, form: file.form, schools: schools, teachers: teachers)
    }
}
