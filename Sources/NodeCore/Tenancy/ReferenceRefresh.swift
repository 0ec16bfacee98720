/// Brings tenants that exist up to the hub's reference data; nodes get it with their next sync.
///
/// New schools of the tenant's district, schools that were renamed, new skills and career types: ordinary
/// writes of the hub, one transaction a tenant, and none where nothing is new. Nothing is taken away.
public struct ReferenceRefresh {
    let installation: Installation
    let actor: Actor

    public init(_ installation: Installation, actor: Actor) {
        self.installation = installation
        self.actor = actor
    }

    /// What a tenant got.
    public struct Outcome: Sendable, Equatable {
        public let slug: String
        public var created = 0
        public var renamed = 0
    }

    /// Every active tenant, or one. Only those that got something are in the answer. Throws `HUB_OWNED`.
    public func run(tenant slug: String? = nil, dryRun: Bool = false) throws -> [Outcome] {
        let service = ReferenceService(installation)
        try service.requireHub()
        return try (slug.map { [$0] } ?? installation.slugs()).compactMap { slug in
            let outcome = try refresh(slug, service, dryRun: dryRun)
            return outcome.created + outcome.renamed > 0 ? outcome : nil
        }
    }

    private func refresh(_ slug: String, _ service: ReferenceService, dryRun: Bool) throws -> Outcome {
        let tenant = try installation.tenant(slug)
        let names = try ReferenceNames.allCases.map { ($0, try service.names($0)) }
        return try tenant.store.write(as: actor, origin: tenant.origin, dryRun: dryRun) { transaction in
            var outcome = Outcome(slug: slug)
            let district = try transaction.replica.tenant()
            guard district.active else { return outcome }
            transaction.audit(
                AuditAction("reference.refresh", targetType: "tenant", targetID: district.id))
            for school in try service.schools(district: district.ncesLEAID) {
                let id = transaction.schoolID(name: school.name, nces: school.ncesSchoolID)
                if try transaction.replica.isUntouched(Schema.tenant, id: id) {
                    try transaction.putSchool(
                        id, name: school.name, nces: school.ncesSchoolID, district: district.id)
                    outcome.created += 1
                } else if try transaction.replica.shown(Schema.tenant, id: id) != nil,
                    try transaction.edit(Schema.tenant, id: id, ["name": .text(school.name)])
                {
                    outcome.renamed += 1
                }
            }
            for (kind, names) in names {
                for name in names {
                    let id = transaction.identifiers.derived(table: kind.table.name, key: name)
                    guard try transaction.replica.isUntouched(kind.table, id: id) else { continue }
                    try transaction.put(kind.table, id: id, ["name": .text(name)])
                    outcome.created += 1
                }
            }
            return outcome
        }
    }
}

extension LocalTransaction {
    /// The id of a school by its NCES number, or without one by its name.
    func schoolID(name: String, nces: String) -> String {
        identifiers.derived(
            table: Schema.tenant.name, key: nces.isEmpty ? "school-name:\(name)" : "school:\(nces)")
    }

    /// Puts a school of the district.
    func putSchool(_ id: String, name: String, nces: String, district: String) throws {
        try put(
            Schema.tenant, id: id,
            [
                "kind": "school", "parent_id": .text(district), "name": .text(name),
                "nces_school_id": .optional(nces.isEmpty ? nil : nces), "active": 1, "created_at": .int(now),
            ])
    }
}
