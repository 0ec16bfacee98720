import TestSupport
import Testing

@testable import NodeCore

@Suite("support access")
struct SupportServiceTests {
    let world: World
    var hub: World.Site { world.hub }
    var support: SupportService { SupportService(hub.installation) }
    var gate: AccessGate { AccessGate(hub.installation, leaseDays: 30) }

    init() throws {
        world = try World(nodes: 1)
        try world.settle()
        try hub.addStaff("ada", .supervisor)
    }

    private func refuses<T>(
        _ code: ErrorCode, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> T
    ) {
        let error = #expect(throws: NodeError.self, sourceLocation: sourceLocation) { _ = try body() }
        #expect(error?.code == code, sourceLocation: sourceLocation)
    }

    @Test("entered with a reason it opens personal data, audits each read before, and ends when one leaves")
    func life() throws {
        refuses(.forbidden) {
            try gate.admit(try hub.acting("ada@prepkc.org"), to: .readTeachers, of: hub.tenant)
        }
        refuses(.validation) { try support.enter(world.slug, reason: "  ", as: "ada@prepkc.org") }
        world.advance(1)
        let session = try support.enter(world.slug, reason: "a call from the district", as: "ada@prepkc.org")
        let ada = try hub.acting("ada@prepkc.org")
        #expect(ada.support?.id == session.id && session.staffName == "ada Staff")
        world.advance(1)
        try gate.admit(ada, to: .readTeachers, of: hub.tenant)
        world.advance(1)
        _ = try TeacherService(hub.tenant, actor: ada.actor).add(
            name: "Tom", email: "tom@t.org", school: "North", grade: nil, year: nil, dryRun: false)
        #expect(try hub.actions().prefix(3) == ["teacher.add", "teachers.read", "support.enter"])
        world.advance(1)
        _ = try support.leave(as: "ada@prepkc.org")
        refuses(.forbidden) {
            try gate.admit(try hub.acting("ada@prepkc.org"), to: .readTeachers, of: hub.tenant)
        }
        #expect(try support.leave(as: "ada@prepkc.org") == nil)

        try world.settle()
        let seen = try world.sites[1].store.read { reader in
            (
                try reader.supportSessions(),
                try reader.auditEntries(limit: 100).filter { $0.supportID == session.id }
            )
        }
        #expect(seen.0.map(\.reason) == ["a call from the district"] && seen.0[0].leftAt != nil)
        #expect(seen.1.map(\.action) == ["support.leave", "teacher.add", "teachers.read", "support.enter"])
        #expect(try world.sites[1].digest() == hub.digest())
    }

    @Test("it ends by itself after an hour, and another tenant's doesn't help")
    func limits() throws {
        let other = try World(beside: world, slug: "elsewhere", nodes: 0, seed: 9)
        _ = try support.enter(world.slug, reason: "a call", as: "ada@prepkc.org")
        refuses(.forbidden) {
            try gate.admit(try hub.acting("ada@prepkc.org"), to: .readUsers, of: other.hub.tenant)
        }
        world.advance(SupportService.minutes * 60_000)
        refuses(.forbidden) {
            try gate.admit(try hub.acting("ada@prepkc.org"), to: .readUsers, of: hub.tenant)
        }
        // Entering elsewhere leaves the first.
        let first = try support.enter(world.slug, reason: "a call", as: "ada@prepkc.org")
        _ = try support.enter("elsewhere", reason: "another call", as: "ada@prepkc.org")
        #expect(try hub.store.read { try $0.supportSession(first.id) }.leftAt != nil)
    }

    @Test("refused for viewers, for deactivated tenants, at a node, and for strangers")
    func refused() throws {
        try hub.addStaff("vic", .viewer)
        refuses(.forbidden) { try support.enter(world.slug, reason: "curious", as: "vic@prepkc.org") }
        refuses(.userNotFound) { try support.enter(world.slug, reason: "curious", as: "who@prepkc.org") }
        refuses(.hubOwned) {
            try SupportService(world.sites[1].installation).enter(
                world.slug, reason: "curious", as: "ada@prepkc.org")
        }
        _ = try TenantSettings(hub.tenant, actor: hub.actor).setActive(false)
        refuses(.tenantInactive) { try support.enter(world.slug, reason: "a call", as: "ada@prepkc.org") }
        #expect(try hub.store.read { try $0.supportSessions() }.isEmpty)
    }
}
