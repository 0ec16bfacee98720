import NodeCore
import TestSupport
import Testing

@testable import NodeServer

/// The public event API as a district's website meets it.
@Suite struct PublicEventTests {
    let world: World
    let hub: RESTSite
    let key: String

    init() throws {
        world = try World(nodes: 1)
        try world.settle()
        hub = try RESTSite(world.hub)
        key = try #require(try world.hub.keys().rotate().key)
        _ = try TenantSettings(world.hub.tenant, actor: world.hub.actor)
            .edit(.init(corsOrigins: ["https://www.t.org"]))
        for (title, day) in [("Past", "2020-01-02"), ("Soon", "2099-01-02"), ("Later", "2099-02-03")] {
            _ = try add(title, day)
        }
    }

    @discardableResult
    func add(_ title: String, _ day: String, published: Bool = true) throws -> String {
        var edit = EventService.Edit()
        edit.title = title
        edit.startsAt = day
        return try EventService(world.hub.tenant, actor: world.hub.actor).add(edit, published: published).id
    }

    func get(
        _ end: String, key: String? = nil, slug: String = "testville", origin: String? = nil,
        tag: String? = nil
    )
        throws -> RESTAnswer
    {
        var headers: HeaderList = [("x-api-key", key ?? self.key)]
        if key == "" { headers = [] }
        if let origin { headers.append(("origin", origin)) }
        if let tag { headers.append(("if-none-match", tag)) }
        return try hub.call("GET", "/api/v1/district/\(slug)/events\(end)", as: nil, headers: headers)
    }

    func titles(_ answer: RESTAnswer) -> [String] {
        answer.items("data").map { if case .string(let title) = $0["title"] { title } else { "" } }
    }

    func expectRefusal(_ answer: RESTAnswer, _ status: Int, _ code: String) {
        #expect(answer.status == status)
        #expect(answer.json["success"] == false && answer.json["error"]?["code"] == .string(code))
    }

    @Test("a key opens the list, upcoming events and one event, in the form of the contract")
    func answers() throws {
        let list = try get("?per_page=2")
        #expect(list.status == 200 && list.json["success"] == true)
        #expect(titles(list) == ["Past", "Soon"])
        #expect(list.json["pagination"]?["total_items"] == 3 && list.json["pagination"]?["has_next"] == true)
        #expect(list.json["meta"]?["tenant"] == "testville" && list.json["meta"]?["synced_at"] == .null)
        #expect(titles(try get("/upcoming")) == ["Soon", "Later"])
        #expect(titles(try get("?from=2099-01-03&to=2099-12-31")) == ["Later"])
        let id = try add("One", "2099-03-04")
        #expect(try get("/\(id)").json["data"]?["title"] == "One")
        let draft = try add("Draft", "2099-03-05", published: false)
        expectRefusal(try get("/\(draft)"), 404, "EVENT_NOT_FOUND")
        expectRefusal(try get("/none"), 404, "EVENT_NOT_FOUND")
        #expect(titles(try get("")).contains("Draft") == false)
        for end in ["?page=0", "?page=x", "?per_page=101", "?from=soon", "?format=party"] {
            #expect(try get(end).json["error"]?["code"] == "VALIDATION_ERROR", "\(end)")
        }
    }

    @Test("without the right key, tenant or flag there is nothing to be had")
    func refusals() throws {
        expectRefusal(try get("", key: ""), 401, "MISSING_API_KEY")
        expectRefusal(try get("", key: String(key.reversed())), 401, "INVALID_API_KEY")
        expectRefusal(try get("", slug: "nowhere"), 404, "TENANT_NOT_FOUND")
        let settings = TenantSettings(world.hub.tenant, actor: world.hub.actor)
        _ = try settings.edit(.init(flags: [.events: false]))
        expectRefusal(try get(""), 404, "TENANT_NOT_FOUND")
        _ = try settings.edit(.init(flags: [.events: true]))
        #expect(try get("").status == 200)
        _ = try settings.setActive(false)
        expectRefusal(try get(""), 404, "TENANT_NOT_FOUND")
    }

    @Test(
        "only pages of the tenant's origins may read it, also after a browser asked; what is unchanged is said so"
    )
    func browsers() throws {
        let allowed = try get("", origin: "https://www.t.org")
        #expect(allowed.headers.first(named: "access-control-allow-origin") == "https://www.t.org")
        #expect(
            try get("", origin: "https://evil.org").headers.first(named: "access-control-allow-origin") == nil
        )
        let path = "/api/v1/district/testville/events/upcoming"
        let asked = try hub.call("OPTIONS", path, as: nil, headers: [("origin", "https://www.t.org")])
        #expect(asked.status == 204)
        #expect(asked.headers.first(named: "access-control-allow-headers")?.contains("X-API-Key") == true)
        let refused = try hub.call("OPTIONS", path, as: nil, headers: [("origin", "https://evil.org")])
        #expect(refused.headers.first(named: "access-control-allow-origin") == nil)
        let tag = try #require(allowed.etag)
        #expect(try get("", tag: tag).status == 304)
        try add("New", "2099-05-05")
        #expect(try get("", tag: tag).status == 200)
    }

    @Test("the sixty-first request of a minute waits")
    func limits() throws {
        for _ in 0..<60 { #expect(try get("").status == 200) }
        let refused = try get("")
        expectRefusal(refused, 429, "RATE_LIMIT_EXCEEDED")
        #expect(refused.headers.first(named: "retry-after") == "60")
        world.advance(60_000)
        #expect(try get("").status == 200)
    }

    @Test("a limiter counts each window apart, and a clock that is set back opens it")
    func windows() {
        let limiter = WindowLimiter([.init(seconds: 10, requests: 2), .init(seconds: 100, requests: 3)])
        #expect(limiter.take("a", at: 0) == nil && limiter.take("a", at: 1) == nil)
        #expect(limiter.take("a", at: 2) == 10 && limiter.take("b", at: 2) == nil)
        #expect(limiter.take("a", at: 10_000) == nil)
        #expect(limiter.take("a", at: 10_001) == 90)
        #expect(limiter.take("a", at: -5) == nil)
    }
}
