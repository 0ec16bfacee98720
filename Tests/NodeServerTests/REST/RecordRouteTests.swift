import NodeCore
import SyncEngine
import TestSupport
import Testing

@testable import NodeServer

/// Rosters, conflicts, rules, nodes and the exchange over REST.
@Suite struct RecordRouteTests {
    let world: World
    let hub: RESTSite
    let node: RESTSite

    init() throws {
        world = try World(nodes: 1)
        try world.settle()
        hub = try RESTSite(world)
        node = try RESTSite(world, 1)
    }

    private func importRoster(_ rows: String, _ query: String = "", at site: RESTSite) throws -> RESTAnswer {
        try site.client.send(
            "POST", "/api/v1/roster/imports\(query)", Array(("Building,Name,Email\n" + rows).utf8),
            type: "text/csv")
    }

    @Test("a roster is rehearsed, imported with row messages, held, and approved")
    func roster() throws {
        let rows = (0..<30).map { "North,Teacher \($0),t\($0)@t.org\n" }.joined()
        let dry = try importRoster(rows, "?dry_run=true", at: node)
        #expect(dry.status == 200 && dry.json["created"] == 30)
        let bad = rows + "Nowhere,Bo,bo@t.org\n"
        let done = try importRoster(bad, at: node)
        #expect(done.status == 201 && done.json["created"] == 30 && done.json["row_errors"] == 1)
        #expect(done.items("rows")[0]["code"] == "SCHOOL_NOT_FOUND")
        #expect(try importRoster(rows, at: node).status == 200)
        let held = try importRoster("North,Teacher 0,t0@t.org\n", at: node)
        #expect(held.status == 202 && held.json["held"] == true)
        let path = "/api/v1/roster/imports/\(held.text("import_id"))/approve"
        #expect(try node.call("POST", path).json["deactivated"] == 29)
        #expect(try node.call("POST", path).code == "IMPORT_NOT_FOUND")
        #expect(try importRoster("", at: node).code == "NO_ROWS")
        #expect(
            try node.call("GET", "/api/v1/teachers?all=true&per_page=7&page=5").items("teachers").count == 2)
    }

    @Test("a conflict is listed, refused when its form is stale, settled, undone, and explained")
    func conflicts() throws {
        let added = try hub.call(
            "POST", "/api/v1/teachers", ["name": "Ann", "email": "ann@t.org", "school": "North"])
        try world.settle()
        let path = "/api/v1/teachers/\(added.text("id"))"
        _ = try hub.call("PATCH", path, ["name": "Hub"])
        _ = try node.call("PATCH", path, ["name": "Node"])
        try world.settle()
        let conflict = try #require(try node.call("GET", "/api/v1/conflicts").items("conflicts").first)
        guard case .string(let id)? = conflict["id"] else { return }
        let shown = try node.call("GET", "/api/v1/conflicts/\(id)")
        let tag = try #require(shown.etag)
        let note = try node.call("POST", "/api/v1/conflicts/\(id)/notes", ["text": "asked"])
        #expect(note.status == 201)
        #expect(try node.call("GET", "/api/v1/conflicts/\(id)").items("notes").count == 1)
        let resolve = "/api/v1/conflicts/\(id)/resolve"
        let stale = try node.call("POST", resolve, ["take": 1], headers: [("if-match", "\"AAAA\"")])
        #expect(stale.status == 412)
        #expect(try node.call("POST", resolve, ["take": 9], headers: [("if-match", tag)]).status == 422)
        #expect(try node.call("POST", resolve, [:]).status == 400)
        let settled = try node.call("POST", resolve, ["take": 1], headers: [("if-match", tag)])
        #expect(settled.text("state") == "resolved")
        #expect(try node.call("GET", "/api/v1/conflicts?state=resolved").items("conflicts").count == 1)
        let why = try node.call("GET", "/api/v1/why/teacher/\(added.text("id"))/name")
        #expect(why.json["delta"]?["signature_valid"] == true && why.items("settled").count == 2)
        #expect(try node.call("POST", "/api/v1/conflicts/\(id)/undo").status != 404)
        #expect(try node.call("GET", "/api/v1/why/nothing/x/name").status == 422)
        #expect(try node.call("GET", "/api/v1/cases").items("cases").isEmpty)
    }

    @Test("rules are shown, checked, rehearsed, applied and taken away")
    func rules() throws {
        let rules = try hub.call("GET", "/api/v1/rules?table=teacher&per_page=200").items("rules")
        #expect(rules.contains { $0["column"] == "email" })
        let broken: JSONValue = ["document": "domain: roster\nteacher: ["]
        let checked = try hub.call("POST", "/api/v1/rules/check", broken)
        #expect(checked.status == 200 && checked.json["ok"] == false)
        #expect(try hub.call("PUT", "/api/v1/rules", broken).status == 400)
        #expect(try hub.call("DELETE", "/api/v1/rules/roster").code == "RECORD_NOT_FOUND")
        #expect(try hub.call("GET", "/api/v1/rules?table=nothing").status == 422)
    }

    @Test("nodes are invited and listed at the hub; sync is the node's")
    func nodes() throws {
        let invited = try hub.call("POST", "/api/v1/nodes/invite")
        #expect(invited.status == 201 && !invited.text("token").isEmpty)
        let nodes = try hub.call("GET", "/api/v1/nodes").items("nodes")
        #expect(nodes.count == 1)
        guard case .string(let id)? = nodes[0]["node_id"] else { return }
        #expect(try hub.call("GET", "/api/v1/nodes/\(id)").text("name") == "node1")
        #expect(try hub.call("GET", "/api/v1/nodes/x").code == "NODE_NOT_FOUND")
        #expect(try node.call("GET", "/api/v1/nodes").code == "HUB_OWNED")
        #expect(try hub.call("POST", "/api/v1/sync").code == "NODE_ONLY")
        #expect(try node.call("POST", "/api/v1/sync/pause").json["paused"] == true)
        #expect(try node.call("GET", "/api/v1/sync/status").json["paused"] == true)
        #expect(try node.call("GET", "/api/v1/sync/status", as: "admin").text("role") == "node")
        #expect(try node.call("GET", "/api/v1/sync/log").json["pagination"]?["total_items"] == 0)
        #expect(try hub.call("POST", "/api/v1/verify?deep=true").json["ok"] == true)
        #expect(try hub.call("POST", "/api/v1/verify", as: "boss").code == "FORBIDDEN")
    }

    @Test("every answer of the right form has the shape that the document promises")
    func shapes() throws {
        let school = JSONValue.string(try hub.school("North"))
        _ = try hub.call("POST", "/api/v1/seats/purchase", ["tenant_id": school, "count": 2])
        _ = try hub.call("POST", "/api/v1/seats/allocate", ["tenant_id": school, "learner_id": "L"])
        _ = try hub.call(
            "POST", "/api/v1/teachers", ["name": "Ann", "email": "ann@t.org", "school": "North"])
        try world.settle()
        for site in [hub, node] {
            for route in site.backend.routes where route.method == .get && route.path.names.isEmpty {
                let answer = try site.call("GET", route.path.text)
                guard (200..<300).contains(answer.status), case .json(let schema) = route.content else {
                    continue
                }
                #expect(schema.problems(in: answer.json).map(\.message) == [], "\(route.id)")
            }
        }
    }
}
