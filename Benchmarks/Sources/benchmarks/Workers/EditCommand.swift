import ArgumentParser
import Foundation
import GRDB
import NodeCore

/// Writes every column that people edit of teachers and their years, so that hub and node differ in each.
struct EditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit", abstract: "One measured process: edit rows.", shouldDisplay: false)

    /// Columns of a teacher and her year that end in conflict. What she was called before is remembered by
    /// both sides and no conflict.
    static let columns = 7
    /// Rows of one transaction.
    private static let chunk = 10_000

    @Option var data: String
    /// Rows, two a teacher.
    @Option var rows: Int
    /// Stands in the values, and decides those of two kinds: `hub` or `node`.
    @Option var mark: String

    func run() throws {
        Worker.limitTime()
        let installation = try Sites.open(data)
        let tenant = try installation.tenant(Sites.slug)
        let teachers = try teachers(tenant.store.path)
        guard teachers.count == rows / Sizes.rowsPerTeacher, let school = school(of: teachers) else {
            throw Worker.Failure(description: "there are \(teachers.count) teachers to edit")
        }
        let perChunk = Self.chunk / Sizes.rowsPerTeacher
        let time = try seconds {
            for start in stride(from: 0, to: teachers.count, by: perChunk) {
                try tenant.store.write(as: installation.operator, origin: tenant.origin) { transaction in
                    transaction.audit(AuditAction("teacher.edit", targetType: "teacher"))
                    for number in start..<min(start + perChunk, teachers.count) {
                        try edit(teachers[number], number, school, in: transaction)
                    }
                }
            }
        }
        var report = WorkerReport()
        report.seconds = [time]
        try Worker.print(report)
    }

    private func edit(
        _ teacher: (id: String, year: String, school: String), _ number: Int, _ school: String,
        in transaction: LocalTransaction
    ) throws {
        let isHub = mark == "hub"
        try transaction.edit(
            Schema.teacher, id: teacher.id,
            ["name": .text("\(mark) \(number)"), "email": .text("\(mark)\(number)@edited.example")],
            force: true)
        try transaction.edit(
            Schema.teacherYear, id: teacher.year,
            [
                "school_id": .text(school), "grade": .text(mark), "active": .int(isHub ? 1 : 0),
                "source": .text(mark), "hand_deactivated": .int(isHub ? 0 : 1),
            ], force: true)
    }

    /// Another one on either side.
    private func school(of teachers: [(id: String, year: String, school: String)]) -> String? {
        let schools = Set(teachers.map(\.school)).sorted()
        guard schools.count > 1 else { return nil }
        return mark == "hub" ? schools[0] : schools[1]
    }

    private func teachers(_ path: String) throws -> [(id: String, year: String, school: String)] {
        var configuration = GRDB.Configuration()
        configuration.readonly = true
        return try DatabaseQueue(path: path, configuration: configuration).read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT t.id, y.id, y.school_id FROM teacher t JOIN teacher_year y ON y.teacher_id = t.id
                    ORDER BY t.id
                    """
            ).map { ($0[0], $0[1], $0[2]) }
        }
    }
}
