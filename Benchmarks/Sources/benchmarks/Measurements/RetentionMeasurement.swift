import Foundation
import NodeCore

/// Tenant files after a year of daily imports, with what was replaced let go of after some days and with everything
/// kept.
///
/// A file grows by what it holds and by what is recorded of each transaction: its signed envelope, its place in the
/// hub's log and the tree over it, its audit entry. None of that goes. What must not add up is what was
/// replaced: as many writes are to be kept at the end as half-way, and a delta's body is to leave no more than the rows
/// that say what was done.
struct RetentionMeasurement {
    /// Where nearly nothing changes, one teacher in so many does each day.
    private static let few = 20
    /// Tables that grow by a transaction and not by its rows.
    private static let log = ["sync_log", "sync_tree", "sync_checkpoint", "sync_receipt"]
    private static let audit = [Schema.auditEntry.name, Schema.rosterImport.name]
    /// Bytes that a year may need, a teacher who changes and day; twice so many for both sides.
    private static let room = (fixed: 64 << 20, perChange: 300, perTeacher: 4096)

    private let sizes: Sizes
    private let folder: Folder

    init(_ sizes: Sizes, _ folder: Folder) {
        self.sizes = sizes
        self.folder = folder
    }

    /// The same year twice.
    private struct Pair {
        let with: YearReport
        let without: YearReport

        /// From the look half-way to the last one.
        var days: Int { with.looks[3].day - with.looks[1].day }
    }

    func figures() throws -> [Figure] {
        let some = try pair(changed: max(1, sizes.yearTeachers / Self.few))
        let all = try pair(changed: sizes.yearTeachers)
        return [
            figure("YearHub", some) { $0.hub }, figure("YearNode", some) { $0.node },
            figure("YearHubAll", all) { $0.hub }, figure("YearNodeAll", all) { $0.node },
        ]
    }

    /// In memory, where there is room: sizes are measured, and an fsync changes none.
    private func pair(changed: Int) throws -> Pair {
        let needed =
            Self.room.fixed + sizes.yearTeachers * Self.room.perTeacher
            + changed * sizes.yearDays * Self.room.perChange
        let scratch = try Folder.inMemory(room: 2 * needed, else: folder.path)
        let keeps = [sizes.keepDays, 0]
        try Worker.runAll(
            keeps.map { keep in
                [
                    "year", "--data", scratch("keep-\(keep)"), "--out", scratch("report-\(keep)"),
                    "--teachers", "\(sizes.yearTeachers)", "--days", "\(sizes.yearDays)",
                    "--changed", "\(changed)", "--keep-days", "\(keep)",
                ]
            })
        let reports = try keeps.map { keep in
            try JSONDecoder().decode(
                YearReport.self, from: Data(contentsOf: URL(fileURLWithPath: scratch("report-\(keep)"))))
        }
        withExtendedLifetime(scratch) {}
        guard reports.allSatisfy({ $0.looks.count == YearReport.lookDays(sizes.yearDays).count }) else {
            throw Worker.Failure(description: "a year was not looked at four times")
        }
        return Pair(with: reports[0], without: reports[1])
    }

    private func figure(_ name: String, _ pair: Pair, _ side: (YearReport.Look) -> YearReport.Side) -> Figure
    {
        let with = pair.with.looks.map(side), without = pair.without.looks.map(side)
        var details = growth(with[1].size, with[3].size, days: Double(pair.days))
        for (number, look) in with.enumerated() {
            details["mib_q\(number + 1)"] = Self.mib(look.size.bytes)
            details["kept_writes_q\(number + 1)"] = Double(look.size.teacherWrites)
        }
        details["free_mib"] = Self.mib(with[3].size.freeBytes)
        details["bodies_mib_q2"] = Self.mib(with[1].size.bodyBytes)
        details["bodies_mib_q4"] = Self.mib(with[3].size.bodyBytes)
        details["kept_mib_q2"] = Self.mib(without[1].size.bytes)
        details["kept_bytes_per_day"] =
            Double(without[3].size.bytes - without[1].size.bytes) / Double(pair.days)
        details["retention_ms_q2"] = with[1].retentionSeconds * 1000
        details["retention_ms_q4"] = with[3].retentionSeconds * 1000
        details["import_ms_q2"] = pair.with.looks[1].importSeconds * 1000
        details["import_ms_q4"] = pair.with.looks[3].importSeconds * 1000
        details["sync_ms_q2"] = pair.with.looks[1].syncSeconds * 1000
        details["sync_ms_q4"] = pair.with.looks[3].syncSeconds * 1000
        return Figure(
            "Retention:\(name):\(sizes.yearTeachers)", .mebibytes, [Self.mib(with[3].size.bytes)],
            against: "everything kept", [Self.mib(without[3].size.bytes)], details: details,
            targets: [
                .detail("writes_growth", atMost: 1.1), .detail("body_bytes_per_delta", atMost: 1024),
            ])
    }

    /// The second half of the year, when as much goes as comes.
    private func growth(_ middle: TenantSize, _ end: TenantSize, days: Double) -> [String: Double] {
        func perDay(_ bytes: (TenantSize) -> Int) -> Double { Double(bytes(end) - bytes(middle)) / days }
        let envelopes = perDay { $0.bytes(of: ["sync_delta"]) }, log = perDay { $0.bytes(of: Self.log) }
        let audit = perDay { $0.bytes(of: Self.audit) }, bodies = perDay { $0.bytes(of: ["sync_body"]) }
        let all = perDay(\.bytes)
        return [
            "writes_growth": Double(end.teacherWrites) / Double(middle.teacherWrites),
            "deltas_per_day": perDay(\.deltas),
            "body_bytes_per_delta": Double(end.bodyBytes - middle.bodyBytes)
                / Double(end.deltas - middle.deltas),
            "bytes_per_day": all, "envelope_bytes_per_day": envelopes, "log_bytes_per_day": log,
            "audit_bytes_per_day": audit, "body_bytes_per_day": bodies,
            "other_bytes_per_day": all - envelopes - log - audit - bodies,
        ]
    }

    private static func mib(_ bytes: Int) -> Double { Double(bytes) / 1_048_576 }
}
