/// A calendar date without zone: the district's local date as somebody wrote it, never converted.
public struct LocalDate: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let year: Int
    /// 1 to 12.
    public let month: Int
    /// 1 to the month's last.
    public let day: Int

    /// nil for a date that no calendar has, or a year outside 1900 to 2999.
    public init?(year: Int, month: Int, day: Int) {
        guard (1900...2999).contains(year), (1...12).contains(month),
            (1...Self.days(year: year, month: month)).contains(day)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// Reads `2025-09-15`, `9/15/2025`, `9/15/25`, `Sep 15, 2025` and `15 September 2025`; a time after a blank or
    /// a `T` is passed over. Slashes are month, day, year, as districts and Pathful write them.
    public init?(written text: String) {
        let words = text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == "T" }).map(String.init)
        guard let first = words.first else { return nil }
        if let date = Self.numeric(first) {
            self = date
            return
        }
        // "Sep" and "September" begin with a letter; a T inside a word was cut above, so months go by three.
        let parts = text.split(whereSeparator: { $0 == " " || $0 == "," }).prefix(3).map(String.init)
        guard parts.count == 3, let year = Self.number(parts[2], digits: 4...4) else { return nil }
        if let month = Self.month(parts[0]), let day = Self.number(parts[1], digits: 1...2) {
            self.init(year: year, month: month, day: day)
        } else if let month = Self.month(parts[1]), let day = Self.number(parts[0], digits: 1...2) {
            self.init(year: year, month: month, day: day)
        } else {
            return nil
        }
    }

    /// Reads exactly `2025-09-15`.
    public init?(iso text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let year = Self.number(parts[0], digits: 4...4),
            let month = Self.number(parts[1], digits: 2...2), let day = Self.number(parts[2], digits: 2...2)
        else { return nil }
        self.init(year: year, month: month, day: day)
    }

    /// `2025-09-15`
    public var description: String { "\(year)-\(Self.padded(month))-\(Self.padded(day))" }

    /// The academic year that it falls in.
    public var academicYear: AcademicYear { .containing(year: year, month: month, day: day) }

    public static func < (left: LocalDate, right: LocalDate) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }

    private static func numeric(_ text: String) -> LocalDate? {
        if let date = LocalDate(iso: text) { return date }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let month = number(parts[0], digits: 1...2),
            let day = number(parts[1], digits: 1...2)
        else { return nil }
        if let year = number(parts[2], digits: 4...4) { return LocalDate(year: year, month: month, day: day) }
        guard let short = number(parts[2], digits: 2...2) else { return nil }
        return LocalDate(year: 2000 + short, month: month, day: day)
    }

    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    /// By the first three letters, when all of the word are letters and it has at most one full stop behind.
    private static func month(_ word: String) -> Int? {
        let bytes = Array(word.utf8).map { $0 | 0x20 }
        guard bytes.count >= 3, bytes.dropLast().allSatisfy({ 0x61...0x7A ~= $0 }) else { return nil }
        return months.firstIndex { Array($0.utf8) == Array(bytes.prefix(3)) }.map { $0 + 1 }
    }

    private static func number(_ text: String, digits: ClosedRange<Int>) -> Int? {
        guard digits.contains(text.utf8.count), text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else {
            return nil
        }
        return Int(text)
    }

    private static func days(year: Int, month: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
