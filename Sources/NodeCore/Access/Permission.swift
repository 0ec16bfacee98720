/// Everything that a person may be allowed to do. Commands and routes name one; `AccessPolicy` says whose it
/// is. The raw value is public: `forbidden` answers and the authorisation matrix name it.
public enum Permission: String, Sendable, CaseIterable {
    // The tenant itself
    case readTenant = "tenant.read"
    case createTenant = "tenant.create"
    /// Name and flags.
    case editTenant = "tenant.edit"
    /// CORS origins and time zone.
    case editSettings = "tenant.settings"
    /// Turn it off and on.
    case activateTenant = "tenant.activate"
    case createSchool = "school.create"
    case importReference = "reference.import"
    // People and rights
    case readUsers = "users.read"
    case editUsers = "users.edit"
    case readRoles = "roles.read"
    /// Grant and revoke roles below `admin`.
    case editRoles = "roles.edit"
    /// Grant and revoke the role `admin`: PrepKC's alone.
    case grantAdmin = "roles.grant_admin"
    case readStaff = "staff.read"
    case editStaff = "staff.edit"
    case readKeys = "keys.read"
    /// Show, rotate and revoke the API key.
    case editKeys = "keys.edit"
    case enterSupport = "support.enter"
    case exportPerson = "person.export"
    case erasePerson = "person.erase"
    // The district's records
    case readTeachers = "teachers.read"
    case editTeachers = "teachers.edit"
    case importRosters = "rosters.import"
    case readSessions = "sessions.read"
    case editSessions = "sessions.edit"
    case readUsage = "usage.read"
    case readEvents = "events.read"
    case editEvents = "events.edit"
    // Seats
    /// Totals.
    case summariseSeats = "seats.summary"
    /// Single seats that the hub holds, with their learners' ids and history.
    case readSeats = "seats.read"
    /// The same of seats that a node holds.
    case readHeldSeats = "seats.read_held"
    case purchaseSeats = "seats.purchase"
    /// Grant seats to nodes and release them.
    case moveSeats = "seats.move"
    /// Allocate and reclaim seats that the hub holds.
    case allocateSeats = "seats.allocate"
    /// The same of seats that a node holds.
    case allocateHeldSeats = "seats.allocate_held"
    // Merging and proof
    case readConflicts = "conflicts.read"
    case resolveConflicts = "conflicts.resolve"
    case readRules = "rules.read"
    case applyRules = "rules.apply"
    case readAudit = "audit.read"
    /// Take old entries out of the files.
    case archiveAudit = "audit.archive"
    // The installation
    case readSync = "sync.read"
    case runSync = "sync.run"
    case readNodes = "nodes.read"
    case editNodes = "nodes.edit"
    /// Change the installation's own key in a tenant.
    case rotateKey = "nodes.rotate"
    case readMail = "mail.read"
    /// Configuration, backups, verification of files, export of deltas.
    case operate = "installation.operate"

    /// Whether it shows or changes a tenant's personal data, or records that nodes hold: PrepKC staff need a
    /// support session for it (CONTRACT 4).
    public var needsSupport: Bool {
        switch self {
        case .readUsers, .editUsers, .readRoles, .editRoles, .exportPerson, .erasePerson, .readTeachers,
            .editTeachers, .importRosters, .readSessions, .editSessions, .readUsage, .readHeldSeats,
            .allocateHeldSeats, .readConflicts, .resolveConflicts, .readAudit, .readMail:
            true
        default: false
        }
    }

    /// Whether it is the hub's alone: at a node nobody holds it, and a refusal says where it is done.
    public var isHubs: Bool {
        switch self {
        case .createTenant, .editTenant, .activateTenant, .createSchool, .importReference, .readStaff,
            .editStaff,
            .enterSupport, .purchaseSeats, .editNodes, .archiveAudit:
            true
        default: false
        }
    }

    /// Whether it changes nothing.
    public var isReading: Bool {
        switch self {
        case .readTenant, .readUsers, .readRoles, .readStaff, .readKeys, .exportPerson, .readTeachers,
            .readSessions, .readUsage, .readEvents, .summariseSeats, .readSeats, .readHeldSeats,
            .readConflicts, .readRules, .readAudit, .readSync, .readNodes, .readMail:
            true
        default: false
        }
    }

    /// Whether it is still allowed when the tenant is deactivated: looking at it, and turning it on.
    /// A node goes on syncing, or it would never hear that it is active again.
    public var outlivesDeactivation: Bool {
        switch self {
        case .readTenant, .activateTenant, .createTenant, .importReference, .summariseSeats, .readSync,
            .runSync,
            .readNodes, .editNodes, .readStaff, .editStaff, .readMail, .operate:
            true
        default: false
        }
    }
}
