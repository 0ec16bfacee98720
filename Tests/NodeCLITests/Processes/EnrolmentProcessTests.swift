import Foundation
import Testing

/// Tokens and joining.
@Suite(.serialized, .blocking) struct EnrolmentProcessTests {
    private static func invite(_ hub: Site) throws -> String {
        try #require(try hub.done("nodes", "invite")["token"].string)
    }

    private static func join(_ port: Int) -> [String] {
        ["join", "http://127.0.0.1:\(port)", "--token-file", "-"]
    }

    /// The same token with another secret: characters 13 to 37 of its base32 are the secret's alone.
    private static func forged(_ token: String) -> String {
        var characters = Array(token)
        let place = "prepkc-".count + 20
        characters[place] = characters[place] == "0" ? "1" : "0"
        return String(characters)
    }

    @Test("a token serves one node; used, unknown and malformed ones are refused with TOKEN_INVALID")
    func tokens() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let server = try RunningServer(hub)
            let token = try Self.invite(hub)
            let (first, second) = (try stage.node("first"), try stage.node("second"))
            let file = try stage.file("token.txt", token + "\n")
            let joined = try first.done("join", "http://127.0.0.1:\(server.port)/", "--token-file", file)
            #expect(joined["tenant"].string == Site.slug)
            #expect(joined["origin"].string?.count == 32)
            let join = Self.join(server.port)
            try second.refuses(join, 6, "TOKEN_INVALID", input: token)
            try second.refuses(join, 6, "TOKEN_INVALID", input: "")
            try second.refuses(join, 6, "TOKEN_INVALID", input: "prepkc-nonsense")
            try second.refuses(join, 6, "TOKEN_INVALID", input: String(token.dropLast(1)))
            #expect(try hub.done("nodes", "list")["nodes"].items.count == 1)
            #expect(try second.done("status")["tenants"].items.isEmpty)
            #expect(try second.run(join, input: try Self.invite(hub)).status == 0)
            let again = try second.run(join, input: try Self.invite(hub))
            #expect(again.status == 6, "one tenant is taken once: \(again.story)")
        }
    }

    @Test("five wrong proofs burn a token, four don't")
    func burning() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let server = try RunningServer(hub)
            let node = try stage.node("node")
            let join = Self.join(server.port)
            let good = try Self.invite(hub), burned = try Self.invite(hub)
            for _ in 0..<5 { try node.refuses(join, 6, "TOKEN_INVALID", input: Self.forged(burned)) }
            try node.refuses(join, 6, "TOKEN_INVALID", input: burned)
            for _ in 0..<4 { try node.refuses(join, 6, "TOKEN_INVALID", input: Self.forged(good)) }
            let joined = try node.run(join, input: good)
            #expect(joined.status == 0, joined.story)
        }
    }

    @Test("a token of another hub is refused before anything is trusted")
    func anotherHub() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let other = try stage.hub("other")
            try other.done("tenant", "create", "--name", "Other", "--slug", Site.slug)
            let server = try RunningServer(hub)
            let node = try stage.node("node")
            let outcome = try node.run(Self.join(server.port), input: try Self.invite(other))
            #expect([6, 9, 13].contains(outcome.status), outcome.story)
            #expect(try node.done("status")["tenants"].items.isEmpty)
        }
    }

    @Test("an expired token is refused")
    func expired() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let server = try RunningServer(hub)
            let node = try stage.node("node")
            let twoHours = ["PREPKC_TEST_CLOCK_OFFSET_MS": "-7200000"]
            let token = try #require(try hub.done("nodes", "invite", environment: twoHours)["token"].string)
            try node.refuses(Self.join(server.port), 6, "TOKEN_INVALID", input: token)
        }
    }

    @Test("a join whose answer was cut is repeated with the same token")
    func cut() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let server = try RunningServer(hub)
            let relay = try stage.relay(to: server.port)
            let node = try stage.node("node")
            let token = try Self.invite(hub)
            relay.dropAnswers(true)
            let cut = try node.run(Self.join(relay.port), input: token)
            #expect(cut.status == 10, cut.story)
            #expect(relay.requests == 1)
            #expect(try hub.done("nodes", "list")["nodes"].items.count == 1, "the hub had admitted it")
            relay.dropAnswers(false)
            let joined = try node.run(Self.join(relay.port), input: token)
            #expect(joined.status == 0, joined.story)
            #expect(try hub.done("nodes", "list")["nodes"].items.count == 1)
            #expect(try node.state() == hub.state())
        }
    }

    @Test("a join to a hub that isn't there exits 10, one to plain http elsewhere is refused")
    func unreachable() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let node = try stage.node("node")
            let token = try Self.invite(hub)
            let relay = try stage.relay()
            let outcome = try node.run(Self.join(relay.port), input: token)
            #expect(outcome.status == 10, outcome.story)
            #expect(outcome.seconds < 60)
            try node.refuses(
                ["join", "http://hub.example.org", "--token-file", "-"], 6, "CONFIG_INVALID", input: token)
        }
    }
}
