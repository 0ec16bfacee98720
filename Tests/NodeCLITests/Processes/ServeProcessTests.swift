import Glibc
import Testing

/// `serve` as a service sees it.
@Suite(.serialized, .blocking) struct ServeProcessTests {
    @Test("health and metrics answer without identity and hold no personal data")
    func routes() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let server = try RunningServer(hub)
            let node = try stage.node("node", joining: hub, through: server.port)
            try node.done("teacher", "add", "--name", "Ann", "--email", "ann@t.org", "--school", "North High")
            try node.done("sync")
            let health = try server.get("/health")
            #expect(health.status == 200)
            #expect(try JSON(health.body)["status"].string == "healthy")
            let metrics = try server.get("/metrics")
            #expect(metrics.status == 200)
            #expect(metrics.body.contains("# TYPE sync_requests_total counter"))
            #expect(metrics.body.contains("sync_requests_total{kind=\"hello\",outcome=\"ok\"} 2"))
            #expect(!metrics.body.contains("ann@") && !health.body.contains("ann@"))
            let unknown = try server.get("/nowhere")
            #expect(unknown.status == 404)
            #expect(try JSON(unknown.body)["error_code"].string == "ROUTE_NOT_FOUND")
            #expect(try server.get("/sync/v1/hello").status >= 400)
        }
    }

    @Test("an offline node that serves is healthy and says that the hub can't be reached")
    func offlineNode() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let server = try RunningServer(hub)
            let node = try stage.node("node", joining: hub, through: server.port)
            server.kill()
            try node.done("teacher", "add", "--name", "Ann", "--email", "ann@t.org", "--school", "North High")
            let own = try RunningServer(node)
            #expect(try node.run("sync").status == 10)
            let health = try own.get("/health")
            #expect(health.status == 200)
            let json = try JSON(health.body)
            #expect(json["status"].string == "healthy")
            #expect(json["degraded"] == .array([.string("hub_unreachable")]))
            #expect(try own.get("/metrics").body.contains("sync_pending_deltas 1"))
        }
    }

    @Test("a second serve on the same data exits 11; other commands work beside the first")
    func second() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let server = try RunningServer(hub)
            try hub.refuses(["serve", "--listen", "127.0.0.1:0"], 11, "LOCKED")
            try hub.done("teacher", "add", "--name", "Ann", "--email", "ann@t.org", "--school", "North High")
            #expect(try server.get("/health").status == 200)
            server.kill()
            #expect(try RunningServer(hub).stop().exit == .status(0), "a killed serve leaves no lock")
        }
    }

    @Test("a port that is taken is told with exit 6")
    func portTaken() throws {
        try Stage.run { stage in
            let (first, second) = (try stage.hub("first"), try stage.hub("second"))
            let server = try RunningServer(first)
            try second.refuses(["serve", "--listen", "127.0.0.1:\(server.port)"], 6, "CONFIG_INVALID")
        }
    }

    @Test("SIGTERM and SIGINT end serve with exit 0 in time", arguments: [SIGTERM, SIGINT])
    func signals(_ signal: Int32) throws {
        try Stage.run { stage in
            let server = try RunningServer(try stage.hub())
            #expect(try server.get("/health").status == 200)
            // An idle connection must not hold the end up.
            let idle = try Loopback.connect(server.port)
            defer { close(idle) }
            let (exit, seconds) = try server.stop(with: signal)
            #expect(exit == .status(0))
            #expect(seconds < RunningServer.stopLimit)
        }
    }
}
