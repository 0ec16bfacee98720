/// How a tenant stands when somebody wants something of it.
public struct TenantStanding: Sendable, Equatable {
    public let slug: String
    public let isActive: Bool
    /// At a node: until when it may go on without hearing from the hub, milliseconds since 1970.
    public let leaseUntil: Int64?
    /// Now, by the installation's clock.
    public let now: Int64

    public init(slug: String, isActive: Bool, leaseUntil: Int64? = nil, now: Int64) {
        self.slug = slug
        self.isActive = isActive
        self.leaseUntil = leaseUntil
        self.now = now
    }

    public var isLeaseOver: Bool { leaseUntil.map { $0 <= now } ?? false }
}

/// A support session that is open: PrepKC staff at work in one tenant, with a reason, for a time.
public struct SupportAccess: Sendable, Equatable {
    /// The id of its `support_session` row.
    public let id: String
    /// The tenant's slug.
    public let tenant: String
    /// Milliseconds since 1970.
    public let until: Int64

    public init(id: String, tenant: String, until: Int64) {
        self.id = id
        self.tenant = tenant
        self.until = until
    }
}

/// Who wants something: the operator at this machine, PrepKC staff, or a person with a role in one tenant.
public struct Principal: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        case `operator`
        case staff(HubRole, support: SupportAccess?)
        /// `tenant`: the slug of the tenant that the person signed in to.
        case member(TenantRole, tenant: String)
    }

    /// The user's id, or the operator's (`Installation.localActor`).
    public let id: String
    public let kind: Kind
    /// The way in, for the audit: `local` or `rest`.
    public let via: String

    public init(id: String, kind: Kind, via: String) {
        self.id = id
        self.kind = kind
        self.via = via
    }

    /// What its writes are signed with; under a support session with that session's id.
    public var actor: Actor {
        switch kind {
        case .operator: Actor(id: id, role: "operator", via: via)
        case .staff(let role, let support):
            Actor(id: id, role: "hub_\(role.rawValue)", via: via, support: support?.id)
        case .member(let role, _): Actor(id: id, role: role.rawValue, via: via)
        }
    }

    /// The open support session, if any.
    public var support: SupportAccess? { if case .staff(_, let support) = kind { support } else { nil } }

    /// Whether every read of personal data is to be audited before it is shown.
    public var readsAreAudited: Bool { support != nil }

    /// Whether the policy grants it, whatever stands in the way at the moment.
    public func holds(_ permission: Permission) -> Bool {
        switch kind {
        case .operator: true
        case .staff(let role, _): AccessPolicy.permissions(of: role).contains(permission)
        case .member(let role, _): AccessPolicy.permissions(of: role).contains(permission)
        }
    }

    /// Throws unless this may be done in the tenant, now.
    ///
    /// `TENANT_NOT_FOUND` for a tenant that isn't the person's (its records are not found, not forbidden),
    /// `ESCALATION` for granting what only PrepKC grants, `FORBIDDEN`, `TENANT_INACTIVE`, and `LEASE_EXPIRED`
    /// for a change when the node's lease is over. The operator passes: what the installation itself may
    /// not, its services refuse.
    public func require(_ permission: Permission, in tenant: TenantStanding) throws {
        if kind == .operator { return }
        if case .member(_, let own) = kind, own != tenant.slug { throw NodeError.noTenant(tenant.slug) }
        try requireHolding(permission)
        if !tenant.isActive, !permission.outlivesDeactivation { throw NodeError.deactivated }
        if case .staff(_, let support) = kind, permission.needsSupport {
            try Self.requireSupport(support, permission, tenant)
        }
        if tenant.isLeaseOver, !permission.isReading, permission != .runSync { throw NodeError.leaseExpired }
    }

    /// The same for what concerns no single tenant.
    public func require(_ permission: Permission) throws {
        if kind == .operator { return }
        try requireHolding(permission)
        if permission.needsSupport { throw NodeError.noSupport(permission) }
    }

    private func requireHolding(_ permission: Permission) throws {
        guard !holds(permission) else { return }
        if permission == .grantAdmin {
            throw NodeError(
                .escalation, "only PrepKC grants and takes away the role admin",
                hint: "Ask PrepKC to do it at the hub.")
        }
        throw NodeError(
            .forbidden, "the role doesn't include \(permission.rawValue)",
            hint: "A district admin or PrepKC can do it, or grant the role that includes it.")
    }

    private static func requireSupport(
        _ support: SupportAccess?, _ permission: Permission, _ tenant: TenantStanding
    ) throws {
        guard let support, support.tenant == tenant.slug, support.until > tenant.now else {
            throw NodeError.noSupport(permission)
        }
    }
}

extension NodeError {
    /// A tenant that isn't here, or isn't the asking person's.
    public static func noTenant(_ slug: String) -> NodeError {
        NodeError(
            .tenantNotFound, "there is no tenant '\(slug)' here",
            hint: "`node-cli tenant list` shows the tenants.")
    }

    /// The tenant was turned off.
    public static let deactivated = NodeError(
        .tenantInactive, "the tenant is deactivated",
        hint: "`node-cli tenant activate` at the hub turns it on; reading and sync go on.")

    public static let leaseExpired = NodeError(
        .leaseExpired, "this node hasn't heard from its hub for too long; users may only read",
        hint: "Run `node-cli sync`; everything is kept, and the next contact ends this.")

    static func noSupport(_ permission: Permission) -> NodeError {
        NodeError(
            .forbidden, "PrepKC staff need a support session for \(permission.rawValue)",
            hint: "Run `node-cli support enter SLUG --reason \"…\" --as EMAIL` first.")
    }
}
