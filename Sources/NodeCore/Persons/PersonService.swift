/// Everything about one person: to hand it over, or to erase it.
public struct PersonService {
    let installation: Installation
    let tenant: OpenTenant
    let actor: Actor

    public init(_ installation: Installation, _ tenant: OpenTenant, actor: Actor) {
        self.installation = installation
        self.tenant = tenant
        self.actor = actor
    }

    /// What is kept about a person. `who`: a teacher's id or e-mail, or a learner's id. Noted in the local log by
    /// count alone. Throws `RECORD_NOT_FOUND`, `CONFLICT`.
    public func export(_ who: String, learner: Bool) throws -> PersonRecords {
        let records = try find(who, learner: learner)
        try installation.note(
            "person.export", "tenant \(tenant.slug), \(records.person.kind), \(records.history.count) writes")
        return records
    }

    /// The same, not noted: what an erasure would concern.
    public func find(_ who: String, learner: Bool) throws -> PersonRecords {
        try tenant.store.read { reader in
            try reader.records(of: reader.person(who, learner: learner))
        }
    }

    /// What an erasure did here.
    public struct Erasure: Sendable {
        public let orderID: String
        public let person: Person
        /// Rows of which something was dropped.
        public let rows: Int
        /// Records by this name that could be somebody else's, left alone.
        public let unresolved: Int
    }

    /// Gives the order to erase a person and follows it here; every installation does when it arrives there.
    /// Can't be undone. Throws `RECORD_NOT_FOUND`, `CONFLICT`, `TENANT_INACTIVE`, `LOCKED` when the order stands
    /// but a file couldn't be emptied because it is in use: the next command does that.
    public func erase(_ who: String, learner: Bool, reason: String? = nil, dryRun: Bool = false) throws
        -> Erasure
    {
        let reason = try SeatFields.reason(reason)
        let erasure = try tenant.store.write(as: actor, origin: tenant.origin, dryRun: dryRun) {
            transaction in
            let replica = transaction.replica
            try replica.requireWritable()
            let records = try replica.records(of: replica.person(who, learner: learner))
            let id = try transaction.freshID()
            transaction.audit(
                AuditAction("person.erase", targetType: "erasure", targetID: id, reason: reason))
            try transaction.put(
                Schema.erasure, id: id,
                [
                    "kind": .text(records.person.kind.rawValue), "at": .int(transaction.now),
                    "rows": .text(learner ? "" : ErasureOrder.text(of: records.rows)),
                    "keys": .text(records.keys.sorted().joined(separator: ",")),
                ])
            return Erasure(
                orderID: id, person: records.person, rows: records.rows.count, unresolved: records.unresolved)
        }
        if !dryRun { try installation.finishErasures(tenant) }
        return erasure
    }

    /// Every order of the tenant, oldest first: id, kind, time, and how many rows it names.
    public func orders() throws -> [(id: String, kind: String, at: Int64, rows: Int)] {
        try tenant.store.read { try $0.erasures() }
    }
}
