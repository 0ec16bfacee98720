import NodeCore
import TestSupport
import Testing

@testable import NodeServer

/// Strict input: what is wrong is refused with the field named, and nothing is written.
@Suite struct RequestFormTests {
    let hub: RESTSite
    let school: String

    init() throws {
        hub = try RESTSite(World(nodes: 0).hub)
        school = try hub.school("North")
    }

    private func purchase(_ body: String) throws -> RESTAnswer {
        try hub.client.send("POST", "/api/v1/seats/purchase", Array(body.utf8), type: "application/json")
    }

    @Test("a body of the wrong form is 400 with the field")
    func shapes() throws {
        let heads = try hub.site.store.read { try $0.heads() }
        let id = "\"tenant_id\":\"\(school)\""
        let cases: [(String, [String])] = [
            ("{\(id)}", ["count"]), ("{\(id),\"count\":1,\"extra\":1}", ["extra"]),
            ("{\(id),\"count\":1,\"count\":2}", ["count"]), ("{\(id),\"count\":\"1\"}", ["count"]),
            ("{\(id),\"count\":1.5}", ["count"]), ("{\(id),\"count\":null}", ["count"]),
            ("{\(id),\"count\":true}", ["count"]), ("{\"tenant_id\":7,\"count\":1}", ["tenant_id"]),
            ("{\(id),\"count\":[1]}", ["count"]), ("{\(id),\"Count\":1}", ["Count", "count"]),
            ("[]", [""]), ("null", [""]), ("{", []), ("", []), ("{\(id),\"count\":1,}", []),
        ]
        for (body, fields) in cases {
            let answer = try purchase(body)
            #expect(body.isEmpty ? answer.status == 415 : answer.status == 400, "\(body)")
            if body.isEmpty { continue }
            #expect(answer.code == "VALIDATION_ERROR", "\(body)")
            #expect(answer.fields == fields, "\(body)")
        }
        #expect(try hub.site.store.read { try $0.heads() } == heads)
    }

    @Test("a field out of range is 422 with the field", arguments: [0, -1, 1001, Int64.max])
    func ranges(_ count: Int64) throws {
        let answer = try hub.call(
            "POST", "/api/v1/seats/purchase", ["tenant_id": .string(school), "count": .int(count)])
        #expect(answer.status == 422)
        #expect(answer.code == "VALIDATION_ERROR")
        #expect(answer.fields == ["count"])
    }

    @Test("whole numbers may be written as JSON allows; 1 and 1000 are in range")
    func bounds() throws {
        #expect(try purchase("{\"tenant_id\":\"\(school)\",\"count\":1.0}").status == 201)
        #expect(try purchase("{\"tenant_id\":\"\(school)\",\"count\":1000}").items.count == 1000)
    }

    @Test("depth, size and media type are bounded")
    func limits() throws {
        let deep = String(repeating: "[", count: 500)
        #expect(try purchase("{\"count\":\(deep)").status == 400)
        let large = [UInt8](repeating: 0x20, count: Route.maxJSONBytes + 1)
        let tooLarge = try hub.client.send("POST", "/api/v1/seats/purchase", large, type: "application/json")
        #expect(tooLarge.status == 413 && tooLarge.code == "TOO_LARGE")
        let form = try hub.client.send(
            "POST", "/api/v1/seats/purchase", Array("count=1".utf8),
            type: "application/x-www-form-urlencoded")
        #expect(form.status == 415)
        let spelt = try hub.client.send(
            "POST", "/api/v1/seats/purchase", Array("{}".utf8), type: "Application/JSON; charset=utf-8")
        #expect(spelt.status == 400)
    }

    @Test("a parameter that is unknown, given twice, of another type or out of range is refused")
    func parameters() throws {
        for (query, status) in [
            ("tenant=x", 400), ("page=1&page=2", 400), ("page=x", 400), ("page=1.0", 400), ("page=0", 422),
            ("page=99999999999999999999", 422), ("per_page=0", 422), ("per_page=201", 422),
            ("state=OPEN", 422),
            ("page=-1", 400), ("page=", 400), ("page=1&per_page=200", 200),
        ] {
            let answer = try hub.call("GET", "/api/v1/seats?\(query)")
            #expect(answer.status == status, "\(query)")
            if status != 200 { #expect(answer.fields.count == 1, "\(query)") }
        }
    }

    @Test("an ill-formed id, and one that nobody has, is not found")
    func ids() throws {
        for id in [
            "x", "1", "..", "%2e%2e", "%00", "a%2Fb", "00000000-0000-8000-8000-000000000000",
            school.uppercased(), "\(school)0", "' OR 1=1 --",
        ] {
            let path = id.replacing(" ", with: "%20")
            for (route, code) in [
                ("/api/v1/seats/\(path)", "SEAT_NOT_FOUND"), ("/api/v1/tenant/\(path)", "TENANT_NOT_FOUND"),
                ("/api/v1/district/\(path)", "DISTRICT_NOT_FOUND"),
                ("/api/v1/teachers/\(path)", "TEACHER_NOT_FOUND"),
                ("/api/v1/conflicts/\(path)", "CONFLICT_NOT_FOUND"),
            ] {
                let answer = try hub.call("GET", route)
                #expect(answer.status == 404 && answer.code == code, "\(route)")
            }
        }
        // A school is no district.
        #expect(try hub.call("GET", "/api/v1/district/\(school)").code == "DISTRICT_NOT_FOUND")
    }

    @Test("an installation with several tenants wants to be told which; a member never")
    func whichTenant() throws {
        let world = try World(nodes: 0)
        let other = try World(beside: world, slug: "otherville", nodes: 0, seed: 3)
        let hub = try RESTSite(world.hub)
        let unsaid = try hub.call("GET", "/api/v1/teachers")
        #expect(unsaid.status == 400 && unsaid.fields == ["tenantId"])
        for name in ["otherville", other.hub.tenant.id.description] {
            #expect(try hub.call("GET", "/api/v1/schools?tenantId=\(name)").status == 200)
            #expect(try hub.call("GET", "/api/v1/schools?tenantId=\(name)", as: "admin").status == 404)
        }
        #expect(try hub.call("GET", "/api/v1/schools", as: "admin").items("schools").count == 2)
        #expect(try hub.call("GET", "/api/v1/tenants", as: "admin").items("tenants").count == 1)
        #expect(try hub.call("GET", "/api/v1/tenants", as: "boss").items("tenants").count == 2)
    }
}
