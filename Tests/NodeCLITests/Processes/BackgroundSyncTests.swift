import Glibc
import Testing

/// A node's `serve` beside other commands, over a line that stalls and breaks.
@Suite(.serialized, .blocking) struct BackgroundSyncTests {
    /// A hub, a relay in front of it, and a node that serves.
    private static func sites(_ stage: Stage) throws -> (
        hub: Site, node: Site, relay: Relay, hubServer: RunningServer
    ) {
        let hub = try stage.hubWithTenant()
        let server = try RunningServer(hub)
        let relay = try stage.relay(to: server.port)
        let node = try stage.node("node", joining: hub, through: relay.port)
        try node.done("sync")
        return (hub, node, relay, server)
    }

    private static func add(_ site: Site, _ name: String) throws {
        try site.done(
            "teacher", "add", "--name", name, "--email", "\(name)@t.org", "--school", "North High")
    }

    /// Waits until nothing is pending at a node; less than the interval of five minutes.
    private static func isSynced(_ node: Site) -> Bool {
        waitUntil(seconds: 150, everyMicroseconds: 200_000) {
            (try? node.done("status")["tenants"][0]["pending_deltas"].int) == 0
        }
    }

    @Test("SIGTERM in the middle of a stalled sync ends serve in time; the next start goes on")
    func stopInSync() throws {
        try Stage.run { stage in
            let (hub, node, relay, _) = try Self.sites(stage)
            try Self.add(node, "ann")
            relay.stop(.answer, 1, after: 0, then: .hold)
            let server = try RunningServer(node)
            try #require(waitUntil(seconds: 60) { relay.withheld > 0 }, "the sync waits for its answer")
            let log = try node.done("sync", "log")
            let (exit, seconds) = try server.stop()
            #expect(exit == .status(0))
            #expect(seconds < RunningServer.stopLimit)
            #expect(try node.done("sync", "log") == log, "a stop is no failure")
            #expect(try node.done("status")["tenants"][0]["last_error"] == .null)
            relay.release()
            let again = try RunningServer(node)
            #expect(Self.isSynced(node))
            #expect(try again.stop().exit == .status(0))
            #expect(try hub.state() == node.state())
        }
    }

    @Test("a write that another process makes while a sync runs is synced right after it")
    func writeDuringSync() throws {
        try Stage.run { stage in
            let (hub, node, relay, _) = try Self.sites(stage)
            try Self.add(node, "ann")
            relay.stop(.answer, 1, after: 0, then: .hold)
            let server = try RunningServer(node)
            try #require(waitUntil(seconds: 60) { relay.withheld > 0 }, "the sync waits for its answer")
            try Self.add(node, "bo")
            relay.release()
            #expect(Self.isSynced(node), "the next interval would be five minutes away")
            try Self.add(node, "cy")
            #expect(Self.isSynced(node))
            #expect(try server.stop().exit == .status(0))
            #expect(try hub.state() == node.state())
        }
    }

    @Test("a hub that was gone is found again; paused, nothing is synced until resumed")
    func goneAndPaused() throws {
        try Stage.run { stage in
            let (hub, node, relay, hubServer) = try Self.sites(stage)
            relay.refuse()
            try Self.add(node, "ann")
            let server = try RunningServer(node)
            let hasFailed = waitUntil(seconds: 60, everyMicroseconds: 200_000) {
                (try? node.done("sync", "log")["exchanges"][0]["error_code"].string) == "HUB_UNREACHABLE"
            }
            #expect(hasFailed)
            relay.point(to: hubServer.port)
            #expect(Self.isSynced(node))
            try node.done("sync", "pause")
            #expect(try node.done("status")["sync_paused"].bool == true)
            // Whatever began before the pause has ended when `sync` has had the tenant.
            try node.done("sync")
            try Self.add(node, "bo")
            let requests = relay.requests
            #expect(!waitUntil(seconds: 3) { relay.requests > requests })
            try node.done("sync", "resume")
            #expect(Self.isSynced(node))
            #expect(try server.stop().exit == .status(0))
            #expect(try hub.state() == node.state())
        }
    }

    @Test("what a command writes at the hub is soon at a node that serves, and neither stops late for it")
    func newsFromHub() throws {
        try Stage.run { stage in
            let (hub, node, _, hubServer) = try Self.sites(stage)
            let server = try RunningServer(node)
            let waits = waitUntil(seconds: 60, everyMicroseconds: 50_000) {
                (try? hubServer.get("/metrics").body.contains("\nsync_waiting_requests 1\n")) == true
            }
            try #require(waits, "the node waits for news")
            try Self.add(hub, "ann")
            let isThere = waitUntil(seconds: 100, everyMicroseconds: 50_000) {
                (try? node.teachers()["ann@t.org"]) != nil
            }
            #expect(isThere, "the next interval would be four minutes away")
            #expect(try hub.state() == node.state())
            for server in [hubServer, server] {
                let (exit, seconds) = try server.stop()
                #expect(exit == .status(0) && seconds < RunningServer.stopLimit)
            }
        }
    }

    @Test("a node whose clock is far ahead syncs all the same, and its log says so")
    func clockAhead() throws {
        try Stage.run { stage in
            let (hub, node, _, _) = try Self.sites(stage)
            try Self.add(node, "ann")
            let days = ["PREPKC_TEST_CLOCK_OFFSET_MS": String(400 * 86_400_000)]
            let server = try RunningServer(node, environment: days)
            #expect(Self.isSynced(node))
            #expect(waitUntil(seconds: 60) { server.process.messages.contains("CLOCK_AHEAD") })
            #expect(try hub.state() == node.state())
        }
    }
}
