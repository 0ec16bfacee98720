extension Principal {
    /// Whether it may do all that the role may.
    func covers(_ role: TenantRole) -> Bool {
        AccessPolicy.permissions(of: role).allSatisfy(holds)
    }

    /// Throws `ESCALATION` for a role that includes what one may not oneself; the role admin is PrepKC's alone.
    func requireMayGrant(_ role: TenantRole) throws {
        if role == .admin, !holds(.grantAdmin) {
            throw NodeError(
                .escalation, "only PrepKC grants and takes away the role admin",
                hint: "Ask PrepKC to do it at the hub.")
        }
        try requireCovering(role)
    }

    /// Throws `ESCALATION` for a user who may do more: who could set its password could be it.
    func requireMayChange(_ user: User) throws {
        if let role = user.role { try requireCovering(role) }
    }

    /// Throws for oneself (`FORBIDDEN`) and for the last active admin (`LAST_ADMIN`).
    func requireMayShutOut(_ user: User, _ reader: StoreReader) throws {
        guard user.id != id else {
            throw NodeError(
                .forbidden, "nobody shuts himself out", hint: "Have another admin or PrepKC do it.")
        }
        guard user.active, user.role == .admin, try reader.admins(except: user.id) == 0 else { return }
        throw NodeError(
            .lastAdmin, "this is the tenant's last admin",
            hint: "Make another one first: `node-cli role grant` at the hub.")
    }

    private func requireCovering(_ role: TenantRole) throws {
        guard !covers(role) else { return }
        throw NodeError(
            .escalation, "the role \(role.rawValue) may do more than you may",
            hint: "Have a district admin or PrepKC do it.")
    }
}

extension NodeError {
    static let userInactive = NodeError(
        .userInactive, "the user is deactivated", hint: "`node-cli user reactivate` lets it in again.")
}
