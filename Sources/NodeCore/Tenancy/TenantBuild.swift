import Foundation
import GRDB

/// The reference data that a new tenant gets.
struct ReferenceCopy: Sendable {
    let schools: [ReferenceSchool]
    let skills: [String]
    let careerTypes: [String]

    /// With a district only that district's schools. Throws `DISTRICT_NOT_FOUND` when no school names it.
    init(_ installation: Installation, district: String?) throws {
        let service = ReferenceService(installation)
        schools = try service.schools(district: district)
        skills = try service.names(.skills)
        careerTypes = try service.names(.careerTypes)
        guard let district, schools.isEmpty else { return }
        throw NodeError(
            .districtNotFound, "no reference school names the district '\(district)'",
            hint:
                "Check the NCES LEA id, or import its schools with `node-cli reference import schools FILE`.",
            field: "district")
    }
}

/// One attempt to make a tenant; knows how to leave nothing behind.
struct TenantBuild {
    let installation: Installation
    let actor: Actor
    let wish: TenantService.Creation
    let name: String
    let timeZone: String
    let reference: ReferenceCopy

    private var environment: Environment { installation.environment }

    func run(dryRun: Bool) throws -> TenantService.Created {
        guard try !installation.slugs().contains(wish.slug) else {
            throw NodeError(
                .slugTaken, "the slug '\(wish.slug)' is already used",
                hint: "Choose another slug; `node-cli tenant list` shows the tenants.", field: "slug")
        }
        if dryRun { return preview() }
        let final = installation.directory.tenantFile(slug: wish.slug)
        let temporary = "\(installation.directory.tenants)/.creating-\(wish.slug).db"
        TenantStore.removeFiles(temporary)
        try installation.directory.moveAside(
            slug: wish.slug, at: environment.clock.milliseconds(), installation.keys)
        do {
            let (created, id, secret) = try fill(temporary)
            let sealed = wish.sealKey ? try installation.sealedAPIKey(created.apiKey, tenant: id) : nil
            try DurableFile.move(temporary, to: final)
            try installation.control.write { db in
                try installation.register(
                    slug: wish.slug, id: id, secret: secret,
                    sealedAPIKey: sealed,
                    district: wish.district, in: db)
            }
            return TenantService.Created(
                tenant: created.tenant, database: "polaris_\(wish.slug).db", schools: reference.schools.count,
                skills: reference.skills.count, careerTypes: reference.careerTypes.count,
                apiKey: wish.sealKey ? nil : created.apiKey, notices: [])
        } catch {
            for path in [temporary, final] { TenantStore.removeFiles(path) }
            unlink(installation.directory.tenantKey(slug: wish.slug))
            throw error
        }
    }

    private func preview() -> TenantService.Created {
        let flags = FeatureFlag.allCases.map { ($0, wish.flags[$0] ?? $0.isOnByDefault) }
        let tenant = Tenant(
            id: "", slug: wish.slug, name: name, active: true, flags: Dictionary(uniqueKeysWithValues: flags),
            ncesLEAID: wish.district, timeZone: timeZone, corsOrigins: [],
            createdAt: environment.clock.milliseconds())
        return TenantService.Created(
            tenant: tenant, database: "polaris_\(wish.slug).db", schools: reference.schools.count,
            skills: reference.skills.count, careerTypes: reference.careerTypes.count, apiKey: nil, notices: []
        )
    }

    /// Makes the file under a temporary name: migrations, origin, then everything in one transaction.
    private func fill(_ path: String) throws -> ((tenant: Tenant, apiKey: String), TenantID, [UInt8]) {
        let secret = try environment.random.bytes(32)
        let identifiers = Identifiers(slug: wish.slug, secret: secret)
        let text = try identifiers.fresh(
            milliseconds: environment.clock.milliseconds(), random: environment.random)
        guard let id = TenantID(text) else { throw NodeError(.internalError, "a new id is malformed") }
        let key = try installation.keys.create(at: installation.directory.tenantKey(slug: wish.slug))
        let store = try TenantStore(
            path: path, environment: environment, identifiers: identifiers, create: true)
        try store.replicate { try addOwnOrigin($0, id: id, key: key) }
        let origin = LocalOrigin(key: key, role: .hub, identifiers: identifiers)
        let apiKey = try environment.random.bytes(32).hex
        try store.write(as: actor, origin: origin) { transaction in
            transaction.audit(
                AuditAction(
                    "tenant.create", targetType: "tenant", targetID: text,
                    reason: try SeatFields.reason(wish.agreement).map { "agreement: \($0)" }))
            try putEverything(transaction, id: text, apiKey: apiKey)
        }
        let tenant = try store.read { try $0.tenant() }
        try store.close()
        return ((tenant, apiKey), id, secret)
    }

    private func addOwnOrigin(_ replica: ReplicaTransaction, id: TenantID, key: SigningKey) throws {
        let claim = OriginClaim(
            tenant: id, slug: wish.slug, publicKey: key.publicKey, role: .hub, nodeID: installation.nodeID,
            name: installation.name, issuedAt: environment.clock.milliseconds())
        let certificate = try environment.replication.certify(claim, by: installation.identity)
        try replica.setState(.tenant, .bytes(id.bytes))
        try replica.setHubIdentity(installation.hubIdentity)
        let own = try replica.addOrigin(
            publicKey: key.publicKey, role: .hub, nodeID: installation.nodeID, name: installation.name,
            certificate: certificate)
        try replica.setState(.ownOrigin, .int(own.number))
        try replica.appendToLog(document: certificate)
    }

    private func putEverything(_ transaction: LocalTransaction, id: String, apiKey: String) throws {
        var row: [String: Value] = [
            "kind": "district", "name": .text(name), "slug": .text(wish.slug),
            "nces_lea_id": .optional(wish.district), "active": 1, "time_zone": .text(timeZone),
            "created_at": .int(transaction.now),
        ]
        for flag in FeatureFlag.allCases { row[flag.column] = .bool(wish.flags[flag] ?? flag.isOnByDefault) }
        try transaction.put(Schema.tenant, id: id, row)
        for document in environment.replication.shippedRules {
            try transaction.put(
                Schema.rulePolicy,
                id: transaction.identifiers.derived(table: "rule_policy", key: document.domain),
                ["domain": .text(document.domain), "version": 1, "document": .text(document.yaml)])
        }
        for school in reference.schools {
            try transaction.putSchool(
                transaction.schoolID(name: school.name, nces: school.ncesSchoolID), name: school.name,
                nces: school.ncesSchoolID, district: id)
        }
        try putNames(transaction, Schema.skill, reference.skills)
        try putNames(transaction, Schema.careerType, reference.careerTypes)
        try transaction.putAPIKey(apiKey, id: transaction.apiKeyID)
    }

    private func putNames(_ transaction: LocalTransaction, _ table: SyncedTable, _ names: [String]) throws {
        for name in names {
            let id = transaction.identifiers.derived(table: table.name, key: name)
            try transaction.put(table, id: id, ["name": .text(name)])
        }
    }
}
