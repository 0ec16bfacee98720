import Foundation
import TestSupport
import Testing

@testable import NodeCore

/// Laws over fuzzed files: nothing crashes, the counts add up, and an import applied is a fixed point.
@Suite("Roster properties")
struct RosterPropertyTests {
    private static let schools = (0..<6).map { index in
        RosterSchool(id: "s\(index)", name: "School \(index % 5)", aliases: ["Alias \(index)"])
    }

    private static func pick<T>(_ from: [T], _ random: inout SeededGenerator) -> T {
        from[Int.random(in: 0..<from.count, using: &random)]
    }

    private static func cell(_ random: inout SeededGenerator) -> String {
        let number = Int.random(in: 0..<12, using: &random)
        let cells = [
            "School \(number)", "school\u{A0}\(number)", "ALIAS \(number)", "Ann \(number)", "Zoë",
            "t\(number)@x.org", "T\(number)@X.org", "t\(number) @x.org", "t\(number)", "", " ", "\u{200B}",
            "\"quoted, \(number)\"",
            "\"line\r\nbreak\"", "\"open", "a\"b", "\"a\"b", "\u{7}", "5", "é\u{301}",
        ]
        return pick(cells, &random)
    }

    /// Mostly records of the right shape, some of any; sometimes raw bytes changed.
    private static func file(_ random: inout SeededGenerator) -> [UInt8] {
        let delimiter = pick([",", ";", "\t"], &random)
        let end = pick(["\n", "\r\n", "\r"], &random)
        var lines = [
            pick(["Building,Name,Email,Grade", "email,NAME,Building,Room", "Name,Email,Building"], &random)
                .split(separator: ",").joined(separator: delimiter)
        ]
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            let number = Int.random(in: 0..<12, using: &random)
            var cells = ["School \(number % 7)", "Teacher \(number)", "t\(number)@x.org", "\(number)"]
            if lines[0].hasPrefix("email") { cells.swapAt(0, 2) }
            if lines[0].hasPrefix("Name") { cells = [cells[1], cells[2], cells[0]] }
            if Int.random(in: 0..<3, using: &random) == 0 {
                cells[Int.random(in: 0..<cells.count, using: &random)] = cell(&random)
            }
            if Int.random(in: 0..<20, using: &random) == 0 { cells.append(cell(&random)) }
            if Int.random(in: 0..<20, using: &random) == 0 { cells.removeLast() }
            lines.append(cells.joined(separator: delimiter))
        }
        var bytes = Array(lines.joined(separator: end).utf8)
        if Int.random(in: 0..<10, using: &random) == 0 {
            for _ in 0..<3 {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                bytes[index] = UInt8.random(in: 0...255, using: &random)
            }
        }
        return bytes
    }

    private static func teachers(_ random: inout SeededGenerator) -> [RosterTeacher] {
        (0..<Int.random(in: 0...10, using: &random)).map { index in
            let inYear = Bool.random(using: &random)
            let number = Int.random(in: 0..<12, using: &random)
            return RosterTeacher(
                id: "id\(index)", name: "Teacher \(number)", email: "T\(number)@x.org",
                schoolID: inYear ? "s\(number % 6)" : nil, grade: inYear ? "\(number)" : "",
                active: inYear && Bool.random(using: &random), inYear: inYear,
                handDeactivated: Int.random(in: 0..<4, using: &random) == 0)
        }
    }

    private static func applied(_ plan: RosterPlan, to teachers: [RosterTeacher]) -> [RosterTeacher] {
        let updates = Dictionary(uniqueKeysWithValues: plan.updates.map { ($0.teacherID, $0) })
        let gone = Set(plan.deactivations)
        let kept = teachers.map { teacher in
            let update = updates[teacher.id]
            return RosterTeacher(
                id: teacher.id, name: update?.name ?? teacher.name, email: teacher.email,
                schoolID: update?.schoolID ?? teacher.schoolID, grade: update?.grade ?? teacher.grade,
                active: !gone.contains(teacher.id) && (teacher.active || update?.activate == true),
                inYear: teacher.inYear || update?.addToYear == true,
                handDeactivated: teacher.handDeactivated)
        }
        let created = plan.creates.map { create in
            RosterTeacher(
                id: "new\(create.record.row)", name: create.record.name, email: create.record.email,
                schoolID: create.schoolID, grade: create.record.grade)
        }
        return kept + created
    }

    /// `ROSTERS=n` for more of them; `make soak` sets it.
    private static let files =
        ProcessInfo.processInfo.environment["ROSTERS"].flatMap { Int($0) } ?? 2_000

    @Test("fuzzed files never crash, the counts add up, and a second import changes nothing")
    func fuzzedFiles() throws {
        let seed = SeededGenerator.seed(default: 0x205732)
        var random = SeededGenerator(seed: seed)
        var read = 0
        for _ in 0..<Self.files {
            let bytes = Self.file(&random)
            let teachers = Self.teachers(&random)
            let additive = Bool.random(using: &random)
            guard let sheet = try? RosterSheet.parse(bytes) else { continue }
            read += 1
            let plan = RosterPlan.make(
                sheet: sheet, schools: Self.schools, teachers: teachers,
                options: RosterOptions(additive: additive))
            check(plan, sheet: sheet, teachers: teachers, seed: seed)
            #expect(try Self.planned(bytes, teachers, additive) == plan, "seed \(seed)")
            let again = RosterPlan.make(
                sheet: sheet, schools: Self.schools, teachers: Self.applied(plan, to: teachers),
                options: RosterOptions(additive: additive))
            #expect(again.changesNothing, "seed \(seed)")
            #expect(again.rowErrors == plan.rowErrors && again.skipped == plan.skipped, "seed \(seed)")
        }
        #expect(read > Self.files / 2, "seed \(seed)")
    }

    /// The plan as an import makes it, which reads records again from the file.
    private static func planned(_ bytes: [UInt8], _ teachers: [RosterTeacher], _ additive: Bool) throws
        -> RosterPlan
    {
        let file = try RosterFile(bytes)
        var planner = RosterPlanner(
            hasGrade: file.hasGrade, schools: schools, teachers: teachers, records: file.records)
        let count = try file.forEach { planner.take($0, at: $1) }
        return planner.plan(records: count, options: RosterOptions(additive: additive))
    }

    private func check(_ plan: RosterPlan, sheet: RosterSheet, teachers: [RosterTeacher], seed: UInt64) {
        let sum = plan.created + plan.updated + plan.unchanged + plan.skipped + plan.rowErrors
        #expect(sum == plan.records && plan.records == sheet.records.count, "seed \(seed)")
        #expect(plan.rowErrors == plan.rows.filter { !$0.code.isWarning }.count, "seed \(seed)")
        #expect(plan.rows.map(\.row) == plan.rows.map(\.row).sorted(), "seed \(seed)")
        #expect(Set(plan.rows.map(\.row)).count == plan.rows.count, "seed \(seed)")
        let named = Set(sheet.records.flatMap(\.mentions.emails))
        let gone = Set(plan.deactivations)
        for teacher in teachers where gone.contains(teacher.id) {
            #expect(teacher.active && teacher.inYear, "seed \(seed)")
            #expect(!named.contains(NormalForm.email(teacher.email)), "seed \(seed)")
        }
        #expect(gone.isDisjoint(with: plan.updates.map(\.teacherID)), "seed \(seed)")
        #expect(Set(plan.updates.map(\.teacherID)).count == plan.updated, "seed \(seed)")
        #expect(Set(plan.creates.map(\.record.email)).count == plan.created, "seed \(seed)")
    }

    @Test("random bytes never crash the readers")
    func randomBytes() {
        let seed = SeededGenerator.seed(default: 0xB17E5)
        var random = SeededGenerator(seed: seed)
        let alphabet =
            Array("Building,Name;Email\t\r\n\" @.x".utf8) + [0, 0xE9, 0xC3, 0xA9, 0xFF, 0xFE, 0x81]
        for _ in 0..<2_000 {
            let header = Bool.random(using: &random) ? Array("Building,Name,Email\n".utf8) : []
            let bytes =
                header
                + (0..<Int.random(in: 0...60, using: &random)).map { _ in
                    Self.pick(alphabet, &random)
                }
            if let sheet = try? RosterSheet.parse(bytes) { #expect(!sheet.records.isEmpty) }
            if let sheet = try? ReferenceSchoolSheet.parse(bytes) {
                #expect(!sheet.schools.isEmpty || !sheet.rowErrors.isEmpty)
            }
        }
    }
}
