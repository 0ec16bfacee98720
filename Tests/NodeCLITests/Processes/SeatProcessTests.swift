import Foundation
import Testing

/// `seats` from end to end: keys, exit statuses, what is refused, and that no refusal writes.
@Suite(.serialized, .blocking) struct SeatProcessTests {
    static let seatKeys: Set<String> = ["id", "tenant_id", "state", "learner_id", "holder", "assigned_at"]
    static let purchase = ["seats", "purchase", "--school", "North High", "--count"]

    @Test("a seat's life at the hub: every key, the same again writes nothing, the history is in order")
    func life() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let bought = try hub.done("seats", "purchase", "--school", "north high", "--count", "3")["seats"]
            #expect(bought.items.count == 3)
            for seat in bought.items {
                #expect(seat.keys.isSuperset(of: Self.seatKeys))
                #expect(seat["state"].string == "FREE" && seat["holder"].string == "hub")
                #expect(seat["learner_id"] == .null && seat["assigned_at"] == .null)
            }
            let id = try #require(bought[0]["id"].string)
            let seat = try hub.done("seats", "allocate", "--learner", "L-1", "--seat", id)["seat"]
            #expect(seat.keys.isSuperset(of: Self.seatKeys))
            #expect(seat["state"].string == "ASSIGNED" && seat["learner_id"].string == "L-1")
            #expect(seat["assigned_at"].string?.hasSuffix("Z") == true)

            let state = try hub.state()
            #expect(try hub.done("seats", "allocate", "--learner", "L-1", "--seat", id)["seat"] == seat)
            #expect(
                try hub.done("seats", "allocate", "--learner", "L-1", "--school", "North High")["seat"]
                    == seat
            )
            #expect(try hub.done("seats", "history", id)["history"].items.count == 2)
            #expect(try hub.state() == state)
            try Self.checkCounts(hub)

            let back = try hub.done("seats", "reclaim", "--seat", id, "--reason", "moved away")["seat"]
            #expect(back["state"].string == "FREE" && back["assigned_at"] == .null)
            try hub.refuses(["seats", "reclaim", "--seat", id], 6, "SEAT_ALREADY_FREE")
            try Self.checkHistory(try hub.done("seats", "history", id)["history"].items, of: id)
        }
    }

    /// One of three seats is assigned: summary, list and status say so.
    private static func checkCounts(_ hub: Site) throws {
        let summary = try hub.done("seats", "summary")
        let school = summary["schools"][0]
        for one in [summary, school] {
            #expect(one["total_seats"].int == 3 && one["free_seats"].int == 2)
            #expect(one["reserved_seats"].int == 0 && one["assigned_seats"].int == 1)
            #expect(one["utilization_percentage"] == .number(33.33))
        }
        #expect(summary["tenant_name"].string == "Testville")
        #expect(school["tenant_name"].string == "North High")
        #expect(summary["tenant_id"].string?.count == 36)
        let tenant = try hub.done("status")["tenants"][0]
        #expect(
            tenant["seats"]
                == .object([
                    "total": .number(3), "free": .number(2), "reserved": .number(0), "assigned": .number(1),
                ]))
        #expect(tenant["lease_until"] == .null)
        #expect(try hub.done("seats", "list")["seats"].items.count == 3)
        #expect(try hub.done("seats", "list", "--state", "free")["seats"].items.count == 2)
        #expect(try hub.done("seats", "list", "--learner", "L-1")["seats"].items.count == 1)
        #expect(try hub.done("seats", "list", "--school", "South Middle")["seats"].items.isEmpty)
        try hub.refuses(["seats", "list", "--state", "odd"], 2, "USAGE")
    }

    private static func checkHistory(_ events: [JSON], of id: String) throws {
        let keys: Set<String> = [
            "id", "seat_id", "previous_state", "new_state", "previous_learner_id", "new_learner_id",
            "changed_by", "reason", "created_at",
        ]
        for event in events {
            #expect(event.keys.isSuperset(of: keys))
            #expect(event["seat_id"].string == id)
        }
        #expect(events.compactMap(\.["action"].string) == ["purchase", "allocate", "reclaim"])
        #expect(events.map(\.["previous_state"].string) == [nil, "FREE", "ASSIGNED"])
        #expect(events.map(\.["new_state"].string) == ["FREE", "ASSIGNED", "FREE"])
        #expect(events.map(\.["new_learner_id"].string) == [nil, "L-1", nil])
        #expect(events.map(\.["previous_learner_id"].string) == [nil, nil, "L-1"])
        #expect(events.map(\.["reason"].string) == [nil, nil, "moved away"])
    }

    @Test("what is wrong is refused with its code and writes nothing; neither do dry runs")
    func refusals() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let seats = try hub.done("seats", "purchase", "--school", "North High", "--count", "2")["seats"]
            let (one, two) = (seats[0]["id"].string ?? "", seats[1]["id"].string ?? "")
            try hub.done("seats", "allocate", "--learner", "L-1", "--seat", one)
            let district = try #require(try hub.done("tenant", "show")["tenant"]["id"].string)
            let state = try hub.state()
            let allocate = ["seats", "allocate", "--learner"]
            let cases: [([String], String)] = [
                (Self.purchase + ["0"], "VALIDATION_ERROR"), (Self.purchase + ["1001"], "VALIDATION_ERROR"),
                (["seats", "purchase", "--school", "Nort High", "--count", "1"], "SCHOOL_NOT_FOUND"),
                (["seats", "purchase", "--school", district, "--count", "1"], "SCHOOL_REQUIRED"),
                (["seats", "purchase", "--school", Site.slug, "--count", "1"], "SCHOOL_REQUIRED"),
                (Self.purchase + ["1", "--grant", "nobody"], "NODE_NOT_FOUND"),
                (["seats", "grant", "--node", "nobody", "--seat", two], "NODE_NOT_FOUND"),
                (allocate + ["L-2", "--seat", one], "SEAT_NOT_FREE"),
                (allocate + ["L-1", "--seat", two], "LEARNER_HAS_SEAT"),
                (allocate + ["L-2", "--seat", "none"], "SEAT_NOT_FOUND"),
                (allocate + ["L-2", "--school", "South Middle"], "SEAT_NOT_FREE"),
                (allocate + ["L-2", "--school", district], "SCHOOL_REQUIRED"),
                (allocate + ["ann@t.org", "--seat", two], "VALIDATION_ERROR"),
                (allocate + ["L 2", "--seat", two], "VALIDATION_ERROR"),
                (allocate + ["", "--seat", two], "VALIDATION_ERROR"),
                (["seats", "reclaim", "--seat", two], "SEAT_ALREADY_FREE"),
                (["seats", "reclaim", "--seat", "none"], "SEAT_NOT_FOUND"),
                (["seats", "history", "none"], "SEAT_NOT_FOUND"),
            ]
            for (arguments, code) in cases { try hub.refuses(arguments, 6, code) }
            for arguments in [["release", "--seat", two], ["release"], ["allocate", "--learner", "L"]] {
                let status: Int32 = arguments.count == 3 && arguments[0] == "release" ? 9 : 2
                try hub.refuses(["seats"] + arguments, status, status == 9 ? "NODE_ONLY" : "USAGE")
            }
            for arguments in [
                Self.purchase + ["5"], allocate + ["L-2", "--seat", two],
                ["seats", "reclaim", "--seat", one],
            ] {
                let dry = try hub.run(arguments + ["--dry-run"])
                #expect(dry.status == 0 && dry.messages.contains("Dry run"), dry.story)
            }
            #expect(try hub.state() == state)
        }
    }

    @Test("a node gives its seats away with the hub gone; only the holder moves one, and sync carries it")
    func offline() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let server = try RunningServer(hub)
            let line = try stage.relay(to: server.port)
            let node = try stage.node("node", joining: hub, through: line.port)
            try node.done("sync")
            let seats = try hub.done(
                "seats", "purchase", "--school", "North High", "--count", "2", "--grant", "node")["seats"]
            #expect(seats[0]["holder"].string == (try node.done("status")["node_id"].string))
            let hubs = try hub.done("seats", "purchase", "--school", "North High", "--count", "1")["seats"][0]
            let (mine, its) = (seats[0]["id"].string ?? "", hubs["id"].string ?? "")
            try node.done("sync")
            try hub.refuses(["seats", "allocate", "--learner", "L", "--seat", mine], 9, "NOT_SEAT_HOLDER")
            try hub.refuses(["seats", "grant", "--node", "node", "--seat", mine], 9, "NOT_SEAT_HOLDER")
            let grant = ["seats", "grant", "--node", "node", "--school", "North High", "--count"]
            let few = try hub.run(grant + ["2"])
            #expect(few.status == 6 && few.output.contains("only 1 free seat of"), few.story)
            _ = try server.stop()
            line.refuse()

            try node.done("seats", "allocate", "--learner", "L-1", "--seat", mine)
            let state = try node.state()
            try node.refuses(["seats", "allocate", "--learner", "L", "--seat", its], 9, "NOT_SEAT_HOLDER")
            try node.refuses(["seats", "reclaim", "--seat", its], 9, "NOT_SEAT_HOLDER")
            try node.refuses(["seats", "release", "--seat", its], 9, "NOT_SEAT_HOLDER")
            try node.refuses(Self.purchase + ["1"], 9, "HUB_OWNED")
            try node.refuses(grant + ["1"], 9, "HUB_OWNED")
            #expect(try node.state() == state)
            let away = try node.run("sync")
            #expect(away.status == 10, away.story)
            #expect(try hub.done("seats", "list", "--learner", "L-1")["seats"].items.isEmpty)

            line.point(to: try RunningServer(hub).port)
            try node.done("seats", "release", "--seat", mine)
            try node.done("sync")
            let back = try hub.done("seats", "list", "--learner", "L-1")["seats"][0]
            #expect(back["holder"].string == "hub" && back["state"].string == "ASSIGNED")
            #expect(try hub.done("seats", "reclaim", "--seat", mine)["seat"]["state"].string == "FREE")
            try node.done("sync")
            #expect(try node.state() == hub.state())
        }
    }
}
