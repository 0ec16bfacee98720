import GRDB

/// Another name for a school, which rosters may use.
public struct SchoolAlias: Sendable, Equatable {
    public let id: String
    public let schoolID: String
    public let alias: String
}

extension StoreReader {
    /// Every alias, by alias.
    public func schoolAliases() throws -> [SchoolAlias] {
        try rows("SELECT id, school_id, alias FROM school_alias ORDER BY alias, id").map {
            SchoolAlias(id: $0[0], schoolID: $0[1] ?? "", alias: $0[2] ?? "")
        }
    }

    /// The schools with the names that rosters may use for them.
    public func rosterSchools() throws -> [RosterSchool] {
        let aliases = Dictionary(grouping: try schoolAliases(), by: \.schoolID)
        return try schools().map { school in
            RosterSchool(
                id: school.id, name: school.name, aliases: (aliases[school.id] ?? []).map(\.alias),
                ncesSchoolID: school.ncesSchoolID ?? "")
        }
    }
}

/// Names that rosters use for schools, remembered on both sides.
public struct SchoolAliases {
    let tenant: OpenTenant
    let actor: Actor

    public init(_ tenant: OpenTenant, actor: Actor) {
        self.tenant = tenant
        self.actor = actor
    }

    /// Remembers an alias; one that stands for another school is moved. Throws `SCHOOL_NOT_FOUND`,
    /// `VALIDATION_ERROR`, and `CONFLICT` when it is the name of another school.
    public func add(_ alias: String, to school: String, dryRun: Bool = false) throws -> SchoolAlias {
        let alias = try TenantSettings.name(alias)
        return try write(dryRun: dryRun) { transaction in
            let reader = transaction.replica
            let schoolID = try TeacherFields.schoolID(school, reader)
            let key = NormalForm.matchKey(alias)
            if let other = try reader.schools().first(where: { NormalForm.matchKey($0.name) == key }) {
                throw NodeError(
                    .conflict, "'\(alias)' is the name of the school \(other.id)",
                    hint: "Choose another alias; a school's own name needs none.", field: "alias")
            }
            let id = transaction.aliasID(alias)
            transaction.audit(AuditAction("school.alias", targetType: "school_alias", targetID: id))
            if let known = try reader.shown(Schema.schoolAlias, id: id) {
                if known["school_id"] != .text(schoolID) {
                    try transaction.edit(Schema.schoolAlias, id: id, ["school_id": .text(schoolID)])
                }
            } else {
                try transaction.put(
                    Schema.schoolAlias, id: id, ["school_id": .text(schoolID), "alias": .text(alias)])
            }
            return SchoolAlias(id: id, schoolID: schoolID, alias: alias)
        }
    }

    /// Forgets an alias. Throws `RECORD_NOT_FOUND`.
    public func remove(_ alias: String, dryRun: Bool = false) throws -> SchoolAlias {
        try write(dryRun: dryRun) { transaction in
            let key = NormalForm.matchKey(alias)
            guard
                let known = try transaction.replica.schoolAliases().first(where: {
                    NormalForm.matchKey($0.alias) == key
                })
            else {
                throw NodeError(
                    .recordNotFound, "no school has the alias '\(alias)'",
                    hint: "`node-cli school alias` lists them.")
            }
            transaction.audit(AuditAction("school.unalias", targetType: "school_alias", targetID: known.id))
            try transaction.delete(Schema.schoolAlias, id: known.id)
            return known
        }
    }

    private func write<T>(dryRun: Bool, _ body: (LocalTransaction) throws -> T) throws -> T {
        try tenant.store.write(as: actor, origin: tenant.origin, dryRun: dryRun) { transaction in
            try transaction.replica.requireWritable()
            return try body(transaction)
        }
    }
}

extension LocalTransaction {
    /// Of an alias with A–Z as a–z: `matchKey` depends on the version of Unicode and makes no ids.
    fileprivate func aliasID(_ alias: String) -> String {
        identifiers.derived(table: Schema.schoolAlias.name, key: NormalForm.email(alias))
    }
}
