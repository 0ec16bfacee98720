import GRDB

// One learner has at most one seat in a tenant. Hub and node, apart, may seat the same learner twice: then
// the earlier assignment stays and the other is freed, by whoever holds that seat (DESIGN 8). Which one is
// earlier is read off the writes by (HLC, hash), so every installation says the same.

/// A learner who has several seats.
public struct LearnerSeats: Sendable, Equatable {
    public let learnerID: String
    /// The seat that stays.
    public let kept: Assignment
    /// Those to be freed, in order of their assignments.
    public let surplus: [Assignment]

    static let reason = "the learner has an earlier seat"

    public struct Assignment: Sendable, Equatable {
        public let seat: Seat
        /// The delta that assigned the learner.
        public let delta: Hash
        let hlc: HLC
    }
}

extension StoreReader {
    /// Learners with more than one seat, by learner id.
    public func learnersWithSeveralSeats() throws -> [LearnerSeats] {
        let sql = """
            SELECT learner_id FROM seat WHERE learner_id IS NOT NULL GROUP BY learner_id
            HAVING count(*) > 1 ORDER BY learner_id
            """
        return try rows(sql).map { row in
            let learner: String = row[0]
            let all = try seats(.init(learner: learner)).compactMap(assignment)
                .sorted { ($0.hlc, $0.delta) < ($1.hlc, $1.delta) }
            return LearnerSeats(learnerID: learner, kept: all[0], surplus: Array(all.dropFirst()))
        }
    }

    /// Who gave the learner that a seat shows; nil for a free seat.
    func assignment(of seat: Seat) throws -> LearnerSeats.Assignment? {
        guard let learner = seat.learnerID else { return nil }
        let state = try loadRow(Schema.seat.name, id: seat.id)
        let writes = try state.siblings(of: "learner_id", covers: covering(state))
            .filter { $0.value == .text(learner) }.map { try facts($0.stamp) }
        guard let first = writes.min(by: { ($0.hlc, $0.hash) < ($1.hlc, $1.hash) }) else { return nil }
        return LearnerSeats.Assignment(seat: seat, delta: first.hash, hlc: first.hlc)
    }

    /// The seats that an origin holds and that the hub wants freed, and still are assigned as the hub saw.
    func seatsToFree(holder: OriginID) throws -> [Seat] {
        let sql = "SELECT id, free_order FROM seat WHERE free_order IS NOT NULL AND holder = ? ORDER BY id"
        return try rows(sql, [holder.hex]).compactMap { row in
            let seat = try seat(row[0])
            return try assignment(of: seat)?.delta.hex == row[1] as String ? seat : nil
        }
    }
}

/// At the hub: decides about learners with several seats. Seats that the hub holds it frees; for one that
/// a node holds it names the assignment to free in a column of its own. Run again, it writes nothing new.
public struct SeatArbiter {
    private let tenant: OpenTenant

    public init(_ tenant: OpenTenant) { self.tenant = tenant }

    /// How many seats were freed or ordered to be, and wishes that were answered taken back. Does nothing at
    /// a node and for a deactivated tenant.
    @discardableResult
    public func run() throws -> Int {
        guard tenant.origin.role == .hub, try tenant.store.read({ try $0.tenant().active && isDue($0) })
        else { return 0 }
        let actor = try tenant.systemActor(via: "arbiter")
        return try tenant.store.write(as: actor, origin: tenant.origin) { transaction in
            let reader = transaction.replica
            transaction.audit(AuditAction("seats.arbitrate", targetType: "seat"))
            var count = 0
            for one in try reader.learnersWithSeveralSeats().flatMap(\.surplus) {
                if try decide(one, in: transaction) { count += 1 }
            }
            let answered = try reader.answeredWishes()
            for seat in answered { try transaction.withdrawWish(seat) }
            return count + answered.count
        }
    }

    private func isDue(_ reader: StoreReader) throws -> Bool {
        try !reader.learnersWithSeveralSeats().isEmpty || !reader.answeredWishes().isEmpty
    }

    /// False when the order stands already.
    private func decide(_ one: LearnerSeats.Assignment, in transaction: LocalTransaction) throws -> Bool {
        if one.seat.holder.origin == transaction.holderHere {
            try transaction.free(one.seat, reason: LearnerSeats.reason)
            return true
        }
        let order = try transaction.replica.shown(Schema.seat, id: one.seat.id)?["free_order"]
        guard order != .text(one.delta.hex) else { return false }
        try transaction.edit(Schema.seat, id: one.seat.id, ["free_order": .text(one.delta.hex)])
        try transaction.noteSeat("order", from: one.seat, to: one.seat, reason: LearnerSeats.reason)
        return true
    }
}

extension OpenTenant {
    /// This installation acting by itself.
    public func systemActor(via: String) throws -> Actor {
        let nodeID = try store.read { try $0.ownOrigin()?.nodeID ?? "" }
        return Actor(id: "system:\(nodeID)", role: "system", via: via)
    }
}

extension LocalTransaction {
    /// What a free seat shows.
    static let freed: [String: Value] = [
        "state": .text(Seat.State.free.rawValue), "learner_id": .null, "assigned_at": .null,
        "reserved_until": .null,
    ]

    @discardableResult
    func free(_ seat: Seat, reason: String?) throws -> Seat {
        try change(seat.id, "reclaim", reason: reason) { _ in
            Self.freed
        }
    }
}
