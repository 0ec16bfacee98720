import CBaselines
import Foundation
import NodeCore

/// The usage report of a year and the preview of a roster, against SQL that reads the same rows.
struct ReportMeasurement {
    /// Each so many teachers have another name in the roster that is previewed.
    private static let renamed = 100

    private let sizes: Sizes
    private let folder: Folder

    init(_ sizes: Sizes, _ folder: Folder) {
        self.sizes = sizes
        self.folder = folder
    }

    func figures() throws -> [Figure] {
        let path = folder("reports")
        defer { Sites.remove([path, roster]) }
        let file = try Sites.makeHub(path).directory.tenantFile(slug: Sites.slug)
        try writeRoster()
        _ = try Worker.run(["import", "--data", path, "--roster", roster])
        _ = try Worker.run(["fill", "--data", path, "--attendances", "\(sizes.attendances)"])
        return [try usage(path, file), try diff(path, file)]
    }

    private var roster: String { folder("roster.csv") }

    private func writeRoster(renaming every: Int? = nil) throws {
        var generator = RosterGenerator(seed: 5)
        let csv = generator.csv(teachers: 0..<sizes.reportTeachers, renaming: every)
        try Data(csv).write(to: URL(fileURLWithPath: roster))
    }

    private func usage(_ path: String, _ file: String) throws -> Figure {
        let report = try Worker.run([
            "usage", "--data", path, "--times", "\(sizes.repeats)", "--attendances", "\(sizes.attendances)",
        ])
        let sql = """
            SELECT count(DISTINCT a.session_id) FROM attendance a JOIN session s ON s.id = a.session_id
            JOIN teacher t ON t.email = a.email
            WHERE a.role = 'Educator' AND a.educators_attended >= 1 AND s.status = 'Completed' GROUP BY t.id
            """
        let queries = try (0..<sizes.repeats).map { _ in try query(sql, file) }
        guard queries.allSatisfy({ $0.sum == sizes.attendances }) else {
            throw Worker.Failure(description: "SQL counts other attendances than were written")
        }
        return figure(
            "Report:Usage:\(sizes.attendances)", report, against: "one SQL query, C", queries,
            ["attendances": Double(sizes.attendances), "teachers": Double(sizes.reportTeachers)])
    }

    private func diff(_ path: String, _ file: String) throws -> Figure {
        try writeRoster(renaming: Self.renamed)
        let updates = (sizes.reportTeachers - 1) / Self.renamed + 1
        let report = try Worker.run([
            "diff", "--data", path, "--roster", roster, "--times", "\(sizes.repeats)",
            "--updates", "\(updates)", "--unchanged", "\(sizes.reportTeachers - updates)",
        ])
        let sql = """
            SELECT y.active, t.id, t.name, t.email, y.school_id, y.grade FROM teacher t
            JOIN teacher_year y ON y.teacher_id = t.id
            """
        let queries = try (0..<sizes.repeats).map { _ in try query(sql, file) }
        guard queries.allSatisfy({ $0.rows == sizes.reportTeachers }) else {
            throw Worker.Failure(description: "SQL finds other teachers than were written")
        }
        return figure(
            "Roster:Diff:\(sizes.reportTeachers)", report, against: "reading the rows, C", queries,
            ["teachers": Double(sizes.reportTeachers), "updates": Double(updates)])
    }

    private func query(_ sql: String, _ file: String) throws -> baseline_answer {
        var answer = baseline_answer()
        try Baseline.check(baseline_query(file, sql, RunOptions.cacheKiB, &answer))
        return answer
    }

    /// The first of the repetitions began with an empty page cache.
    private func figure(
        _ name: String, _ report: WorkerReport, against: String, _ queries: [baseline_answer],
        _ details: [String: Double]
    ) -> Figure {
        let more = [
            "first_seconds": report.seconds[0], "peak_mib": report.peakMiB,
            "cpu_seconds": report.cpuSeconds / Double(report.seconds.count),
        ]
        return Figure(
            name, .seconds, report.seconds, against: against, queries.map(\.cost.wall),
            details: details.merging(more) { $1 }, targets: [.ours(atMost: 1)])
    }
}
