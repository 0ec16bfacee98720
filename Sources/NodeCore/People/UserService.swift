/// Makes and changes the users of a tenant. Who may is asked at the door (`AccessGate`); that nobody rises
/// above himself, shuts himself out, or leaves a tenant without an admin, is asked here.
public struct UserService {
    let installation: Installation
    let tenant: OpenTenant
    let principal: Principal
    let passwords: PasswordHasher

    public init(
        _ tenant: OpenTenant, of installation: Installation, by principal: Principal,
        passwords: PasswordHasher = .shared
    ) {
        self.installation = installation
        self.tenant = tenant
        self.principal = principal
        self.passwords = passwords
    }

    public struct NewUser: Sendable {
        public var email: String
        public var firstName: String
        public var lastName: String
        public var role: TenantRole?
        /// Nil has one made, to be shown once.
        public var password: String?

        public init(
            email: String, firstName: String, lastName: String, role: TenantRole? = nil,
            password: String? = nil
        ) {
            self.email = email
            self.firstName = firstName
            self.lastName = lastName
            self.role = role
            self.password = password
        }
    }

    public struct Edit: Sendable {
        public var email: String?
        public var firstName: String?
        public var lastName: String?

        public init(email: String? = nil, firstName: String? = nil, lastName: String? = nil) {
            self.email = email
            self.firstName = firstName
            self.lastName = lastName
        }
    }

    /// Checks the fields of a user who is to be made later. Throws `VALIDATION_ERROR`.
    public static func check(_ new: NewUser) throws {
        _ = try UserFields.name(new.firstName, field: "first_name")
        _ = try UserFields.name(new.lastName, field: "last_name")
        _ = try UserFields.email(new.email)
        if let password = new.password { try PasswordHasher.check(password) }
    }

    public func list(all: Bool) throws -> [User] { try tenant.store.read { try $0.users(all: all) } }
    /// Throws `USER_NOT_FOUND`.
    public func show(_ idOrEmail: String) throws -> User { try tenant.store.read { try $0.user(idOrEmail) } }

    /// Throws `EMAIL_TAKEN`, `ESCALATION`, `HUB_OWNED` for an admin made at a node, `VALIDATION_ERROR`.
    public func add(_ new: NewUser, dryRun: Bool = false) throws -> (user: User, temporaryPassword: String?) {
        let first = try UserFields.name(new.firstName, field: "first_name")
        let last = try UserFields.name(new.lastName, field: "last_name")
        if let role = new.role { try principal.requireMayGrant(role) }
        let secret = try Secret(new.password, passwords, tenant, dryRun: dryRun)
        let user = try run(dryRun: dryRun) { transaction in
            let email = try UserFields.email(new.email, except: nil, transaction.replica)
            let id = try transaction.userID(email: email, secret: installation.userSecret())
            transaction.audit(AuditAction("user.add", targetType: "user", targetID: id))
            try transaction.put(
                Schema.user, id: id,
                [
                    "email": .text(email), "first_name": .text(first), "last_name": .text(last), "active": 1,
                    "created_at": .int(transaction.now),
                ])
            try transaction.putCredential(secret.hash, of: id, temporary: secret.shown != nil)
            if let role = new.role { try transaction.grant(role, to: id, by: principal) }
            return try transaction.replica.user(id)
        }
        return (user, dryRun ? nil : secret.shown)
    }

    /// Changes the named fields. Throws `USAGE` when none is named, `USER_NOT_FOUND`, `EMAIL_TAKEN`,
    /// `ESCALATION`, and `StaleRecord` for named fields that moved since `seen`.
    public func edit(
        _ idOrEmail: String, _ edit: Edit, seen: SeenRecord = .unsaid, dryRun: Bool = false
    ) throws -> User {
        guard edit.email != nil || edit.firstName != nil || edit.lastName != nil else {
            throw NodeError(
                .usage, "nothing to change was named", hint: "Give --email, --first-name or --last-name.")
        }
        return try change(idOrEmail, "user.edit", dryRun: dryRun) { transaction, user in
            var values: [String: Value] = [:]
            if let name = edit.firstName {
                values["first_name"] = .text(try UserFields.name(name, field: "first_name"))
            }
            if let name = edit.lastName {
                values["last_name"] = .text(try UserFields.name(name, field: "last_name"))
            }
            if let email = edit.email {
                values["email"] = .text(try UserFields.email(email, except: user.id, transaction.replica))
            }
            let before = try transaction.replica.shown(Schema.user, id: user.id) ?? [:]
            try seen.require(
                transaction.replica.version(of: user), sent: values, current: { before[$0] ?? .null })
            try transaction.edit(Schema.user, id: user.id, values)
        }
    }

    /// Shuts a user out, or lets it in again; roles and records stay. Throws `USER_NOT_FOUND`, `LAST_ADMIN`,
    /// `FORBIDDEN` for oneself, `ESCALATION`.
    public func setActive(_ idOrEmail: String, _ active: Bool, dryRun: Bool = false) throws -> User {
        let action = active ? "user.reactivate" : "user.deactivate"
        return try change(idOrEmail, action, dryRun: dryRun) { transaction, user in
            if !active { try principal.requireMayShutOut(user, transaction.replica) }
            try transaction.edit(Schema.user, id: user.id, ["active": .bool(active)])
        }
    }

    /// Gives a user another password; what was signed in with the old one is signed out. Without one it is
    /// made, and good until the user has changed it.
    public func resetPassword(_ idOrEmail: String, to password: String? = nil, dryRun: Bool = false) throws
        -> (
            user: User, temporaryPassword: String?
        )
    {
        let user = try show(idOrEmail)
        try principal.requireMayChange(user)
        let secret = try Secret(password, passwords, tenant, dryRun: dryRun)
        let changed = try change(user.id, "user.reset_password", dryRun: dryRun) { transaction, user in
            let isOwn = principal.id == user.id
            try transaction.putCredential(secret.hash, of: user.id, temporary: secret.shown != nil || !isOwn)
        }
        return (changed, dryRun ? nil : secret.shown)
    }

    private func change(
        _ idOrEmail: String, _ action: String, dryRun: Bool, _ body: (LocalTransaction, User) throws -> Void
    ) throws -> User {
        try run(dryRun: dryRun) { transaction in
            let user = try transaction.replica.user(idOrEmail)
            try principal.requireMayChange(user)
            transaction.audit(AuditAction(action, targetType: "user", targetID: user.id))
            try body(transaction, user)
            return try transaction.replica.user(user.id)
        }
    }

    private func run<T>(dryRun: Bool, _ body: (LocalTransaction) throws -> T) throws -> T {
        try tenant.store.write(as: principal.actor, origin: tenant.origin, dryRun: dryRun) { transaction in
            try transaction.replica.requireWritable()
            return try body(transaction)
        }
    }

    /// A password, given or made, hashed before the tenant is locked.
    private struct Secret {
        let hash: PasswordHash
        /// The password when it was made here.
        let shown: String?

        init(_ given: String?, _ passwords: PasswordHasher, _ tenant: OpenTenant, dryRun: Bool) throws {
            let random = tenant.store.environment.random
            shown = given == nil ? try PasswordHasher.temporary(random: random) : nil
            hash = try passwords.hash(given ?? shown ?? "", random: random)
        }
    }
}

extension StoreReader {
    /// The version of what `UserService.edit` changes.
    public func version(of user: User) throws -> RecordVersion {
        try version(of: Schema.user, id: user.id, columns: ["email", "first_name", "last_name", "active"])
    }
}

extension LocalTransaction {
    /// The id for a user with an address: the derived one, the same in every tenant, or the next counter's when
    /// that row has moved to another address since.
    func userID(email: String, secret: [UInt8]) throws -> String {
        let identifiers = Identifiers(slug: "", secret: secret)
        for counter in 0..<1000 {
            let id = identifiers.derived(table: "user", key: email, counter: counter)
            guard let shown = try replica.shown(Schema.user, id: id), shown["email"] != .text(email) else {
                return id
            }
        }
        throw NodeError(
            .conflict, "no free id for this address", hint: "Report this: 1,000 rows moved from one address.")
    }

    /// Puts a user's password; every column is written, so that hash and flag stay together.
    func putCredential(_ hash: PasswordHash, of user: String, temporary: Bool) throws {
        try put(
            Schema.credential, id: identifiers.derived(table: "credential", key: user),
            [
                "user_id": .text(user), "password": .text(hash.text), "temporary": .bool(temporary),
                "changed_at": .int(now),
            ])
    }
}
