import GRDB

/// A person who signs in to a tenant.
public struct User: Sendable, Equatable {
    public let id: String
    public let email: String
    public let firstName: String
    public let lastName: String
    public let active: Bool
    public let createdAt: Int64
    /// The role in force, if any.
    public let role: TenantRole?
    /// The id of that role's row.
    public let roleID: String?
    public let hasPassword: Bool
    /// Whether the password was made by somebody else and is to be changed.
    public let passwordIsTemporary: Bool
}

/// A role that a user has or had in a tenant.
public struct RoleGrant: Sendable, Equatable {
    public let id: String
    public let userID: String
    public let tenantID: String
    public let role: TenantRole
    public let active: Bool
    public let grantedBy: String
    public let grantedAt: Int64
    public let revokedBy: String?
    public let revokedAt: Int64?
}

extension StoreReader {
    private static let selectUsers = """
        SELECT u.id, u.email, u.first_name, u.last_name, u.active, u.created_at, r.role, r.id, c.password, c.temporary
        FROM user u
        LEFT JOIN user_tenant_role r ON r.user_id = u.id AND r.active = 1
        LEFT JOIN credential c ON c.user_id = u.id
        """

    /// The tenant's users by address; inactive ones only with `all`.
    public func users(all: Bool) throws -> [User] {
        let sql = "\(Self.selectUsers) WHERE ?1 OR u.active = 1 ORDER BY u.email, u.id, r.granted_at, r.id"
        return Self.firstOfEach(try rows(sql, [all]).map(Self.user))
    }

    /// Users with an id, or with an address in normal form.
    func users(matching idOrEmail: String) throws -> [User] {
        let sql = "\(Self.selectUsers) WHERE u.id = ?1 OR u.email = ?2 ORDER BY u.id, r.granted_at, r.id"
        return Self.firstOfEach(try rows(sql, [idOrEmail, NormalForm.email(idOrEmail)]).map(Self.user))
    }

    /// One user by id or address. Throws `USER_NOT_FOUND`, or `CONFLICT` when two rows carry the address.
    public func user(_ idOrEmail: String) throws -> User {
        let matches = try users(matching: idOrEmail)
        if let exact = matches.first(where: { $0.id == idOrEmail }) { return exact }
        guard let first = matches.first else {
            throw NodeError(
                .userNotFound, "there is no user with that id or address in this tenant",
                hint: "`node-cli user list --all` shows every user.")
        }
        guard matches.count == 1 else {
            throw NodeError(
                .conflict,
                "\(matches.count) users have that address: \(matches.map(\.id).joined(separator: ", "))",
                hint: "Name the one you mean by its id.")
        }
        return first
    }

    /// The stored password of a user.
    func password(of user: String) throws -> PasswordHash? {
        try row("SELECT password FROM credential WHERE user_id = ? AND password IS NOT NULL", [user])
            .flatMap { PasswordHash($0[0]) }
    }

    /// Roles, newest first; revoked ones only with `all`.
    public func roles(of user: String? = nil, all: Bool) throws -> [RoleGrant] {
        let sql = """
            SELECT id, user_id, tenant_id, role, active, granted_by, granted_at, revoked_by, revoked_at
            FROM user_tenant_role WHERE (?1 IS NULL OR user_id = ?1) AND (?2 OR active = 1)
            ORDER BY granted_at DESC, id
            """
        return try rows(sql, [user, all]).compactMap { row in
            guard let role = (row[3] as String?).flatMap(TenantRole.init(rawValue:)) else { return nil }
            return RoleGrant(
                id: row[0], userID: row[1] ?? "", tenantID: row[2] ?? "", role: role,
                active: (row[4] as Int?) == 1,
                grantedBy: row[5] ?? "", grantedAt: row[6] ?? 0, revokedBy: row[7], revokedAt: row[8])
        }
    }

    /// How many active users have the role admin, one user left out.
    func admins(except user: String) throws -> Int {
        try count(
            """
            SELECT count(DISTINCT u.id) FROM user u JOIN user_tenant_role r ON r.user_id = u.id
            WHERE u.active = 1 AND r.active = 1 AND r.role = 'admin' AND u.id <> ?
            """, [user])
    }

    /// Merging can leave somebody with two rows of credentials or roles; one row a user is shown.
    private static func firstOfEach(_ users: [User]) -> [User] {
        var seen: Set<String> = []
        return users.filter { seen.insert($0.id).inserted }
    }

    private static func user(_ row: Row) -> User {
        User(
            id: row[0], email: row[1] ?? "", firstName: row[2] ?? "", lastName: row[3] ?? "",
            active: (row[4] as Int?) == 1, createdAt: row[5] ?? 0,
            role: (row[6] as String?).flatMap(TenantRole.init(rawValue:)), roleID: row[7],
            hasPassword: (row[8] as String?) != nil, passwordIsTemporary: (row[9] as Int?) == 1)
    }
}
