/// A school year from Aug 1 to Jul 31, written `2025-2026`.
///
/// Knows no clock and no zone: the caller gives a local date of the tenant.
public struct AcademicYear: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The calendar year of its first day.
    public let startYear: Int

    public init(startYear: Int) { self.startYear = startYear }

    /// Reads exactly `YYYY-YYYY` in ASCII digits, the second year one more than the first.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 9, bytes[4] == UInt8(ascii: "-"),
            let first = Self.number(bytes[0..<4]), let second = Self.number(bytes[5..<9]),
            first > 0, second == first + 1
        else { return nil }
        startYear = first
    }

    /// The year that holds a local date; months from 1 to 12.
    public static func containing(year: Int, month: Int, day: Int) -> AcademicYear {
        AcademicYear(startYear: month >= 8 ? year : year - 1)
    }

    /// Its first day, `2025-08-01`.
    public var firstDay: String { "\(Self.padded(startYear))-08-01" }
    /// Its last day, `2026-07-31`.
    public var lastDay: String { "\(Self.padded(startYear + 1))-07-31" }

    public var description: String { "\(Self.padded(startYear))-\(Self.padded(startYear + 1))" }

    public static func < (left: AcademicYear, right: AcademicYear) -> Bool {
        left.startYear < right.startYear
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for digit in digits {
            guard 0x30...0x39 ~= digit else { return nil }
            value = value * 10 + Int(digit - 0x30)
        }
        return value
    }

    private static func padded(_ year: Int) -> String {
        let text = String(year)
        return String(repeating: "0", count: max(0, 4 - text.utf8.count)) + text
    }
}
