import NodeCore
import TestSupport
import Testing

@testable import NodeServer

/// One roster, by every way in.
@Suite struct ImportPathTests {
    enum Way: CaseIterable { case csv, sheet, oneRoster11, oneRoster12, rest, restArchive }

    private static let year = "2025-2026"
    private static let roster =
        "Building,Name,Email,Grade\nNorth,Ann Lee,Ann@T.org,05\nSouth,Bo Ray,bo@t.org,\nSouth,Cy Moe,cy@t.org,\n"
    private static let counts = [
        "created", "updated", "unchanged", "deactivated", "skipped", "row_errors", "records",
    ]

    private func take(_ way: Way, at node: RESTSite) throws -> [JSONValue?] {
        var options = RosterService.Options()
        options.year = Self.year
        let csv = Array(Self.roster.utf8)
        let service = RosterService(node.site.installation, node.site.tenant, actor: node.site.actor)
        func shown(_ file: RosterFile) throws -> JSONValue {
            Shapes.rosterOutcome.json(try service.importFile(file, options))
        }
        let json =
            switch way {
            case .csv: try shown(RosterFile(csv))
            case .sheet: try shown(RosterFile(csv, form: .sheet))
            case .oneRoster11: try shown(RosterFile(OneRosterFixture.v1_1.zip.bytes))
            case .oneRoster12: try shown(RosterFile(OneRosterFixture.v1_2.zip.bytes))
            case .rest: try sent(csv, to: node)
            case .restArchive: try sent(OneRosterFixture.v1_1.zip.bytes, to: node)
            }
        return Self.counts.map { json[$0] }
    }

    private func sent(_ bytes: [UInt8], to node: RESTSite) throws -> JSONValue {
        try node.client.send(
            "POST", "/api/v1/roster/imports?year=\(Self.year)", bytes, type: "text/csv"
        ).json
    }

    @Test("the same roster gives the same counts by every way in, and the same teachers at the hub")
    func sameEverywhere() throws {
        var seen: [String] = []
        for way in Way.allCases {
            let world = try World(nodes: 1)
            try world.settle()
            let node = try RESTSite(world, 1), hub = try RESTSite(world)
            let before = "Building,Name,Email,Grade\nNorth,Ann Old,ann@t.org,05\nNorth,Gone,gone@t.org,\n"
            #expect(try sent(Array(before.utf8), to: node)["created"] == 2)
            #expect(try take(way, at: node) == [2, 1, 0, 1, 0, 0, 3], "\(way)")
            #expect(try take(way, at: node) == [0, 0, 3, 0, 0, 0, 3], "\(way)")
            try world.settle()
            let digests = try world.sites.map { try $0.store.read { try $0.stateDigest() } }
            #expect(digests[0] == digests[1], "\(way)")
            let imports = try hub.call("GET", "/api/v1/roster/imports").items("imports")
            #expect(Self.counts.map { imports[0][$0] } == [2, 1, 0, 1, 0, 0, 3], "\(way)")
            let teachers = try hub.call("GET", "/api/v1/teachers?all=true&year=\(Self.year)")
            seen.append(
                teachers.items("teachers").map { one in
                    ["name", "email", "school", "grade", "active"].map { one[$0]?.text ?? "" }
                        .joined(separator: "|")
                }.sorted().joined(separator: "\n"))
        }
        #expect(Set(seen).count == 1, "\(seen)")
    }
}
