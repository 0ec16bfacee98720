/// What the holder of a seat does with it.
extension SeatService {
    /// Gives a learner a seat: the named one, or a free one of the named school that is held here. A
    /// learner who already has that seat (or one at that school) keeps it, and nothing is written.
    /// Throws `SEAT_NOT_FREE`, `LEARNER_HAS_SEAT`, `NOT_SEAT_HOLDER`, `SEAT_NOT_FOUND`,
    /// `SCHOOL_NOT_FOUND`, `VALIDATION_ERROR`.
    public func allocate(learner: String, seat: String?, school: String?, dryRun: Bool = false) throws -> Seat
    {
        try run(dryRun: dryRun) { transaction in
            let reader = transaction.replica
            let learner = try SeatFields.learner(learner)
            let school = try school.map { try SeatFields.school($0, reader) }
            let wanted = try seat.map { try reader.seat($0) }
            let present = try reader.seats(.init(learner: learner))
            if let same = present.first(where: { $0.state == .assigned && fits($0, wanted, school) }) {
                return same
            }
            let chosen = try wanted ?? freeSeat(present, school: school, learner: learner, transaction)
            try transaction.requireHolder(of: Schema.seat, chosen.id)
            guard chosen.state == .free || chosen.learnerID == learner else {
                throw NodeError(
                    .seatNotFree, "the seat \(chosen.id) is \(chosen.state.rawValue)",
                    hint: "Reclaim it first, or take another.", field: "seat_id")
            }
            if let other = present.first(where: { $0.id != chosen.id }) { throw hasSeat(other) }
            transaction.audit(AuditAction("seats.allocate", targetType: "seat", targetID: chosen.id))
            return try transaction.change(chosen.id, "allocate") { _ in
                [
                    "state": .text(Seat.State.assigned.rawValue), "learner_id": .text(learner),
                    "assigned_at": .int(transaction.now), "reserved_until": .null,
                ]
            }
        }
    }

    private func fits(_ seat: Seat, _ wanted: Seat?, _ school: String?) -> Bool {
        wanted.map { $0.id == seat.id } ?? (seat.schoolID == school)
    }

    /// One reserved for the learner, else the first free one held here.
    private func freeSeat(
        _ present: [Seat], school: String?, learner: String, _ transaction: LocalTransaction
    ) throws -> Seat {
        guard let school else {
            throw NodeError(
                .usage, "neither a seat nor a school was named", hint: "Give --seat ID or --school ID.")
        }
        if let reserved = present.first(where: { $0.schoolID == school }) { return reserved }
        let reader = transaction.replica
        if let id = try reader.freeSeats(school: school, holder: transaction.own.life, limit: 1).first {
            return try reader.seat(id)
        }
        let elsewhere = try reader.seatCounts()[school]?.free ?? 0
        guard elsewhere == 0 else {
            throw NodeError(
                .notSeatHolder,
                elsewhere == 1
                    ? "the one free seat of that school is held elsewhere"
                    : "the \(elsewhere) free seats of that school are held elsewhere",
                hint: "Have them moved: `seats grant` at the hub, `seats release` at a node.")
        }
        throw NodeError(
            .seatNotFree, "the school has no free seat",
            hint: "Reclaim one, or run `node-cli sync` if the hub has granted some.", field: "tenant_id")
    }

    /// Frees a seat. Throws `SEAT_ALREADY_FREE`, `NOT_SEAT_HOLDER`, `SEAT_NOT_FOUND`.
    public func reclaim(seat: String, reason: String? = nil, dryRun: Bool = false) throws -> Seat {
        let seat = try run(dryRun: dryRun) { transaction in
            let seat = try transaction.replica.seat(seat)
            let reason = try SeatFields.reason(reason)
            try transaction.requireHolder(of: Schema.seat, seat.id)
            guard seat.state != .free else {
                throw NodeError(
                    .seatAlreadyFree, "the seat \(seat.id) is free", hint: "Nothing is to be done.",
                    field: "seat_id")
            }
            transaction.audit(
                AuditAction("seats.reclaim", targetType: "seat", targetID: seat.id, reason: reason))
            return try transaction.free(seat, reason: reason)
        }
        // The hub may have waited for just this.
        if !dryRun, seat.wish != nil { try SeatDuty(tenant).run() }
        return seat
    }

    /// Keeps a seat for a learner: the named one, or a free one of the named school that is held here;
    /// `days` ends it by itself. The same again changes nothing but its end. Throws as `allocate` does.
    public func reserve(
        learner: String, seat: String?, school: String?, days: Int? = nil, dryRun: Bool = false
    ) throws -> Seat {
        try run(dryRun: dryRun) { transaction in
            let reader = transaction.replica
            let learner = try SeatFields.learner(learner)
            let school = try school.map { try SeatFields.school($0, reader) }
            let wanted = try seat.map { try reader.seat($0) }
            let until = try SeatFields.days(days).map { transaction.now + Int64($0) * 86_400_000 }
            let present = try reader.seats(.init(learner: learner))
            let same = present.first { $0.state == .reserved && fits($0, wanted, school) }
            if let same, until == nil { return same }
            let chosen =
                try same ?? wanted ?? freeSeat(present, school: school, learner: learner, transaction)
            try transaction.requireHolder(of: Schema.seat, chosen.id)
            guard chosen.state == .free || chosen.id == same?.id else {
                throw NodeError(
                    .seatNotFree, "the seat \(chosen.id) is \(chosen.state.rawValue)",
                    hint: "Reclaim it first, or take another.", field: "seat_id")
            }
            if let other = present.first(where: { $0.id != chosen.id }) { throw hasSeat(other) }
            transaction.audit(AuditAction("seats.reserve", targetType: "seat", targetID: chosen.id))
            return try transaction.change(chosen.id, "reserve") { _ in
                LocalTransaction.reserved(learner, until: until)
            }
        }
    }

    private func hasSeat(_ other: Seat) -> NodeError {
        NodeError(
            .learnerHasSeat, "the learner has the seat \(other.id)",
            hint: "Reclaim that one first: a learner has at most one seat in a tenant.",
            field: "learner_id")
    }
}

extension LocalTransaction {
    /// What a reserved seat shows.
    static func reserved(_ learner: String, until: Int64?) -> [String: Value] {
        [
            "state": .text(Seat.State.reserved.rawValue), "learner_id": .text(learner),
            "assigned_at": .null, "reserved_until": until.map { .int($0) } ?? .null,
        ]
    }
}
