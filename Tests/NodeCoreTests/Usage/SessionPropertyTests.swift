import Foundation
import TestSupport
import Testing

@testable import NodeCore

/// Laws over fuzzed exports: nothing crashes, every record is accounted for, and a plan applied is a fixed point.
@Suite("Session properties")
struct SessionPropertyTests {
    private static let identifiers = Identifiers(slug: "t", secret: [UInt8](repeating: 7, count: 32))

    private static func cell(_ random: inout SeededGenerator) -> String {
        let number = Int.random(in: 0..<5, using: &random)
        let cells = [
            "S\(number)", "Ann \(number)", "2025-09-1\(number)", "13/45/2025", "Completed", "Educator",
            "educator ",
            "Student", "", "\u{200B}", "\"a, \(number)\"", "\"open", "a\"b", "\"a\"b", "\u{7}", "\(number)",
            "-1",
            "3.0", "1e9", "=1+1", "\"line\r\nbreak\"", "Zoe\u{301}",
        ]
        return cells[Int.random(in: 0..<cells.count, using: &random)]
    }

    private static func file(_ random: inout SeededGenerator) -> [UInt8] {
        let end = ["\n", "\r\n", "\r"][Int.random(in: 0..<3, using: &random)]
        var lines = [
            "Session ID,Title,Date,Status,SignUp Role,Name,User Auth Id,School,Attended Educator Count"
        ]
        for _ in 0..<Int.random(in: 1...14, using: &random) {
            let number = Int.random(in: 0..<4, using: &random)
            var cells = [
                "S\(number)", "T\(number)", "9/1\(number)/2025", "Completed",
                number == 3 ? "Student" : "Educator",
                "Ann \(Int.random(in: 0..<4, using: &random))", "", "North", "1",
            ]
            if Int.random(in: 0..<3, using: &random) == 0 {
                cells[Int.random(in: 0..<cells.count, using: &random)] = cell(&random)
            }
            if Int.random(in: 0..<15, using: &random) == 0 { cells.append(cell(&random)) }
            if Int.random(in: 0..<15, using: &random) == 0 { cells.removeLast() }
            lines.append(cells.joined(separator: ","))
        }
        var bytes = Array(lines.joined(separator: end).utf8)
        if Int.random(in: 0..<8, using: &random) == 0 {
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        return bytes
    }

    /// A store of rows in memory.
    private final class Rows {
        var rows: [String: [String: Value]] = [:]

        func apply(_ plan: SessionPlan) {
            for (table, writes) in [(Schema.session, plan.sessions), (Schema.attendance, plan.attendances)] {
                for write in writes {
                    let old =
                        write.isNew
                        ? Dictionary(uniqueKeysWithValues: table.columns.map { ($0.name, Value.null) })
                        : rows[write.id] ?? [:]
                    rows[write.id] = old.merging(write.values) { $1 }
                }
            }
        }
    }

    /// `ROSTERS=n` for more of them; `make soak` sets it.
    private static let files =
        ProcessInfo.processInfo.environment["ROSTERS"].flatMap { Int($0) } ?? 2_000

    @Test("imported, unchanged, skipped and erroneous records are all records; applied again nothing changes")
    func accounted() throws {
        let seed = SeededGenerator.seed(default: 11)
        var random = SeededGenerator(seed: seed)
        let store = Rows()
        var read = 0
        for round in 0..<Self.files {
            if round % 40 == 0 { store.rows = [:] }
            let bytes = Self.file(&random)
            let sheet: SessionSheet
            do { sheet = try SessionSheet.parse(bytes) } catch { continue }
            read += 1
            let plan = try SessionPlanner.plan(sheet, Self.identifiers) { store.rows[$1] }
            let sum = plan.created + plan.updated + plan.unchanged + plan.skipped + plan.rowErrors
            #expect(
                sum == plan.records && plan.records == sheet.records.count, "seed \(seed), round \(round)")
            #expect(plan.imported + plan.duplicates + plan.rowErrors == plan.records)
            store.apply(plan)
            let again = try SessionPlanner.plan(sheet, Self.identifiers) { store.rows[$1] }
            #expect(again.changesNothing && again.imported == 0, "seed \(seed), round \(round)")
            #expect(again.rowErrors == plan.rowErrors && again.educators == plan.educators)
        }
        #expect(read > Self.files / 2)
    }
}
