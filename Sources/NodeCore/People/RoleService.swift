/// Grants and revokes roles: one active role a user and tenant; revoked ones stay.
public struct RoleService {
    let tenant: OpenTenant
    let principal: Principal

    public init(_ tenant: OpenTenant, by principal: Principal) {
        self.tenant = tenant
        self.principal = principal
    }

    /// Newest first; `user` by id or address. Throws `USER_NOT_FOUND`.
    public func list(user: String? = nil, all: Bool = false) throws -> [RoleGrant] {
        try tenant.store.read { try $0.roles(of: try user.map($0.user)?.id, all: all) }
    }

    /// Throws `USER_NOT_FOUND`, `USER_INACTIVE`, `ROLE_EXISTS`, `ESCALATION`, and `HUB_OWNED` for the role admin
    /// at a node.
    public func grant(_ role: TenantRole, to idOrEmail: String, dryRun: Bool = false) throws -> RoleGrant {
        try principal.requireMayGrant(role)
        return try run(dryRun: dryRun) { transaction in
            let user = try transaction.replica.user(idOrEmail)
            guard user.active else { throw NodeError.userInactive }
            transaction.audit(
                AuditAction("role.grant", targetType: "user", targetID: user.id, reason: role.rawValue))
            return try transaction.grant(role, to: user.id, by: principal)
        }
    }

    /// Revokes a role by its id, or the active one of a user by id or address. Throws `ROLE_NOT_FOUND`,
    /// `LAST_ADMIN`, `FORBIDDEN` for one's own, `ESCALATION`, and `HUB_OWNED` for the role admin at a node.
    public func revoke(_ roleOrUser: String, dryRun: Bool = false) throws -> RoleGrant {
        try run(dryRun: dryRun) { transaction in
            let grant = try find(roleOrUser, transaction.replica)
            guard grant.active else { return grant }
            let user = try transaction.replica.user(grant.userID)
            try principal.requireMayGrant(grant.role)
            try principal.requireMayShutOut(user, transaction.replica)
            transaction.audit(
                AuditAction("role.revoke", targetType: "user", targetID: user.id, reason: grant.role.rawValue)
            )
            try transaction.edit(
                Schema.userTenantRole, id: grant.id,
                ["active": 0, "revoked_by": .text(principal.id), "revoked_at": .int(transaction.now)])
            return try find(grant.id, transaction.replica)
        }
    }

    private func find(_ roleOrUser: String, _ reader: StoreReader) throws -> RoleGrant {
        let all = try reader.roles(all: true)
        if let exact = all.first(where: { $0.id == roleOrUser }) { return exact }
        let user = try reader.users(matching: roleOrUser).first
        guard let user, let grant = all.first(where: { $0.userID == user.id && $0.active }) else {
            throw NodeError(
                .roleNotFound, "there is no such role, and no user of that name has one",
                hint: "`node-cli role list` shows the roles in force.")
        }
        return grant
    }

    private func run<T>(dryRun: Bool, _ body: (LocalTransaction) throws -> T) throws -> T {
        try tenant.store.write(as: principal.actor, origin: tenant.origin, dryRun: dryRun) { transaction in
            try transaction.replica.requireWritable()
            return try body(transaction)
        }
    }
}

extension LocalTransaction {
    /// Makes the row of a role: its id derives from user, tenant and how many the user had before, so that two
    /// sides that grant apart meet in one row. Throws `ROLE_EXISTS`.
    @discardableResult
    func grant(_ role: TenantRole, to user: String, by principal: Principal) throws -> RoleGrant {
        if let active = try replica.roles(of: user, all: false).first {
            throw NodeError(
                .roleExists, "the user has the role \(active.role.rawValue) in this tenant",
                hint: "Revoke it first with `node-cli role revoke`; it stays in the list.")
        }
        let tenant = try replica.tenantID().description
        for counter in 0..<1000 {
            let id = identifiers.derived(
                table: Schema.userTenantRole.name, key: "\(user)\u{0}\(tenant)", counter: counter)
            guard try replica.isUntouched(Schema.userTenantRole, id: id) else { continue }
            try put(
                Schema.userTenantRole, id: id,
                [
                    "user_id": .text(user), "tenant_id": .text(tenant), "role": .text(role.rawValue),
                    "active": 1,
                    "granted_by": .text(principal.id), "granted_at": .int(now),
                ])
            return RoleGrant(
                id: id, userID: user, tenantID: tenant, role: role, active: true, grantedBy: principal.id,
                grantedAt: now, revokedBy: nil, revokedAt: nil)
        }
        throw NodeError(.conflict, "the user had 1,000 roles", hint: "Report this.")
    }
}
