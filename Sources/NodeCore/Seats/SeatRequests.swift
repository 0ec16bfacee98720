import GRDB

/// Seats that a district asked for, with the hub's answer.
public struct SeatRequest: Sendable, Equatable {
    public enum State: String, Sendable, CaseIterable { case open, accepted, declined }
    public let id: String
    public let schoolID: String
    public let school: String
    public let count: Int
    /// The installation that asked and is to hold the seats.
    public let nodeID: String
    public let note: String?
    /// Milliseconds since 1970.
    public let at: Int64
    public let state: State
    public let reason: String?
}

extension SeatService {
    /// Asks the hub for seats, also offline: it travels with the next sync. An open request of this node for
    /// as many at the same school is given back. Throws `NODE_ONLY`, `SCHOOL_NOT_FOUND`, `VALIDATION_ERROR`.
    public func request(school: String, count: Int, note: String? = nil, dryRun: Bool = false) throws
        -> SeatRequest
    {
        try run(dryRun: dryRun) { transaction in
            let reader = transaction.replica
            guard transaction.own.role == .node else {
                throw NodeError(
                    .nodeOnly, "seats are asked for at a node, and this is the hub",
                    hint: "Use `node-cli seats purchase` without --request.")
            }
            let count = try SeatFields.count(count)
            let school = try SeatFields.school(school, reader)
            let note = try SeatFields.reason(note)
            let node = transaction.own.nodeID
            if let open = try reader.seatRequests().first(where: {
                $0.state == .open && $0.schoolID == school && $0.count == count && $0.nodeID == node
            }) {
                return open
            }
            let id = try transaction.freshID()
            transaction.audit(AuditAction("seats.request", targetType: "seat_request", targetID: id))
            try transaction.put(
                Schema.seatRequest, id: id,
                [
                    "school_id": .text(school), "count": .int(Int64(count)), "node_id": .text(node),
                    "note": .optional(note), "at": .int(transaction.now),
                ])
            return try reader.seatRequest(id)
        }
    }

    /// The hub's yes, which purchases the seats and grants them to the node that asked, or its no. The same
    /// answer again changes nothing. Throws `HUB_OWNED`, `RECORD_NOT_FOUND`, `NODE_NOT_FOUND`, and `CONFLICT`
    /// when the other answer was given.
    public func decide(_ id: String, accept: Bool, reason: String? = nil, dryRun: Bool = false) throws
        -> SeatRequest
    {
        try run(dryRun: dryRun) { transaction in
            try requireHub("requests for seats are answered")
            let reader = transaction.replica
            let reason = try SeatFields.reason(reason)
            let request = try reader.seatRequest(id)
            guard request.state == .open else {
                guard (request.state == .accepted) == accept else {
                    throw NodeError(
                        .conflict, "the request was \(request.state.rawValue) already",
                        hint: "Purchase with `seats purchase`, take back with `seats retire`.")
                }
                return request
            }
            transaction.audit(
                AuditAction(
                    accept ? "seats.accept" : "seats.decline", targetType: "seat_request", targetID: id,
                    reason: reason))
            if accept {
                let holder = try findNode(request.nodeID, reader)
                _ = try transaction.purchase(school: request.schoolID, count: request.count, holder: holder)
            }
            try transaction.put(
                Schema.seatDecision,
                id: transaction.identifiers.derived(table: Schema.seatDecision.name, key: id),
                [
                    "request_id": .text(id), "accepted": .bool(accept), "reason": .optional(reason),
                    "at": .int(transaction.now),
                ])
            return try reader.seatRequest(id)
        }
    }
}

extension StoreReader {
    /// All requests, newest first.
    public func seatRequests() throws -> [SeatRequest] {
        let sql = """
            SELECT r.id, r.school_id, t.name, r.count, r.node_id, r.note, r.at, d.accepted, d.reason
            FROM seat_request r LEFT JOIN tenant t ON t.id = r.school_id
            LEFT JOIN seat_decision d ON d.request_id = r.id ORDER BY r.at DESC, r.id DESC
            """
        return try rows(sql).map { row in
            let accepted: Int? = row[7]
            return SeatRequest(
                id: row[0], schoolID: row[1] ?? "", school: row[2] ?? "", count: row[3] ?? 0,
                nodeID: row[4] ?? "", note: row[5], at: row[6] ?? 0,
                state: accepted == nil ? .open : accepted == 1 ? .accepted : .declined, reason: row[8])
        }
    }

    /// Throws `RECORD_NOT_FOUND`.
    func seatRequest(_ id: String) throws -> SeatRequest {
        guard let request = try seatRequests().first(where: { $0.id == id }) else {
            throw NodeError(
                .recordNotFound, "there is no request for seats \(id)",
                hint: "`node-cli seats requests` lists them.")
        }
        return request
    }
}
