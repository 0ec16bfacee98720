import Foundation
import Testing

/// Making tenants: which slugs, and that a failure leaves nothing.
@Suite(.serialized, .blocking) struct TenantProcessTests {
    @Test("slugs that are reserved or malformed are refused, others are taken, each once")
    func slugs() throws {
        try Stage.run { stage in
            let hub = try stage.hub()
            let create = { (slug: String) in ["tenant", "create", "--name", "T", "--slug=\(slug)"] }
            let refused = [
                "usage", "events", "event", "virtual", "api", "admin", "console", "sync", "Kckps", "a--b",
                "-a", "a-", "-", "a_b", "a.b", "a b", "é", "123", "1-2", String(repeating: "a", count: 51),
                "../x", "a/b",
            ]
            for slug in refused { try hub.refuses(create(slug), 6, "VALIDATION_ERROR") }
            #expect(try hub.done("tenant", "list")["tenants"].items.isEmpty)
            for slug in ["a", "a1-b2-c3", "1a", String(repeating: "a", count: 50)] {
                let data = try hub.done(
                    "tenant", "create", "--name", "T", "--slug", slug, "--flag", "recruitment=on",
                    "--flag", "events=off")
                #expect(data["tenant"]["slug"].string == slug)
                #expect(data["database"].string == "polaris_\(slug).db")
                #expect(
                    data["tenant"]["flags"]
                        == .object([
                            "events": .bool(false), "volunteers": .bool(true), "recruitment": .bool(true),
                            "prepkc_visibility": .bool(false),
                        ]))
                #expect(data["api_key"].string?.count == 64)
                try hub.refuses(create(slug), 6, "SLUG_TAKEN")
            }
            let several = try hub.run("teacher", "list")
            #expect(several.status == 2, several.story)
        }
    }

    @Test("wrong flags, districts, zones and names are refused and leave nothing")
    func refusals() throws {
        try Stage.run { stage in
            let hub = try stage.hub()
            let create = ["tenant", "create", "--slug", "xx", "--name"]
            try hub.refuses(create + ["X", "--flag", "unknown=on"], 6, "VALIDATION_ERROR")
            try hub.refuses(create + ["X", "--flag", "events=maybe"], 6, "VALIDATION_ERROR")
            try hub.refuses(create + ["X", "--district", "0000000"], 6, "DISTRICT_NOT_FOUND")
            try hub.refuses(create + ["X", "--time-zone", "Mars/Base"], 6, "VALIDATION_ERROR")
            try hub.refuses(create + ["  "], 6, "VALIDATION_ERROR")
            #expect(try Self.traces(of: "xx", at: hub).isEmpty)
        }
    }

    @Test("--district copies only that district's schools; --no-show-key keeps the key to itself")
    func districts() throws {
        try Stage.run { stage in
            let hub = try stage.hub()
            #expect(
                try hub.done("reference", "import", "schools", "-", input: Site.schools)["created"].int == 3)
            let again = try hub.done("reference", "import", "schools", "-", input: Site.schools)
            #expect(again["unchanged"].int == 3)
            let one = try hub.run(
                "tenant", "create", "--name", "One", "--slug", "one", "--district", "2000000", "--no-show-key"
            )
            let data = try one.envelope()["data"]
            #expect(data["reference"]["schools"].int == 2)
            #expect(data["api_key"] == .null)
            let two = try hub.run(
                "tenant", "create", "--name", "Two", "--slug", "two", "--district", "2000000")
            #expect(try two.envelope()["warnings"][0]["code"].string == "DISTRICT_LINKED_TWICE")
            let schools = try hub.done("school", "list", "--tenant", "one")["schools"].items
            #expect(schools.compactMap(\.["name"].string) == ["North High", "South Middle"])
            #expect(schools.compactMap(\.["nces_school_id"].string) == ["200000000001", "200000000002"])
        }
    }

    /// Permissions don't hold root back, so something else stands in the way: a plain file where the
    /// folder of tenants was, a folder where the file is built.
    @Test("a creation that fails leaves nothing, says what it was, and succeeds once the way is free")
    func failures() throws {
        try Stage.run { stage in
            let hub = try stage.hub()
            let files = FileManager.default
            let tenants = hub.folder + "/tenants"
            let create = ["tenant", "create", "--name", "X", "--slug", "xx"]

            try files.moveItem(atPath: tenants, toPath: tenants + ".away")
            try Data().write(to: URL(filePath: tenants))
            try hub.refuses(create, 7, "STORAGE")
            #expect(try Self.traces(of: "xx", at: hub).isEmpty)
            try files.removeItem(atPath: tenants)
            try files.moveItem(atPath: tenants + ".away", toPath: tenants)

            let place = "\(tenants)/.creating-xx.db"
            try files.createDirectory(atPath: place + "/x", withIntermediateDirectories: true)
            try hub.refuses(create, 7, "STORAGE")
            #expect(try Self.traces(of: "xx", at: hub) == [".creating-xx.db"])
            try files.removeItem(atPath: place)

            let stray = "\(tenants)/polaris_xx.db"
            try Data("not ours".utf8).write(to: URL(filePath: stray))
            try hub.done(create[0], create[1], create[2], create[3], create[4], create[5])
            let aside = try files.contentsOfDirectory(atPath: tenants).filter { $0.contains("unregistered") }
            #expect(aside.count == 1)
            #expect(files.contents(atPath: "\(tenants)/\(aside.first ?? "")") == Data("not ours".utf8))
            try hub.done("verify", "--deep", "--tenant", "xx")
        }
    }

    /// Files whose names hold the slug, and the slug itself if it is listed.
    private static func traces(of slug: String, at site: Site) throws -> [String] {
        var traces: [String] = []
        for folder in ["tenants", "keys", "backups", "."] {
            let path = "\(site.folder)/\(folder)"
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            guard isFolder.boolValue else { continue }
            traces += try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.contains(slug) }
        }
        let listed = try site.run("tenant", "list")
        if listed.output.contains("\"\(slug)\"") { traces.append(slug) }
        return traces
    }
}
