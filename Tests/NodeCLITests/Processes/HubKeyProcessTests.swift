import Foundation
import Testing

/// The hub's identity key changes, by the real commands.
@Suite(.serialized, .blocking) struct HubKeyProcessTests {
    @Test("a running hub goes on with another identity key; rotations may be killed at any time")
    func rotation() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let server = try RunningServer(hub)
            let node = try stage.node("office", joining: hub, through: server.port)
            var fingerprints: Set<String> = []
            for round in 0..<5 {
                let rotation = try hub.start("nodes", "rotate", "--identity")
                usleep(UInt32(60_000 * round))
                rotation.end()
                try hub.done("tenant", "edit", Site.slug, "--name", "Round \(round)")
                try node.done("sync")
                #expect(try node.state() == hub.state())
                #expect(try node.done("audit", "verify")["ok"].bool == true)
                #expect(try hub.done("audit", "verify")["ok"].bool == true)
            }
            for _ in 0..<2 {
                let rotated = try hub.done("nodes", "rotate", "--identity")
                fingerprints.insert(try #require(rotated["hub_fingerprint"].string))
                try node.done("sync")
            }
            #expect(fingerprints.count == 2)
            try node.refuses(["nodes", "rotate", "--identity"], 9, "HUB_OWNED")
            let late = try stage.node("late", joining: hub, through: server.port)
            #expect(try late.state().digest == hub.state().digest)
        }
    }

    @Test("a hub on a new machine goes on from its backup and the words of the recovery key")
    func newMachine() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            var server = try RunningServer(hub)
            let node = try stage.node("office", joining: hub, through: server.port)
            let made = try hub.done("backup", "create", "--folder", stage.folder)
            let words = try #require(made["backup"]["recovery_secret"].string)
            #expect(words.split(separator: " ").count == 24)
            let file = try #require(made["backup"]["file"].string)
            try node.done("sync")
            try hub.done("tenant", "edit", Site.slug, "--name", "Since then")
            try node.done("sync")
            server.kill()
            let fresh = Site(stage: stage, name: "fresh")
            let restore = ["backup", "restore", file, "--yes", "--key-file", "-"]
            let wrong = try fresh.run(
                restore, input: words.split(separator: " ").reversed().joined(separator: " "))
            #expect([6, 13].contains(wrong.status), wrong.story)
            let restored = try fresh.done(restore, input: words + "\n")
            #expect(restored["hub_key_renewed"].bool == true)
            server = try RunningServer(fresh)
            let address = ["PREPKC_HUB_URL": "http://127.0.0.1:\(server.port)"]
            try node.done("sync", environment: address)
            try node.done("sync", environment: address)
            #expect(try node.state().digest == fresh.state().digest)
            #expect(try fresh.done("tenant", "show", Site.slug)["tenant"]["name"].string == "Since then")
            #expect(try fresh.done("audit", "verify")["ok"].bool == true)
        }
    }
}
