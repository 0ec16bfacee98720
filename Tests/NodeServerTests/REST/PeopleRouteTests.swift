import NodeCore
import TestSupport
import Testing

@testable import NodeServer

/// Signing in, users, roles, keys and support access over REST, with the product's own sign-in.
@Suite struct PeopleRouteTests {
    let world: World
    let hub: RESTSite
    private static let password: JSONValue = "correct horse battery"

    init() throws {
        world = try World(nodes: 0)
        hub = try RESTSite(world)
    }

    /// A backend that knows only who signed in.
    private func real() throws -> RESTClient {
        var options = NodeBackend.Options(version: "test")
        options.settings = { RESTSite.unlimited }
        return RESTClient(backend: try NodeBackend(world.hub.installation, options))
    }

    private func addUser(_ email: JSONValue, role: JSONValue? = nil) throws -> RESTAnswer {
        var body: [(String, JSONValue)] = [
            ("email", email), ("first_name", "Ann"), ("last_name", "Lee"), ("password", Self.password),
        ]
        if let role { body.append(("role", role)) }
        return try hub.call("POST", "/api/v1/users", .object(body))
    }

    private func id(_ answer: RESTAnswer) -> String {
        if case .string(let id)? = answer.json["user"]?["id"] { id } else { "" }
    }

    @Test("sign in, use the token, sign out; a wrong password and an unknown address are told alike")
    func login() throws {
        #expect(try addUser("ann@t.org", role: "coordinator").status == 201)
        let client = try real()
        let body: JSONValue = ["email": "ANN@t.org", "password": Self.password]
        let signedIn = try client.call("POST", "/api/v1/auth/login", body, as: nil)
        #expect(signedIn.status == 200 && signedIn.json["user"]?["tenant"] == .string(world.slug))
        let token = signedIn.text("token")
        #expect(try client.call("GET", "/api/v1/teachers", as: token).status == 200)
        #expect(try client.call("GET", "/api/v1/audit", as: token).code == "FORBIDDEN")
        let wrong = try client.call(
            "POST", "/api/v1/auth/login", ["email": "ann@t.org", "password": "wrong"], as: nil)
        let unknown = try client.call(
            "POST", "/api/v1/auth/login", ["email": "bob@t.org", "password": "wrong"], as: nil)
        #expect(wrong.status == 401 && wrong.json == unknown.json)
        #expect(try client.call("POST", "/api/v1/auth/logout", as: token).status == 204)
        #expect(try client.call("GET", "/api/v1/teachers", as: token).code == "NOT_AUTHENTICATED")
        #expect(try client.call("GET", "/api/v1/teachers", as: "zz").code == "NOT_AUTHENTICATED")
        let basic = try client.call(
            "GET", "/api/v1/teachers", as: nil, headers: [("authorization", "Basic YTpi")])
        #expect(basic.code == "NOT_AUTHENTICATED")
    }

    @Test("who knows the old password changes it, and is signed out everywhere")
    func ownPassword() throws {
        #expect(try addUser("ann@t.org", role: "user").status == 201)
        let client = try real()
        func signIn(_ password: JSONValue) throws -> RESTAnswer {
            try client.call(
                "POST", "/api/v1/auth/login", ["email": "ann@t.org", "password": password], as: nil)
        }
        let token = try signIn(Self.password).text("token")
        let path = "/api/v1/auth/password"
        let wrong = try client.call("POST", path, ["old": "wrong", "new": "another good one"], as: token)
        #expect(wrong.status == 401 && wrong.code == "NOT_AUTHENTICATED")
        let short = try client.call("POST", path, ["old": Self.password, "new": "short"], as: token)
        #expect(short.code == "VALIDATION_ERROR")
        // 12 bytes, but not 12 characters.
        let new: JSONValue = "éééééé"
        #expect(try client.call("POST", path, ["old": Self.password, "new": new], as: token).status == 204)
        #expect(try client.call("GET", "/api/v1/events", as: token).status == 401)
        #expect(try signIn(Self.password).status == 401)
        let again = try signIn(new)
        #expect(again.status == 200 && again.json["user"]?["password_is_temporary"] == false)
    }

    @Test("staff are shut out, let in and given passwords over REST by a hub admin alone")
    func staff() throws {
        func add(_ email: JSONValue, _ role: JSONValue) throws -> String {
            let made = try hub.call(
                "POST", "/api/v1/staff",
                ["email": email, "first_name": "S", "last_name": "T", "hub_role": role])
            if case .string(let id)? = made.json["staff"]?["id"] { return id }
            return ""
        }
        _ = try add("boss@prepkc.org", "admin")
        let path = "/api/v1/staff/\(try add("sue@prepkc.org", "supervisor"))"
        hub.book.add("sue", .staff(.supervisor, support: nil))
        #expect(try hub.call("POST", "\(path)/deactivate", as: "sue").code == "FORBIDDEN")
        #expect(try hub.call("POST", "\(path)/deactivate", as: "boss").json["active"] == false)
        #expect(try hub.call("POST", "\(path)/reactivate", as: "boss").json["active"] == true)
        let reset = try hub.call("POST", "\(path)/reset-password", [:], as: "boss")
        #expect(reset.status == 200 && !reset.text("temporary_password").isEmpty)
    }

    @Test("a tenant's letters are its admin's, and PrepKC's only under a support session")
    func letters() throws {
        #expect(try addUser("ann@t.org", role: "user").status == 201)
        #expect(try hub.call("GET", "/api/v1/mail", as: "boss").code == "FORBIDDEN")
        let waiting = try hub.call("GET", "/api/v1/mail", as: "admin")
        #expect(waiting.items("mail").map { $0["recipient"] } == ["ann@t.org"])
        let other = try World(beside: world, slug: "otherville", nodes: 0, seed: 7)
        hub.book.add("other", .member(.admin, tenant: "otherville"))
        #expect(try hub.call("GET", "/api/v1/mail", as: "other").items("mail").isEmpty)
        guard case .string(let letter)? = waiting.items("mail").first?["id"] else { return }
        #expect(
            try hub.call("POST", "/api/v1/mail/\(letter)/delivered", as: "other").code == "MAIL_NOT_FOUND")
        #expect(try hub.call("POST", "/api/v1/mail/\(letter)/delivered", as: "admin").status == 200)
        withExtendedLifetime(other) {}
    }

    @Test("a password that fits several tenants is asked which; a deactivated tenant says so after it")
    func severalTenants() throws {
        let other = try World(beside: world, slug: "otherville", nodes: 0, seed: 5)
        for slug in [world.slug, "otherville"] {
            let made = try hub.call(
                "POST", "/api/v1/users?tenantId=\(slug)",
                [
                    "email": "ann@t.org", "first_name": "A", "last_name": "L", "password": Self.password,
                    "role": "user",
                ])
            #expect(made.status == 201)
        }
        let client = try real()
        let body: JSONValue = ["email": "ann@t.org", "password": Self.password]
        let which = try client.call("POST", "/api/v1/auth/login", body, as: nil)
        #expect(which.status == 409 && which.items("tenants").count == 2)
        _ = try TenantSettings(other.hub.tenant, actor: other.hub.actor).setActive(false)
        let named = body.adding("tenant", "otherville")
        let refused = try client.call("POST", "/api/v1/auth/login", named, as: nil)
        #expect(refused.status == 403 && refused.code == "TENANT_INACTIVE")
        let wrong: JSONValue = ["email": "ann@t.org", "password": "wrong", "tenant": "otherville"]
        #expect(try client.call("POST", "/api/v1/auth/login", wrong, as: nil).status == 401)
    }

    @Test("one active role a user and tenant; revoked ones stay; admin is PrepKC's to grant")
    func roles() throws {
        let user = id(try addUser("ann@t.org"))
        let district = JSONValue.string(world.hub.tenant.id.description)
        func grant(_ role: JSONValue, as token: String = "operator") throws -> RESTAnswer {
            try hub.call(
                "POST", "/api/v1/roles", ["user_id": .string(user), "tenant_id": district, "role": role],
                as: token)
        }
        let first = try grant("manager", as: "admin")
        #expect(first.status == 201 && first.text("role") == "coordinator")
        #expect(try grant("user").code == "ROLE_EXISTS")
        #expect(try grant("admin", as: "admin").code == "ESCALATION")
        #expect(try grant("king").status == 422)
        let path = "/api/v1/users/\(user)/tenants"
        #expect(try hub.call("GET", path, as: "admin").items.map { $0["role"] } == ["coordinator"])
        #expect(try hub.call("DELETE", "/api/v1/roles/\(first.text("id"))").json["active"] == false)
        #expect(try hub.call("GET", path, as: "admin").items.isEmpty)
        #expect(try hub.call("GET", "\(path)?include=inactive", as: "admin").items.count == 1)
        #expect(try hub.call("GET", "/api/v1/roles", as: "admin").items("roles").isEmpty)
        #expect(try hub.call("GET", "/api/v1/roles?include=inactive").items("roles").count == 1)
        #expect(try grant("admin").status == 201)
        #expect(try hub.call("DELETE", "/api/v1/roles/nowhere").code == "ROLE_NOT_FOUND")
        #expect(try hub.call("GET", "/api/v1/users/nowhere/tenants").code == "USER_NOT_FOUND")
    }

    @Test("users are added, changed, shut out and let in; a made password is shown once")
    func users() throws {
        let made = try hub.call(
            "POST", "/api/v1/users", ["email": "b@t.org", "first_name": "B", "last_name": "O"], as: "admin")
        #expect(made.status == 201 && made.text("temporary_password").count >= 12)
        let path = "/api/v1/users/\(id(made))"
        #expect(try hub.call("PATCH", path, ["last_name": "Oh"], as: "admin").text("last_name") == "Oh")
        #expect(try hub.call("POST", "\(path)/deactivate", as: "admin").json["active"] == false)
        #expect(try hub.call("GET", "/api/v1/users", as: "admin").items("users").isEmpty)
        #expect(try hub.call("GET", "/api/v1/users?all=true", as: "admin").items("users").count == 1)
        #expect(try hub.call("POST", "\(path)/reactivate", as: "admin").json["active"] == true)
        let reset = try hub.call("POST", "\(path)/reset-password", [:], as: "admin")
        #expect(!reset.text("temporary_password").isEmpty)
        #expect(try addUser("B@t.org").code == "EMAIL_TAKEN")
        let short = try hub.call("POST", "\(path)/reset-password", ["password": "short"], as: "admin")
        #expect(short.status == 422 && short.fields == ["password"])
        #expect(try hub.call("GET", "/api/v1/users/x", as: "admin").code == "USER_NOT_FOUND")
    }

    @Test("the key is sealed until shown, shown once, and ends with its rotation")
    func keys() throws {
        let made = try hub.call("POST", "/api/v1/district", ["name": "Keyville"], as: "boss")
        let path = "/api/v1/tenant/\(made.text("id"))/key"
        let shown = try hub.call("POST", "\(path)/show", as: "boss")
        #expect(shown.status == 200 && shown.text("api_key").count == 64)
        #expect(try hub.call("POST", "\(path)/show", as: "boss").code == "KEY_ALREADY_SHOWN")
        let plain = try hub.call("GET", path, as: "boss")
        #expect(plain.text("prefix") == String(shown.text("api_key").prefix(8)))
        #expect(plain.json["api_key"] == nil)
        #expect(try hub.call("POST", "\(path)/rotate", as: "boss").json["api_key"] == nil)
        let next = try hub.call("POST", "\(path)/show", as: "boss").text("api_key")
        #expect(next.count == 64 && next != shown.text("api_key"))
        let store = try world.hub.installation.tenant(made.text("slug")).store
        #expect(throws: NodeError.self) { try store.read { try $0.requireAPIKey(shown.text("api_key")) } }
        try store.read { try $0.requireAPIKey(next) }
    }

    @Test("staff enter with a reason, each read is audited before it is answered, and leave ends it")
    func support() throws {
        let added = try hub.call(
            "POST", "/api/v1/staff",
            [
                "email": "boss@hub.org", "first_name": "Bo", "last_name": "Ss", "hub_role": "supervisor",
                "password": Self.password,
            ])
        #expect(added.status == 201)
        let client = try real()
        let token = try client.call(
            "POST", "/api/v1/auth/login", ["email": "boss@hub.org", "password": Self.password], as: nil
        ).text("token")
        #expect(try client.call("GET", "/api/v1/teachers", as: token).code == "FORBIDDEN")
        #expect(try client.call("GET", "/api/v1/seats/summary", as: token).status == 200)
        let entered = try client.call(
            "POST", "/api/v1/support/enter?tenantId=\(world.slug)", ["reason": "asked by phone"], as: token)
        #expect(entered.status == 201 && entered.text("reason") == "asked by phone")
        func reads() throws -> Int {
            try world.hub.store.read { try $0.auditCount(AuditFilter(action: "teachers.read")) }
        }
        #expect(try client.call("GET", "/api/v1/teachers", as: token).status == 200)
        #expect(try reads() == 1)
        #expect(try client.call("GET", "/api/v1/support/sessions", as: "x").status == 401)
        let sessions = try hub.call("GET", "/api/v1/support/sessions", as: "admin").items("sessions")
        #expect(sessions.first?["staff_name"] == "Bo Ss")
        #expect(try client.call("POST", "/api/v1/support/leave", as: token).json["left"] != .null)
        #expect(try client.call("GET", "/api/v1/teachers", as: token).code == "FORBIDDEN")
        #expect(try reads() == 1)
    }
}
