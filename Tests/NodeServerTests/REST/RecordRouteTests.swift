import Foundation
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

    @Test("an import is taken back, the roster read as a file, and carried into the next year")
    func rosterHistory() throws {
        let done = try importRoster("North,Ann,ann@t.org\nNorth,Bo,bo@t.org\n", at: node)
        let file = try node.call("GET", "/api/v1/roster/export")
        #expect(file.status == 200 && file.contentType == "text/csv")
        #expect(try importRoster("North,Ann,ann@t.org\nNorth,Bo,bo@t.org\n", at: node).status == 200)
        let over = try node.call("POST", "/api/v1/roster/rollover?dry_run=true")
        #expect(over.json["carried"] == 2 && over.items("teachers").count == 2)
        let undo = "/api/v1/roster/imports/\(done.text("import_id"))/undo"
        #expect(try node.call("POST", undo + "?dry_run=true").json["removed"] != 0)
        #expect(try node.call("POST", undo).status == 200)
        #expect(try node.call("GET", "/api/v1/teachers?all=true").items("teachers").isEmpty)
        #expect(try node.call("POST", "/api/v1/roster/imports/none/undo").code == "IMPORT_NOT_FOUND")
        let sheet = try node.call("GET", "/api/v1/usage/export.xlsx")
        #expect(sheet.status == 200 && sheet.body.starts(with: [0x50, 0x4B]))
        #expect(try node.call("GET", "/api/v1/usage/export.csv?semester=fall").status == 200)
        let left = try FileManager.default.contentsOfDirectory(
            atPath: world.sites[1].installation.directory.backups)
        #expect(left.isEmpty)
    }

    @Test(
        "a node asks for a school and names one; the hub answers, keeps reference data, and renames the node")
    func schoolsAndNodes() throws {
        let asked = try node.call("POST", "/api/v1/schools/requests", ["name": "West", "note": "new"])
        #expect(asked.status == 201 && asked.text("state") == "open")
        let alias = try node.call("POST", "/api/v1/schools/aliases", ["alias": "N. High", "school": "North"])
        #expect(alias.status == 201 && alias.text("school") == "North")
        #expect(
            try node.call("POST", "/api/v1/schools/aliases", ["alias": "N", "school": "No"]).status == 404)
        try world.settle()
        let path = "/api/v1/schools/requests/\(asked.text("id"))"
        #expect(try node.call("POST", "\(path)/accept").code == "HUB_OWNED")
        #expect(try hub.call("POST", "\(path)/accept").text("state") == "accepted")
        #expect(try hub.call("POST", "\(path)/decline", [:]).code == "CONFLICT")
        #expect(try hub.call("GET", "/api/v1/schools/requests").items("requests").isEmpty)
        #expect(try hub.call("GET", "/api/v1/schools/requests?all=true").items("requests").count == 1)
        #expect(try hub.call("DELETE", "/api/v1/schools/aliases/N.%20High").status == 200)
        #expect(try hub.call("GET", "/api/v1/schools/aliases").items("aliases").isEmpty)
        let skills = try hub.client.send(
            "POST", "/api/v1/reference/skills", Array("name\nWelding\n".utf8), type: "text/csv")
        #expect(skills.json["created"] == 1 && skills.items("tenants").count == 1)
        #expect(try hub.call("GET", "/api/v1/reference/skills").items("skills") == ["Welding"])
        let id = try hub.call("GET", "/api/v1/nodes").items("nodes")[0]["node_id"]
        guard case .string(let nodeID)? = id else { return #expect(Bool(false)) }
        let renamed = try hub.call("POST", "/api/v1/nodes/\(nodeID)/rename", ["name": "office"])
        #expect(renamed.text("name") == "office")
        #expect(try hub.call("POST", "/api/v1/nodes/\(nodeID)/revoke").json["revoked_at"] != nil)
        #expect(try hub.call("POST", "/api/v1/nodes/none/revoke").code == "NODE_NOT_FOUND")
    }

    @Test("what is wrong is told in plain words, deltas are listed, and audit entries filtered")
    func operations() throws {
        _ = try importRoster("North,Ann,ann@t.org\n", at: node)
        let found = try node.call("GET", "/api/v1/doctor?area=sync")
        #expect(found.status == 200 && !found.items("findings").isEmpty)
        #expect(try node.call("GET", "/api/v1/doctor?area=moon").status == 422)
        #expect(
            try node.call("POST", "/api/v1/doctor/login", ["email": "nobody@t.org"]).json["ok"] == false)
        #expect(!(try node.call("GET", "/api/v1/deltas").items("deltas").isEmpty))
        let all = try node.call("GET", "/api/v1/audit?action=roster.*")
        #expect(all.items("entries").count == 1)
        #expect(try node.call("GET", "/api/v1/audit?action=roster.*&until=1").items("entries").isEmpty)
        #expect(try node.call("GET", "/api/v1/audit?support=true").items("entries").isEmpty)
        #expect(try hub.call("GET", "/api/v1/mail").items("mail").isEmpty)
        #expect(try hub.call("POST", "/api/v1/mail/none/delivered").code == "MAIL_NOT_FOUND")
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
