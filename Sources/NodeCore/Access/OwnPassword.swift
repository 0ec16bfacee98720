import GRDB

extension LoginService {
    /// Gives somebody who knows the old password another one, to be told to nobody. All their sessions end, the one
    /// that asked too. Throws `NOT_AUTHENTICATED` for a wrong old password, `RATE_LIMIT_EXCEEDED`,
    /// `VALIDATION_ERROR`, `FORBIDDEN` for the operator, who has none. Blocks for the hashing.
    public func changePassword(
        of principal: Principal, from old: String, to new: String, address: String? = nil
    ) throws {
        try PasswordHasher.check(new)
        switch principal.kind {
        case .operator:
            throw NodeError(
                .forbidden, "the operator of the machine has no password", hint: "Sign in as a person.")
        case .staff:
            let staff = try installation.requiredStaff(principal.id)
            try require(old, staff.password, email: staff.email, address)
            let hash = try passwords.hash(new, random: installation.environment.random)
            try installation.control.write { db in
                try db.execute(
                    sql: "UPDATE staff SET password = ?, temporary = 0 WHERE id = ?",
                    arguments: [hash.text, staff.id])
                try installation.note("staff.change_password", "staff \(staff.id)", in: db)
            }
        case .member(_, let slug):
            let tenant = try installation.tenant(slug)
            let (user, stored) = try tenant.store.read {
                (try $0.user(principal.id), try $0.password(of: principal.id))
            }
            try require(old, stored, email: user.email, address)
            let hash = try passwords.hash(new, random: installation.environment.random)
            try tenant.store.write(as: principal.actor, origin: tenant.origin) { transaction in
                try transaction.replica.requireWritable()
                transaction.audit(
                    AuditAction("user.change_password", targetType: "user", targetID: user.id))
                try transaction.putCredential(hash, of: user.id, temporary: false)
            }
        }
    }

    /// Guessing here is slowed as it is at the door.
    private func require(_ password: String, _ stored: PasswordHash?, email: String, _ address: String?)
        throws
    {
        let throttle = LoginThrottle(installation: installation)
        let now = installation.environment.clock.milliseconds()
        try throttle.check(email: email, address: address, now: now)
        guard try passwords.verify(password, against: stored) else {
            try throttle.failed(email: email, address: address, now: now)
            throw NodeError(
                .notAuthenticated, "the old password is wrong",
                hint: "An admin of the district can give a new one: `node-cli user reset-password`.")
        }
        try throttle.succeeded(email: email, address: address)
    }
}
