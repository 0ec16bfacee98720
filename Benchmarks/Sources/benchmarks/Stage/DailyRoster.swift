/// The roster file of a district, day by day: nearly all as the day before, some teachers with another grade, now and
/// then one gone and another in her place.
struct DailyRoster {
    /// What the import of a day must find.
    struct Expected: Equatable {
        var created: Int
        var updated: Int
        var deactivated: Int
    }

    /// One teacher in so many leaves on a day.
    private static let stay = 5000

    private let teachers: Int
    /// Teachers with another grade each day, in turn.
    private let changed: Int
    /// One a teacher who is ever there, up to the grade.
    private let lines: [String]
    private var grades: [Int]
    private var day = 0

    init(teachers: Int, days: Int, changed: Int, seed: UInt64) {
        self.teachers = teachers
        self.changed = changed
        var generator = RosterGenerator(seed: seed)
        let file = generator.csv(teachers: 0..<teachers + days * teachers / Self.stay)
        lines = String(decoding: file, as: UTF8.self).split(separator: "\n").dropFirst().map { line in
            String(line.dropLast(line.reversed().prefix { $0 != "," }.count))
        }
        grades = Array(0..<lines.count)
    }

    /// The file of the next day.
    mutating func next() -> (csv: [UInt8], expected: Expected) {
        let left = day * teachers / Self.stay, before = max(0, day - 1) * teachers / Self.stay
        var expected = Expected(created: left - before, updated: 0, deactivated: left - before)
        if day == 0 { expected.created = teachers }
        for index in 0..<(day == 0 ? 0 : changed) {
            let number = left + (day * changed + index) % teachers
            grades[number] += 1
            // Who has come today is new, whatever her grade.
            if number < before + teachers { expected.updated += 1 }
        }
        day += 1
        let present = (left..<left + teachers).map { "\(lines[$0])\(grades[$0] % 12 + 1)\n" }
        return (Array("Building,Name,Email,Grade\n\(present.joined())".utf8), expected)
    }
}
