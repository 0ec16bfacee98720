import GRDB

@testable import NodeCore

extension PasswordHasher {
    /// As the product's, at a price that a test can pay a hundred times.
    public static func cheap() -> PasswordHasher { PasswordHasher(cost: Scrypt.Cost(logN: 4, r: 1, p: 1)) }
}

extension World.Site {
    /// The operator at this installation.
    public var `operator`: Principal { Principal(id: actor.id, kind: .operator, via: "local") }

    /// Users of the tenant as a principal works with them.
    public func users(by principal: Principal? = nil, passwords: PasswordHasher = .cheap()) -> UserService {
        UserService(tenant, of: installation, by: principal ?? `operator`, passwords: passwords)
    }

    public func roles(by principal: Principal? = nil) -> RoleService {
        RoleService(tenant, by: principal ?? `operator`)
    }

    public func keys() -> KeyService { KeyService(tenant, of: installation, by: `operator`) }

    /// A user with a role, made by the operator.
    @discardableResult
    public func addUser(_ name: String, _ role: TenantRole?, password: String? = nil) throws -> User {
        try users().add(
            .init(email: "\(name)@t.org", firstName: name, lastName: "Test", role: role, password: password)
        ).user
    }

    /// One of PrepKC's staff, made by the operator.
    @discardableResult
    public func addStaff(_ name: String, _ role: HubRole, password: String? = nil) throws -> Staff {
        try StaffService(installation, by: `operator`, passwords: .cheap()).add(
            .init(email: "\(name)@prepkc.org", firstName: name, lastName: "Staff", password: password),
            role: role
        ).staff
    }

    /// Somebody, as `--as` would find them.
    public func acting(_ email: String) throws -> Principal {
        try installation.principal(as: email, in: tenant)
    }

    /// Texts that stand in the installation's own `control.db`.
    public func controlTexts(_ sql: String) throws -> [String] {
        try installation.control.read { try String.fetchAll($0, sql: sql) }
    }

    /// What every installation has in its audit, newest first.
    public func actions() throws -> [String] {
        try store.read { try $0.auditEntries(limit: 1000).map(\.action) }
    }
}
