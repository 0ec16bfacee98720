import TestSupport
import Testing

@testable import NodeCore
@testable import SyncEngine

/// Users and roles written on two sides apart, and roles that a node had no right to give.
@Suite struct RoleRightsTests {
    let world: World
    var hub: World.Site { world.hub }
    var node: World.Site { world.sites[1] }
    var other: World.Site { world.sites[2] }

    init() throws {
        world = try World(nodes: 2)
        try world.settle()
    }

    private func take(_ frames: [DeltaFrame], at site: World.Site) throws -> ApplySummary {
        try site.store.replicate { try DeltaApplier.receive(frames, in: $0) }
    }

    private func role(of user: String, at site: World.Site) throws -> TenantRole? {
        try site.store.read { try $0.user(user).role }
    }

    private func agreed<T: Equatable>(_ body: (World.Site) throws -> T) throws -> T {
        try world.settle()
        let values = try world.sites.map(body)
        #expect(values.allSatisfy { $0 == values[0] }, "\(values)")
        let digests = try world.sites.map { try $0.digest() }
        #expect(Set(digests).count == 1)
        return values[0]
    }

    @Test("at a node nobody grants or revokes the role admin, the operator neither")
    func locally() throws {
        try hub.addUser("boss", .admin)
        let low = try hub.addUser("low", nil)
        try world.settle()
        for attempt: () throws -> Void in [
            { _ = try node.roles().grant(.admin, to: low.id) }, { _ = try node.addUser("new", .admin) },
        ] {
            let error = #expect(throws: NodeError.self) { try attempt() }
            #expect(error?.code == .hubOwned)
        }
        try hub.addUser("second", .admin)
        try world.settle()
        let error = #expect(throws: NodeError.self) { try node.roles().revoke("boss@t.org") }
        #expect(error?.code == .hubOwned)
    }

    @Test("a broken program's admin is refused everywhere, in any order, while the rest of its delta applies")
    func forgedAdmin() throws {
        let low = try hub.addUser("low", .user)
        let boss = try hub.addUser("boss", .admin)
        try world.settle()
        let grant = try node.store.read { try $0.roles(of: low.id, all: false)[0] }
        let loose = SyncedTable(
            "user_tenant_role", domain: "people",
            Schema.userTenantRole.columns.map { ($0.name, $0.kind, nil) })
        let admins = try node.store.read { try $0.roles(of: boss.id, all: false)[0] }
        let frames = try node.framesOfBrokenProgram { transaction in
            try transaction.put(
                loose, id: "forged-role", ["user_id": .text(low.id), "role": "admin", "active": 1])
            try transaction.edit(loose, id: grant.id, ["role": "admin"])
            try transaction.edit(loose, id: admins.id, ["active": 0, "revoked_at": 5])
            try transaction.put(Schema.teacher, id: "t1", ["name": "Ann"])
        }
        for site in [hub, other] {
            #expect(try take(frames, at: site).refused == loose.columns.count + 3)
            #expect(try role(of: low.id, at: site) == .user)
            #expect(try role(of: boss.id, at: site) == .admin)
            #expect(try site.store.read { try $0.shown(Schema.teacher, id: "t1") }?["name"] == "Ann")
        }
        #expect(try hub.digest() == other.digest())
        let refused = try ConflictService(hub.tenant, actor: hub.actor).list(.refused)
        #expect(refused.count == loose.columns.count + 3)
    }

    @Test("a node that writes a role anew, or deletes it, is refused; the hub too")
    func madeOnce() throws {
        let low = try hub.addUser("low", .user)
        try world.settle()
        let grant = try node.store.read { try $0.roles(of: low.id, all: false)[0] }
        let loose = SyncedTable(
            "user_tenant_role", domain: "people",
            Schema.userTenantRole.columns.map { ($0.name, $0.kind, nil) })
        for author in [node, hub] {
            let again = try author.framesOfBrokenProgram {
                try $0.put(
                    loose, id: grant.id, ["user_id": .text(low.id), "role": "coordinator", "active": 1])
            }
            let deleted = try author.framesOfBrokenProgram { try $0.delete(loose, id: grant.id) }
            for frames in [again, deleted] {
                try other.store.replicate(commit: false) {
                    _ = try DeltaApplier.receive(frames, in: $0)
                    #expect(try $0.user(low.id).role == .user)
                }
            }
        }
    }

    @Test("a forger who pretends not to have seen the hub's grant neither rises nor takes the admin away")
    func pretence() throws {
        let low = try hub.addUser("low", nil)
        try world.settle()
        // The hub makes low an admin; the node, apart, forges a twin of that very row and revokes it.
        let grant = try hub.roles().grant(.admin, to: low.id)
        let twin = try node.roles().grant(.user, to: low.id)
        #expect(twin.id == grant.id, "both sides meet in one row")
        _ = try node.roles().revoke(twin.id)
        #expect(try agreed { try role(of: low.id, at: $0) } == .admin)
    }

    @Test("two roles given apart: PrepKC's stands, between two nodes the lesser one")
    func grantedApart() throws {
        let ann = try hub.addUser("ann", nil), bob = try hub.addUser("bob", nil)
        try world.settle()
        _ = try hub.roles().grant(.coordinator, to: ann.id)
        world.advance(1000)
        _ = try node.roles().grant(.user, to: ann.id)
        _ = try node.roles().grant(.user, to: bob.id)
        world.advance(1000)
        _ = try other.roles().grant(.coordinator, to: bob.id)
        #expect(try agreed { try role(of: ann.id, at: $0) } == .coordinator)
        #expect(try agreed { try role(of: bob.id, at: $0) } == .user)
        #expect(try hub.store.read { try $0.roles(of: ann.id, all: true) }.count == 1)
    }

    @Test("revoked on one side and used on the other stays revoked; the next grant is another row")
    func revokedApart() throws {
        let ann = try hub.addUser("ann", .user)
        try world.settle()
        _ = try node.roles().revoke(ann.id)
        _ = try node.roles().grant(.coordinator, to: ann.id)
        world.advance(1000)
        _ = try hub.roles().revoke(ann.id)
        #expect(try agreed { try role(of: ann.id, at: $0) } == .coordinator)
        #expect(try hub.store.read { try $0.roles(of: ann.id, all: true) }.count == 2)
    }

    @Test("the same person added on both sides is one user; who was shut out on either side stays out")
    func usersApart() throws {
        try hub.addUser("ann", .user, password: "a password from the hub")
        world.advance(1000)
        let ann = try node.addUser("ann", .user, password: "a password from the node")
        #expect(try agreed { try $0.store.read { try $0.users(all: true) } }.count == 1)
        #expect(try agreed { try $0.store.read { try $0.password(of: ann.id) } } != nil)
        let login = LoginService(hub.installation, passwords: .cheap())
        guard
            case .signedIn = try login.login(.init(email: "ann@t.org", password: "a password from the node"))
        else {
            Issue.record("the later password isn't the one")
            return
        }
        _ = try node.users().setActive(ann.id, false)
        world.advance(1000)
        _ = try hub.users().edit(ann.id, .init(lastName: "Lee"))
        let user = try agreed { try $0.store.read { try $0.user(ann.id) } }
        #expect(!user.active && user.lastName == "Lee")
    }

    @Test("passwords reset apart: the later one is the one, on every side")
    func passwordsApart() throws {
        let ann = try hub.addUser("ann", .user, password: "the first password")
        try world.settle()
        _ = try hub.users().resetPassword(ann.id, to: "the hub's password")
        world.advance(1000)
        _ = try node.users().resetPassword(ann.id, to: "the node's password")
        try world.settle()
        for site in world.sites {
            let login = LoginService(site.installation, passwords: .cheap())
            #expect(throws: NodeError.self) {
                try login.login(.init(email: "ann@t.org", password: "the hub's password"))
            }
            guard case .signedIn = try login.login(.init(email: "ann@t.org", password: "the node's password"))
            else {
                Issue.record("not signed in at \(site.name)")
                continue
            }
        }
    }
}
