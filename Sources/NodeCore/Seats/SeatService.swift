/// Purchases, moves, allocates and reclaims seats.
///
/// Seats can't be oversold offline because each has exactly one holder and only the holder changes it
/// (DESIGN 8). Every change writes the seat's `seat_audit` row in the same transaction.
public struct SeatService {
    let tenant: OpenTenant
    let actor: Actor

    public init(_ tenant: OpenTenant, actor: Actor) {
        self.tenant = tenant
        self.actor = actor
    }

    /// Which seats a grant or release moves.
    public enum Selection: Sendable {
        /// That many free ones of a school, by id or name.
        case free(school: String, count: Int)
        /// One, in whatever state, with its learner.
        case seat(String)
    }

    // MARK: Reading

    /// `school` by id or name. Throws `SCHOOL_NOT_FOUND`.
    public func list(_ filter: SeatFilter = .init()) throws -> [Seat] {
        try tenant.store.read { reader in
            var filter = filter
            filter.school = try filter.school.map { try SeatFields.school($0, reader) }
            return try reader.seats(filter)
        }
    }

    /// Whether this installation holds a seat. Throws `SEAT_NOT_FOUND`.
    public func isHeldHere(_ id: String) throws -> Bool {
        try tenant.store.read { reader in
            try reader.seat(id).holder.origin == reader.ownOrigin()?.life.hex
        }
    }

    func run<T>(dryRun: Bool, _ body: (LocalTransaction) throws -> T) throws -> T {
        try tenant.store.write(as: actor, origin: tenant.origin, dryRun: dryRun) { transaction in
            try transaction.replica.requireWritable()
            return try body(transaction)
        }
    }
}

extension LocalTransaction {
    /// Changes a seat and writes its audit row. Throws `NOT_SEAT_HOLDER` unless it is held here.
    func change(
        _ id: String, _ action: String, reason: String? = nil, _ values: (Seat) throws -> [String: Value]
    ) throws -> Seat {
        let before = try replica.seat(id)
        try requireHolder(of: Schema.seat, id)
        try edit(Schema.seat, id: id, values(before))
        let after = try replica.seat(id)
        try noteSeat(action, from: before, to: after, reason: reason)
        return after
    }

    /// What stands in a seat's column `holder` when it is held here.
    var holderHere: String { own.life.hex }

    /// The seat's `seat_audit` row; without `after` the seat is gone.
    func noteSeat(_ action: String, from before: Seat?, to after: Seat?, reason: String? = nil) throws {
        guard let id = after?.id ?? before?.id else { return }
        try put(
            Schema.seatAudit, id: try freshID(),
            [
                "seat_id": .text(id), "action": .text(action),
                "previous_state": .optional(before?.state.rawValue),
                "new_state": .optional(after?.state.rawValue),
                "previous_learner_id": .optional(before?.learnerID),
                "new_learner_id": .optional(after?.learnerID),
                "previous_holder": .optional(before?.holder.origin),
                "new_holder": .optional(after?.holder.origin), "changed_by": .text(actor.id),
                "reason": .optional(reason), "created_at": .int(now),
            ])
    }
}
