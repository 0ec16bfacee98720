import GRDB

/// PrepKC staff at work in one tenant: entered with a reason, for an hour, each step audited (CONTRACT 4).
public struct SupportService {
    /// How long a session lasts.
    public static let minutes: Int64 = 60
    let installation: Installation

    public init(_ installation: Installation) { self.installation = installation }

    /// Begins a session; one that is open elsewhere ends. Throws `HUB_OWNED` at a node, `USER_NOT_FOUND`,
    /// `USER_INACTIVE`, `FORBIDDEN`, `TENANT_INACTIVE`, `VALIDATION_ERROR`.
    public func enter(
        _ slug: String, reason: String, as email: String, via: String = "local", dryRun: Bool = false
    ) throws -> SupportSession {
        try requireHub()
        let reason = try UserFields.supportReason(reason)
        let staff = try installation.requiredStaff(email)
        let principal = try installation.principal(of: staff, via: via)
        let tenant = try installation.tenant(slug)
        try AccessGate(installation, leaseDays: 0).admit(principal, to: .enterSupport, of: tenant)
        if dryRun { return try begin(staff, reason, tenant, via: via, dryRun: true) }
        if principal.support != nil { _ = try leave(as: email, via: via) }
        let session = try begin(staff, reason, tenant, via: via)
        try installation.control.write { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO support VALUES (?, ?, ?, ?)",
                arguments: [staff.id, slug, session.id, session.until])
        }
        return session
    }

    private func begin(
        _ staff: Staff, _ reason: String, _ tenant: OpenTenant, via: String, dryRun: Bool = false
    ) throws -> SupportSession {
        let environment = installation.environment
        let id = try tenant.identifiers.fresh(
            milliseconds: environment.clock.milliseconds(), random: environment.random)
        let actor = Actor(id: staff.id, role: "hub_\(staff.role.rawValue)", via: via, support: id)
        return try tenant.store.write(as: actor, origin: tenant.origin, dryRun: dryRun) { transaction in
            transaction.audit(
                AuditAction("support.enter", targetType: "support_session", targetID: id, reason: reason))
            try transaction.put(
                Schema.supportSession, id: id,
                [
                    "staff_id": .text(staff.id), "staff_name": .text(staff.name), "reason": .text(reason),
                    "started_at": .int(transaction.now),
                    "until": .int(transaction.now + Self.minutes * 60_000),
                ])
            return try transaction.replica.supportSession(id)
        }
    }

    /// Ends the open session; nil when there is none. The right ends before the tenant is told.
    public func leave(as email: String, via: String = "local", dryRun: Bool = false) throws -> SupportSession?
    {
        try requireHub()
        let staff = try installation.requiredStaff(email)
        if dryRun {
            guard let access = try installation.supportAccess(of: staff.id) else { return nil }
            return try installation.tenant(access.tenant).store.read { try $0.supportSession(access.id) }
        }
        let open = try installation.control.write { db -> (tenant: String, session: String)? in
            let row = try Row.fetchOne(
                db, sql: "DELETE FROM support WHERE staff_id = ? RETURNING tenant, session",
                arguments: [staff.id])
            return row.map { ($0[0], $0[1]) }
        }
        guard let open else { return nil }
        let tenant = try installation.tenant(open.tenant)
        let actor = Actor(
            id: staff.id, role: "hub_\(staff.role.rawValue)", via: via, support: open.session)
        return try tenant.store.write(as: actor, origin: tenant.origin) { transaction in
            transaction.audit(
                AuditAction("support.leave", targetType: "support_session", targetID: open.session))
            let session = try transaction.replica.supportSession(open.session)
            if session.leftAt == nil, session.until > transaction.now {
                try transaction.edit(
                    Schema.supportSession, id: open.session, ["left_at": .int(transaction.now)])
            }
            return try transaction.replica.supportSession(open.session)
        }
    }

    private func requireHub() throws {
        guard installation.role == .hub else {
            throw NodeError(
                .hubOwned, "support access begins at the hub, and this is a node",
                hint: "At a district `node-cli support sessions` and `audit list --support` show who looked.")
        }
    }
}

/// A support session as both sides can read it.
public struct SupportSession: Sendable, Equatable {
    public let id: String
    public let staffID: String
    public let staffName: String
    public let reason: String
    public let startedAt: Int64
    public let until: Int64
    public let leftAt: Int64?

    /// When it ended or ends.
    public var endsAt: Int64 { min(until, leftAt ?? until) }
}

extension StoreReader {
    /// Newest first.
    public func supportSessions(limit: Int = 1000) throws -> [SupportSession] {
        try rows("SELECT * FROM support_session ORDER BY started_at DESC, id LIMIT ?", [limit]).map(
            Self.session)
    }

    func supportSession(_ id: String) throws -> SupportSession {
        guard let row = try row("SELECT * FROM support_session WHERE id = ?", [id]) else {
            throw NodeError(.recordNotFound, "there is no support session \(id)")
        }
        return Self.session(row)
    }

    private static func session(_ row: Row) -> SupportSession {
        SupportSession(
            id: row["id"], staffID: row["staff_id"] ?? "", staffName: row["staff_name"] ?? "",
            reason: row["reason"] ?? "", startedAt: row["started_at"] ?? 0, until: row["until"] ?? 0,
            leftAt: row["left_at"])
    }
}
