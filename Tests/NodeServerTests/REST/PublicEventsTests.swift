import NodeCore
import TestSupport
import Testing

@testable import NodeServer

/// The public events API of a district's website.
@Suite struct PublicEventsTests {
    let world: World
    let hub: RESTSite
    let key: String
    private let base = "/api/v1/district/testville/events"

    init() throws {
        world = try World(nodes: 1)
        hub = try RESTSite(world)
        let path = "/api/v1/tenant/\(world.hub.tenant.id)/key"
        _ = try hub.call("POST", "\(path)/rotate")
        key = try hub.call("POST", "\(path)/show").text("api_key")
    }

    private func get(_ target: String, key: String?, origin: String? = nil, _ site: RESTSite? = nil) throws
        -> RESTAnswer
    {
        var headers: HeaderList = []
        if let key { headers.append(("x-api-key", key)) }
        if let origin { headers.append(("origin", origin)) }
        return try (site ?? hub).call("GET", target, as: nil, headers: headers)
    }

    private func code(_ answer: RESTAnswer) -> JSONValue? {
        #expect(answer.json["success"] == false)
        return answer.json["error"]?["code"]
    }

    @discardableResult
    private func add(_ title: JSONValue, _ start: JSONValue, publish: JSONValue = true) throws -> String {
        let added = try hub.call(
            "POST", "/api/v1/events", ["title": title, "starts_at": start, "publish": publish])
        #expect(added.status == 201)
        return added.text("id")
    }

    @Test("published events are given in pages, with who, when and how fresh; drafts never")
    func pages() throws {
        let first = try add("Past", "2020-03-05T10:00")
        let draft = try add("Draft", "2030-03-05T10:00", publish: false)
        for day in 1...3 { try add("Fair \(day)", .string("2030-04-0\(day)T10:00")) }
        let page = try get("\(base)?per_page=2&page=2", key: key)
        #expect(page.status == 200 && page.json["success"] == true)
        #expect(page.items("data").map { $0["title"] } == ["Fair 2", "Fair 3"])
        #expect(
            page.json["pagination"] == [
                "page": 2, "per_page": 2, "total_items": 4, "total_pages": 2, "has_next": false,
                "has_prev": true,
            ])
        #expect(page.json["meta"]?["tenant"] == "testville")
        #expect(page.json["meta"]?["generated_at"] != nil)
        #expect(try get("\(base)/upcoming", key: key).items("data").count == 3)
        #expect(try get("\(base)/\(first)", key: key).json["data"]?["title"] == "Past")
        #expect(try code(get("\(base)/\(draft)", key: key)) == "EVENT_NOT_FOUND")
        #expect(try get("\(base)?per_page=101", key: key).status == 422)
        #expect(try code(get("\(base)?colour=red", key: key)) == "VALIDATION_ERROR")
    }

    @Test("a page that has the events gets 304 until one changes, and may keep them for a minute")
    func unchanged() throws {
        let id = try add("Fair", "2030-04-01T10:00")
        for target in [base, "\(base)/upcoming", "\(base)/\(id)"] {
            let first = try get(target, key: key)
            let tag = try #require(first.etag, "\(target)")
            #expect(first.headers.first(named: "cache-control") == "private, max-age=60")
            world.hub.clock.advance(5000)
            let headers = [("x-api-key", key), ("if-none-match", tag)]
            let again = try hub.call("GET", target, as: nil, headers: headers)
            #expect(again.status == 304 && again.body.isEmpty && again.etag == tag)
            _ = try hub.call("PATCH", "/api/v1/events/\(id)", ["title": .string("For \(target)")])
            #expect(try hub.call("GET", target, as: nil, headers: headers).status == 200)
        }
    }

    @Test(
        "a missing key, a wrong one, a rotated one, an unknown and a deactivated tenant each have their code")
    func refusals() throws {
        #expect(try code(get(base, key: nil)) == "MISSING_API_KEY")
        let wrong = try get(base, key: String(repeating: "0", count: 64))
        #expect(wrong.status == 401 && code(wrong) == "INVALID_API_KEY")
        let unknown = try get("/api/v1/district/nowhere/events", key: key)
        #expect(unknown.status == 404 && code(unknown) == "TENANT_NOT_FOUND")
        #expect(try get(base, key: key).status == 200)
        _ = try hub.call("POST", "/api/v1/tenant/\(world.hub.tenant.id)/key/rotate")
        #expect(try code(get(base, key: key)) == "INVALID_API_KEY")
        _ = try hub.call("PUT", "/api/v1/tenant/\(world.hub.tenant.id)", ["active": false])
        #expect(try code(get(base, key: key)) == "TENANT_NOT_FOUND")
    }

    @Test("60 a minute, then 429 with the time to come back; the next minute goes on")
    func limit() throws {
        for _ in 0..<60 { #expect(try get(base, key: key).status == 200) }
        let refused = try get(base, key: key)
        #expect(refused.status == 429 && code(refused) == "RATE_LIMIT_EXCEEDED")
        let seconds = refused.headers.first(named: "retry-after").flatMap(Int64.init)
        #expect((1...60).contains(seconds ?? 0))
        world.hub.clock.advance((seconds ?? 0) * 1000)
        #expect(try get(base, key: key).status == 200)
    }

    @Test("windows of a minute, an hour and a day each have their end")
    func windows() {
        let limiter = WindowLimiter()
        var now: Int64 = 86_400_000 * 20_000, taken = 0
        while taken < 1000 {
            if let wait = limiter.take("t", now: now) { now += wait * 1000 } else { taken += 1 }
        }
        #expect(limiter.take("t", now: now + 60_000) != nil, "the hour is used up")
        #expect(limiter.take("other", now: now) == nil)
        #expect(limiter.take("t", now: now + 3_600_000) == nil)
    }

    @Test("a browser of one of the tenant's origins may read; another origin gets no leave")
    func origins() throws {
        let own = "https://www.t.org"
        _ = try hub.call(
            "PUT", "/api/v1/tenant/\(world.hub.tenant.id)", ["cors_origins": [.string(own)]])
        func allowed(_ answer: RESTAnswer) -> String? {
            answer.headers.first(named: "access-control-allow-origin")
        }
        #expect(try allowed(get(base, key: key, origin: own)) == own)
        #expect(try allowed(get(base, key: nil, origin: own)) == own, "a page can read its error too")
        #expect(try allowed(get(base, key: key, origin: "https://evil.example")) == nil)
        #expect(try allowed(get(base, key: key)) == nil)
        let asked = try hub.call("OPTIONS", base, as: nil, headers: [("origin", own)])
        #expect(asked.status == 204 && allowed(asked) == own)
        #expect(asked.headers.first(named: "access-control-allow-headers") == "X-API-Key, If-None-Match")
        let evil = try hub.call("OPTIONS", base, as: nil, headers: [("origin", "https://evil.example")])
        #expect(evil.status == 204 && allowed(evil) == nil)
        #expect(try hub.call("OPTIONS", "/api/v1/teachers", as: nil).status == 405)
    }

    @Test("a node answers for its district after a sync, without a line")
    func atNode() throws {
        try add("Fair", "2030-04-01T10:00")
        try world.settle()
        let node = try RESTSite(world, 1)
        let answer = try get(base, key: key, node)
        #expect(answer.items("data").count == 1)
        #expect(answer.json["meta"]?["synced_at"] != nil)
    }
}
