/// Instants as text: RFC 3339 in UTC with exactly three decimals, as every interface of the node shows them.
///
/// Both ways are plain integer arithmetic on the proleptic Gregorian calendar (Howard Hinnant's
/// `days_from_civil` and `civil_from_days`): no locale, no formatter, no allocation but the result.
/// Law: `milliseconds(string(x)) == x` for every x in the years 0000 to 9999.
public enum RFC3339 {
    /// The instant as `2025-11-21T05:11:32.007Z`.
    ///
    /// RFC 3339 ends at year 9999: an instant outside 0000…9999 is written with a sign and at least six
    /// digits of year (ISO 8601 expanded form), which `milliseconds(_:)` refuses. Never traps.
    ///
    /// - Parameter milliseconds: since 1970-01-01T00:00:00Z, without leap seconds.
    public static func string(milliseconds: Int64) -> String {
        let days = floorDivide(milliseconds, 86_400_000)
        // Not `milliseconds - days * 86_400_000`: that product overflows on the first day of Int64.
        let remainder = milliseconds % 86_400_000
        let rest = remainder < 0 ? remainder + 86_400_000 : remainder
        let date = civil(days: days)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(24)
        if (0...9999).contains(date.year) {
            append(date.year, width: 4, to: &bytes)
        } else {
            bytes.append(date.year < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
            append(abs(date.year), width: 6, to: &bytes)
        }
        bytes.append(UInt8(ascii: "-"))
        append(date.month, width: 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        append(date.day, width: 2, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        append(rest / 3_600_000, width: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(rest / 60_000 % 60, width: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(rest / 1000 % 60, width: 2, to: &bytes)
        bytes.append(UInt8(ascii: "."))
        append(rest % 1000, width: 3, to: &bytes)
        bytes.append(UInt8(ascii: "Z"))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The instant that an RFC 3339 date-time names, in milliseconds since 1970; nil when it isn't one.
    ///
    /// Any offset and any number of decimals are accepted (decimals past the third are cut), `t` and `z`
    /// too. A leap second (`23:59:60` UTC) is the first moment of the next day. A date alone, a blank
    /// instead of the `T`, and a missing offset are refused.
    public static func milliseconds(_ text: String) -> Int64? {
        var cursor = Cursor(bytes: Array(text.utf8))
        guard let year = cursor.digits(4), cursor.skip("-"),
            let month = cursor.digits(2), cursor.skip("-"),
            let day = cursor.digits(2), cursor.skip("Tt"),
            let hour = cursor.digits(2), cursor.skip(":"),
            let minute = cursor.digits(2), cursor.skip(":"),
            let second = cursor.digits(2),
            let fraction = cursor.fraction(),
            let offsetMinutes = cursor.offset(), cursor.isAtEnd
        else { return nil }
        guard (1...12).contains(month), day >= 1, day <= daysIn(month: month, year: year),
            hour <= 23, minute <= 59, second <= 60
        else { return nil }
        let minuteOfDay = hour * 60 + minute - offsetMinutes
        if second == 60, (minuteOfDay + 2 * 1440) % 1440 != 1439 { return nil }
        let minutes = days(year: year, month: month, day: day) * 1440 + minuteOfDay
        // A leap second's decimals have no place of their own.
        return minutes * 60_000 + second * 1000 + (second == 60 ? 0 : fraction)
    }

    // MARK: Calendar

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }

    /// The civil date of a day counted from 1970-01-01; years run from March inside, so that the leap
    /// day is the last of its year.
    private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let era = floorDivide(marchYear, 400)
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func daysIn(month: Int64, year: Int64) -> Int64 {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }

    private static func append(_ value: Int64, width: Int, to bytes: inout [UInt8]) {
        let digits = Array(String(value).utf8)
        for _ in 0..<max(0, width - digits.count) { bytes.append(UInt8(ascii: "0")) }
        bytes.append(contentsOf: digits)
    }

    // MARK: Reading

    private struct Cursor {
        let bytes: [UInt8]
        var index = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        var isAtEnd: Bool { index == bytes.count }

        private mutating func digit() -> Int64? {
            guard index < bytes.count, (0x30...0x39).contains(bytes[index]) else { return nil }
            defer { index += 1 }
            return Int64(bytes[index] - 0x30)
        }

        mutating func digits(_ count: Int) -> Int64? {
            var value: Int64 = 0
            for _ in 0..<count {
                guard let next = digit() else { return nil }
                value = value * 10 + next
            }
            return value
        }

        mutating func skip(_ accepted: StaticString) -> Bool {
            guard index < bytes.count else { return false }
            let byte = bytes[index]
            guard accepted.withUTF8Buffer({ $0.contains(byte) }) else { return false }
            index += 1
            return true
        }

        /// Milliseconds of the decimals, 0 without any; nil for a point with no digit behind it.
        mutating func fraction() -> Int64? {
            guard skip(".") else { return 0 }
            guard let first = digit() else { return nil }
            var value = first * 100
            var weight: Int64 = 10
            while let next = digit() {
                value += next * weight
                weight /= 10
            }
            return value
        }

        /// Minutes east of UTC.
        mutating func offset() -> Int64? {
            if skip("Zz") { return 0 }
            let isWest = index < bytes.count && bytes[index] == UInt8(ascii: "-")
            guard skip("+-"), let hours = digits(2), skip(":"), let minutes = digits(2),
                hours <= 23, minutes <= 59
            else { return nil }
            return (isWest ? -1 : 1) * (hours * 60 + minutes)
        }
    }
}
