import NodeCore
import TestSupport
import Testing

@testable import NodeServer

/// Persons over REST are what the commands are.
@Suite struct PersonRouteTests {
    let world: World
    let hub: RESTSite

    init() throws {
        world = try World(nodes: 0)
        hub = try RESTSite(world)
        try hub.call(
            "POST", "/api/v1/teachers",
            ["name": "Ann Lee", "email": "ann@t.org", "school": "North", "year": "2025-2026"], as: "admin")
    }

    @Test("a person is handed over and erased")
    func persons() throws {
        let who: JSONValue = ["who": "ann@t.org"]
        let records = try hub.call("POST", "/api/v1/persons/export", who, as: "admin")
        #expect(records.items("rows").count == 2 && records.items("history").count == 2)
        #expect(try hub.call("POST", "/api/v1/persons/erase", who, as: "admin").code == "FORBIDDEN")
        #expect(try hub.call("POST", "/api/v1/persons/erase", who).json["rows"] == 2)
        #expect(try hub.call("POST", "/api/v1/persons/export", who, as: "admin").status == 404)
        #expect(try hub.call("GET", "/api/v1/persons/erasures", as: "admin").items("erasures").count == 1)
    }
}
