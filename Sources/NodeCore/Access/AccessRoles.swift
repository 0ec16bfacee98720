/// A person's role in one tenant, from the least to the most.
public enum TenantRole: String, Sendable, CaseIterable, Comparable {
    case user
    case virtualAdmin = "virtual_admin"
    case coordinator, admin

    /// What both vocabularies call it.
    private static let aliases: [String: TenantRole] = [
        "manager": .coordinator, "teacher": .virtualAdmin, "learner": .user,
    ]

    /// Reads a name of either vocabulary. Throws `VALIDATION_ERROR`.
    public init(name: String) throws {
        guard let role = TenantRole(rawValue: name) ?? Self.aliases[name] else {
            throw NodeError(
                .validation, "'\(name)' is no role in a tenant",
                hint: """
                    Use admin, coordinator, virtual_admin or user (or manager, teacher, learner for the last \
                    three).
                    """, field: "role")
        }
        self = role
    }

    /// As the admin guide writes it.
    public var title: String {
        switch self {
        case .admin: "District Admin"
        case .coordinator: "Coordinator"
        case .virtualAdmin: "Virtual Admin"
        case .user: "User"
        }
    }

    public static func < (left: TenantRole, right: TenantRole) -> Bool { left.rank < right.rank }
    private var rank: Int {
        switch self {
        case .user: 0
        case .virtualAdmin: 1
        case .coordinator: 2
        case .admin: 3
        }
    }
}

/// A role of PrepKC's own staff, at the hub.
public enum HubRole: String, Sendable, CaseIterable {
    case viewer, supervisor, admin

    /// Throws `VALIDATION_ERROR`.
    public init(name: String) throws {
        guard let role = HubRole(rawValue: name) else {
            throw NodeError(
                .validation, "'\(name)' is no role at the hub", hint: "Use admin, supervisor or viewer.",
                field: "hub_role")
        }
        self = role
    }
}
