import Foundation
import Testing

/// Reference data at the hub, its way to tenants and nodes, and schools that a district asks for.
@Suite(.serialized, .blocking) struct ReferenceProcessTests {
    @Test("new reference data reaches tenants that exist, and their nodes with the next sync")
    func refresh() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let server = try RunningServer(hub)
            let node = try stage.node("node", joining: hub, through: server.port)
            try node.done("sync")
            let more =
                "nces_school_id,nces_lea_id,school_name\n200000000003,2000000,East\n300000000001,3000000,Far\n"
            let first = try hub.done("reference", "import", "schools", "-", input: more)
            #expect(first["tenants"][0]["created"].int == 1)
            let list = try hub.done("school", "list")["schools"].items
            let north = list.first { $0["name"].string == "North High" }
            let nces = try #require(north?["nces_school_id"].string)
            let renamed = "nces_school_id,nces_lea_id,name\n\(nces),2000000,Renamed School\n"
            #expect(
                try hub.done("reference", "import", "schools", "-", input: renamed)["tenants"][0]["renamed"]
                    .int == 1)
            let skills = try hub.done("reference", "import", "skills", "-", input: "name\nWelding\nCoding\n")
            #expect(skills["created"].int == 2)
            try hub.done("reference", "import", "career-types", "-", input: "Career Type\nHealth\n")
            let twice = try hub.run(
                "reference", "import", "skills", "-", input: "name\nCODING\nBaking\nbaking\n,\n")
            #expect(twice.status == 3, twice.story)
            #expect(try twice.envelope()["data"]["created"].int == 1)
            let state = try hub.state()
            #expect(try hub.done("reference", "import", "schools", "-", input: more)["tenants"].items.isEmpty)
            #expect(try hub.state() == state)
            try node.done("sync")
            #expect(try node.state().digest == state.digest)
            let names = try node.done("reference", "list")
            #expect(names["skills"].items.compactMap(\.string) == ["Baking", "Coding", "Welding"])
            #expect(names["career_types"].items.compactMap(\.string) == ["Health"])
            let schools = try node.done("school", "list")["schools"].items.compactMap(\.["name"].string)
            #expect(schools == ["East", "Renamed School", "South Middle"])
            try node.refuses(["reference", "import", "skills", "-"], 9, "HUB_OWNED", input: "name\nX\n")
        }
    }

    @Test("a node asks for a school, the hub accepts or declines, and the answer comes back")
    func requests() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let server = try RunningServer(hub)
            let node = try stage.node("node", joining: hub, through: server.port)
            try node.done("sync")
            try node.refuses(["school", "create", "--name", "East"], 9, "HUB_OWNED")
            let asked = try node.done("school", "create", "--name", "East", "--request", "--note", "new")[
                "request"]
            let again = try node.done("school", "create", "--name", " EAST", "--request")["request"]
            #expect(again["id"] == asked["id"])
            try node.done("school", "create", "--name", "Nort High", "--request")
            try node.refuses(["school", "create", "--name", "north high", "--request"], 6, "CONFLICT")
            let id = try #require(asked["id"].string)
            try node.refuses(["school", "requests", "accept", id], 9, "HUB_OWNED")
            try node.done("sync")
            let open = try hub.done("school", "requests")["requests"].items
            #expect(Set(open.compactMap(\.["name"].string)) == ["East", "Nort High"])
            let accepted = try hub.done("school", "requests", "accept", id)["request"]
            #expect(accepted["state"].string == "accepted")
            let other = try #require(open.first { $0["name"].string == "Nort High" }?["id"].string)
            try hub.done("school", "requests", "decline", other, "--reason", "It is North High")
            try hub.refuses(["school", "requests", "accept", other], 6, "CONFLICT")
            try hub.refuses(["school", "requests", "accept", "nonsense"], 6, "RECORD_NOT_FOUND")
            let state = try hub.state()
            try hub.done("school", "requests", "accept", id)
            try hub.refuses(["school", "create", "--name", "east"], 6, "CONFLICT")
            #expect(try hub.state() == state)
            try node.done("sync")
            #expect(try node.done("school", "requests")["requests"].items.isEmpty)
            let all = try node.done("school", "requests", "--all")["requests"].items
            #expect(all.first { $0["name"].string == "Nort High" }?["reason"].string == "It is North High")
            let file = try stage.roster("r.csv", [("East", "Ann", "ann@t.org", "")])
            #expect(try node.done("roster", "import", file)["created"].int == 1)
        }
    }
}
