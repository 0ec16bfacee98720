import GRDB

// The hub's side of a contract: more seats are purchased (SeatMoves), fewer are retired. What a node holds the
// hub can only ask for; until it comes back it is owed.

extension SeatService {
    /// Takes seats of a school off the contract: free ones that the hub holds at once; for the rest it asks
    /// the holders, free ones first, then reserved, then assigned ones, which are owed until they are free.
    /// Gives back those that are gone and those that are owed. Throws `HUB_OWNED`, `SCHOOL_NOT_FOUND`,
    /// `SEAT_NOT_FREE` when the school has fewer seats.
    public func retire(school: String, count: Int, reason: String? = nil, dryRun: Bool = false) throws -> (
        retired: [Seat], owed: [Seat]
    ) {
        try run(dryRun: dryRun) { transaction in
            try requireHub("seats are retired")
            let reader = transaction.replica
            let count = try SeatFields.count(count)
            let school = try SeatFields.school(school, reader)
            let reason = try SeatFields.reason(reason)
            let here = transaction.holderHere
            func rank(_ seat: Seat) -> Int {
                let state = Seat.State.allCases.firstIndex(of: seat.state) ?? 0
                return state * 2 + (seat.holder.origin == here ? 0 : 1)
            }
            let candidates = try reader.seats(.init(school: school)).filter { $0.wish?.kind != .retire }
                .sorted { (rank($0), $0.id) < (rank($1), $1.id) }
            guard candidates.count >= count else {
                throw NodeError(
                    .seatNotFree, "the school has \(candidates.count) seats that aren't owed already",
                    hint: "`node-cli seats list --school S` shows them.", field: "count")
            }
            transaction.audit(
                AuditAction("seats.retire", targetType: "tenant", targetID: school, reason: reason))
            var retired: [Seat] = [], owed: [Seat] = []
            for seat in candidates.prefix(count) {
                if seat.state == .free, seat.holder.origin == here {
                    try transaction.retire(seat, reason: reason)
                    retired.append(seat)
                } else {
                    owed.append(try transaction.ask(.init(kind: .retire), of: seat, reason))
                }
            }
            return (retired, owed)
        }
    }

    /// Asks the holder of a seat for something; at the hub. A seat that the hub holds itself is changed with
    /// the commands for that. Throws `HUB_OWNED`, `SEAT_NOT_FOUND`, `VALIDATION_ERROR`, `LEARNER_HAS_SEAT`.
    public func ask(_ wish: SeatWish, seat id: String, reason: String? = nil, dryRun: Bool = false) throws
        -> Seat
    {
        try run(dryRun: dryRun) { transaction in
            try requireHub("wishes are stated")
            let seat = try transaction.replica.seat(id)
            guard seat.holder.origin != transaction.holderHere else {
                throw NodeError(
                    .validation, "the hub holds this seat itself",
                    hint: "Use `seats reserve`, `seats grant` or `seats retire`.", field: "seat_id")
            }
            let learner = try wish.learnerID.map(SeatFields.learner)
            if let learner, let other = try transaction.replica.seats(.init(learner: learner)).first {
                throw NodeError(
                    .learnerHasSeat, "the learner has the seat \(other.id)",
                    hint: "A learner has at most one seat in a tenant.", field: "learner_id")
            }
            transaction.audit(AuditAction("seats.ask", targetType: "seat", targetID: id))
            return try transaction.ask(
                .init(kind: wish.kind, learnerID: learner), of: seat, SeatFields.reason(reason))
        }
    }

    /// Takes back what was asked of the holder. Throws `HUB_OWNED`, `SEAT_NOT_FOUND`.
    public func withdraw(seat id: String, dryRun: Bool = false) throws -> Seat {
        try run(dryRun: dryRun) { transaction in
            try requireHub("wishes are withdrawn")
            guard try transaction.replica.seat(id).wish != nil else {
                return try transaction.replica.seat(id)
            }
            transaction.audit(AuditAction("seats.withdraw", targetType: "seat", targetID: id))
            try transaction.withdrawWish(id)
            return try transaction.replica.seat(id)
        }
    }
}

extension LocalTransaction {
    /// Takes a free seat that is held here away for good; its history stays.
    func retire(_ seat: Seat, reason: String? = nil) throws {
        try delete(Schema.seat, id: seat.id)
        try noteSeat("retire", from: seat, to: nil, reason: reason)
    }

    func ask(_ wish: SeatWish, of seat: Seat, _ reason: String?) throws -> Seat {
        try edit(
            Schema.seat, id: seat.id,
            ["wish": .text(wish.kind.rawValue), "wish_learner": .optional(wish.learnerID)], force: true)
        let after = try replica.seat(seat.id)
        try noteSeat("ask", from: seat, to: after, reason: reason ?? wish.kind.rawValue)
        return after
    }

    func withdrawWish(_ id: String) throws {
        let seat = try replica.seat(id)
        try edit(Schema.seat, id: id, ["wish": .null, "wish_learner": .null])
        try noteSeat("withdraw", from: seat, to: replica.seat(id))
    }
}

extension StoreReader {
    /// Seats that are to be retired and aren't free yet or not back, by school.
    public func seatsOwed() throws -> [String: Int] {
        let sql = "SELECT school_id, count(*) FROM seat WHERE wish = 'retire' GROUP BY school_id"
        return Dictionary(uniqueKeysWithValues: try rows(sql).map { ($0[0] as String? ?? "", $0[1] as Int) })
    }
}
