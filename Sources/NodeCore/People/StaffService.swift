import Foundation
import GRDB

/// One of PrepKC's own people, at the hub.
public struct Staff: Sendable, Equatable {
    public let id: String
    public let email: String
    public let firstName: String
    public let lastName: String
    public let role: HubRole
    public let active: Bool
    public let createdAt: Int64
    public let passwordIsTemporary: Bool
    let password: PasswordHash?

    /// First and last name, for those who read what staff did.
    public var name: String { "\(firstName) \(lastName)" }
}

/// Keeps PrepKC's staff, in the hub's `control.db`: they are never synced.
public struct StaffService {
    let installation: Installation
    let principal: Principal
    let passwords: PasswordHasher

    public init(
        _ installation: Installation, by principal: Principal, passwords: PasswordHasher = .shared
    ) {
        self.installation = installation
        self.principal = principal
        self.passwords = passwords
    }

    /// By address; inactive ones only with `all`. Throws `FORBIDDEN`.
    public func list(all: Bool) throws -> [Staff] {
        try principal.require(.readStaff)
        return try installation.control.read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM staff WHERE ? OR active = 1 ORDER BY email", arguments: [all]
            ).compactMap(Staff.init)
        }
    }

    /// Throws `HUB_OWNED` at a node, `FORBIDDEN`, `EMAIL_TAKEN`, `VALIDATION_ERROR`.
    public func add(
        _ new: UserService.NewUser, role: HubRole, dryRun: Bool = false
    ) throws -> (staff: Staff, temporaryPassword: String?) {
        try requireRight()
        let first = try UserFields.name(new.firstName, field: "first_name")
        let last = try UserFields.name(new.lastName, field: "last_name")
        let email = try UserFields.email(new.email)
        guard try installation.staff(email) == nil else {
            throw NodeError(
                .emailTaken, "one of the staff has that address",
                hint: "`node-cli user list --hub` shows who.",
                field: "email")
        }
        let random = installation.environment.random
        let shown = new.password == nil ? try PasswordHasher.temporary(random: random) : nil
        let hash = try passwords.hash(new.password ?? shown ?? "", random: random)
        let id = Identifiers(slug: "", secret: try installation.userSecret()).derived(
            table: "staff", key: email)
        let now = installation.environment.clock.milliseconds()
        let staff = Staff(
            id: id, email: email, firstName: first, lastName: last, role: role, active: true, createdAt: now,
            passwordIsTemporary: shown != nil, password: hash)
        if dryRun { return (staff, nil) }
        try write("staff.add", id) { db in
            try db.execute(
                sql: "INSERT INTO staff VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?)",
                arguments: [id, email, first, last, role.rawValue, hash.text, shown != nil, now])
        }
        return (staff, shown)
    }

    /// Another role. Throws `USER_NOT_FOUND`, `LAST_ADMIN`, `FORBIDDEN` for one's own.
    public func setRole(_ idOrEmail: String, _ role: HubRole) throws -> Staff {
        try change(idOrEmail, "staff.role", shutsOut: role != .admin) { db, staff in
            try db.execute(
                sql: "UPDATE staff SET role = ? WHERE id = ?", arguments: [role.rawValue, staff.id])
        }
    }

    /// Shuts somebody out at once, or lets them in again. Throws `USER_NOT_FOUND`, `LAST_ADMIN`, `FORBIDDEN` for
    /// oneself.
    public func setActive(_ idOrEmail: String, _ active: Bool) throws -> Staff {
        try change(idOrEmail, active ? "staff.reactivate" : "staff.deactivate", shutsOut: !active) {
            db, staff in
            try db.execute(sql: "UPDATE staff SET active = ? WHERE id = ?", arguments: [active, staff.id])
            if !active {
                try db.execute(sql: "DELETE FROM support WHERE staff_id = ?", arguments: [staff.id])
            }
        }
    }

    /// Another password, made when none is given. Throws `USER_NOT_FOUND`.
    public func resetPassword(_ idOrEmail: String, to password: String? = nil) throws -> (
        staff: Staff, temporaryPassword: String?
    ) {
        let random = installation.environment.random
        let shown = password == nil ? try PasswordHasher.temporary(random: random) : nil
        let hash = try passwords.hash(password ?? shown ?? "", random: random)
        let staff = try change(idOrEmail, "staff.reset_password", shutsOut: false) { db, staff in
            try db.execute(
                sql: "UPDATE staff SET password = ?, temporary = ? WHERE id = ?",
                arguments: [hash.text, shown != nil || staff.id != principal.id, staff.id])
        }
        return (staff, shown)
    }

    private func change(
        _ idOrEmail: String, _ action: String, shutsOut: Bool, _ body: (Database, Staff) throws -> Void
    ) throws -> Staff {
        try requireRight()
        let staff = try installation.requiredStaff(idOrEmail)
        try write(action, staff.id) { db in
            if shutsOut { try requireMayShutOut(staff, db) }
            try body(db, staff)
        }
        return try installation.requiredStaff(staff.id)
    }

    private func requireMayShutOut(_ staff: Staff, _ db: Database) throws {
        guard staff.id != principal.id else {
            throw NodeError(.forbidden, "nobody shuts himself out", hint: "Have another hub admin do it.")
        }
        let others = try Int.fetchOne(
            db, sql: "SELECT count(*) FROM staff WHERE role = 'admin' AND active = 1 AND id <> ?",
            arguments: [staff.id])
        guard staff.role == .admin, staff.active, others == 0 else { return }
        throw NodeError(
            .lastAdmin, "this is the hub's last admin", hint: "Make another one first: `node-cli user add`.")
    }

    private func requireRight() throws {
        guard installation.role == .hub else {
            throw NodeError(
                .hubOwned, "PrepKC's staff are kept at the hub, and this is a node",
                hint: "Run it at the hub; users of the district are made with --tenant and --role.")
        }
        try principal.require(.editStaff)
    }

    private func write(_ action: String, _ id: String, _ body: (Database) throws -> Void) throws {
        try installation.control.write { db in
            try body(db)
            try installation.note(action, "staff \(id) by \(principal.id)", in: db)
        }
    }
}

extension Installation {
    /// One of the staff by address or id; nil when there is none, and at a node.
    func staff(_ idOrEmail: String) throws -> Staff? {
        try control.read { db in
            try Row.fetchOne(
                db.cachedStatement(sql: "SELECT * FROM staff WHERE id = ? OR email = ?"),
                arguments: [idOrEmail, NormalForm.email(idOrEmail)]
            ).flatMap(Staff.init)
        }
    }

    func requiredStaff(_ idOrEmail: String) throws -> Staff {
        guard let staff = try staff(idOrEmail) else {
            throw NodeError(
                .userNotFound, "none of the staff has that id or address",
                hint: "`node-cli user list --hub --all` shows them.")
        }
        return staff
    }
}

extension Staff {
    fileprivate init?(_ row: Row) {
        guard let role = HubRole(rawValue: row["role"]) else { return nil }
        self.init(
            id: row["id"], email: row["email"], firstName: row["first_name"], lastName: row["last_name"],
            role: role, active: row["active"], createdAt: row["created_at"],
            passwordIsTemporary: row["temporary"],
            password: PasswordHash(row["password"]))
    }
}
