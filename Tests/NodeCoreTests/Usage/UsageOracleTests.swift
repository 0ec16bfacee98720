import GRDB
import TestSupport
import Testing

@testable import NodeCore

/// The report over rows of every kind that merging can bring together, against a plain look at each of them.
@Suite struct UsageOracleTests {
    private let seed = SeededGenerator.seed(default: 24)
    private let world: World
    private let schools: [String]

    init() throws {
        world = try World(nodes: 0)
        schools = try world.hub.store.read { reader in
            try reader.rows("SELECT id FROM tenant WHERE kind = 'school' ORDER BY name").map { $0[0] }
        }
    }

    private static let names: [String?] = [
        "Ann Lee", "ann  LEE", "Lee, Ann", "Bo O'Neil-Ray", "bo oneil ray", "Zo\u{E9} St. James",
        "ZOE\u{301} ST JAMES", "Al James", "James", "Mei King", "Max King", "Mo King", "May King", "Mia King",
        "M. King", "", "-", nil,
    ]
    private static let emails: [String?] = [
        "ann@t.org", "Ann@T.org ", "bo@t.org", "jos\u{E9}@t.org", "jose\u{301}@t.org", "mei@t.org", "", nil,
    ]
    private static let years: [String?] = ["2024-2025", "2025-2026", nil]
    private static let dates: [String?] = [
        "2024-09-01", "2025-05-31", "2025-06-15", "2025-07-31", "2025-08-01", "2025-12-31", "2026-01-01",
        "2026-05-31", "2026-07-31", "2026-08-01", "", nil,
    ]
    private static let users: [String?] = [nil, nil, nil, "", "U1", "U2", "U3"]

    /// Rows that came in the rounds before.
    private struct Rows {
        var teachers: [String] = []
        var sessions = ["gone"]
        var attendances: [String] = []
    }

    private func add(to rows: inout Rows, _ random: inout SeededGenerator) throws {
        try world.hub.write { transaction in
            func text(_ from: [String?]) -> Value { .optional(from[random.dice(from.count)]) }
            func flag() -> Value { [.null, .int(0), .int(1), .int(1)][random.dice(4)] }
            func several(_ from: [String?]) -> Value {
                let all = (0..<random.dice(3)).compactMap { _ in from[random.dice(from.count)] }
                return all.isEmpty ? .null : .text(all.filter { !$0.isEmpty }.joined(separator: "\n"))
            }
            for _ in 0..<4 {
                let id = try transaction.freshID()
                rows.teachers.append(id)
                try transaction.put(
                    Schema.teacher, id: id,
                    [
                        "name": text(Self.names), "email": text(Self.emails),
                        "former_names": several(Self.names), "former_emails": several(Self.emails),
                        "merged_into": random.dice(5) == 0 ? text(rows.teachers) : .null,
                    ])
            }
            for _ in 0..<6 {
                try transaction.put(
                    Schema.teacherYear, id: try transaction.freshID(),
                    [
                        "teacher_id": text(rows.teachers + ["gone"]), "year": text(Self.years),
                        "school_id": text(schools + ["gone", nil]), "grade": text(["5", "", nil]),
                        "active": flag(), "hand_deactivated": flag(),
                    ])
            }
            for _ in 0..<4 {
                let id = try transaction.freshID()
                rows.sessions.append(id)
                try transaction.put(
                    Schema.session, id: id,
                    [
                        "date": text(Self.dates),
                        "status": text(["Completed", " COMPLETED", "Planned", nil]),
                    ])
            }
            for _ in 0..<30 {
                let id = try transaction.freshID()
                rows.attendances.append(id)
                try transaction.put(
                    Schema.attendance, id: id,
                    [
                        "session_id": text(rows.sessions + [nil]),
                        "role": text(["Educator", "Educator", "educator ", "Student", nil]),
                        "name": text(Self.names), "email": text(Self.emails), "user_id": text(Self.users),
                        "school": text(["North", "SOUTH", "West", "", nil]),
                        "educators_attended": [.null, .int(0), .int(1), .int(3)][random.dice(4)],
                    ])
            }
            for _ in 0..<2 {
                try transaction.put(
                    Schema.sessionMatch, id: try transaction.freshID(),
                    [
                        "user_id": text(Self.users), "email": text([nil, nil, "bo@t.org"]),
                        "name": text(Self.names), "school": text(["north", "West", nil]),
                        "teacher_id": text(rows.teachers + ["gone", nil]), "ignored": flag(),
                    ])
            }
            try transaction.delete(
                Schema.attendance, id: rows.attendances.remove(at: random.dice(rows.attendances.count)))
            try transaction.edit(
                Schema.teacher, id: rows.teachers[random.dice(rows.teachers.count)],
                ["name": text(Self.names), "email": text(Self.emails)])
        }
    }

    private func compare(_ round: Int) throws {
        let service = UsageService(world.hub.tenant, actor: world.hub.actor)
        try world.hub.store.read { reader in
            let oracle = try UsageOracle(reader)
            #expect(try reader.educatorRecords() == oracle.records, "seed \(seed), round \(round)")
            #expect(
                try reader.matchableTeachers() == oracle.known.map(\.teacher), "seed \(seed), round \(round)")
            let (records, matching) = try reader.educators()
            for record in records {
                #expect(
                    matching.outcome(record) == oracle.outcome(record),
                    "seed \(seed), round \(round), \(record)")
            }
        }
        for year in Self.years.compactMap({ $0 }).compactMap(AcademicYear.init) {
            try world.hub.store.read { reader in
                let expected = try UsageOracle.teachers(reader, year: year)
                #expect(try reader.teachers(year: year, all: true) == expected)
                #expect(try reader.teachers(year: year, all: false) == expected.filter(\.active))
            }
            for semester in Semester.allCases {
                for building in [nil, schools[1]] {
                    let report = try service.report(
                        year: year.description, semester: semester, building: building)
                    let expected = try world.hub.store.read { reader in
                        try UsageOracle(reader).report(
                            reader, year: year, semester: semester, building: building)
                    }
                    #expect(report == expected, "seed \(seed), round \(round), \(year) \(semester)")
                }
            }
        }
    }

    @Test("every count, match and candidate is what looking at each record by itself gives")
    func same() throws {
        var random = SeededGenerator(seed: seed)
        var rows = Rows()
        for round in 0..<6 {
            try add(to: &rows, &random)
            try compare(round)
        }
        let all = try world.hub.store.read { reader in
            let oracle = try UsageOracle(reader)
            return oracle.records.map(oracle.outcome)
        }
        #expect(all.contains(.ignored), "seed \(seed)")
        #expect(all.contains { if case .teacher = $0 { true } else { false } }, "seed \(seed)")
        #expect(
            all.contains { if case .unmatched(let found) = $0 { found.count > 1 } else { false } },
            "seed \(seed)")
    }
}
