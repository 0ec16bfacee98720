// Users, their credentials, roles and support access.

extension Schema {
    /// A person who signs in to this tenant. The id is derived from the e-mail under the hub-wide secret, so it
    /// is the same in every tenant that the person has to do with.
    public static let user = SyncedTable(
        "user", domain: "people", since: 3,
        [
            ("email", .text, nil), ("first_name", .text, nil), ("last_name", .text, nil),
            ("active", .int, nil),
            ("created_at", .int, nil),
        ], indexes: ["email"])
    /// How a user proves to be it, in this tenant; the row's id derives from the user's. `password`: a scrypt
    /// hash with its parameters. A table of its own, so that bodies with superseded hashes can be dropped first.
    public static let credential = SyncedTable(
        "credential", domain: "people", since: 3,
        [
            ("user_id", .text, nil), ("password", .text, nil), ("temporary", .int, nil),
            ("changed_at", .int, nil),
        ],
        indexes: ["user_id"])
    /// What a user may do in the tenant. A role is granted once and then only revoked: the next one is a row of
    /// its own, so that old ones stay for the audit. Grants of the role admin are the hub's.
    public static let userTenantRole = SyncedTable(
        "user_tenant_role", domain: "people", since: 3,
        [
            ("user_id", .text, .grant), ("tenant_id", .text, .grant), ("role", .text, .grant),
            ("active", .int, nil), ("granted_by", .text, .grant), ("granted_at", .int, .grant),
            ("revoked_by", .text, nil), ("revoked_at", .int, nil),
        ], indexes: ["user_id", "tenant_id, role"], hubValues: ["role": ["admin"]])
    /// PrepKC staff at work in the tenant: who, why, for how long. Audit entries name only its id.
    public static let supportSession = SyncedTable(
        "support_session", domain: "people", owner: .hub, since: 3,
        [
            ("staff_id", .text, nil), ("staff_name", .text, nil), ("reason", .text, nil),
            ("started_at", .int, nil), ("until", .int, nil), ("left_at", .int, nil),
        ], indexes: ["started_at"])

    static let peopleTables = [user, credential, userTenantRole, supportSession]
}
