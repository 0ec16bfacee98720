import Foundation
import GRDB

/// How many seats of a school were given and taken back on one day.
public struct SeatActivity: Sendable, Equatable {
    /// In the tenant's time zone, as 2026-02-28.
    public let day: String
    public let schoolID: String
    public let school: String
    public var allocated = 0
    public var reclaimed = 0
}

extension StoreReader {
    /// The days of the last `days`, today included, on which anything was allocated or reclaimed, newest first,
    /// by school.
    public func seatActivity(days: Int, now: Int64) throws -> [SeatActivity] {
        let zone = TimeZone(identifier: try tenant().timeZone) ?? .gmt
        func day(_ milliseconds: Int64) -> String {
            let offset = zone.secondsFromGMT(
                for: Date(timeIntervalSince1970: Double(milliseconds) / 1000))
            return String(RFC3339.string(milliseconds: milliseconds + Int64(offset) * 1000).prefix(10))
        }
        let first = day(now - Int64(days - 1) * 86_400_000)
        let rows = try rows(
            """
            SELECT a.action, a.created_at, s.school_id, t.name FROM seat_audit a
            JOIN seat s ON s.id = a.seat_id LEFT JOIN tenant t ON t.id = s.school_id
            WHERE a.action IN ('allocate', 'reclaim') AND a.created_at >= ?
            """, [now - Int64(days + 1) * 86_400_000])
        var found: [String: SeatActivity] = [:]
        for row in rows {
            let day = day(row[1] ?? 0), school: String = row[2] ?? ""
            guard day >= first else { continue }
            var one =
                found[day + school] ?? SeatActivity(day: day, schoolID: school, school: row[3] ?? "")
            if row[0] as String == "allocate" { one.allocated += 1 } else { one.reclaimed += 1 }
            found[day + school] = one
        }
        return found.values.sorted {
            $0.day == $1.day ? ($0.school, $0.schoolID) < ($1.school, $1.schoolID) : $0.day > $1.day
        }
    }
}
