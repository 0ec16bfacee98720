import Foundation
import Logging
import NodeCore
import TestSupport
import Testing

@testable import NodeServer

/// Health, metrics, limits and the log.
@Suite struct OperationsTests {
    @Test("a rate is so many at once and so many a second; keys don't disturb each other")
    func bucket() {
        let limiter = RateLimiter(.init(perSecond: 10, burst: 3))
        let start = ContinuousClock.now
        for _ in 0..<3 { #expect(limiter.take("a", at: start) == nil) }
        #expect(limiter.take("a", at: start) != nil)
        #expect(limiter.take("b", at: start) == nil)
        #expect(limiter.take("a", at: start + .milliseconds(99)) != nil)
        #expect(limiter.take("a", at: start + .milliseconds(201)) == nil)
        for _ in 0..<3 { #expect(limiter.take("a", at: start + .seconds(60)) == nil) }
        #expect(limiter.take("a", at: start + .seconds(60)) != nil)
    }

    @Test("a limiter keeps a bounded number of keys; those beyond share one bucket")
    func manyKeys() {
        let limiter = RateLimiter(.init(perSecond: 1, burst: 2), maxKeys: 10)
        let start = ContinuousClock.now
        for key in 0..<10 { #expect(limiter.take("k\(key)", at: start) == nil) }
        #expect(limiter.take("x", at: start) == nil)
        #expect(limiter.take("y", at: start) == nil)
        #expect(limiter.take("z", at: start) != nil)
        #expect(limiter.take("z", at: start + .seconds(10)) == nil, "those at rest are forgotten")
    }

    @Test("who sends too much is told when to come back; others aren't disturbed")
    func rates() throws {
        var settings = RESTSite.unlimited
        settings.userRate = .init(perSecond: 1, burst: 5)
        let hub = try RESTSite(World(nodes: 0).hub, settings: settings)
        let statuses = try (0..<7).map { _ in try hub.call("GET", "/api/v1/tenants", as: "admin").status }
        #expect(statuses == [200, 200, 200, 200, 200, 429, 429])
        let refused = try hub.call("GET", "/api/v1/tenants", as: "admin")
        #expect(refused.code == "RATE_LIMIT_EXCEEDED")
        #expect(refused.headers.filter { $0.0 == "retry-after" }.map(\.1) == ["1"])
        #expect(try hub.call("GET", "/api/v1/tenants", as: "boss").status == 200)
    }

    @Test("the address is limited before anybody is identified; a trusted proxy names it")
    func addresses() throws {
        var settings = RESTSite.unlimited
        settings.addressRate = .init(perSecond: 1, burst: 3)
        let hub = try RESTSite(World(nodes: 0).hub, settings: settings)
        let statuses = try (0..<4).map { _ in try hub.call("GET", "/api/v1/tenants", as: nil).status }
        #expect(statuses == [401, 401, 401, 429])
        let forwarded: HeaderList = [("x-forwarded-for", "198.51.100.7")]
        #expect(try hub.call("GET", "/api/v1/tenants", as: nil, headers: forwarded).status == 429)
        settings.trustedProxies = ["192.0.2.1"]
        let behind = try RESTSite(World(nodes: 0).hub, settings: settings)
        for last in 1...5 {
            let headers: HeaderList = [("x-forwarded-for", "203.0.113.9, 198.51.100.\(last)")]
            #expect(try behind.call("GET", "/api/v1/tenants", as: nil, headers: headers).status == 401)
        }
    }

    @Test("health names what is degraded, and is 503 with the reason when it can't write")
    func health() throws {
        let world = try World(nodes: 1)
        let node = try RESTSite(world.sites[1])
        #expect(try node.call("GET", "/health", as: nil).text("status") == "healthy")
        try node.site.installation.setSyncPaused(true)
        #expect(try node.call("GET", "/health", as: nil).json["degraded"] == ["sync_paused"])
        let failed = ExchangeRecord(
            tenant: world.slug, verdict: "none", pushed: 0, pulled: 0, roundTrips: 0, milliseconds: 1,
            error: NodeError(.hubUnreachable, "no line"))
        try node.site.installation.record(failed)
        let degraded = try node.call("GET", "/health", as: nil)
        #expect(degraded.status == 200)
        #expect(degraded.json["degraded"] == ["hub_unreachable", "sync_paused"])
    }

    @Test("metrics count requests by route, and hold seats, conflicts, sizes and lag")
    func metrics() throws {
        let world = try World(nodes: 1)
        try world.settle()
        let hub = try RESTSite(world.hub)
        let school = JSONValue.string(try hub.school("North"))
        _ = try hub.call("POST", "/api/v1/seats/purchase", ["tenant_id": school, "count": 3])
        _ = try hub.call("GET", "/api/v1/seats/nowhere")
        _ = try hub.call("GET", "/nowhere/ann@t.org", as: nil)
        let text = try String(
            decoding: hub.backend.handle(ServerRequest(method: "GET", path: "/metrics")).body, as: UTF8.self)
        for line in [
            "http_requests_total{route=\"/api/v1/seats/purchase\",status=\"201\"} 1",
            "http_requests_total{route=\"/api/v1/seats/{id}\",status=\"404\"} 1",
            "http_requests_total{route=\"unmatched\",status=\"404\"} 1",
            "http_request_seconds_count{route=\"/api/v1/seats/purchase\"} 1",
            "seats{state=\"free\"} 3", "sync_conflicts_open 0", "tenants 1",
        ] { #expect(text.contains(line + "\n"), "\(line)") }
        for name in ["database_bytes ", "wal_bytes ", "sync_lag_seconds ", "sync_pending_deltas "] {
            #expect(text.contains("\n\(name)"))
        }
        #expect(!text.contains("ann@"))
    }

    @Test("what people type never reaches the log: canaries in every field, path, query and header")
    func canaries() async throws {
        let world = try World(nodes: 0)
        let lines = LogLines(), backend = try RESTSite(world.hub).backend
        try await withServer(backend, logger: lines.logger) { url, _ in
            let client = try makeClient()
            let requests = [
                HTTPRequest(
                    method: "POST", url: url + "/api/v1/teachers",
                    headers: [("Authorization", "Bearer operator"), ("Content-Type", "application/json")],
                    body: Array(
                        #"{"name":"Canary Name","email":"canary@t.org","school":"Canary School"}"#.utf8)),
                HTTPRequest(
                    method: "POST", url: url + "/api/v1/seats/allocate",
                    headers: [("Authorization", "Bearer operator"), ("Content-Type", "application/json")],
                    body: Array(#"{"seat_id":"canary","learner_id":"canary@t.org"}"#.utf8)),
                HTTPRequest(method: "GET", url: url + "/api/v1/teachers/canary@t.org?year=canary"),
                HTTPRequest(method: "GET", url: url + "/canary/canary@t.org"),
                HTTPRequest(
                    method: "GET", url: url + "/api/v1/tenants",
                    headers: [("Authorization", "Bearer canary"), ("X-Api-Key", "canary")]),
                HTTPRequest(method: "PATCH", url: url + "/api/v1/seats/canary"),
            ]
            for request in requests {
                let answer = try await client.perform(request)
                #expect((400..<500).contains(answer.status))
                let line = try #require(lines.all.last)
                #expect(line["request_id"] != nil && line["status"] == "\(answer.status)")
                #expect(line["error_code"] != nil)
            }
        }
        #expect(lines.all.count == 6)
        for line in lines.all { #expect(!"\(line)".lowercased().contains("canary")) }
    }
}
