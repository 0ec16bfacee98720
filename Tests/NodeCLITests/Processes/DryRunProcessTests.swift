import Foundation
import Testing

/// `sync --dry-run` with real processes.
@Suite(.serialized, .blocking) struct DryRunProcessTests {
    @Test("a dry run announces what the sync then does; digests, heads, log and status stay as they were")
    func announced() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let server = try RunningServer(hub)
            let node = try stage.node("node", joining: hub, through: server.port)
            try node.done("roster", "import", try stage.roster("r", count: 5).path)
            try node.done("sync")
            try hub.done("teacher", "edit", "r-0@t.org", "--name", "Hub")
            try node.done("teacher", "edit", "r-0@t.org", "--name", "Node")
            try node.done("roster", "import", try stage.roster("s", count: 40).path, "--additive")

            let facts = {
                try [hub, node].map { JSON.array([try $0.done("verify", "--deep"), try $0.done("status")]) }
            }
            let before = try facts()
            let log = try node.done("sync", "log")
            let dry = try node.done("sync", "--dry-run")
            #expect(try facts() == before)
            #expect(try node.done("sync", "log") == log)
            #expect(dry["dry_run"].bool == true)
            #expect(try node.done("sync", "now", "--dry-run")["pushed"] == dry["pushed"])

            let sync = try node.done("sync")
            for key in ["verdict", "pulled", "conflicts", "conflicts_open"] { #expect(dry[key] == sync[key]) }
            for key in ["deltas", "writes", "bytes"] { #expect(dry["pushed"][key] == sync["pushed"][key]) }
            #expect(sync["conflicts"]["open"].int == 1 && sync["pushed"]["deltas"].int == 2)
            #expect(try hub.state() == node.state())
            let nothing = try node.done("sync", "--dry-run")
            #expect(nothing["verdict"].string == "equal" && nothing["round_trips"].int == 1)
        }
    }

    @Test(
        "a dry run that can't reach the hub exits 10, one with open conflicts 5 if asked; both change nothing"
    )
    func exits() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let server = try RunningServer(hub)
            let relay = try stage.relay(to: server.port)
            let node = try stage.node("node", joining: hub, through: relay.port)
            try node.done("teacher", "add", "--name", "Ann", "--email", "a@t.org", "--school", "North High")
            try node.done("sync")
            try hub.done("teacher", "edit", "a@t.org", "--name", "Hub")
            try node.done("teacher", "edit", "a@t.org", "--name", "Node")
            let state = try node.state()
            let failing = try node.run("sync", "--dry-run", "--fail-on-conflict")
            #expect(failing.status == 5, failing.story)
            relay.refuse()
            let away = try node.run("sync", "--dry-run")
            #expect(away.status == 10, away.story)
            let envelope = try away.envelope()
            #expect(envelope["errors"][0]["code"].string == "HUB_UNREACHABLE")
            #expect(envelope["data"]["dry_run"].bool == true)
            #expect(try node.done("status")["tenants"][0]["last_error"] == .null)
            #expect(try node.state() == state)
            try hub.refuses(["sync", "--dry-run"], 9, "NODE_ONLY")
        }
    }
}
