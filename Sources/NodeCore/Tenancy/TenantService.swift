import Foundation
import GRDB

/// Makes and lists tenants.
public struct TenantService {
    let installation: Installation
    let actor: Actor

    public init(_ installation: Installation, actor: Actor) {
        self.installation = installation
        self.actor = actor
    }

    public struct Creation: Sendable {
        public var name: String
        public var slug: String
        public var district: String?
        public var flags: [FeatureFlag: Bool]
        /// Keep the API key sealed on this installation rather than returning it.
        public var sealKey: Bool
        public var timeZone: String?
        /// Number or date of the partnership agreement, for the audit.
        public var agreement: String?

        public init(
            name: String, slug: String, district: String? = nil, flags: [FeatureFlag: Bool] = [:],
            sealKey: Bool = false,
            timeZone: String? = nil, agreement: String? = nil
        ) {
            self.name = name
            self.slug = slug
            self.district = district
            self.flags = flags
            self.sealKey = sealKey
            self.timeZone = timeZone
            self.agreement = agreement
        }
    }

    public struct Created: Sendable {
        public let tenant: Tenant
        /// The name of the tenant's file.
        public let database: String
        public let schools: Int
        public let skills: Int
        public let careerTypes: Int
        /// Shown once; nil when it was sealed.
        public let apiKey: String?
        public internal(set) var notices: [Notice]
    }

    /// Makes `polaris_{slug}.db` with schema, reference data, rules and API key.
    ///
    /// All or nothing: on any failure neither file nor key nor registration is left. Throws
    /// `HUB_OWNED` at a node, `SLUG_TAKEN`, `DISTRICT_NOT_FOUND`, `VALIDATION_ERROR`, `STORAGE`.
    public func create(_ wish: Creation, dryRun: Bool = false) throws -> Created {
        try requireHub("tenants are made")
        let name = try TenantSettings.name(wish.name)
        try Slug.check(wish.slug)
        let zone = try TenantSettings.timeZone(wish.timeZone ?? Tenant.defaultTimeZone)
        let lock = try FileLock(
            installation.directory.tenants + "/.creating.lock", waiting: 60,
            else: "another tenant is being made",
            hint: "Wait for it to end.")
        defer { withExtendedLifetime(lock) {} }
        let build = TenantBuild(
            installation: installation, actor: actor, wish: wish, name: name, timeZone: zone,
            reference: try ReferenceCopy(installation, district: wish.district))
        var created = try build.run(dryRun: dryRun)
        if let district = wish.district { created.notices += try notices(district: district) }
        return created
    }

    private func notices(district: String) throws -> [Notice] {
        let others = try installation.control.read {
            try String.fetchAll(
                $0, sql: "SELECT slug FROM tenant WHERE nces_lea_id = ? ORDER BY created_at, slug",
                arguments: [district])
        }
        guard others.count > 1 else { return [] }
        return [
            Notice(
                "DISTRICT_LINKED_TWICE",
                "the district \(district) is linked by \(others.joined(separator: ", "))",
                hint: "That is allowed; check that it is meant.")
        ]
    }

    /// Every tenant that this installation holds, by slug.
    public func list() throws -> [Tenant] {
        try installation.slugs().map { slug in try installation.tenant(slug).store.read { try $0.tenant() } }
    }

    func requireHub(_ what: String) throws {
        guard installation.role == .hub else {
            throw NodeError(
                .hubOwned, "\(what) at the hub, and this is a node",
                hint: "Run the command at the PrepKC hub.")
        }
    }
}
