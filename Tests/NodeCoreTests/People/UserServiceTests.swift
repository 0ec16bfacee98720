import TestSupport
import Testing

@testable import NodeCore

@Suite("users and roles on one installation")
struct UserServiceTests {
    let world: World
    var hub: World.Site { world.hub }

    init() throws { world = try World(nodes: 0) }

    private func refuses<T>(
        _ code: ErrorCode, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> T
    ) throws {
        let heads = try hub.store.read { try $0.heads() }
        let error = #expect(throws: NodeError.self, sourceLocation: sourceLocation) { _ = try body() }
        #expect(error?.code == code, sourceLocation: sourceLocation)
        #expect(try hub.store.read { try $0.heads() } == heads, sourceLocation: sourceLocation)
    }

    @Test("a user is added, edited, shut out, let in again and given a new password")
    func life() throws {
        let (ann, temporary) = try hub.users().add(
            .init(email: "Ann@T.org", firstName: " Ann ", lastName: "Lee", role: .coordinator))
        #expect(ann.email == "ann@t.org" && ann.firstName == "Ann" && ann.role == .coordinator && ann.active)
        #expect(temporary != nil && ann.passwordIsTemporary && ann.hasPassword)
        #expect(try hub.users().edit("ann@t.org", .init(lastName: "Lee-Jones")).lastName == "Lee-Jones")
        #expect(try hub.users().setActive(ann.id, false).active == false)
        #expect(try hub.users().list(all: false).isEmpty)
        #expect(try hub.users().list(all: true).map(\.id) == [ann.id])
        #expect(try hub.users().setActive(ann.id, true).active)
        let before = try hub.store.read { try $0.password(of: ann.id) }
        #expect(try hub.users().resetPassword("ann@t.org").temporaryPassword != temporary)
        #expect(try hub.store.read { try $0.password(of: ann.id) } != before)
        #expect(
            Set(try hub.actions()).isSuperset(of: [
                "user.reset_password", "user.reactivate", "user.deactivate", "user.edit", "user.add",
            ]))
        let entries = try hub.store.read { try $0.auditEntries(limit: 100) }
        #expect(!entries.contains { "\($0)".lowercased().contains("ann") }, "ids only")
    }

    @Test("an address is a user's alone, and its id is the same in every tenant")
    func identity() throws {
        let ann = try hub.addUser("ann", .user)
        try refuses(.emailTaken) { try hub.addUser("ANN", .user) }
        let other = try World(beside: world, slug: "elsewhere", nodes: 0, seed: 9)
        #expect(try other.hub.addUser("ann", .coordinator).id == ann.id)
        _ = try hub.users().edit(ann.id, .init(email: "anna@t.org"))
        let second = try hub.addUser("ann", .user)
        #expect(second.id != ann.id, "the first row has moved to another address")
        try refuses(.validation) {
            try hub.users().add(.init(email: "no address", firstName: "A", lastName: "B", role: nil))
        }
        try refuses(.userNotFound) { try hub.users().show("nobody@t.org") }
    }

    @Test("one active role a user; a revoked one stays and the next is a row of its own")
    func roles() throws {
        let ann = try hub.addUser("ann", nil)
        let first = try hub.roles().grant(.user, to: "ann@t.org")
        try refuses(.roleExists) { try hub.roles().grant(.coordinator, to: ann.id) }
        let revoked = try hub.roles().revoke(first.id)
        #expect(!revoked.active && revoked.revokedAt != nil && revoked.revokedBy == hub.operator.id)
        #expect(try hub.roles().revoke(first.id) == revoked, "again changes nothing")
        let second = try hub.roles().grant(.coordinator, to: ann.id)
        #expect(try hub.roles().list(user: ann.id).map(\.id) == [second.id])
        #expect(Set(try hub.roles().list(user: ann.id, all: true).map(\.id)) == [first.id, second.id])
        try refuses(.forbidden) { try hub.write { try $0.delete(Schema.userTenantRole, id: second.id) } }
        try refuses(.forbidden) {
            try hub.write { try $0.edit(Schema.userTenantRole, id: second.id, ["role": "admin"]) }
        }
        _ = try hub.users().setActive(ann.id, false)
        _ = try hub.roles().revoke("ann@t.org")
        try refuses(.userInactive) { try hub.roles().grant(.user, to: ann.id) }
    }

    @Test("nobody rises: only PrepKC grants admin, and nobody touches one who may do more")
    func escalation() throws {
        try hub.addUser("boss", .admin)
        try hub.addUser("mid", .coordinator)
        let low = try hub.addUser("low", nil)
        try hub.addStaff("super", .supervisor)
        let boss = try hub.acting("boss@t.org"), mid = try hub.acting("mid@t.org")
        let supervisor = try hub.acting("super@prepkc.org")
        try refuses(.escalation) { try hub.roles(by: boss).grant(.admin, to: low.id) }
        try refuses(.escalation) { try hub.roles(by: supervisor).grant(.admin, to: low.id) }
        try refuses(.escalation) { try hub.users(by: supervisor).resetPassword("boss@t.org") }
        try refuses(.escalation) { try hub.users(by: mid).resetPassword("boss@t.org") }
        try refuses(.escalation) { try hub.users(by: mid).edit("boss@t.org", .init(email: "me@t.org")) }
        try refuses(.escalation) {
            try hub.users(by: boss).add(.init(email: "x@t.org", firstName: "X", lastName: "Y", role: .admin))
        }
        _ = try hub.roles(by: boss).grant(.coordinator, to: low.id)
        _ = try hub.users(by: boss).resetPassword("mid@t.org")
    }

    @Test("nobody shuts himself or the last admin out")
    func lastAdmin() throws {
        let one = try hub.addUser("one", .admin)
        try refuses(.lastAdmin) { try hub.roles().revoke(one.id) }
        try refuses(.lastAdmin) { try hub.users().setActive(one.id, false) }
        let two = try hub.addUser("two", .admin)
        let asOne = try hub.acting("one@t.org")
        try refuses(.forbidden) { try hub.users(by: asOne).setActive(one.id, false) }
        #expect(try hub.users(by: asOne).setActive(two.id, false).active == false)
        try refuses(.lastAdmin) { try hub.roles().revoke(one.id) }
        // An inactive one is no admin that counts, and so may lose the role.
        _ = try hub.roles().revoke("two@t.org")
    }

    @Test("the hub's staff are its own: roles, the last admin, an address once")
    func staff() throws {
        let service = StaffService(hub.installation, by: hub.operator, passwords: .cheap())
        let ada = try hub.addStaff("ada", .admin)
        try hub.addStaff("vic", .viewer)
        try refuses(.emailTaken) { try hub.addStaff("ada", .viewer) }
        try refuses(.lastAdmin) { try service.setActive(ada.id, false) }
        try refuses(.lastAdmin) { try service.setRole(ada.id, .viewer) }
        let asViewer = StaffService(
            hub.installation, by: try hub.acting("vic@prepkc.org"), passwords: .cheap())
        try refuses(.forbidden) { try asViewer.list(all: true) }
        try refuses(.forbidden) { try asViewer.setRole("vic@prepkc.org", .admin) }
        #expect(try service.setActive("vic@prepkc.org", false).active == false)
        try refuses(.userInactive) { try hub.acting("vic@prepkc.org") }
        #expect(try service.list(all: false).map(\.email) == ["ada@prepkc.org"])
    }

    @Test("a dry run shows the user and writes nothing, no password either")
    func dryRun() throws {
        let (user, temporary) = try hub.users().add(
            .init(email: "ann@t.org", firstName: "Ann", lastName: "Lee", role: .user), dryRun: true)
        #expect(user.email == "ann@t.org" && temporary == nil)
        try refuses(.userNotFound) { try hub.users().show("ann@t.org") }
    }
}
