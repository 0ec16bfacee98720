import Foundation
import NodeCore
import TestSupport
import Testing

@testable import NodeServer

/// One roster and one session export, by every way in; `ImportPathProcessTests` has those of the command line.
@Suite struct ImportPathTests {
    enum Way: CaseIterable {
        case csv, sheet, oneRoster11, oneRoster12, rest, restArchive, restSheet
        var isREST: Bool { [.rest, .restArchive, .restSheet].contains(self) }
    }

    @Test("the same files give the same counts by every way in, and the same teachers and usage at the hub")
    func sameEverywhere() async throws {
        let standIn = ClosureBackend { _ in SheetDownloadTests.answer("text/csv", ImportFixture.roster) }
        try await withServer(standIn) { url, _ in
            let seen = try await Task.detachedWork {
                try Way.allCases.map { try Stage($0, sheets: url).run() }
            }
            #expect(Set(seen).count == 1, "\(seen)")
        }
    }

    /// A hub and a node at which the files come in.
    struct Stage {
        let way: Way
        let sheets: SheetDownload
        let world: World
        let node: RESTSite
        let hub: RESTSite

        init(_ way: Way, sheets url: String) throws {
            self.way = way
            let sheets = try SheetDownload(
                hosts: SheetDownloadTests.hosts(url), account: nil, options: SheetDownloadTests.options,
                maxBytes: 10_000, clock: MovableClock())
            self.sheets = sheets
            world = try World(nodes: 1)
            try world.settle()
            node = try RESTSite(world, 1) { try sheets.roster(of: $0) }
            hub = try RESTSite(world)
        }

        /// What the hub shows in the end.
        func run() throws -> String {
            #expect(try sent(Array(ImportFixture.before.utf8))["created"] == 2)
            #expect(try roster() == ImportFixture.rosterCounts, "\(way)")
            #expect(try roster() == ImportFixture.rosterAgain, "\(way)")
            #expect(try sessions() == ImportFixture.sessionCounts, "\(way)")
            #expect(try sessions() == ImportFixture.sessionsAgain, "\(way)")
            try world.settle()
            let digests = try world.sites.map { try $0.digest() }
            #expect(digests[0] == digests[1], "\(way)")
            let imports = try hub.call("GET", "/api/v1/roster/imports").items("imports")
            #expect(numbers(imports[0], ImportFixture.rosterKeys) == ImportFixture.rosterCounts, "\(way)")
            return try shown(at: hub)
        }

        private func numbers(_ json: JSONValue, _ keys: [String]) -> [Int] {
            keys.map { if case .int(let number) = json[$0] { Int(number) } else { -1 } }
        }

        private func roster() throws -> [Int] {
            var options = RosterService.Options()
            options.year = ImportFixture.year
            let csv = Array(ImportFixture.roster.utf8)
            let service = RosterService(
                node.site.installation, node.site.tenant, actor: node.site.actor)
            func shown(_ file: RosterFile) throws -> JSONValue {
                Shapes.rosterOutcome.json(try service.importFile(file, options))
            }
            let json =
                switch way {
                case .csv: try shown(RosterFile(csv))
                case .sheet: try shown(sheets.roster(of: SheetLink(SheetDownloadTests.link)))
                case .oneRoster11: try shown(RosterFile(OneRosterFixture.v1_1.zip.bytes))
                case .oneRoster12: try shown(RosterFile(OneRosterFixture.v1_2.zip.bytes))
                case .rest: try sent(csv)
                case .restArchive: try sent(OneRosterFixture.v1_1.zip.bytes)
                case .restSheet: try sentLink()
                }
            return numbers(json, ImportFixture.rosterKeys)
        }

        private func sent(_ bytes: [UInt8]) throws -> JSONValue {
            try node.client.send(
                "POST", "/api/v1/roster/imports?year=\(ImportFixture.year)", bytes, type: "text/csv"
            ).json
        }

        private func sentLink() throws -> JSONValue {
            try node.call(
                "POST", "/api/v1/roster/imports/sheet?year=\(ImportFixture.year)",
                ["url": .string(SheetDownloadTests.link)]
            ).json
        }

        private func sessions() throws -> [Int] {
            let bytes = Array(ImportFixture.sessions.utf8)
            let json: JSONValue
            if way.isREST {
                json = try node.client.send(
                    "POST", "/api/v1/sessions/imports", bytes, type: "text/csv"
                ).json
            } else {
                let service = SessionService(
                    node.site.installation, node.site.tenant, actor: node.site.actor)
                json = Shapes.sessionImport.json(try service.importFile(bytes))
            }
            return numbers(json, ImportFixture.sessionKeys)
        }

        private func shown(at hub: RESTSite) throws -> String {
            let teachers = try hub.call("GET", "/api/v1/teachers?all=true&year=\(ImportFixture.year)")
            let lines = teachers.items("teachers").map { one in
                ["name", "email", "school", "grade", "active"].map { one[$0]?.text ?? "" }
                    .joined(separator: "|")
            }
            let usage = try hub.call("GET", "/api/v1/usage?year=\(ImportFixture.year)")
            #expect(usage.json["unmatched"] == 1)
            let rows = usage.items("buildings").flatMap { building -> [JSONValue] in
                if case .array(let rows) = building["rows"] { rows } else { [] }
            }
            let counts = rows.map { ($0["email"]?.text ?? "", numbers($0, ["sessions"])[0]) }
            let expected = ImportFixture.usage.map { ("\"\($0.key)\"", $0.value) }
            #expect(
                Dictionary(counts) { $1 } == Dictionary(uniqueKeysWithValues: expected), "\(way)")
            return lines.sorted().joined(separator: "\n")
        }
    }

    @Test("a sheet is previewed over REST, and what is no link or can't be fetched is refused")
    func sheetRefusals() async throws {
        let standIn = ClosureBackend { _ in ServerResponse(status: 403) }
        try await withServer(standIn) { url, _ in
            try await Task.detachedWork {
                let stage = try Stage(.restSheet, sheets: url)
                let path = "/api/v1/roster/preview/sheet"
                let link: JSONValue = ["url": .string(SheetDownloadTests.link)]
                #expect(try stage.node.call("POST", path, link).code == "FORBIDDEN")
                let other: JSONValue = ["url": "http://127.0.0.1/spreadsheets/d/x"]
                #expect(try stage.node.call("POST", path, other).code == "VALIDATION_ERROR")
                #expect(try stage.hub.call("POST", path, link).code == "SHEET_UNREACHABLE")
            }
        }
    }
}
