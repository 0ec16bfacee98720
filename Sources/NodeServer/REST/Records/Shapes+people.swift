import NodeCore

extension Shapes {
    public static let user = Shape<User>(
        "User",
        [
            .text("id") { $0.id }, .text("email") { $0.email }, .text("first_name") { $0.firstName },
            .text("last_name") { $0.lastName }, .flag("active") { $0.active },
            .optional("role") { $0.role?.rawValue }, .optional("role_id") { $0.roleID },
            .flag("has_password") { $0.hasPassword },
            .flag("password_is_temporary") { $0.passwordIsTemporary }, .time("created_at") { $0.createdAt },
        ])

    /// One of PrepKC's own people.
    public static let staff = Shape<Staff>(
        "Staff",
        [
            .text("id") { $0.id }, .text("email") { $0.email }, .text("first_name") { $0.firstName },
            .text("last_name") { $0.lastName }, .text("hub_role") { $0.role.rawValue },
            .flag("active") { $0.active }, .flag("password_is_temporary") { $0.passwordIsTemporary },
            .time("created_at") { $0.createdAt },
        ])

    /// A role that a user has or had in a tenant.
    public static let role = Shape<(grant: RoleGrant, tenant: Tenant)>(
        "Role",
        [
            .text("id") { $0.grant.id }, .text("user_id") { $0.grant.userID },
            .text("tenant_id") { $0.grant.tenantID }, .text("tenant_name") { $0.tenant.name },
            .text("tenant_slug") { $0.tenant.slug }, .text("role") { $0.grant.role.rawValue },
            .text("role_title") { $0.grant.role.title }, .flag("active") { $0.grant.active },
            .text("granted_by") { $0.grant.grantedBy }, .time("granted_at") { $0.grant.grantedAt },
            .optional("revoked_by") { $0.grant.revokedBy }, .time("revoked_at") { $0.grant.revokedAt },
        ])

    public static let supportSession = Shape<SupportSession>(
        "SupportSession",
        [
            .text("id") { $0.id }, .text("staff_id") { $0.staffID }, .text("staff_name") { $0.staffName },
            .text("reason") { $0.reason }, .time("started_at") { $0.startedAt },
            .time("until") { $0.until }, .time("left_at") { $0.leftAt }, .time("ends_at") { $0.endsAt },
        ])

    public static let apiKey = Shape<APIKey>(
        "APIKey",
        [
            .text("prefix") { $0.prefix }, .time("created_at") { $0.createdAt },
            .time("revoked_at") { $0.revokedAt },
        ])
}
