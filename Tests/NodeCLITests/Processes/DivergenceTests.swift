import Testing

/// Copied and restored data directories, wrong clocks, cut lines: seen, told, and nothing lost.
@Suite(.serialized, .blocking) struct DivergenceTests {
    private static func add(_ site: Site, _ name: String) throws {
        try site.done(
            "teacher", "add", "--name", name, "--email", "\(name)@t.org", "--school", "North High")
    }

    private static func two(_ stage: Stage) throws -> (hub: Site, node: Site, server: RunningServer) {
        let hub = try stage.hubWithTenant()
        let server = try RunningServer(hub)
        let node = try stage.node("node", joining: hub, through: server.port)
        try add(node, "first")
        try node.done("sync")
        return (hub, node, server)
    }

    @Test("a copied node that writes apart: both machines keep every change and go on", arguments: [1, 2])
    func fork(_ writes: Int) throws {
        try Stage.run { stage in
            let (hub, node, server) = try Self.two(stage)
            defer { server.kill() }
            let copy = try stage.copy(node, to: "copy")
            try Self.add(node, "original")
            for index in 0..<writes { try Self.add(copy, "copied\(index)") }
            try node.done("sync")
            let healed = try copy.done("sync")
            #expect(healed["verdict"].string == "fork" && healed["succession"]["reason"].string == "clone")
            try Self.add(node, "later")
            #expect(try node.done("sync")["succession"]["reason"].string == "clone")
            try copy.done("sync")
            let state = try hub.state(deep: true)
            #expect(try node.state(deep: true) == state && copy.state(deep: true) == state)
            for name in ["original", "copied0", "later"] {
                #expect(try hub.teachers()["\(name)@t.org"] != nil)
            }
            #expect(try hub.done("nodes", "list")["nodes"].items.count == 3)
        }
    }

    @Test("a node restored from an older copy takes its changes back and goes on under a new key")
    func nodeBehind() throws {
        try Stage.run { stage in
            let (hub, node, server) = try Self.two(stage)
            defer { server.kill() }
            let older = try stage.copy(node, to: "older")
            try Self.add(node, "second")
            try node.done("sync")
            let healed = try older.run("sync")
            #expect(healed.status == 0, healed.story)
            #expect(try healed.envelope()["warnings"][0]["code"].string == "ORIGIN_REPLACED")
            #expect(try older.teachers()["second@t.org"] != nil)
            try Self.add(older, "third")
            let sync = try older.done("sync")
            #expect(sync["verdict"].string == "exchange" && sync["round_trips"].int == 1)
            #expect(try hub.teachers()["third@t.org"] != nil)
            #expect(try older.state(deep: true) == hub.state(deep: true))
        }
    }

    @Test("a hub that runs from an older copy of its folder gets back what it lost from its node")
    func hubBehind() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let first = try RunningServer(hub)
            let relay = try stage.relay(to: first.port)
            let node = try stage.node("node", joining: hub, through: relay.port)
            #expect(try first.stop().exit == .status(0))
            let older = try stage.copy(hub, to: "older")
            let second = try RunningServer(hub)
            relay.point(to: second.port)
            try Self.add(node, "kept")
            try node.done("sync")
            second.kill()
            relay.point(to: try RunningServer(older).port)
            try node.done("sync")
            #expect(try older.teachers()["kept@t.org"] != nil)
            #expect(try node.state(deep: true) == older.state(deep: true))
        }
    }

    @Test(
        "a node whose clock is wrong still syncs, both ways",
        arguments: [-86_400_000 * 400, -3_600_000, 3_600_000, 86_400_000 * 400])
    func wrongClock(_ offset: Int) throws {
        try Stage.run { stage in
            let (hub, node, server) = try Self.two(stage)
            defer { server.kill() }
            let wrong = ["PREPKC_TEST_CLOCK_OFFSET_MS": String(offset)]
            try node.done(
                "teacher", "edit", "first@t.org", "--name", "Edited", environment: wrong)
            try Self.add(hub, "hubs")
            let sync = try node.done("sync", environment: wrong)
            #expect(sync["verdict"].string == "exchange")
            #expect(try hub.teachers()["first@t.org"]?["name"].string == "Edited")
            #expect(try node.teachers()["hubs@t.org"] != nil)
            #expect(try node.state() == hub.state())
            // What is written later wins, however wrong the earlier clock was.
            try hub.done("teacher", "edit", "first@t.org", "--name", "Later")
            try node.done("sync")
            #expect(try node.teachers()["first@t.org"]?["name"].string == "Later")
            #expect(try node.done("conflicts", "list")["conflicts"].items.isEmpty)
        }
    }

    @Test("a sync whose answer was cut exits 10; repeated, it is taken once")
    func cutAnswer() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let server = try RunningServer(hub)
            let relay = try stage.relay(to: server.port)
            let node = try stage.node("node", joining: hub, through: relay.port)
            try Self.add(node, "first")
            relay.dropAnswers(true)
            let cut = try node.run("sync")
            #expect(cut.status == 10, cut.story)
            #expect(try hub.teachers()["first@t.org"] != nil, "the hub had taken it")
            relay.dropAnswers(false)
            try node.done("sync")
            #expect(try node.state() == hub.state())
            #expect(try node.done("status")["tenants"][0]["pending_deltas"].int == 0)
            #expect(try hub.teachers().count == 1)
        }
    }
}
