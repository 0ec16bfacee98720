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

        public init(
            name: String, slug: String, district: String? = nil, flags: [FeatureFlag: Bool] = [:],
            sealKey: Bool = false,
            timeZone: String? = nil
        ) {
            self.name = name
            self.slug = slug
            self.district = district
            self.flags = flags
            self.sealKey = sealKey
            self.timeZone = timeZone
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
        public fileprivate(set) var notices: [Notice]
    }

    /// Makes `polaris_{slug}.db` with schema, reference data, rules and API key.
    ///
    /// All or nothing: on any failure neither file nor key nor registration is left. Throws
    /// `HUB_OWNED` at a node, `SLUG_TAKEN`, `DISTRICT_NOT_FOUND`, `VALIDATION_ERROR`, `STORAGE`.
    public func create(_ wish: Creation, dryRun: Bool = false) throws -> Created {
        try requireHub("tenants are made")
        let name = NormalForm.text(wish.name)
        guard !name.isEmpty, name.count <= 255 else {
            throw NodeError(
                .validation, "the name must have 1 to 255 characters", hint: "Give --name.", field: "name")
        }
        try Slug.check(wish.slug)
        let zone = wish.timeZone ?? Tenant.defaultTimeZone
        guard TimeZone(identifier: zone) != nil else {
            throw NodeError(
                .validation, "'\(zone)' is no time zone", hint: "Use a name such as America/Chicago.",
                field: "time_zone")
        }
        let linked = try tenants(linking: wish.district)
        var created = try installation.control.write { db in
            let build = TenantBuild(
                installation: installation, actor: actor, wish: wish, name: name, timeZone: zone, control: db)
            return try build.run(dryRun: dryRun)
        }
        if let district = wish.district, !linked.isEmpty {
            created.notices.append(
                Notice(
                    "DISTRICT_LINKED_TWICE",
                    "the district \(district) is linked by \(linked.joined(separator: ", ")) too",
                    hint: "That is allowed; check that it is meant."))
        }
        return created
    }

    private func tenants(linking district: String?) throws -> [String] {
        guard let district else { return [] }
        return try list().filter { $0.ncesLEAID == district }.map(\.slug)
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

/// One attempt to make a tenant; knows how to leave nothing behind.
private struct TenantBuild {
    let installation: Installation
    let actor: Actor
    let wish: TenantService.Creation
    let name: String
    let timeZone: String
    let control: Database

    private var environment: Environment { installation.environment }

    func run(dryRun: Bool) throws -> TenantService.Created {
        let taken = try Bool.fetchOne(
            control, sql: "SELECT EXISTS (SELECT 1 FROM tenant WHERE slug = ?)", arguments: [wish.slug])
        guard taken != true else {
            throw NodeError(
                .slugTaken, "the slug '\(wish.slug)' is already used",
                hint: "Choose another slug; `node-cli tenant list` shows the tenants.", field: "slug")
        }
        let schools = try referenceSchools()
        if dryRun { return try preview(schools) }
        let final = installation.directory.tenantFile(slug: wish.slug)
        try removeOrphans(final)
        let temporary = "\(installation.directory.tenants)/.creating-\(wish.slug).db"
        do {
            let (created, id, secret) = try fill(temporary, schools: schools)
            guard rename(temporary, final) == 0 else { throw notWritable(final) }
            try DurableFile.syncFolder(of: final)
            try installation.register(
                slug: wish.slug, id: id, secret: secret, sealedAPIKey: wish.sealKey ? created.apiKey : nil,
                in: control)
            return TenantService.Created(
                tenant: created.tenant, database: "polaris_\(wish.slug).db", schools: created.schools,
                skills: created.skills, careerTypes: created.careerTypes,
                apiKey: wish.sealKey ? nil : created.apiKey, notices: [])
        } catch {
            for path in [temporary, final] { removeDatabase(path) }
            unlink(installation.directory.tenantKey(slug: wish.slug))
            throw error
        }
    }

    /// What a killed creation left: it was never registered, so nobody was told that it exists.
    private func removeOrphans(_ final: String) throws {
        removeDatabase("\(installation.directory.tenants)/.creating-\(wish.slug).db")
        unlink(installation.directory.tenantKey(slug: wish.slug))
        guard FileManager.default.fileExists(atPath: final) else { return }
        let aside = "\(final).unregistered-\(environment.clock.milliseconds())"
        guard rename(final, aside) == 0 else { throw notWritable(final) }
    }

    private func removeDatabase(_ path: String) {
        for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
    }

    private func notWritable(_ path: String) -> NodeError {
        NodeError(
            .storage, "the database path \(path) is not writable",
            hint: "Check permissions and space of the data directory; nothing was made.")
    }

    private typealias Filled = (
        tenant: Tenant, schools: Int, skills: Int, careerTypes: Int, apiKey: String
    )

    /// Makes the file under a temporary name: migrations, origin, then everything in one transaction.
    private func fill(_ path: String, schools: [Row]) throws -> (Filled, TenantID, [UInt8]) {
        let secret = try environment.random.bytes(32)
        let identifiers = Identifiers(slug: wish.slug, secret: secret)
        let text = try identifiers.fresh(
            milliseconds: environment.clock.milliseconds(), random: environment.random)
        guard let id = TenantID(text) else { throw NodeError(.internalError, "a new id is malformed") }
        let key = try KeyFile.create(
            at: installation.directory.tenantKey(slug: wish.slug), random: environment.random)
        let store = try TenantStore(path: path, environment: environment, create: true)
        try store.replicate { try addOwnOrigin($0, id: id, key: key) }
        let origin = LocalOrigin(key: key, role: .hub, identifiers: identifiers)
        let apiKey = try environment.random.bytes(32).hex
        let counts = try store.write(as: actor, origin: origin) { transaction in
            transaction.audit(AuditAction("tenant.create", targetType: "tenant", targetID: text))
            return try putEverything(transaction, id: text, apiKey: apiKey, schools: schools)
        }
        let tenant = try store.read { try $0.tenant() }
        try store.close()
        return ((tenant, schools.count, counts.0, counts.1, apiKey), id, secret)
    }

    private func addOwnOrigin(_ replica: ReplicaTransaction, id: TenantID, key: SigningKey) throws {
        let claim = OriginClaim(
            tenant: id, slug: wish.slug, publicKey: key.publicKey, role: .hub, nodeID: installation.nodeID,
            name: installation.name, issuedAt: environment.clock.milliseconds())
        let certificate = try environment.replication.certify(claim, by: installation.identity)
        try replica.setState(.tenant, .bytes(id.bytes))
        try replica.setState(.hubKey, .bytes(installation.identity.publicKey.bytes))
        let own = try replica.addOrigin(
            publicKey: key.publicKey, role: .hub, nodeID: installation.nodeID, name: installation.name,
            certificate: certificate)
        try replica.setState(.ownOrigin, .int(own.number))
        try replica.appendToLog(certificate: certificate)
    }

    private func putEverything(
        _ transaction: LocalTransaction, id: String, apiKey: String, schools: [Row]
    ) throws -> (Int, Int) {
        var row: [String: Value] = [
            "kind": "district", "name": .text(name), "slug": .text(wish.slug),
            "nces_lea_id": .optional(wish.district), "active": 1, "time_zone": .text(timeZone),
            "created_at": .int(transaction.now),
        ]
        for flag in FeatureFlag.allCases { row[flag.column] = .bool(wish.flags[flag] ?? flag.isOnByDefault) }
        try transaction.put(Schema.tenant, id: id, row)
        for document in environment.replication.shippedRules {
            try transaction.put(
                Schema.ruleSet, id: transaction.identifiers.derived(table: "rule_set", key: document.domain),
                ["domain": .text(document.domain), "version": 1, "document": .text(document.yaml)])
        }
        for school in schools { try putSchool(transaction, school, district: id) }
        let skills = try putNames(transaction, Schema.skill, from: "reference_skill")
        let careers = try putNames(transaction, Schema.careerType, from: "reference_career_type")
        try transaction.put(
            Schema.apiKey, id: try transaction.freshID(),
            [
                "hash": .text(Digest.sha256(apiKey.utf8).hex), "prefix": .text(String(apiKey.prefix(8))),
                "created_at": .int(transaction.now),
            ])
        return (skills, careers)
    }

    private func putSchool(_ transaction: LocalTransaction, _ school: Row, district: String) throws {
        let nces: String = school["nces_school_id"], name: String = school["name"]
        let key = nces.isEmpty ? "school-name:\(name)" : "school:\(nces)"
        try transaction.put(
            Schema.tenant, id: transaction.identifiers.derived(table: "tenant", key: key),
            [
                "kind": "school", "parent_id": .text(district), "name": .text(name),
                "nces_school_id": .optional(nces.isEmpty ? nil : nces), "active": 1,
                "created_at": .int(transaction.now),
            ])
    }

    private func putNames(_ transaction: LocalTransaction, _ table: SyncedTable, from source: String) throws
        -> Int
    {
        let names = try String.fetchAll(control, sql: "SELECT name FROM \(source) ORDER BY name")
        for name in names {
            let id = transaction.identifiers.derived(table: table.name, key: name)
            try transaction.put(table, id: id, ["name": .text(name)])
        }
        return names.count
    }

    /// The reference schools to copy: with a district only that district's.
    private func referenceSchools() throws -> [Row] {
        guard let district = wish.district else {
            return try Row.fetchAll(control, sql: "SELECT * FROM reference_school ORDER BY name, number")
        }
        let schools = try Row.fetchAll(
            control, sql: "SELECT * FROM reference_school WHERE nces_lea_id = ? ORDER BY name, number",
            arguments: [district])
        guard !schools.isEmpty else {
            throw NodeError(
                .districtNotFound, "no reference school names the district '\(district)'",
                hint:
                    "Check the NCES LEA id, or import its schools with `node-cli reference import schools FILE`.",
                field: "district")
        }
        return schools
    }

    private func preview(_ schools: [Row]) throws -> TenantService.Created {
        let flags = FeatureFlag.allCases.map { ($0, wish.flags[$0] ?? $0.isOnByDefault) }
        let tenant = Tenant(
            id: "", slug: wish.slug, name: name, active: true, flags: Dictionary(uniqueKeysWithValues: flags),
            ncesLEAID: wish.district, timeZone: timeZone, createdAt: environment.clock.milliseconds())
        let count = { (table: String) in try Int.fetchOne(control, sql: "SELECT count(*) FROM \(table)") ?? 0
        }
        return TenantService.Created(
            tenant: tenant, database: "polaris_\(wish.slug).db", schools: schools.count,
            skills: try count("reference_skill"), careerTypes: try count("reference_career_type"),
            apiKey: nil,
            notices: [])
    }
}

extension LocalTransaction {
    /// A new random id of this tenant.
    public func freshID() throws -> String {
        try identifiers.fresh(milliseconds: now, random: replica.store.environment.random)
    }
}

extension TenantStore {
    /// Closes the file; every later use fails.
    func close() throws {
        do { try queue.close() } catch { throw ConnectionSetup.translate(error, file: fileName) }
    }
}
