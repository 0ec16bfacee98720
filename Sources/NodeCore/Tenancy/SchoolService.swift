import GRDB

/// Schools that reference data doesn't have: made by the hub, asked for by a district.
public struct SchoolService {
    let tenant: OpenTenant
    let actor: Actor

    public init(_ tenant: OpenTenant, actor: Actor) {
        self.tenant = tenant
        self.actor = actor
    }

    /// Makes a school, at the hub only. Throws `HUB_OWNED`, `VALIDATION_ERROR`, `TENANT_INACTIVE`, and
    /// `CONFLICT` when a school reads the same after folding case and blanks: nobody could tell them apart
    /// in a roster.
    public func create(name: String, nces: String? = nil, dryRun: Bool = false) throws -> School {
        let (name, nces) = (try TenantSettings.name(name), try Self.nces(nces))
        guard tenant.origin.role == .hub else {
            throw NodeError(
                .hubOwned, "schools are made at the hub, and this is a node",
                hint: "Ask the hub for it with `node-cli school create --request`.")
        }
        return try write(dryRun: dryRun) { transaction in
            try refuseKnown(name, nces, transaction.replica)
            transaction.audit(AuditAction("school.create", targetType: "tenant"))
            return try findOrMake(name, nces, in: transaction)
        }
    }

    private func refuseKnown(_ name: String, _ nces: String, _ reader: StoreReader) throws {
        guard let known = try reader.school(name: name, nces: nces) else { return }
        throw NodeError(
            .conflict, "the school '\(known.name)' is there already (\(known.id))",
            hint: "Use its id; `node-cli school alias` gives it another name for rosters.", field: "name")
    }

    private func findOrMake(_ name: String, _ nces: String, in transaction: LocalTransaction) throws -> School
    {
        let reader = transaction.replica
        if let known = try reader.school(name: name, nces: nces) { return known }
        let id = transaction.schoolID(name: name, nces: nces)
        try transaction.putSchool(id, name: name, nces: nces, district: try reader.tenant().id)
        return School(id: id, name: name, ncesSchoolID: nces.isEmpty ? nil : nces)
    }

    // MARK: Requests

    /// Asks the hub for a school. An open request for the same is given back. Throws `CONFLICT` when the
    /// school is there, `VALIDATION_ERROR`.
    public func request(
        name: String, nces: String? = nil, note: String? = nil, dryRun: Bool = false
    ) throws -> SchoolRequest {
        let (name, nces) = (try TenantSettings.name(name), try Self.nces(nces))
        let note = try SeatFields.reason(note)
        return try write(dryRun: dryRun) { transaction in
            let reader = transaction.replica
            try refuseKnown(name, nces, reader)
            let key = NormalForm.matchKey(name)
            if let open = try reader.schoolRequests().first(where: {
                $0.state == .open && NormalForm.matchKey($0.name) == key
            }) {
                return open
            }
            let id = try transaction.freshID()
            transaction.audit(AuditAction("school.request", targetType: "school_request", targetID: id))
            try transaction.put(
                Schema.schoolRequest, id: id,
                [
                    "name": .text(name), "nces_school_id": .optional(nces.isEmpty ? nil : nces),
                    "note": .optional(note), "at": .int(transaction.now),
                ])
            return try found(id, in: reader)
        }
    }

    /// The hub's yes, with the school, or its no, with a reason. The same answer again changes nothing.
    /// Throws `HUB_OWNED`, `RECORD_NOT_FOUND`, and `CONFLICT` when the other answer was given.
    public func decide(
        _ id: String, accept: Bool, reason: String? = nil, dryRun: Bool = false
    ) throws -> SchoolRequest {
        let reason = try SeatFields.reason(reason)
        return try write(dryRun: dryRun) { transaction in
            let reader = transaction.replica
            let request = try found(id, in: reader)
            if request.state != .open {
                guard (request.state == .accepted) == accept else {
                    throw NodeError(
                        .conflict, "the request was \(request.state.rawValue) already",
                        hint: "Make the school with `node-cli school create`, or ask for it anew.")
                }
                return request
            }
            let action = accept ? "school.accept" : "school.decline"
            transaction.audit(
                AuditAction(action, targetType: "school_request", targetID: id, reason: reason))
            let school =
                accept ? try findOrMake(request.name, request.ncesSchoolID ?? "", in: transaction) : nil
            try transaction.put(
                Schema.schoolDecision,
                id: transaction.identifiers.derived(table: Schema.schoolDecision.name, key: id),
                [
                    "request_id": .text(id), "accepted": .bool(accept), "school_id": .optional(school?.id),
                    "reason": .optional(reason), "at": .int(transaction.now),
                ])
            return try found(id, in: reader)
        }
    }

    private func found(_ id: String, in reader: StoreReader) throws -> SchoolRequest {
        guard let request = try reader.schoolRequests().first(where: { $0.id == id }) else {
            throw NodeError(
                .recordNotFound, "there is no school request \(id)",
                hint: "`node-cli school requests` lists them.")
        }
        return request
    }

    private func write<T>(dryRun: Bool, _ body: (LocalTransaction) throws -> T) throws -> T {
        try tenant.store.write(as: actor, origin: tenant.origin, dryRun: dryRun) { transaction in
            try transaction.replica.requireWritable()
            return try body(transaction)
        }
    }

    /// 12 digits, or empty. Throws `VALIDATION_ERROR`.
    private static func nces(_ text: String?) throws -> String {
        guard let text, !text.isEmpty else { return "" }
        guard text.utf8.count == 12, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else {
            throw NodeError(
                .validation, "an NCES school id has 12 digits", hint: "Leave it out if you don't know it.",
                field: "nces_id")
        }
        return text
    }
}

/// A school that a district asked for, with the hub's answer.
public struct SchoolRequest: Sendable, Equatable {
    public enum State: String, Sendable { case open, accepted, declined }
    public let id: String
    public let name: String
    public let ncesSchoolID: String?
    public let note: String?
    /// Milliseconds since 1970.
    public let at: Int64
    public let state: State
    public let schoolID: String?
    public let reason: String?
}

extension StoreReader {
    /// All requests, newest first.
    public func schoolRequests() throws -> [SchoolRequest] {
        let sql = """
            SELECT r.id, r.name, r.nces_school_id, r.note, r.at, d.accepted, d.school_id, d.reason
            FROM school_request r LEFT JOIN school_decision d ON d.request_id = r.id
            ORDER BY r.at DESC, r.id DESC
            """
        return try rows(sql).map { row in
            let accepted: Int? = row[5]
            return SchoolRequest(
                id: row[0], name: row[1] ?? "", ncesSchoolID: row[2], note: row[3], at: row[4] ?? 0,
                state: accepted == nil ? .open : accepted == 1 ? .accepted : .declined, schoolID: row[6],
                reason: row[7])
        }
    }

    /// The school with an NCES number, else the one with a name after folding case and blanks.
    func school(name: String, nces: String) throws -> School? {
        let schools = try schools()
        if !nces.isEmpty, let exact = schools.first(where: { $0.ncesSchoolID == nces }) { return exact }
        let key = NormalForm.matchKey(name)
        return schools.first { NormalForm.matchKey($0.name) == key }
    }
}
