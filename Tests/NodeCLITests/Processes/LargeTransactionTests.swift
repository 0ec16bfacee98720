import Foundation
import Glibc
import Testing

/// A transaction of many parts over a line that breaks after every part, in either direction.
@Suite(.serialized, .blocking) struct LargeTransactionTests {
    /// Each part of teachers outweighs what rides along with hello, and so does each push at the beginning of an
    /// exchange carry one; of the parts with their years, which come after them, it carries two or three.
    private static func roster(_ stage: Stage, rows: Int) throws -> String {
        try stage.incompressibleRoster(rows: rows)
    }

    @Test("a push that is cut at every part goes on where it stopped; the hub shows nothing, then all")
    func cutPush() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let server = try RunningServer(hub)
            let relay = try stage.relay(to: server.port)
            let node = try stage.node("node", joining: hub, through: relay.port)
            try node.done("roster", "import", try Self.roster(stage, rows: 6000))
            let pending = try node.done("status")["tenants"][0]
            let parts = try #require(pending["pending_deltas"].int)
            let bytes = try #require(pending["pending_bytes"].int)
            try #require(parts > 6)
            let sent = relay.sent
            let (syncs, gauges) = try Self.pushCutting(relay, node, hub, server, parts: parts)
            relay.release()
            try node.done("sync")
            #expect(syncs >= parts / 2, "every part of teachers was cut once: \(syncs) cuts, \(parts) parts")
            #expect(try hub.teachers().count == 6000)
            #expect(try hub.state(deep: true) == node.state(deep: true))
            #expect(try hub.done("status")["tenants"][0]["waiting_deltas"].int == 0)
            #expect(gauges.count > 2 && gauges.contains(0) == false)
            #expect(try Self.gauge(server) == 0)
            #expect(server.process.messages.contains("parts of a transaction arrived"))
            // What goes over twice: the first part with each hello, and what the cuts let through.
            let again = relay.sent - sent - bytes
            #expect(again < (syncs + 1) * (bytes / parts * 2 + 20_000), "\(again) bytes were sent again")
        }
    }

    @Test(
        "what waits of a machine that is gone is listed, given up, and taken when the machine turns up after all"
    )
    func givenUp() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant(), server = try RunningServer(hub)
            defer { server.kill() }
            let relay = try stage.relay(to: server.port)
            let node = try stage.node("node", joining: hub, through: relay.port)
            try node.done("roster", "import", try Self.roster(stage, rows: 2000))
            relay.stop(.request, 3, after: 10_000, then: .cut)
            #expect(try node.run("sync").status == 10)
            relay.release()
            let listed = try hub.done("nodes", "void", "node", "--dry-run")
            let waiting = listed["deltas"].items
            #expect(waiting.count > 0 && listed["voided"].bool == false)
            #expect(waiting[0]["writes_list"].items.contains { $0["table"].string == "teacher" })
            #expect(listed["missing"][0]["seq"].int == waiting.count + 1)
            try hub.refuses(["nodes", "void", "node"], 2, "CONFIRMATION_NEEDED")
            try hub.refuses(["nodes", "void", "nobody", "--yes"], 6, "NODE_NOT_FOUND")
            #expect(try hub.done("nodes", "void", "node", "--yes")["voided"].bool == true)
            #expect(try hub.done("status")["tenants"][0]["waiting_deltas"].int == 0)
            #expect(try hub.done("nodes", "void", "node", "--yes")["deltas"].items.isEmpty)
            try node.done("sync")
            #expect(try hub.teachers().count == 2000)
            #expect(try hub.state() == node.state())
            #expect(
                try node.done("audit", "list")["entries"].items.contains {
                    $0["action"].string == "node.void"
                })
        }
    }

    /// Syncs until all parts but perhaps the last are held by the hub, which must show nothing of them;
    /// how many syncs that took and what the hub's gauge said.
    private static func pushCutting(
        _ relay: Relay, _ node: Site, _ hub: Site, _ server: RunningServer, parts: Int
    ) throws -> (syncs: Int, gauges: Set<Int>) {
        let before = try hub.state()
        var held = 0, syncs = 0, gauges: Set<Int> = []
        while held < parts - 1 {
            syncs += 1
            try #require(syncs < 3 * parts, "the push does not get on")
            // Hello and one push get through; the next push is cut in the middle.
            relay.stop(.request, 3, after: 10_000, then: .cut)
            let cut = try node.run("sync")
            if cut.status == 0 { break }
            #expect(cut.status == 10, cut.story)
            let waiting = try hub.done("status")["tenants"][0]
            let now = try #require(waiting["waiting_deltas"].int)
            #expect(now > held, "each sync gets on")
            #expect(waiting["waiting_bytes"].int ?? 0 > 0)
            held = now
            gauges.insert(try gauge(server))
            #expect(try hub.state() == before, "nothing of it is shown")
        }
        return (syncs, gauges)
    }

    private static func gauge(_ server: RunningServer) throws -> Int {
        let line = try server.get("/metrics").body.split(separator: "\n").first {
            $0.hasPrefix("sync_waiting_deltas{tenant=\"\(Site.slug)\"} ")
        }
        return line.flatMap { Int($0.split(separator: " ")[1]) } ?? -1
    }

    @Test("a pull that is cut at every page goes on where it stopped; the node shows nothing, then all")
    func cutPull() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let server = try RunningServer(hub)
            let relay = try stage.relay(to: server.port)
            let node = try stage.node("node", joining: hub, through: relay.port)
            // More would come as a snapshot.
            try hub.done("roster", "import", try Self.roster(stage, rows: 3000))
            let before = try node.state()
            var held = 0, syncs = 0
            while true {
                syncs += 1
                try #require(syncs < 60, "the pull does not get on")
                // Each exchange gets the answer to its hello; the page after it is cut in the middle.
                relay.stop(.answer, 2, after: 10_000, then: .cut)
                let cut = try node.run("sync")
                if cut.status == 0 { break }
                #expect(cut.status == 10, cut.story)
                #expect(try node.state() == before, "nothing of it is shown")
                let now = try #require(try node.done("status")["tenants"][0]["waiting_deltas"].int)
                #expect(now > held, "each sync gets on")
                held = now
            }
            #expect(syncs > 3, "each of the three parts of teachers was cut once")
            #expect(try node.teachers().count == 3000)
            #expect(try hub.state() == node.state(deep: true))
        }
    }
}
