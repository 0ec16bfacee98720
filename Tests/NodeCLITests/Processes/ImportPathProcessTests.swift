import Foundation
import TestSupport
import Testing

/// The same files as `ImportPathTests`, by the ways of the command line.
@Suite(.serialized, .blocking) struct ImportPathProcessTests {
    private static let schools = """
        nces_school_id,nces_lea_id,school_name
        200000000001,2000000,North
        200000000002,2000000,South

        """

    private func roster(_ way: String, _ stage: Stage) throws -> (argument: String, input: String) {
        switch way {
        case "file": return (try stage.file("roster.csv", ImportFixture.roster), "")
        case "input": return ("-", ImportFixture.roster)
        case "archive":
            let path = stage.folder + "/set.zip"
            try Data(OneRosterFixture.v1_1.zip.bytes).write(to: URL(filePath: path))
            return (path, "")
        default:
            let folder = stage.folder + "/set"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for (name, text) in OneRosterFixture.v1_2.files {
                try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"))
            }
            return (folder, "")
        }
    }

    @Test(
        "a file, standard input, an archive and a folder give the counts that every way in gives",
        arguments: ["file", "input", "archive", "folder"])
    func counts(way: String) throws {
        try Stage.run { stage in
            let hub = try stage.hub()
            try hub.done("reference", "import", "schools", "-", input: Self.schools)
            try hub.done(
                "tenant", "create", "--name", "Testville", "--slug", Site.slug, "--district", "2000000")
            let year = ["--year", ImportFixture.year]
            try hub.done(["roster", "import", "-"] + year, input: ImportFixture.before)
            let roster = try roster(way, stage)
            for expected in [ImportFixture.rosterCounts, ImportFixture.rosterAgain] {
                let data = try hub.done(
                    ["roster", "import", roster.argument] + year, input: roster.input)
                #expect(ImportFixture.rosterKeys.map { data[$0].int } == expected)
            }
            let file = way == "input" ? "-" : try stage.file("sessions.csv", ImportFixture.sessions)
            for expected in [ImportFixture.sessionCounts, ImportFixture.sessionsAgain] {
                let outcome = try hub.run(
                    ["sessions", "import", file], input: way == "input" ? ImportFixture.sessions : "")
                #expect(outcome.status == 3, outcome.story)
                let data = try outcome.envelope()["data"]
                #expect(ImportFixture.sessionKeys.map { data[$0].int } == expected)
            }
            let rows = try hub.done(["usage"] + year)["buildings"].items.flatMap { $0["rows"].items }
            let counts = rows.map { ($0["email"].string ?? "", $0["sessions"].int ?? -1) }
            #expect(Dictionary(counts) { $1 } == ImportFixture.usage)
        }
    }
}
