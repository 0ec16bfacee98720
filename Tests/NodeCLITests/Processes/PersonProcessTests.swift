import Foundation
import Testing

/// `person` from end to end: export, erasure over a real line, and that no file holds the person afterwards.
@Suite(.serialized, .blocking) struct PersonProcessTests {
    /// The files of a data directory in which a word stands.
    static func files(of site: Site, holding word: String) -> [String] {
        let names = FileManager.default.enumerator(atPath: site.folder)?.compactMap { $0 as? String } ?? []
        return names.filter { name in
            let bytes = FileManager.default.contents(atPath: "\(site.folder)/\(name)") ?? Data()
            return bytes.range(of: Data(word.utf8)) != nil
        }
    }

    @Test("a person is handed over, erased at the node, and gone from hub and node after a sync")
    func erasure() throws {
        try Stage.run { stage in
            let hub = try SessionProcessTests.hub(stage)
            let server = try RunningServer(hub)
            defer { server.kill() }
            let node = try stage.node("office", joining: hub, through: server.port)
            try node.done("sync")
            try node.done(
                "teacher", "add", "--name", "Zyxwvut Canary", "--email", "zyx@canary.org", "--school",
                "North High")
            try node.done("sync")
            try node.done("teacher", "edit", "zyx@canary.org", "--name", "Zyxwvut Canary-Two")

            let data = try node.done("person", "export", "zyx@canary.org")
            #expect(data["person"]["kind"].string == "teacher")
            #expect(data["rows"].items.count == 2 && data["history"].items.count == 3)
            #expect(data["audit"].items.map(\.["action"].string) == ["teacher.add", "teacher.edit"])
            for name in ["person.json", "person.csv"] {
                let path = stage.folder + "/" + name
                try node.done("person", "export", "zyx@canary.org", "--out", path)
                try node.refuses(["person", "export", "zyx@canary.org", "--out", path], 6, "FILE_EXISTS")
                let text = try String(contentsOfFile: path, encoding: .utf8)
                #expect(text.contains("Zyxwvut Canary-Two") && text.contains("zyx@canary.org"))
            }
            let state = try node.state()
            try node.refuses(["person", "erase", "zyx@canary.org"], 2, "CONFIRMATION_NEEDED")
            try node.refuses(["person", "erase", "nobody@t.org", "--yes"], 6, "RECORD_NOT_FOUND")
            try node.refuses(["person", "erase", "L-9", "--learner", "--yes"], 6, "RECORD_NOT_FOUND")
            #expect(try node.run("person", "erase", "zyx@canary.org", "--dry-run").status == 0)
            #expect(try node.state() == state)
            #expect(!Self.files(of: node, holding: "zyx@canary.org").isEmpty)

            let erased = try node.done("person", "erase", "zyx@canary.org", "--reason", "request 7", "--yes")
            #expect(erased["erasure"]["rows"].int == 2)
            for word in ["anary", "yxwvut"] { #expect(Self.files(of: node, holding: word) == []) }
            try node.done("sync")
            try hub.done("status")
            for word in ["anary", "yxwvut"] { #expect(Self.files(of: hub, holding: word) == []) }
            #expect(try hub.state(deep: true).digest == node.state(deep: true).digest)
            #expect(try hub.done("person", "erasures")["erasures"].items.count == 1)
            try hub.refuses(["teacher", "show", "zyx@canary.org"], 6, "TEACHER_NOT_FOUND")

            let later = try stage.node("later", joining: hub, through: server.port)
            #expect(try later.state(deep: true).digest == hub.state().digest)
            for word in ["anary", "yxwvut"] {
                #expect(Self.files(of: later, holding: word) == [])
                #expect(!server.process.messages.contains(word), "the server's log")
            }
        }
    }
}
