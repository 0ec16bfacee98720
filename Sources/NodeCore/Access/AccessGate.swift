import Foundation
import GRDB

/// The door that everybody passes who wants something of a tenant, from the terminal or over REST.
public struct AccessGate: Sendable {
    let installation: Installation
    /// How long a node goes on without hearing from its hub.
    let leaseDays: Int

    public init(_ installation: Installation, leaseDays: Int) {
        self.installation = installation
        self.leaseDays = leaseDays
    }

    /// How the tenant stands now. Throws `TENANT_NOT_FOUND` before a node's first sync.
    public func standing(of tenant: OpenTenant) throws -> TenantStanding {
        TenantStanding(
            slug: tenant.slug, isActive: try tenant.store.readBeside { try $0.tenant().active },
            leaseUntil: try lease(of: tenant.slug)?.until,
            now: installation.environment.clock.milliseconds())
    }

    /// A node's lease; nil at the hub, which needs none.
    public func lease(of slug: String) throws -> Lease? {
        guard installation.role == .node, let peer = try installation.peer(slug) else { return nil }
        return Lease(lastContact: peer.lastSyncAt ?? peer.enrolledAt, days: leaseDays)
    }

    /// Throws `HUB_OWNED` at a node for what is the hub's and the principal's role doesn't include.
    public func requireHub(for permission: Permission, of principal: Principal) throws {
        guard installation.role == .node, permission.isHubs, !principal.holds(permission) else { return }
        throw NodeError(
            .hubOwned, "\(permission.rawValue) is the hub's, and this is a node",
            hint:
                "Ask PrepKC to do it at the hub; schools, seats and tenants can be asked for with --request.")
    }

    /// Lets the principal do it, or throws what `Principal.require` does. Under a support session a read is
    /// written into the tenant's audit before this returns: when that fails, nothing is shown.
    public func admit(_ principal: Principal, to permission: Permission, of tenant: OpenTenant) throws {
        if principal.kind == .operator { return }
        try requireHub(for: permission, of: principal)
        try principal.require(permission, in: standing(of: tenant))
        guard principal.readsAreAudited, permission.isReading, permission.needsSupport else { return }
        try tenant.store.write(as: principal.actor, origin: tenant.origin) { transaction in
            transaction.auditAlone(
                AuditAction(
                    permission.rawValue, targetType: "tenant",
                    targetID: try transaction.replica.tenantID().description))
        }
    }
}

/// How long a node may go on by itself.
public struct Lease: Sendable, Equatable {
    /// Milliseconds since 1970.
    public let until: Int64
    /// From here on people are warned.
    public let warnFrom: Int64
    public static let warningDays: Int64 = 7

    init(lastContact: Int64, days: Int) {
        until = lastContact + Int64(days) * 86_400_000
        warnFrom = until - Self.warningDays * 86_400_000
    }

    /// What a person is told; nil while there is time.
    public func notice(at now: Int64) -> Notice? {
        guard now >= warnFrom else { return nil }
        let hint = "Run `node-cli sync`; `node-cli doctor sync` says what stands in the way."
        guard now < until else {
            return Notice(
                "LEASE_EXPIRED", "this node hasn't heard from its hub for too long; users may only read",
                hint: hint)
        }
        let days = (until - now) / 86_400_000
        return Notice(
            "LEASE_ENDS", "without contact to the hub users may only read in \(days) days", hint: hint)
    }
}

extension Installation {
    /// Somebody at this machine who acts as that person (`--as`): staff at the hub, else a user of the tenant,
    /// with the support session that is open. Throws `USER_NOT_FOUND`, `USER_INACTIVE`, `FORBIDDEN` without a
    /// role.
    public func principal(as email: String, in tenant: OpenTenant?) throws -> Principal {
        if let staff = try staff(email) { return try principal(of: staff, via: "local") }
        guard let tenant else {
            throw NodeError(
                .userNotFound, "none of the staff has that id or address",
                hint: "Name the tenant of a user with --tenant.")
        }
        return try principal(of: tenant.store.read { try $0.user(email) }, in: tenant, via: "local")
    }

    func principal(of staff: Staff, via: String) throws -> Principal {
        guard staff.active else { throw NodeError.userInactive }
        return Principal(
            id: staff.id, kind: .staff(staff.role, support: try supportAccess(of: staff.id)), via: via)
    }

    func principal(of user: User, in tenant: OpenTenant, via: String) throws -> Principal {
        guard user.active else { throw NodeError.userInactive }
        guard let role = user.role else {
            throw NodeError(
                .forbidden, "the user has no role in this tenant", hint: "`node-cli role grant` gives one.")
        }
        return Principal(id: user.id, kind: .member(role, tenant: tenant.slug), via: via)
    }

    /// The support session that one of the staff has open and that isn't over.
    func supportAccess(of staff: String) throws -> SupportAccess? {
        let now = environment.clock.milliseconds()
        return try control.read { db in
            try Row.fetchOne(
                db, sql: "SELECT session, tenant, until FROM support WHERE staff_id = ? AND until > ?",
                arguments: [staff, now]
            ).map { SupportAccess(id: $0[0], tenant: $0[1], until: $0[2]) }
        }
    }
}

extension Installation {
    /// The tenant of the support session that one of the staff has open; nil for anybody else.
    public func supportedTenant(of email: String) throws -> String? {
        guard let staff = try staff(email) else { return nil }
        return try supportAccess(of: staff.id)?.tenant
    }
}
