import NodeCore
import TestSupport
import Testing

@testable import NodeServer

/// The five key scenarios of the tenant service, over REST on one installation, and on two apart.
@Suite struct SeatScenarioTests {
    let world: World
    let hub: RESTSite
    let node: RESTSite
    let north: String

    init() throws {
        world = try World(nodes: 1)
        try world.settle()
        hub = try RESTSite(world.hub)
        node = try RESTSite(world.sites[1])
        north = try hub.school("North")
    }

    // MARK: Steps

    private func purchase(_ count: Int64, grant: String? = nil) throws -> [String] {
        var body: [(String, JSONValue)] = [("tenant_id", .string(north)), ("count", .int(count))]
        if let grant { body.append(("grant", .string(grant))) }
        let answer = try hub.call("POST", "/api/v1/seats/purchase", .object(body))
        #expect(answer.status == 201)
        return answer.items.map { seat in
            #expect(seat["state"] == "FREE")
            if case .string(let id)? = seat["id"] { return id }
            return ""
        }
    }

    private func allocate(_ seat: String, _ learner: String, at site: RESTSite) throws -> RESTAnswer {
        try site.call(
            "POST", "/api/v1/seats/allocate", ["seat_id": .string(seat), "learner_id": .string(learner)])
    }

    private func reclaim(_ seat: String, at site: RESTSite, reason: String = "moved") throws -> RESTAnswer {
        try site.call(
            "POST", "/api/v1/seats/reclaim", ["seat_id": .string(seat), "reason": .string(reason)])
    }

    private func history(_ seat: String, at site: RESTSite) throws -> [JSONValue] {
        try site.call("GET", "/api/v1/seats/\(seat)/history").items
    }

    private func entries(_ site: RESTSite) throws -> Int {
        try site.site.store.read { try $0.auditCount() }
    }

    /// After a scenario: counters equal a recount, and every seat has as many history rows as changes.
    private func check() throws {
        for site in [hub, node] {
            #expect(try site.site.store.read { try $0.projectionProblems() } == [])
            let seats = try site.site.store.read { try $0.seats() }
            let summary = try site.call("GET", "/api/v1/seats/summary").json
            #expect(summary["total_seats"] == .int(Int64(seats.count)))
            #expect(summary["free_seats"] == .int(Int64(seats.count { $0.state == .free })))
            #expect(summary["assigned_seats"] == .int(Int64(seats.count { $0.state == .assigned })))
        }
    }

    // MARK: Idempotent allocation

    @Test("Idempotent Allocation: the same again is 200, unchanged, with no new audit row")
    func idempotentAllocation() throws {
        let seats = try purchase(2)
        let first = try allocate(seats[0], "L-1", at: hub)
        #expect(first.status == 200)
        let (audit, rows) = (try entries(hub), try history(seats[0], at: hub).count)
        let again = try allocate(seats[0], "L-1", at: hub)
        #expect(again.status == 200 && again.json == first.json)
        let bySchool = try hub.call(
            "POST", "/api/v1/seats/allocate", ["tenant_id": .string(north), "learner_id": "L-1"])
        #expect(bySchool.json == first.json)
        #expect(try entries(hub) == audit && history(seats[0], at: hub).count == rows)
        let second = try allocate(seats[1], "L-1", at: hub)
        #expect(second.status == 400 && second.code == "LEARNER_HAS_SEAT")
        try check()
    }

    @Test("Idempotent Allocation, two installations apart: a learner seated on both sides ends with one seat")
    func idempotentAllocationApart() throws {
        let atHub = try purchase(1)[0], atNode = try purchase(1, grant: "node1")[0]
        try world.settle()
        #expect(try allocate(atHub, "L-1", at: hub).status == 200)
        world.advance(1000)
        #expect(try allocate(atNode, "L-1", at: node).status == 200)
        for _ in 0..<3 { try world.settle() }
        for site in [hub, node] {
            let held = try site.call("GET", "/api/v1/seats?learner_id=L-1").items("seats")
            #expect(held.map { $0["id"] } == [.string(atHub)], "the earlier assignment stays")
            #expect(try history(atNode, at: site).last?["new_state"] == "FREE")
        }
        #expect(try allocate(atHub, "L-1", at: hub).status == 200)
        #expect(try world.hub.digest() == world.sites[1].digest())
        try check()
    }

    // MARK: State transitions

    @Test("Seat State Transitions: FREE, ASSIGNED, FREE with the audit trail")
    func stateTransitions() throws {
        let seat = try purchase(1)[0]
        #expect(try allocate(seat, "L-1", at: hub).text("state") == "ASSIGNED")
        let freed = try reclaim(seat, at: hub)
        #expect(freed.status == 200 && freed.text("state") == "FREE" && freed.json["learner_id"] == .null)
        #expect(try reclaim(seat, at: hub).code == "SEAT_ALREADY_FREE")
        try expectLife(of: seat, at: hub, ["purchase", "allocate", "reclaim"])
        try check()
    }

    @Test("Seat State Transitions, two installations apart: the node's changes stand after sync")
    func stateTransitionsApart() throws {
        let seat = try purchase(1, grant: "node1")[0]
        try world.settle()
        #expect(try allocate(seat, "L-1", at: node).text("state") == "ASSIGNED")
        #expect(try hub.call("GET", "/api/v1/seats/\(seat)").text("state") == "FREE", "not known yet")
        #expect(try reclaim(seat, at: node).text("state") == "FREE")
        #expect(try allocate(seat, "L-2", at: node).text("learner_id") == "L-2")
        try world.settle()
        for site in [hub, node] {
            try expectLife(of: seat, at: site, ["purchase", "allocate", "reclaim", "allocate"])
            #expect(try site.call("GET", "/api/v1/seats/\(seat)").text("learner_id") == "L-2")
        }
        try check()
    }

    private func expectLife(of seat: String, at site: RESTSite, _ actions: [String]) throws {
        let rows = try history(seat, at: site)
        #expect(rows.map { $0["action"] } == actions.map { .string($0) })
        #expect(rows.first?["previous_state"] == .null)
        for (before, after) in zip(rows, rows.dropFirst()) {
            #expect(before["new_state"] == after["previous_state"])
            #expect(before["new_learner_id"] == after["previous_learner_id"])
        }
    }

    // MARK: Rollback

    @Test("Rollback Scenarios: what is refused leaves rows, counters and audit as they were")
    func rollback() throws {
        let seats = try purchase(2)
        _ = try allocate(seats[0], "L-1", at: hub)
        let heads = try world.hub.store.read { try $0.heads() }
        #expect(try allocate(seats[0], "L-2", at: hub).code == "SEAT_NOT_FREE")
        #expect(try allocate(seats[1], "L-1", at: hub).code == "LEARNER_HAS_SEAT")
        #expect(try allocate(seats[1], "ann@t.org", at: hub).status == 422)
        #expect(try reclaim(seats[1], at: hub).code == "SEAT_ALREADY_FREE")
        let missing = try hub.call(
            "POST", "/api/v1/seats/purchase",
            ["tenant_id": .string(north), "count": 5, "grant": "nobody"])
        #expect(missing.status == 404 && missing.code == "NODE_NOT_FOUND")
        #expect(try world.hub.store.read { try $0.heads() } == heads)
        try check()
    }

    @Test("Rollback Scenarios, two installations apart: a holder alone changes a seat, the rest is refused")
    func rollbackApart() throws {
        let mine = try purchase(1, grant: "node1")[0], theirs = try purchase(1)[0]
        try world.settle()
        let states = try [hub, node].map { try $0.site.digest() }
        #expect(try allocate(mine, "L-1", at: hub).code == "NOT_SEAT_HOLDER")
        #expect(try allocate(theirs, "L-1", at: node).code == "NOT_SEAT_HOLDER")
        #expect(
            try node.call(
                "POST", "/api/v1/seats/purchase", ["tenant_id": .string(north), "count": 1]
            ).code == "HUB_OWNED")
        #expect(try [hub, node].map { try $0.site.digest() } == states)
        try world.settle()
        #expect(try [hub, node].map { try $0.site.digest() } == states)
        try check()
    }

    // MARK: Hierarchy

    @Test("Hierarchy Validation: schools stand under districts, and seats at schools")
    func hierarchy() throws {
        let made = try hub.call("POST", "/api/v1/district", ["name": "Kansas City, KS"], as: "boss")
        #expect(made.status == 201 && made.text("slug") == "kansas-city-ks")
        #expect(made.json["parent_id"] == .null)
        let district = made.text("id")
        let school = try hub.call(
            "POST", "/api/v1/district/\(district)/schools", ["name": "Central"], as: "boss")
        #expect(school.status == 201 && school.text("parent_id") == district)
        let shown = try hub.call("GET", "/api/v1/district/\(district)", as: "boss")
        #expect(
            shown.items("children").map { $0["id"] } == [.string(school.text("id"))]
                || shown.items("children").contains { $0["id"] == .string(school.text("id")) })
        for parent in [school.text("id"), "00000000-0000-8000-8000-000000000000", "x"] {
            let refused = try hub.call(
                "POST", "/api/v1/district/\(parent)/schools", ["name": "Deep"], as: "boss")
            #expect(refused.status == 404 && refused.code == "DISTRICT_NOT_FOUND")
        }
        let atDistrict = try hub.call(
            "POST", "/api/v1/seats/purchase", ["tenant_id": .string(district), "count": 1])
        #expect(atDistrict.status == 400 && atDistrict.code == "SCHOOL_REQUIRED")
        let atSchool = try hub.call(
            "POST", "/api/v1/seats/purchase", ["tenant_id": .string(school.text("id")), "count": 3])
        #expect(atSchool.status == 201)
        let sum = try hub.call("GET", "/api/v1/seats/summary?tenantId=\(district)").json
        let part = try hub.call("GET", "/api/v1/seats/summary?tenantId=\(school.text("id"))").json
        #expect(sum["total_seats"] == 3 && part["total_seats"] == 3)
        #expect(sum["utilization_percentage"] == 0.0)
        #expect(
            try hub.call("POST", "/api/v1/district", ["name": "Again", "slug": "testville"]).status == 409)
        #expect(try hub.call("POST", "/api/v1/district", ["name": "Usage", "slug": "usage"]).status == 422)
        #expect(try node.call("POST", "/api/v1/district", ["name": "Mine"]).code == "HUB_OWNED")
        try check()
    }

    @Test(
        "Hierarchy Validation, two installations apart: the hub's school reaches the node and takes seats there"
    )
    func hierarchyApart() throws {
        let district = world.hub.tenant.id.description
        let refused = try node.call("POST", "/api/v1/district/\(district)/schools", ["name": "Mine"])
        #expect(refused.status == 403 && refused.code == "HUB_OWNED")
        let school = try hub.call("POST", "/api/v1/district/\(district)/schools", ["name": "West"]).text("id")
        #expect(
            try hub.call("POST", "/api/v1/district/\(district)/schools", ["name": " WEST "]).status == 409)
        let body: JSONValue = ["tenant_id": .string(school), "count": 2, "grant": "node1"]
        #expect(try hub.call("POST", "/api/v1/seats/purchase", body).status == 201)
        let learner: JSONValue = ["tenant_id": .string(school), "learner_id": "L-9"]
        #expect(try node.call("POST", "/api/v1/seats/allocate", learner).code == "SCHOOL_NOT_FOUND")
        try world.settle()
        #expect(try node.call("POST", "/api/v1/seats/allocate", learner).status == 200)
        try world.settle()
        #expect(
            try hub.call("GET", "/api/v1/seats/summary?tenantId=\(school)").json["utilization_percentage"]
                == 50.0)
        try check()
    }

    // MARK: Audit

    @Test("Audit Compliance: each change of a seat has its own row and its transaction one entry, ids only")
    func audit() throws {
        let before = try entries(hub)
        let seats = try purchase(3)
        _ = try allocate(seats[0], "L-1", at: hub)
        _ = try reclaim(seats[0], at: hub, reason: "graduated")
        #expect(try entries(hub) == before + 3)
        for seat in seats { #expect(try history(seat, at: hub).first?["action"] == "purchase") }
        let rows = try history(seats[0], at: hub)
        #expect(rows.last?["reason"] == "graduated")
        #expect(rows.allSatisfy { $0["changed_by"] == "user:operator" })
        let list = try hub.call("GET", "/api/v1/audit?action=seats.reclaim").items("entries")
        #expect(list.count == 1 && list[0]["target_id"] == .string(seats[0]))
        #expect(!list[0].text.contains("L-1"))
        try check()
    }

    @Test("Audit Compliance, two installations apart: both sides' entries are there on both after sync")
    func auditApart() throws {
        let seat = try purchase(1, grant: "node1")[0]
        try world.settle()
        _ = try allocate(seat, "L-1", at: node)
        _ = try purchase(1)
        try world.settle()
        let lists = try [hub, node].map { try $0.call("GET", "/api/v1/audit").items("entries") }
        #expect(Set(lists[0].map(\.text)) == Set(lists[1].map(\.text)))
        #expect(lists[0].contains { $0["action"] == "seats.allocate" })
        #expect(try history(seat, at: hub).map(\.text) == history(seat, at: node).map(\.text))
        try check()
    }
}
