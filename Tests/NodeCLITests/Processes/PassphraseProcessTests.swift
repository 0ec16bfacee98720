import Foundation
import Testing

/// Key files under a passphrase, as people and service managers use them.
@Suite(.serialized, .blocking) struct PassphraseProcessTests {
    private static let words = "correct horse battery staple"
    private static let known = ["PREPKC_KEY_PASSPHRASE": words]
    private static let writing = ["tenant", "edit", Site.slug, "--name", "Other"]

    private static func seal(_ site: Site) throws {
        try site.done("nodes", "passphrase", "set", "--new-file", "-", input: words + "\n")
    }

    @Test("what signs needs the passphrase, what reads doesn't, and a refused command changes nothing")
    func using() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            try Self.seal(hub)
            let before = try hub.state()
            for reading in [["status"], ["tenant", "list"], ["audit", "list"], ["doctor", "storage"]] {
                try hub.done(reading)
            }
            try hub.refuses(Self.writing, 9, "KEY_LOCKED")
            try hub.refuses(["serve", "--listen", "127.0.0.1:0"], 9, "KEY_LOCKED")
            let wrong = try hub.run(
                Self.writing, environment: ["PREPKC_KEY_PASSPHRASE": "another one altogether"])
            #expect(wrong.status == 9, wrong.story)
            #expect(try hub.state() == before)
            try hub.done(Self.writing, environment: Self.known)
            #expect(try hub.state() != before)
        }
    }

    @Test("the passphrase comes from a file that not everybody may read")
    func fromFile() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            try Self.seal(hub)
            let path = try stage.file("passphrase", Self.words + "\n")
            let file = ["PREPKC_KEY_PASSPHRASE_FILE": path]
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            #expect(try hub.run(Self.writing, environment: file).status == 9)
            try FileManager.default.setAttributes([.posixPermissions: 0o440], ofItemAtPath: path)
            try hub.done(Self.writing, environment: file)
        }
    }

    @Test("beside a running serve the passphrase stays; a node enrols and syncs with sealed keys")
    func besideServe() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let server = try RunningServer(hub)
            try hub.refuses(
                ["nodes", "passphrase", "set", "--new-file", "-"], 11, "LOCKED", input: Self.words)
            let node = try stage.node("office")
            try Self.seal(node)
            let token = try #require(try hub.done("nodes", "invite")["token"].string)
            let join = ["join", "http://127.0.0.1:\(server.port)", "--token-file", "-"]
            try node.refuses(join, 9, "KEY_LOCKED", input: token)
            try node.done(join, input: token, environment: Self.known)
            let names = try FileManager.default.contentsOfDirectory(atPath: node.folder + "/keys")
            for name in names where name.hasSuffix(".key") {
                let text = try String(contentsOfFile: "\(node.folder)/keys/\(name)", encoding: .utf8)
                #expect(text.hasPrefix("prepkc-ed25519-sealed"), "\(name)")
            }
            try node.done("nodes", "rotate", environment: Self.known)
            try node.done("nodes", "passphrase", "remove", environment: Self.known)
            try node.done("sync")
            #expect(try node.state().digest == hub.state().digest)
        }
    }

    @Test("setting a passphrase that is killed at any time goes on, and no key is lost")
    func killed() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let path = try stage.file("passphrase", Self.words)
            for round in 0..<8 {
                let command = try hub.start("nodes", "passphrase", "set", "--new-file", path)
                usleep(UInt32(60_000 * round))
                command.end()
                try hub.done(
                    "tenant", "edit", Site.slug, "--name", "Round \(round)", environment: Self.known)
                let removal = try hub.run("nodes", "passphrase", "remove", environment: Self.known)
                #expect([0, 6].contains(removal.status), removal.story)
            }
            try hub.done(Self.writing)
        }
    }
}
