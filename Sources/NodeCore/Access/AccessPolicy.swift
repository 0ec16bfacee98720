/// Who may do what: the one table. Everything that isn't here is refused.
///
/// The operator of an installation may do all that the installation itself may (CONTRACT 1); whether it may,
/// `WriteRights` and the services say (`HUB_OWNED`, `NOT_SEAT_HOLDER`).
public enum AccessPolicy {
    /// What PrepKC staff may do in any tenant; `Permission.needsSupport` says what only under a support
    /// session.
    public static func permissions(of role: HubRole) -> Set<Permission> { hub[role] ?? [] }

    /// What a person with the role may do in that tenant.
    public static func permissions(of role: TenantRole) -> Set<Permission> { tenant[role] ?? [] }

    private static let hub: [HubRole: Set<Permission>] = {
        let viewer: Set<Permission> = [
            .readTenant, .summariseSeats, .readSeats, .readEvents, .readRules, .readSync, .readNodes,
        ]
        let supervisor = viewer.union([
            .enterSupport, .readUsers, .editUsers, .readRoles, .editRoles, .readKeys, .readTeachers,
            .editTeachers,
            .importRosters, .readSessions, .editSessions, .readUsage, .editEvents, .readHeldSeats,
            .purchaseSeats, .moveSeats, .allocateSeats, .allocateHeldSeats, .readConflicts, .resolveConflicts,
            .readAudit, .runSync, .readMail,
        ])
        let admin = supervisor.union([
            .createTenant, .editTenant, .editSettings, .activateTenant, .createSchool, .importReference,
            .grantAdmin, .readStaff, .editStaff, .editKeys, .exportPerson, .erasePerson, .applyRules,
            .editNodes, .rotateKey, .archiveAudit,
        ])
        return [.viewer: viewer, .supervisor: supervisor, .admin: admin]
    }()

    private static let tenant: [TenantRole: Set<Permission>] = {
        let user: Set<Permission> = [.readTenant, .readEvents, .summariseSeats]
        let virtualAdmin = user.union([
            .readTeachers, .readSessions, .editSessions, .readUsage, .editEvents, .readSeats, .readHeldSeats,
            .readSync,
        ])
        let coordinator = virtualAdmin.union([
            .readUsers, .readRoles, .editTeachers, .importRosters, .allocateSeats, .allocateHeldSeats,
            .readConflicts, .resolveConflicts, .readRules, .runSync,
        ])
        let admin = coordinator.union([
            .editSettings, .editUsers, .editRoles, .readKeys, .editKeys, .exportPerson, .moveSeats,
            .applyRules, .readAudit, .readNodes, .rotateKey, .readMail,
        ])
        return [.user: user, .virtualAdmin: virtualAdmin, .coordinator: coordinator, .admin: admin]
    }()
}
