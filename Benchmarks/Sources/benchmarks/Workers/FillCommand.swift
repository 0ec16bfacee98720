import ArgumentParser
import NodeCore

/// Writes sessions that are over and who attended, each a teacher of the roster by her address.
struct FillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fill", abstract: "One process: write attendances.", shouldDisplay: false)

    /// Rows of one transaction.
    private static let chunk = 50_000
    /// Attendances of a session, about.
    private static let perSession = 50

    @Option var data: String
    @Option var attendances: Int

    func run() throws {
        Worker.limitTime()
        let installation = try Sites.open(data)
        let tenant = try installation.tenant(nil)
        let (teachers, year) = try TeacherService(tenant, actor: installation.operator).list(
            year: nil, all: true)
        // Nobody attends a session twice: of each round a teacher has another one.
        let rounds = (attendances - 1) / teachers.count + 1
        let sessions = max(attendances / Self.perSession, rounds)
        let ids = (0..<sessions).map {
            tenant.identifiers.derived(table: Schema.session.name, key: "S-\($0)")
        }
        try write(sessions, installation, tenant) { number, transaction in
            try transaction.put(Schema.session, id: ids[number], Self.session(number, year))
        }
        try write(attendances, installation, tenant) { number, transaction in
            let teacher = number % teachers.count, round = number / teachers.count
            try transaction.put(
                Schema.attendance, id: transaction.freshID(),
                Self.attendance(of: teachers[teacher], in: ids[(teacher + round) % sessions]))
        }
        try Worker.print(WorkerReport())
    }

    private func write(
        _ count: Int, _ installation: Installation, _ tenant: OpenTenant,
        _ row: (Int, LocalTransaction) throws -> Void
    ) throws {
        for start in stride(from: 0, to: count, by: Self.chunk) {
            try tenant.store.write(as: installation.operator, origin: tenant.origin) { transaction in
                transaction.audit(AuditAction("sessions.import", targetType: "session_import"))
                for number in start..<min(start + Self.chunk, count) { try row(number, transaction) }
            }
        }
    }

    private static func session(_ number: Int, _ year: AcademicYear) -> [String: Value] {
        let day = number % 28 + 1
        return [
            "external_id": .text("S-\(number)"), "title": .text("Session \(number)"), "status": "Completed",
            "date": .text("\(year.firstDay.prefix(4))-10-\(day < 10 ? "0" : "")\(day)"), "duration": "45",
        ]
    }

    private static func attendance(of teacher: Teacher, in session: String) -> [String: Value] {
        [
            "session_id": .text(session), "role": "Educator", "name": .text(teacher.name),
            "email": .text(teacher.email), "school": .text(teacher.school), "educators_registered": 1,
            "educators_attended": 1,
        ]
    }
}
