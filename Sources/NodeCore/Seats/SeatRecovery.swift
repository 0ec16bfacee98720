import GRDB

// A machine that was restored, cloned or shut out begins another life and holds nothing (DESIGN 8). What its
// former life held is frozen: the successor may not touch it, and the hub takes it back only once the tail of
// the old chain is in, so that whatever was promised there is known before anything is promised anew.

/// At the hub: takes back the seats of lives that are over.
public struct SeatRecovery {
    private let tenant: OpenTenant

    public init(_ tenant: OpenTenant) { self.tenant = tenant }

    /// How many seats were taken back; each keeps its state and learner. Does nothing at a node and for a
    /// deactivated tenant. Run again, it writes nothing new.
    @discardableResult
    public func run() throws -> Int {
        let isDue = try tenant.store.read { reader in
            guard tenant.origin.role == .hub, try reader.hasEndedLives() else { return false }
            guard try !reader.isRecovering(), try !reader.forfeitedSeats().isEmpty else { return false }
            return try reader.tenant().active
        }
        guard isDue else { return 0 }
        let actor = try tenant.systemActor(via: "recovery")
        return try tenant.store.write(as: actor, origin: tenant.origin) { transaction in
            transaction.audit(AuditAction("seats.take_back", targetType: "seat"))
            let lives = try transaction.replica.forfeitedSeats()
            for life in lives { try transaction.takeBack(life) }
            return lives.reduce(0) { $0 + $1.seats.count }
        }
    }
}

/// Seats whose holder's life is over.
struct ForfeitedSeats {
    let life: OriginID
    /// restore, clone or revoked.
    let reason: String
    let seats: [Seat]
}

extension StoreReader {
    func forfeitedSeats() throws -> [ForfeitedSeats] {
        let holders = try rows("SELECT DISTINCT holder FROM seat WHERE holder IS NOT NULL ORDER BY holder")
        return try holders.compactMap { row in
            guard let life = OriginID(hex: row[0]), let reason = try end(ofLife: life) else { return nil }
            return ForfeitedSeats(life: life, reason: reason, seats: try seats(.init(holder: life.hex)))
        }
    }
}

extension LocalTransaction {
    fileprivate func takeBack(_ forfeited: ForfeitedSeats) throws {
        let id = forfeited.life.hex
        if try replica.shown(Schema.endedLife, id: id) == nil {
            try put(Schema.endedLife, id: id, ["reason": .text(forfeited.reason), "at": .int(now)])
        }
        for seat in forfeited.seats {
            try edit(Schema.seat, id: seat.id, [SyncedTable.holderColumn: .text(holderHere)])
            try noteSeat("take_back", from: seat, to: replica.seat(seat.id), reason: forfeited.reason)
        }
    }
}
