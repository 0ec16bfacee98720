import Foundation
import NodeCore
import TestSupport
import Testing

@testable import node_cli

/// Whole imports of hostile files: bytes, import, store, and what the commands print.
@Suite struct ImportFuzzTests {
    /// `ROSTERS=n` for more of them; `make soak` sets it.
    private static let files =
        ProcessInfo.processInfo.environment["ROSTERS"].flatMap { Int($0) } ?? 300
    /// A store grows; another is begun after so many files.
    private static let filesAStore = 150

    @Test("whatever a file holds: every record is accounted for, and nothing changes without a report")
    func hostile() throws {
        let seed = SeededGenerator.seed(default: 0xF1235)
        var files = HostileFiles(seed: seed)
        let template = try World.Template(nodes: 0, settled: 0)
        var taken = 0
        for first in stride(from: 0, to: Self.files, by: Self.filesAStore) {
            let desk = try Desk(World(template, nodes: 0, seed: seed &+ UInt64(first)))
            for number in first..<min(first + Self.filesAStore, Self.files) {
                let place: Comment = "seed \(seed), file \(number)"
                switch number % 3 {
                case 0: taken += try desk.roster(files.roster(), place)
                case 1: taken += try desk.sessions(files.sessions(), place)
                default: taken += try desk.roster(files.archive(), place)
                }
            }
            try desk.close("seed \(seed), before file \(first + Self.filesAStore)")
        }
        #expect(taken > Self.files / 4, "seed \(seed): most files must get as far as the store")
    }

    /// One store, and how commands show what imports into it did.
    private struct Desk {
        let world: World
        let screen: Screen
        var site: World.Site { world.hub }

        init(_ world: World) throws {
            self.world = world
            screen = try Screen(folder: world.folder)
        }

        /// How far the chain is: every change is a delta.
        private var head: Int64 { get throws { try site.store.read { try $0.ownOrigin()?.headSeq ?? 0 } } }
        private var teachers: Int { get throws { try site.store.read { try $0.matchableTeachers().count } } }
        private var educators: Int { get throws { try site.store.read { try $0.educatorRecords().count } } }

        /// 1 for a file that was read, 0 for one that was refused as a whole.
        func roster(_ bytes: [UInt8], _ place: Comment) throws -> Int {
            var options = RosterService.Options()
            options.approvedDeactivations = nil
            let before = (head: try head, teachers: try teachers)
            let outcome: RosterService.Outcome
            do {
                outcome = try RosterService(site.installation, site.tenant, actor: site.actor)
                    .importFile(bytes, options)
            } catch let error as NodeError {
                #expect(try head == before.head, place)
                try screen.show(error, place)
                return 0
            }
            let plan = outcome.plan
            #expect(
                plan.created + plan.updated + plan.unchanged + plan.skipped + plan.rowErrors == plan.records,
                place)
            #expect(outcome.changes == (try head != before.head), place)
            #expect(try teachers - before.teachers == (outcome.changes ? plan.created : 0), place)
            if outcome.isHeld { #expect(!outcome.changes, place) }
            try screen.show(RosterReport.result(outcome, dryRun: false), place)
            try screen.show(RosterReport.preview(outcome, all: true), place)
            return 1
        }

        func sessions(_ bytes: [UInt8], _ place: Comment) throws -> Int {
            let before = (head: try head, educators: try educators)
            let service = SessionService(site.installation, site.tenant, actor: site.actor)
            let outcome: SessionService.Outcome
            do { outcome = try service.importFile(bytes) } catch let error as NodeError {
                #expect(try head == before.head, place)
                try screen.show(error, place)
                return 0
            }
            let plan = outcome.plan
            #expect(
                plan.created + plan.updated + plan.unchanged + plan.skipped + plan.rowErrors == plan.records,
                place)
            #expect(plan.changesNothing == (try head == before.head), place)
            #expect(try educators - before.educators <= plan.created, place)
            try screen.show(SessionsImport.result(outcome, dryRun: false), place)
            return 1
        }

        /// The store is sound, and lists of what got in are fit for a terminal.
        func close(_ place: Comment) throws {
            #expect(try site.store.read { try $0.projectionProblems() } == [], place)
            let teachers = try TeacherService(site.tenant, actor: site.actor).list(year: nil, all: true)
            var table = Table([.init("name"), .init("email"), .init("grade")])
            for one in teachers.teachers { table.add([one.name, one.email, one.grade]) }
            let queue = try SessionService(site.installation, site.tenant, actor: site.actor).unmatched()
            for one in queue { table.add([one.name, one.email, one.school]) }
            try screen.show(CommandResult(data: nil, body: .table(table)), place)
        }
    }

    /// Both forms of a command's answer, read back from where they were written.
    private struct Screen {
        let path: String

        init(folder: String) throws { path = folder + "/screen" }

        func show(_ result: CommandResult, _ place: Comment) throws {
            try both(place) { output in
                try output.finish(
                    data: result.data, body: result.body, warnings: result.warnings, errors: result.errors,
                    exitStatus: result.status)
            }
        }

        func show(_ error: NodeError, _ place: Comment) throws {
            try both(place) { _ = $0.finish(failure: error) }
        }

        private func both(_ place: Comment, _ body: (Output) throws -> Void) throws {
            for format in [Output.Format.human, .json] {
                #expect(FileManager.default.createFile(atPath: path, contents: nil))
                let file = try #require(FileHandle(forWritingAtPath: path))
                let writer = OutputWriter(descriptor: file.fileDescriptor)
                let terminal = Terminal(isOutputTerminal: true, isMessagesTerminal: false)
                try body(
                    Output(
                        format: format, terminal: terminal, color: .never, writer: writer, messages: writer))
                try file.close()
                let shown = FileManager.default.contents(atPath: path) ?? Data()
                let text = try #require(String(validating: shown, as: UTF8.self), place)
                let unsafe = text.unicodeScalars.filter { Escaping.isUnsafe($0) && $0 != "\n" }
                #expect(unsafe.isEmpty, "\(unsafe.map { String($0.value, radix: 16) }), \(place)")
            }
        }
    }
}
