import Foundation
import NodeCore

/// Instants as people read them; programs get `RFC3339.string`.
enum TimeText {
    /// The wall clock of a zone with its offset: `2025-11-20 23:11:32 -06:00`.
    static func local(milliseconds: Int64, in zone: TimeZone) -> String {
        let date = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
        let offset = zone.secondsFromGMT(for: date)
        let shifted = milliseconds.addingReportingOverflow(Int64(offset) * 1000)
        guard !shifted.overflow else { return RFC3339.string(milliseconds: milliseconds) }
        let wall = RFC3339.string(milliseconds: shifted.partialValue)
        guard let letter = wall.firstIndex(of: "T"), let point = wall.lastIndex(of: ".") else { return wall }
        let time = wall[wall.index(after: letter)..<point]
        return "\(wall[..<letter]) \(time) \(offsetText(seconds: offset))"
    }

    /// The same by the zone's IANA identifier; UTC when the system doesn't know it.
    static func local(milliseconds: Int64, zone identifier: String) -> String {
        local(milliseconds: milliseconds, in: TimeZone(identifier: identifier) ?? .gmt)
    }

    private static func offsetText(seconds: Int) -> String {
        let minutes = abs(seconds) / 60
        let digits = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
        return (seconds < 0 ? "-" : "+") + digits(minutes / 60) + ":" + digits(minutes % 60)
    }
}
