import GRDB

// What the holder of seats does by itself, after each sync and whenever a seat becomes free: it obeys the
// arbiter's orders, does what the hub wishes where it can, and ends reservations whose time is over. All are
// ordinary writes of the holder; no installation shows anything because of a clock.

/// Does what is due on the seats that are held here.
public struct SeatDuty {
    private let tenant: OpenTenant

    public init(_ tenant: OpenTenant) { self.tenant = tenant }

    /// How many seats were changed. An order or wish about what stands no more is passed over; of a wish
    /// that can't be done now, a release or retirement waits, a reservation is rejected.
    @discardableResult
    public func run() throws -> Int {
        let now = tenant.store.environment.clock.milliseconds()
        let isDue = try tenant.store.read { reader in
            // In this order: a node that has just joined has no tenant row yet.
            guard let own = try reader.ownOrigin(), try !due(own.life, now, in: reader).isEmpty else {
                return false
            }
            return try reader.tenant().active
        }
        guard isDue else { return 0 }
        let actor = try tenant.systemActor(via: "duty")
        return try tenant.store.write(as: actor, origin: tenant.origin) { transaction in
            transaction.audit(AuditAction("seats.obey", targetType: "seat"))
            let due = try due(transaction.own.life, now, in: transaction.replica)
            for duty in due { try perform(duty, in: transaction) }
            return due.count
        }
    }

    private enum Duty {
        case free(Seat)
        case expire(Seat)
        case wish(Seat, SeatWish, Hash)
    }

    private func due(_ holder: OriginID, _ now: Int64, in reader: StoreReader) throws -> [Duty] {
        let ordered = try reader.seatsToFree(holder: holder)
        let expired = try reader.seatsExpired(holder: holder, at: now)
        let done = Set((ordered + expired).map(\.id))
        return ordered.map { .free($0) }
            + expired.filter { one in !ordered.contains { $0.id == one.id } }.map { .expire($0) }
            + (try reader.wishes(holder: holder).filter { !done.contains($0.seat.id) && $0.isDue }
                .map { .wish($0.seat, $0.wish, $0.delta) })
    }

    private func perform(_ duty: Duty, in transaction: LocalTransaction) throws {
        switch duty {
        case .free(let seat): try transaction.free(seat, reason: LearnerSeats.reason)
        case .expire(let seat):
            _ = try transaction.change(seat.id, "expire") { _ in LocalTransaction.freed }
        case .wish(let seat, let wish, let delta):
            switch wish.kind {
            case .reserve: try answer(seat, wish, delta, in: transaction)
            case .release where transaction.own.role == .hub: try transaction.withdrawWish(seat.id)
            case .retire where transaction.own.role == .hub: try transaction.retire(seat)
            case .release, .retire:
                guard let hub = try transaction.replica.hubOrigin() else { return }
                _ = try transaction.change(seat.id, "release") { _ in
                    [SyncedTable.holderColumn: .text(hub.life.hex)]
                }
            }
        }
    }

    /// Reserves, or rejects for good: the answer names the very wish, so another one is looked at again.
    private func answer(_ seat: Seat, _ wish: SeatWish, _ delta: Hash, in transaction: LocalTransaction)
        throws
    {
        let answered: [String: Value] = ["wish_answered": .text(delta.hex)]
        let has =
            try wish.learnerID.map { try !transaction.replica.seats(.init(learner: $0)).isEmpty } ?? true
        guard seat.state == .free, !has, let learner = wish.learnerID else {
            _ = try transaction.change(
                seat.id, "reject", reason: has ? "the learner has a seat" : "the seat isn't free"
            ) { _ in answered }
            return
        }
        _ = try transaction.change(seat.id, "reserve", reason: "wished by the hub") { _ in
            answered.merging(LocalTransaction.reserved(learner, until: nil)) { $1 }
        }
    }
}

/// A wish that stands, with the delta that states it.
struct StandingWish {
    let seat: Seat
    let wish: SeatWish
    let delta: Hash
    /// The wish that the holder answered last.
    let answered: String?

    /// A seat that isn't free is owed: its holder gives it back once it is.
    var isDue: Bool {
        wish.kind == .reserve ? answered != delta.hex : seat.state == .free
    }
}

extension StoreReader {
    /// Seats whose wish the holder answered.
    func answeredWishes() throws -> [String] {
        try wishes(holder: nil).filter { $0.answered == $0.delta.hex }.map(\.seat.id)
    }

    /// Wishes about seats that an origin holds, or that anybody does.
    func wishes(holder: OriginID?) throws -> [StandingWish] {
        let sql = """
            SELECT id, wish_answered FROM seat WHERE wish IS NOT NULL AND (?1 IS NULL OR holder = ?1) ORDER BY id
            """
        return try rows(sql, [holder?.hex]).compactMap { row in
            let seat = try seat(row[0])
            let state = try loadRow(Schema.seat.name, id: seat.id)
            let writes = try state.siblings(of: "wish", covers: covering(state)).map { try facts($0.stamp) }
            guard let wish = seat.wish, let last = writes.max(by: { ($0.hlc, $0.hash) < ($1.hlc, $1.hash) })
            else { return nil }
            return StandingWish(seat: seat, wish: wish, delta: last.hash, answered: row[1])
        }
    }

    /// Reservations that an origin holds and whose time is over.
    func seatsExpired(holder: OriginID, at now: Int64) throws -> [Seat] {
        let sql = """
            SELECT id FROM seat WHERE reserved_until IS NOT NULL AND reserved_until <= ? AND holder = ?
            AND state = 'RESERVED' ORDER BY id
            """
        return try rows(sql, [now, holder.hex]).map { try seat($0[0]) }
    }
}
