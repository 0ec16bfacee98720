import NodeCore

/// Who may use a route, and where in the request the tenant is named.
enum RouteAccess: Sendable {
    /// No identity is asked for.
    case open
    /// Whoever is signed in.
    case signedIn
    /// Concerns the installation or several tenants.
    case installation(Permission)
    case tenant(Permission, TenantSource)
    /// The permission depends on which members of the body are named.
    case members([(names: Set<String>, permission: Permission)], TenantSource)

    /// Every permission that a request may need.
    var permissions: [Permission] {
        switch self {
        case .open, .signedIn: []
        case .installation(let permission), .tenant(let permission, _): [permission]
        case .members(let groups, _): groups.map(\.permission)
        }
    }

    /// Those that a request with this body needs.
    func permissions(for body: Fields) -> [Permission] {
        guard case .members(let groups, _) = self else { return permissions }
        let named = groups.filter { !$0.names.isDisjoint(with: body.names) }.map(\.permission)
        return named.isEmpty ? [groups[0].permission] : named
    }

    var source: TenantSource? {
        switch self {
        case .open, .signedIn, .installation: nil
        case .tenant(_, let source), .members(_, let source): source
        }
    }
}

/// Where a request names its tenant.
enum TenantSource: Sendable {
    /// The query's `tenantId`.
    case query
    /// A name in the path whose value is the id of such a record.
    case path(String, RecordKind)
    /// Members of the body, the first that is there; `tenantId` in the query is asked when none is.
    case body([(name: String, kind: RecordKind)])
}

/// What an id names. An id that isn't one, or one of another tenant, is not found.
enum RecordKind: Sendable {
    case district, tenant, school, seat, teacher, role

    var notFound: NodeError {
        switch self {
        case .district: NodeError(.districtNotFound, "there is no district with that id")
        case .tenant: NodeError(.tenantNotFound, "there is no tenant with that id")
        case .school: NodeError(.schoolNotFound, "there is no school with that id", field: "tenant_id")
        case .seat: NodeError(.seatNotFound, "there is no seat with that id", field: "seat_id")
        case .teacher: NodeError(.teacherNotFound, "there is no teacher with that id")
        case .role: NodeError(.roleNotFound, "there is no role with that id")
        }
    }

    var table: SyncedTable {
        switch self {
        case .district, .tenant, .school: Schema.tenant
        case .seat: Schema.seat
        case .teacher: Schema.teacher
        case .role: Schema.userTenantRole
        }
    }
}
