import NodeCore
import TestSupport
import Testing

@testable import NodeServer

/// Sessions, usage, events and persons over REST are what the commands are.
@Suite struct SessionRouteTests {
    let world: World
    let hub: RESTSite

    init() throws {
        world = try World(nodes: 0)
        hub = try RESTSite(world.hub)
        try hub.call(
            "POST", "/api/v1/teachers",
            ["name": "Ann Lee", "email": "ann@t.org", "school": "North", "year": "2025-2026"], as: "admin")
    }

    static let export = """
        Session ID,Title,Date,Status,SignUp Role,Name,Attended Educator Count
        S1,Space,2025-09-15,Completed,Educator,Ann Lee,1
        S1,Space,2025-09-15,Completed,Educator,Zed,1

        """

    @Test("an export is taken, the queue worked off, and the report counts")
    func sessions() throws {
        func take() throws -> RESTAnswer {
            try hub.client.send(
                "POST", "/api/v1/sessions/imports", Array(Self.export.utf8), type: "text/csv", as: "admin")
        }
        let first = try take()
        #expect(first.status == 201 && first.json["imported"] == 2 && first.json["unmatched"] == 1)
        #expect(try take().status == 200)
        let queue = try hub.call("GET", "/api/v1/sessions/unmatched", as: "admin")
        guard case .string(let row)? = queue.items("unmatched").first?["row"] else {
            throw NodeError(.recordNotFound, "")
        }
        let matched = try hub.call(
            "PUT", "/api/v1/sessions/matches/\(row)", ["teacher": "ann@t.org"], as: "admin")
        #expect(matched.status == 200 && matched.json["ignored"] == false)
        #expect(try hub.call("DELETE", "/api/v1/sessions/matches/\(row)", as: "admin").status == 200)
        let ignored = try hub.call("PUT", "/api/v1/sessions/matches/\(row)", ["teacher": nil], as: "admin")
        #expect(ignored.json["ignored"] == true)
        #expect(try hub.call("GET", "/api/v1/sessions/matches", as: "admin").items("matches").count == 1)
        let report = try hub.call("GET", "/api/v1/usage?year=2025-2026&semester=fall", as: "admin")
        #expect(report.json["totals"]?["sessions"] == 1 && report.json["unmatched"] == 0)
        #expect(try hub.call("GET", "/api/v1/usage?semester=winter", as: "admin").status == 422)
        #expect(try hub.call("GET", "/api/v1/usage/export", as: "admin").status == 200)
    }

    @Test("events are kept over REST")
    func events() throws {
        let made = try hub.call(
            "POST", "/api/v1/events", ["title": "Day", "starts_at": "2099-01-02T10:00"], as: "admin")
        #expect(made.status == 201 && made.text("status") == "draft")
        let path = "/api/v1/events/" + made.text("id")
        #expect(try hub.call("PATCH", path, ["location": "Gym"], as: "admin").text("location") == "Gym")
        #expect(try hub.call("POST", path + "/publish", as: "admin").text("status") == "published")
        #expect(try hub.call("POST", path + "/cancel", as: "admin").text("status") == "cancelled")
        #expect(try hub.call("POST", path + "/publish", as: "admin").status == 409)
        #expect(try hub.call("GET", path, as: "admin").text("title") == "Day")
        #expect(
            try hub.call("GET", "/api/v1/events?status=cancelled", as: "admin").items("events").count == 1)
        #expect(try hub.call("GET", "/api/v1/events/nothing", as: "admin").code == "EVENT_NOT_FOUND")
    }

    @Test("a person is handed over and erased")
    func persons() throws {
        let who: JSONValue = ["who": "ann@t.org"]
        let records = try hub.call("POST", "/api/v1/persons/export", who, as: "admin")
        #expect(records.items("rows").count == 2 && records.items("history").count == 2)
        #expect(try hub.call("POST", "/api/v1/persons/erase", who).json["rows"] == 2)
        #expect(try hub.call("POST", "/api/v1/persons/export", who, as: "admin").status == 404)
        #expect(try hub.call("GET", "/api/v1/persons/erasures", as: "admin").items("erasures").count == 1)
    }
}
