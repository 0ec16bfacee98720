extension TenantSettings {
    /// Adds a school to the district; at the hub only. Throws `HUB_OWNED`, `VALIDATION_ERROR`,
    /// `TENANT_INACTIVE`, and `CONFLICT` when a school reads the same after folding case and blanks:
    /// nobody could tell them apart in a roster.
    public func addSchool(name raw: String, ncesSchoolID: String? = nil, dryRun: Bool = false) throws
        -> School
    {
        let name = try Self.name(raw)
        return try tenant.store.write(as: actor, origin: tenant.origin, dryRun: dryRun) { transaction in
            guard tenant.origin.role == .hub else {
                throw NodeError(
                    .hubOwned, "schools are added at the hub, and this is a node",
                    hint: "Ask PrepKC; the school reaches this node with the next sync.")
            }
            try transaction.replica.requireWritable()
            let key = NormalForm.matchKey(name)
            let same = try transaction.replica.schools().first { NormalForm.matchKey($0.name) == key }
            if let same {
                throw NodeError(
                    .conflict, "the school '\(same.name)' is there", hint: "Use its id.", field: "name")
            }
            let id = try transaction.freshID()
            transaction.audit(AuditAction("school.create", targetType: "tenant", targetID: id))
            try transaction.put(
                Schema.tenant, id: id,
                [
                    "kind": "school", "parent_id": .text(tenant.id.description), "name": .text(name),
                    "nces_school_id": .optional(ncesSchoolID), "active": 1,
                    "created_at": .int(transaction.now),
                ])
            return School(id: id, name: name, ncesSchoolID: ncesSchoolID)
        }
    }
}
