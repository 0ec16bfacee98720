import NodeCore
import SyncEngine
import TestSupport
import Testing

/// The last two admins of a tenant, shut out on two sides that didn't know of each other.
@Suite struct LastAdminTests {
    @Test(
        "whoever was shut out last comes back, on every installation, and no repair loops", arguments: [0, 1])
    func comesBack(_ later: Int) throws {
        let world = try World(nodes: 2)
        let hub = world.hub
        let users = try ["a@t.org", "b@t.org"].map { email in
            try hub.users().add(
                .init(email: email, firstName: "A", lastName: "B", role: .admin)
            ).user.id
        }
        try world.settle()
        for step in 0..<2 {
            world.advance(1000)
            let isHub = (step == 0) == (later == 1)
            let site = isHub ? hub : world.sites[1]
            _ = try site.users().setActive(users[isHub ? 0 : 1], false)
        }
        try world.settle()
        let expected = later == 0 ? users[0] : users[1]
        for site in world.sites {
            let active = try site.store.read { try $0.users(all: false) }.map(\.id)
            #expect(active == [expected])
            #expect(try site.store.read { try $0.cases() }.isEmpty)
        }
        #expect(try Arbiter(hub.tenant).run() == 0)
        #expect(try Set(world.sites.map { try $0.digest() }).count == 1)
    }
}
