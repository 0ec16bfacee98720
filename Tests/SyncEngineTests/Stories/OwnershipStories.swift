import SyncEngine
import TestSupport
import Testing

@testable import NodeCore

/// Who may write what, and what was never to be changed (docs/CONFLICTS.md).
@Suite struct OwnershipStories {
    func settings(_ site: World.Site) -> TenantSettings { TenantSettings(site.tenant, actor: site.actor) }
    func tenant(_ site: World.Site) throws -> Tenant { try site.store.read { try $0.tenant() } }
    func take(_ frames: [DeltaFrame], at site: World.Site) throws {
        _ = try site.store.replicate { try DeltaApplier.receive(frames, in: $0) }
    }

    @Test("A node can't write what the hub owns")
    func refusedAtTheWrite() throws {
        let story = try Story()
        try story.refuses(story.node, .hubOwned) { try settings(story.node).edit(.init(name: "Mine")) }
        try story.refuses(story.node, .hubOwned) {
            try settings(story.node).edit(.init(flags: [.events: false]))
        }
        try story.refuses(story.node, .hubOwned) { try settings(story.node).setActive(false) }
        try story.refuses(story.node, .hubOwned) {
            try story.node.write { try $0.put(Schema.skill, id: "s", ["name": "Chess"]) }
        }
        #expect(try story.conflicts(.refused) == [])
    }

    @Test(
        "A broken program's write to what the hub owns is refused everywhere, the rest of its delta applies")
    func refusedEverywhere() throws {
        let story = try Story(nodes: 2)
        let frames = try story.node.framesOfBrokenProgram { transaction in
            let id = try transaction.replica.tenant().id
            try transaction.edit(Schema.tenant, id: id, ["name": "Mine", "time_zone": "America/Denver"])
            try transaction.put(Schema.teacher, id: "t9", ["name": "Eve", "email": "eve@t.org"])
        }
        for site in [story.hub, story.other] {
            try take(frames, at: site)
            #expect(try tenant(site).name == "Testville" && tenant(site).timeZone == "America/Denver")
            #expect(try story.teachers(at: site).contains("Eve, eve@t.org, in no year"))
            #expect(
                try story.conflicts(.refused, at: site) == [
                    "refused tenant.name: Mine -> Testville by HUB_OWNED"
                ])
            #expect(try story.conflicts(at: site) == [])
        }
        #expect(try story.hub.digest() == story.other.digest())
    }

    @Test("Names and flags set at the hub reach the nodes")
    func hubSettings() throws {
        let story = try Story()
        _ = try settings(story.hub).edit(.init(name: "New Testville", flags: [.recruitment: true]))
        #expect(try tenant(story.node).name == "Testville")
        try story.sync()
        #expect(try tenant(story.node) == tenant(story.hub))
        #expect(try tenant(story.node).name == "New Testville")
        #expect(try tenant(story.node).flags[.recruitment] == true)
    }

    @Test("CORS origins are set on both sides, and the later list shows")
    func corsOrigins() throws {
        let story = try Story()
        _ = try settings(story.hub).edit(.init(corsOrigins: ["https://a.org"]))
        story.later()
        _ = try settings(story.node).edit(.init(corsOrigins: ["https://b.org"]))
        try story.sync()
        #expect(try story.agreed { try tenant($0).corsOrigins } == ["https://b.org"])
        let listed = "settled tenant.cors_origins: https://a.org | https://b.org -> https://b.org by latest"
        #expect(try story.conflicts() == [listed])
        try story.refuses(story.node, .validation) {
            try story.resolve(story.node, "tenant.cors_origins", value: "everybody")
        }
        try story.resolve(story.node, "tenant.cors_origins", value: "https://b.org https://A.org")
        try story.sync()
        #expect(try story.agreed { try tenant($0).corsOrigins } == ["https://a.org", "https://b.org"])
        #expect(try story.conflicts() == [])
    }

    @Test("A tenant is switched off while a node works offline, and the node's work still arrives")
    func switchedOff() throws {
        let story = try Story()
        _ = try settings(story.hub).setActive(false, reason: "agreement ended")
        try story.add(story.node, "Bo")
        try story.sync()
        #expect(try story.teachers() == ["Ann, ann@t.org, North, 5", "Bo, bo@t.org, North, 5"])
        try story.refuses(story.node, .tenantInactive) { try story.add(story.node, "Cy") }
        _ = try settings(story.hub).setActive(true)
        try story.sync()
        try story.add(story.node, "Cy")
        try story.sync()
        #expect(try story.teachers().count == 3)
    }

    @Test("Audit entries, imports and seat histories of both sides all stand, and nobody can change them")
    func appendOnly() throws {
        let story = try Story(nodes: 2)
        let seat = try SeatService(story.hub.tenant, actor: story.hub.actor).purchase(
            school: "North", count: 1)[0].id
        try story.edit(story.hub, grade: "6")
        try story.edit(story.node, grade: "7")
        try story.importRoster(story.node, ["North,Bo,bo@t.org,5", "North,Ann,ann@t.org,7"])
        try story.sync()
        let entries = try story.agreed { site in try site.store.read { try $0.auditEntries(limit: 100) } }
        #expect(entries.count { $0.action == "teacher.edit" } == 2)
        let loose = SyncedTable("audit_entry", domain: "audit", [("reason", .text, nil)])
        let imported = try #require(entries.first { $0.action == "roster.import" }).targetID
        let looseSeats = SyncedTable("seat_audit", domain: "seat", [("reason", .text, nil)])
        let purchase = try story.agreed { try $0.store.read { try $0.seatHistory(seat)[0].id } }
        let frames = try story.hub.framesOfBrokenProgram { transaction in
            try transaction.edit(loose, id: entries[0].id, ["reason": "never mind"])
            try transaction.delete(Operation.looseImport, id: imported)
            try transaction.delete(looseSeats, id: purchase)
        }
        let before = try story.node.store.read { try $0.shown(Schema.auditEntry, id: entries[0].id) }
        for site in [story.node, story.other] {
            try take(frames, at: site)
            #expect(
                try story.conflicts(.refused, at: site) == [
                    "refused audit_entry.reason: never mind -> nothing by APPEND_ONLY",
                    "refused roster_import.*: deleted -> kept by APPEND_ONLY",
                    "refused seat_audit.*: deleted -> kept by APPEND_ONLY",
                ])
            #expect(try site.store.read { try $0.shown(Schema.auditEntry, id: entries[0].id) } == before)
        }
    }
}
