import Foundation
import GRDB

/// Signs people in and out. A bearer token is 32 random bytes; `control.db` keeps its hash.
public struct LoginService: Sendable {
    /// How long a token is good for.
    public static let hours: Int64 = 12
    let installation: Installation
    let passwords: PasswordHasher

    public init(_ installation: Installation, passwords: PasswordHasher = .shared) {
        self.installation = installation
        self.passwords = passwords
    }

    public struct Attempt: Sendable {
        public var email: String
        public var password: String
        /// The slug; nil where the person has to do with one only.
        public var tenant: String?
        /// Where the request comes from.
        public var address: String?

        public init(email: String, password: String, tenant: String? = nil, address: String? = nil) {
            self.email = email
            self.password = password
            self.tenant = tenant
            self.address = address
        }
    }

    public struct SignedIn: Sendable {
        /// 64 hexadecimal digits, shown to the person alone.
        public let token: String
        public let expiresAt: Int64
        public let principal: Principal
        public let email: String
        public let firstName: String
        public let lastName: String
        /// Whether somebody else made the password, so that it should be changed.
        public let passwordIsTemporary: Bool
    }

    public enum Outcome: Sendable {
        case signedIn(SignedIn)
        /// The password is right in several tenants (slugs; empty for PrepKC's own staff): one is to be named.
        case choose([String])
    }

    /// Whom an address and password may mean.
    private enum Candidate {
        case staff(Staff)
        case user(User, OpenTenant, PasswordHash?)

        var password: PasswordHash? {
            switch self {
            case .staff(let staff): staff.password
            case .user(_, _, let password): password
            }
        }
        var tenant: String { if case .user(_, let tenant, _) = self { tenant.slug } else { "" } }
    }

    /// Throws `NOT_AUTHENTICATED` without saying what was wrong, `RATE_LIMIT_EXCEEDED`, and only after the right
    /// password `TENANT_INACTIVE`, `USER_INACTIVE`, `FORBIDDEN` for somebody without a role. Blocks for the
    /// hashing; an unknown address takes as long as a wrong password.
    public func login(_ attempt: Attempt) throws -> Outcome {
        let email = NormalForm.email(attempt.email), now = installation.environment.clock.milliseconds()
        let throttle = LoginThrottle(installation: installation)
        try throttle.check(email: email, address: attempt.address, now: now)
        let candidates = try candidates(email: email, tenant: attempt.tenant)
        var right: [Candidate] = []
        if candidates.isEmpty { _ = try passwords.verify(attempt.password, against: nil) }
        for candidate in candidates
        where try passwords.verify(attempt.password, against: candidate.password) { right.append(candidate) }
        guard let first = right.first else {
            try throttle.failed(email: email, address: attempt.address, now: now)
            throw NodeError(
                .notAuthenticated, "the e-mail or the password is wrong",
                hint: "An admin of the district can give a new password: `node-cli user reset-password`.")
        }
        try throttle.succeeded(email: email, address: attempt.address)
        guard right.count == 1 else { return .choose(right.map(\.tenant)) }
        return .signedIn(try signIn(first, attempt.password, now: now))
    }

    private func candidates(email: String, tenant: String?) throws -> [Candidate] {
        var candidates: [Candidate] = [], unreadable: NodeError?
        if tenant == nil, let staff = try installation.staff(email) { candidates.append(.staff(staff)) }
        let known = try installation.slugs()
        for slug in tenant.map({ known.contains($0) ? [$0] : [] }) ?? known {
            do {
                let open = try installation.tenant(slug)
                let found = try open.store.read { reader in
                    try reader.users(matching: email).filter { $0.email == email }
                        .map { ($0, try reader.password(of: $0.id)) }
                }
                candidates += found.map { .user($0.0, open, $0.1) }
            } catch let error as NodeError where [.storage, .corrupt].contains(error.code) {
                // One tenant's broken file keeps nobody of another out.
                unreadable = error
            }
        }
        if candidates.isEmpty, let unreadable { throw unreadable }
        return candidates
    }

    private func signIn(_ candidate: Candidate, _ password: String, now: Int64) throws -> SignedIn {
        let principal: Principal
        switch candidate {
        case .staff(let staff): principal = try installation.principal(of: staff, via: "rest")
        case .user(let user, let tenant, _):
            guard try tenant.store.read({ try $0.tenant().active }) else { throw NodeError.deactivated }
            principal = try installation.principal(of: user, in: tenant, via: "rest")
        }
        let stored = try rehashed(candidate, password, principal)
        let token = try installation.environment.random.bytes(32)
        let expires = now + Self.hours * 3_600_000
        try installation.control.write { db in
            try db.execute(sql: "DELETE FROM sign_in WHERE expires_at <= ?", arguments: [now])
            try db.execute(
                sql: "INSERT INTO sign_in VALUES (?, ?, ?, ?, ?, ?)",
                arguments: [
                    Data(Digest.sha256(token).bytes), principal.id, candidate.tenant, Self.mark(stored), now,
                    expires,
                ])
        }
        switch candidate {
        case .staff(let staff):
            return SignedIn(
                token: token.hex, expiresAt: expires, principal: principal, email: staff.email,
                firstName: staff.firstName, lastName: staff.lastName,
                passwordIsTemporary: staff.passwordIsTemporary)
        case .user(let user, _, _):
            return SignedIn(
                token: token.hex, expiresAt: expires, principal: principal, email: user.email,
                firstName: user.firstName, lastName: user.lastName,
                passwordIsTemporary: user.passwordIsTemporary)
        }
    }

    /// The stored hash, made anew when hashes cost something else by now: only here is the password known.
    private func rehashed(_ candidate: Candidate, _ password: String, _ principal: Principal) throws
        -> PasswordHash?
    {
        guard let old = candidate.password, old.cost != passwords.cost else { return candidate.password }
        let new = try passwords.hash(password, random: installation.environment.random)
        switch candidate {
        case .staff(let staff):
            try installation.control.write { db in
                try db.execute(
                    sql: "UPDATE staff SET password = ? WHERE id = ? AND password = ?",
                    arguments: [new.text, staff.id, old.text])
            }
        case .user(let user, let tenant, _):
            try tenant.store.write(as: principal.actor, origin: tenant.origin) { transaction in
                guard try transaction.replica.password(of: user.id) == old else { return }
                transaction.audit(AuditAction("user.rehash", targetType: "user", targetID: user.id))
                try transaction.putCredential(new, of: user.id, temporary: user.passwordIsTemporary)
            }
        }
        return new
    }

    /// Who a bearer token means, as things stand now: role, tenant, password and support session are looked at
    /// anew. Throws `NOT_AUTHENTICATED`, `USER_INACTIVE`, `TENANT_INACTIVE`, `FORBIDDEN` without a role.
    public func principal(token: String) throws -> Principal {
        guard let bytes = [UInt8](hex: token), bytes.count == 32, let row = try signIn(bytes) else {
            throw Self.notSignedIn
        }
        guard !row.tenant.isEmpty else {
            guard let staff = try installation.staff(row.user), Self.mark(staff.password) == row.password
            else {
                throw Self.notSignedIn
            }
            return try installation.principal(of: staff, via: "rest")
        }
        guard try installation.slugs().contains(row.tenant) else { throw Self.notSignedIn }
        let tenant = try installation.tenant(row.tenant)
        let (active, user, password) = try tenant.store.read { reader in
            (
                try reader.tenant().active, try reader.users(matching: row.user).first { $0.id == row.user },
                try reader.password(of: row.user)
            )
        }
        guard let user, Self.mark(password) == row.password else { throw Self.notSignedIn }
        guard active else { throw NodeError.deactivated }
        return try installation.principal(of: user, in: tenant, via: "rest")
    }

    /// Signs out; an unknown token is no error.
    public func logout(token: String) throws {
        guard let bytes = [UInt8](hex: token) else { return }
        try installation.control.write {
            try $0.execute(
                sql: "DELETE FROM sign_in WHERE token = ?", arguments: [Data(Digest.sha256(bytes).bytes)])
        }
    }

    private func signIn(_ token: [UInt8]) throws -> (user: String, tenant: String, password: Data)? {
        let now = installation.environment.clock.milliseconds()
        return try installation.control.read { db in
            try Row.fetchOne(
                db.cachedStatement(
                    sql: "SELECT user_id, tenant, password FROM sign_in WHERE token = ? AND expires_at > ?"),
                arguments: [Data(Digest.sha256(token).bytes), now]
            ).map { ($0[0], $0[1], $0[2]) }
        }
    }

    /// What a session remembers of the password it was begun with.
    private static func mark(_ password: PasswordHash?) -> Data {
        Data(Digest.sha256((password?.text ?? "").utf8).bytes)
    }

    private static let notSignedIn = NodeError(
        .notAuthenticated, "nobody is signed in with this token, or no longer", hint: "Sign in again.")
}
