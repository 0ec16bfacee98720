import TestSupport
import Testing

@testable import NodeCore

@Suite("signing in")
struct LoginServiceTests {
    let world: World
    let passwords = PasswordHasher.cheap()
    var hub: World.Site { world.hub }
    var login: LoginService { LoginService(hub.installation, passwords: passwords) }

    init() throws { world = try World(nodes: 0) }

    private func attempt(
        _ email: String, _ password: String, tenant: String? = nil, address: String? = nil
    ) throws -> LoginService.Outcome {
        try login.login(.init(email: email, password: password, tenant: tenant, address: address))
    }

    private func signIn(_ email: String, _ password: String, tenant: String? = nil) throws
        -> LoginService.SignedIn
    {
        guard case .signedIn(let result) = try attempt(email, password, tenant: tenant) else {
            throw NodeError(.conflict, "several")
        }
        return result
    }

    private func refuses<T>(
        _ code: ErrorCode, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> T
    ) {
        let error = #expect(throws: NodeError.self, sourceLocation: sourceLocation) { _ = try body() }
        #expect(error?.code == code, sourceLocation: sourceLocation)
    }

    @Test("a token is good until it expires, one signs out, or the password changes")
    func tokens() throws {
        let ann = try hub.addUser("ann", .coordinator, password: "a password of Ann")
        let signedIn = try signIn("ANN@t.org", "a password of Ann")
        #expect(
            signedIn.principal
                == Principal(id: ann.id, kind: .member(.coordinator, tenant: world.slug), via: "rest"))
        #expect(try login.principal(token: signedIn.token) == signedIn.principal)
        let text = try hub.controlTexts("SELECT hex(token) FROM sign_in")
        #expect(!text.contains(signedIn.token.uppercased()), "only the hash is kept")
        try login.logout(token: signedIn.token)
        refuses(.notAuthenticated) { try login.principal(token: signedIn.token) }

        let second = try signIn("ann@t.org", "a password of Ann")
        world.advance(LoginService.hours * 3_600_000 - 1)
        _ = try login.principal(token: second.token)
        world.advance(1)
        refuses(.notAuthenticated) { try login.principal(token: second.token) }

        let third = try signIn("ann@t.org", "a password of Ann")
        _ = try hub.users().resetPassword(ann.id, to: "another password")
        refuses(.notAuthenticated) { try login.principal(token: third.token) }
        for token in ["", "zz", String(repeating: "0", count: 64)] {
            refuses(.notAuthenticated) { try login.principal(token: token) }
        }
    }

    @Test("what has changed since counts at once: role, state, tenant")
    func livePrincipal() throws {
        let ann = try hub.addUser("ann", .user, password: "a password of Ann")
        let token = try signIn("ann@t.org", "a password of Ann").token
        _ = try hub.roles().revoke(ann.id)
        refuses(.forbidden) { try login.principal(token: token) }
        _ = try hub.roles().grant(.coordinator, to: ann.id)
        #expect(try login.principal(token: token).kind == .member(.coordinator, tenant: world.slug))
        _ = try hub.users().setActive(ann.id, false)
        refuses(.userInactive) { try login.principal(token: token) }
        _ = try hub.users().setActive(ann.id, true)
        _ = try TenantSettings(hub.tenant, actor: hub.actor).setActive(false)
        refuses(.tenantInactive) { try login.principal(token: token) }
    }

    @Test(
        "what is wrong is told only after the right password, and an unknown address costs as much as a known one"
    )
    func nothingLeaks() throws {
        let ann = try hub.addUser("ann", .user, password: "a password of Ann")
        _ = try hub.users().setActive(ann.id, false)
        refuses(.notAuthenticated) { try attempt("ann@t.org", "wrong password") }
        refuses(.userInactive) { try attempt("ann@t.org", "a password of Ann") }
        _ = try TenantSettings(hub.tenant, actor: hub.actor).setActive(false)
        refuses(.notAuthenticated) { try attempt("ann@t.org", "wrong password") }
        refuses(.tenantInactive) { try attempt("ann@t.org", "a password of Ann") }
        var counts: [Int] = []
        for email in ["ann@t.org", "nobody@t.org", ""] {
            let before = passwords.derivations
            refuses(.notAuthenticated) { try attempt(email, "wrong password") }
            counts.append(passwords.derivations - before)
        }
        #expect(counts == [1, 1, 1])
        refuses(.notAuthenticated) { try attempt("ann@t.org", "a password of Ann", tenant: "nowhere") }
    }

    @Test("who has one password in several tenants is asked which; another password says it by itself")
    func severalTenants() throws {
        let other = try World(beside: world, slug: "elsewhere", nodes: 0, seed: 9)
        try hub.addUser("ann", .user, password: "the same password")
        try other.hub.addUser("ann", .coordinator, password: "the same password")
        guard case .choose(let slugs) = try attempt("ann@t.org", "the same password") else {
            Issue.record("no choice was offered")
            return
        }
        #expect(slugs == ["elsewhere", "testville"])
        #expect(
            try signIn("ann@t.org", "the same password", tenant: "elsewhere").principal.kind
                == .member(.coordinator, tenant: "elsewhere"))
        _ = try hub.users().resetPassword("ann@t.org", to: "a password for here")
        #expect(
            try signIn("ann@t.org", "a password for here").principal.kind
                == .member(.user, tenant: "testville"))
    }

    @Test("staff sign in at the hub without a tenant")
    func staff() throws {
        let ada = try hub.addStaff("ada", .admin, password: "a password of Ada")
        let signedIn = try signIn("ada@prepkc.org", "a password of Ada")
        #expect(signedIn.principal == Principal(id: ada.id, kind: .staff(.admin, support: nil), via: "rest"))
        let session = try SupportService(hub.installation).enter(world.slug, reason: "a call", as: ada.email)
        #expect(try login.principal(token: signedIn.token).support?.id == session.id)
        _ = try StaffService(hub.installation, by: hub.operator, passwords: passwords)
            .resetPassword(ada.id, to: "another password")
        refuses(.notAuthenticated) { try login.principal(token: signedIn.token) }
    }

    @Test("who tries passwords waits longer and longer; others, and the right one later, aren't shut out")
    func throttle() throws {
        try hub.addUser("ann", .user, password: "a password of Ann")
        try hub.addUser("bob", .user, password: "a password of Bob")
        for _ in 0..<5 {
            refuses(.notAuthenticated) { try attempt("ann@t.org", "guess", address: "1.2.3.4") }
        }
        let before = passwords.derivations
        refuses(.rateLimited) { try attempt("ann@t.org", "a password of Ann", address: "1.2.3.4") }
        #expect(passwords.derivations == before, "nothing is hashed meanwhile")
        _ = try attempt("bob@t.org", "a password of Bob", address: "1.2.3.4")
        _ = try attempt("ann@t.org", "a password of Ann", address: "5.6.7.8")
        world.advance(1000)
        refuses(.notAuthenticated) { try attempt("ann@t.org", "guess", address: "1.2.3.4") }
        world.advance(1000)
        refuses(.rateLimited) { try attempt("ann@t.org", "a password of Ann", address: "1.2.3.4") }
        world.advance(1000)
        _ = try attempt("ann@t.org", "a password of Ann", address: "1.2.3.4")
        refuses(.notAuthenticated) { try attempt("ann@t.org", "guess", address: "1.2.3.4") }
    }

    @Test("a hash that was made at another price is made anew at the next sign-in")
    func rehash() throws {
        let ann = try hub.addUser("ann", .user, password: "a password of Ann")
        let dearer = PasswordHasher(cost: Scrypt.Cost(logN: 5, r: 1, p: 1))
        let outcome = try LoginService(hub.installation, passwords: dearer)
            .login(.init(email: "ann@t.org", password: "a password of Ann"))
        guard case .signedIn(let signedIn) = outcome else { throw NodeError(.conflict, "several") }
        #expect(try hub.store.read { try $0.password(of: ann.id) }?.cost == dearer.cost)
        _ = try login.principal(token: signedIn.token)
    }
}
