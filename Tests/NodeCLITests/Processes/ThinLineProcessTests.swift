import Testing

/// The whole product in one story, with the real program.
@Suite(.serialized, .blocking) struct ThinLineProcessTests {
    @Test("a district works while the hub is dead, syncs, settles a conflict, and all sides are equal")
    func thinLine() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let first = try RunningServer(hub)
            let relay = try stage.relay(to: first.port)
            let node = try stage.node("office", joining: hub, through: relay.port)
            first.kill()
            relay.refuse()

            try importWhileTheHubIsDead(stage, node)

            let second = try RunningServer(hub)
            relay.point(to: second.port)
            let sync = try node.done("sync")
            #expect(sync["verdict"].string == "exchange")
            #expect(sync["pushed"]["deltas"].int == 1)
            #expect(try hub.teachers().count == 3)
            #expect(try hub.state() == node.state())

            try settleOneConflict(hub, node)

            let third = try stage.node("branch", joining: hub, through: relay.port)
            #expect(try third.teachers()["ann@t.org"]?["name"].string == "Ann Hub")
            let digests = try [hub, node, third].map { try $0.state(deep: true).digest }
            #expect(Set(digests).count == 1)
            #expect(
                try hub.done("nodes", "list")["nodes"].items.compactMap(\.["name"].string) == [
                    "office", "branch",
                ])

            try nothingToDoIsOneRequest(node, relay)
            #expect(try second.stop().exit == .status(0))
        }
    }

    private func importWhileTheHubIsDead(_ stage: Stage, _ node: Site) throws {
        let file = try stage.roster(
            "roster.csv",
            [
                ("North High", "Ann Lee", "ann@t.org", "5"), ("South Middle", "Bo Ray", "bo@t.org", "6"),
                ("north  high", "Cy Moe", "cy@t.org", ""),
            ])
        #expect(try node.done("roster", "import", file)["created"].int == 3)
        let state = try node.state()
        let sync = try node.run("sync")
        #expect(sync.status == 10, sync.story)
        #expect(sync.seconds < 60)
        #expect(try sync.envelope()["errors"][0]["code"].string == "HUB_UNREACHABLE")
        #expect(try sync.envelope()["data"]["round_trips"].int == 0)
        #expect(try node.state() == state)
        let status = try node.done("status")["tenants"][0]
        #expect(status["pending_deltas"].int == 1)
        #expect(status["last_error"].string != nil)
    }

    private func settleOneConflict(_ hub: Site, _ node: Site) throws {
        try hub.done("teacher", "edit", "ann@t.org", "--name", "Ann Hub")
        try node.done("teacher", "edit", "ann@t.org", "--name", "Ann Node")
        let sync = try node.done("sync")
        #expect(sync["conflicts"]["open"].int == 1)
        let failing = try node.run("sync", "--fail-on-conflict")
        #expect(failing.status == 5, failing.story)
        #expect(try failing.envelope()["data"]["conflicts_open"].int == 1)

        let open = try node.done("conflicts", "list", "--state", "open")["conflicts"]
        #expect(open.items.count == 1)
        let conflict = open[0]
        #expect(conflict["table"].string == "teacher")
        #expect(conflict["column"].string == "name")
        #expect(Set(conflict["siblings"].items.compactMap(\.["value"].string)) == ["Ann Hub", "Ann Node"])
        #expect(try hub.done("conflicts", "list")["conflicts"][0]["id"] == conflict["id"])

        let id = try #require(conflict["id"].string)
        let choice = try #require(
            conflict["siblings"].items.firstIndex { $0["value"].string == "Ann Hub" })
        let resolved = try node.done("conflicts", "resolve", id, "--take", String(choice + 1))
        #expect(resolved["conflict"]["state"].string == "resolved")
        #expect(try node.done("conflicts", "list")["conflicts"].items.isEmpty)
        try node.done("sync")
        for site in [hub, node] {
            #expect(try site.done("conflicts", "list", "--state", "open")["conflicts"].items.isEmpty)
            #expect(try site.teachers()["ann@t.org"]?["name"].string == "Ann Hub")
        }
    }

    private func nothingToDoIsOneRequest(_ node: Site, _ relay: Relay) throws {
        try node.done("sync")
        let before = relay.requests
        let sync = try node.done("sync")
        #expect(sync["verdict"].string == "equal")
        #expect(relay.requests - before == 1)
        #expect(sync["round_trips"].int == 1)
    }
}
