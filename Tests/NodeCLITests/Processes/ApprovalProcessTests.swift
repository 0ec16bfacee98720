import Foundation
import Testing

/// Enrolment with words that people compare, by the real commands.
@Suite(.serialized, .blocking) struct ApprovalProcessTests {
    private static func join(_ port: Int) -> [String] {
        ["join", "http://127.0.0.1:\(port)", "--token-file", "-"]
    }

    /// The words that a node shows while it waits.
    private static func words(_ node: Site, _ port: Int, _ token: String) throws -> String {
        let outcome = try node.run(join(port), input: token)
        #expect(outcome.status == 4, outcome.story)
        let envelope = try outcome.envelope()
        #expect(envelope["errors"][0]["code"].string == "APPROVAL_PENDING")
        return envelope["data"]["words"].items.compactMap(\.string).joined(separator: " ")
    }

    @Test("a node waits, is let in by its words, and takes the tenant with the same token")
    func approving() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let server = try RunningServer(hub)
            let node = try stage.node("office")
            let token = try #require(try hub.done("nodes", "invite", "--approve")["token"].string)
            let words = try Self.words(node, server.port, token)
            #expect(try Self.words(node, server.port, token) == words)
            #expect(try node.done("status")["tenants"].items.isEmpty)
            let listed = try hub.done("nodes", "pending")["pending"]
            #expect(listed[0]["words"].items.compactMap(\.string).joined(separator: " ") == words)
            #expect(try hub.done("nodes", "list")["nodes"].items.isEmpty)
            try hub.refuses(["nodes", "approve", "office"], 2, "CONFIRMATION_NEEDED")
            try hub.refuses(["nodes", "approve", "office", "--words", "zoo"], 13, "WORDS_DIFFER")
            try hub.refuses(["nodes", "approve", "nobody", "--words", words], 6, "NODE_NOT_FOUND")
            try node.refuses(["nodes", "approve", "office", "--words", words], 9, "HUB_OWNED")
            try hub.done("nodes", "approve", "office", "--words", words)
            #expect(try hub.done("nodes", "list")["nodes"].items.count == 1)
            try node.done(Self.join(server.port), input: token)
            #expect(try node.state() == hub.state())
        }
    }

    @Test("a setting makes every node wait; one that is turned away is told, and its token is used up")
    func rejecting() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let server = try RunningServer(hub)
            try hub.done("config", "set", "invite_approval", "true")
            let node = try stage.node("office")
            let token = try #require(try hub.done("nodes", "invite")["token"].string)
            _ = try Self.words(node, server.port, token)
            try hub.refuses(["nodes", "reject", "office"], 2, "CONFIRMATION_NEEDED")
            try hub.done("nodes", "reject", "office", "--yes")
            try node.refuses(Self.join(server.port), 6, "TOKEN_INVALID", input: token)
            try stage.node("other").refuses(Self.join(server.port), 6, "TOKEN_INVALID", input: token)
            #expect(try hub.done("nodes", "pending")["pending"].items.isEmpty)
        }
    }

    @Test("join, approve and the hub itself may be killed at any time: repeated, each ends the same")
    func killed() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            for round in 0..<5 {
                let pause = UInt32(50_000 * round)
                var server = try RunningServer(hub)
                let node = try stage.node("office\(round)")
                let token = try #require(try hub.done("nodes", "invite", "--approve")["token"].string)
                let file = try stage.file("token\(round)", token)
                func cut(_ site: Site, _ command: [String]) throws {
                    let child = try stage.start(command + ["--json", "--data", site.folder])
                    usleep(pause)
                    child.end()
                }
                let join = ["join", "http://127.0.0.1:\(server.port)", "--token-file", file]
                try cut(node, join)
                let words = try Self.words(node, server.port, token)
                let approve = ["nodes", "approve", "office\(round)", "--words", words]
                try cut(hub, approve)
                server.process.end()
                server = try RunningServer(hub)
                try hub.done(approve)
                let last = ["join", "http://127.0.0.1:\(server.port)", "--token-file", file]
                try cut(node, last)
                if try node.done("status")["tenants"].items.isEmpty { try node.done(last) }
                try node.done("sync", environment: ["PREPKC_HUB_URL": "http://127.0.0.1:\(server.port)"])
                #expect(try node.state().digest == hub.state().digest)
                server.process.end()
            }
            #expect(try hub.done("nodes", "list")["nodes"].items.count == 5)
        }
    }
}
