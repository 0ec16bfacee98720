import GRDB

/// A learner's place at a school, as shown.
public struct Seat: Sendable, Equatable {
    public enum State: String, Sendable, CaseIterable {
        case free = "FREE"
        case reserved = "RESERVED"
        case assigned = "ASSIGNED"
    }

    public let id: String
    public let schoolID: String
    public let school: String
    public let state: State
    /// The district's opaque id of the learner; nil when free.
    public let learnerID: String?
    public let holder: SeatHolder
    /// Milliseconds since 1970 by the clock of whoever assigned it; nil unless assigned.
    public let assignedAt: Int64?
    public let createdAt: Int64
    /// When a reservation ends, by the holder's clock; nil for none that ends by itself.
    public let reservedUntil: Int64?
    /// What the hub asks of the holder.
    public let wish: SeatWish?
}

/// What the hub asks of a seat that a node holds. The hub can't do it: only the holder changes a seat.
public struct SeatWish: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        /// For the learner, if it is free and the learner has none.
        case reserve
        /// Back to the hub, as soon as it is free.
        case release
        /// Back to the hub as soon as it is free, to be taken off the contract: owed until then.
        case retire
    }
    public let kind: Kind
    /// Of a reservation.
    public let learnerID: String?

    public init(kind: Kind, learnerID: String? = nil) {
        self.kind = kind
        self.learnerID = learnerID
    }
}

/// Who may change a seat.
public struct SeatHolder: Sendable, Equatable {
    /// The holding origin's id in hex, as the row carries it.
    public let origin: String
    public let role: Role?
    /// The installation's id and name; nil for an origin that isn't known here.
    public let nodeID: String?
    public let name: String?

    /// What programs see: `hub`, or the id of the node's installation.
    public var id: String { role == .hub ? "hub" : nodeID ?? origin }
}

/// What happened to one seat.
public struct SeatEvent: Sendable, Equatable {
    public let id: String
    public let seatID: String
    /// purchase, grant, release, allocate, reclaim, reserve, expire, retire, order, ask, withdraw, reject or take_back.
    public let action: String
    public let previousState: String?
    public let newState: String?
    public let previousLearnerID: String?
    public let newLearnerID: String?
    public let previousHolder: SeatHolder?
    public let newHolder: SeatHolder?
    public let changedBy: String
    public let reason: String?
    public let createdAt: Int64
}

/// Which seats a list shows; nil takes all.
public struct SeatFilter: Sendable {
    public var school: String?
    public var state: Seat.State?
    public var learner: String?
    /// The first origin of the holder's life, in hex.
    public var holder: String?
    public init(
        school: String? = nil, state: Seat.State? = nil, learner: String? = nil, holder: String? = nil
    ) {
        self.holder = holder
        self.school = school
        self.state = state
        self.learner = learner
    }
}

extension StoreReader {
    private static let seatSQL = """
        SELECT s.id, s.school_id, t.name, s.state, s.learner_id, s.holder, s.assigned_at, s.created_at,
          s.reserved_until, s.wish, s.wish_learner
        FROM seat s LEFT JOIN tenant t ON t.id = s.school_id
        """

    /// Seats by school and id.
    public func seats(_ filter: SeatFilter = .init()) throws -> [Seat] {
        let (sql, arguments) = Self.seatQuery(filter)
        return try seats(rows(sql, arguments))
    }

    /// Names only what is asked for: a condition that may be absent would keep SQLite from its indexes.
    static func seatQuery(_ filter: SeatFilter) -> (sql: String, arguments: StatementArguments) {
        let conditions = [
            ("s.school_id", filter.school), ("s.state", filter.state?.rawValue),
            ("s.learner_id", filter.learner), ("s.holder", filter.holder),
        ].compactMap { column, value in value.map { (column, $0) } }
        let clause =
            conditions.isEmpty
            ? "" : " WHERE " + conditions.map { "\($0.0) = ?" }.joined(separator: " AND ")
        return (
            seatSQL + clause + " ORDER BY t.name, s.school_id, s.id",
            StatementArguments(conditions.map(\.1))
        )
    }

    /// Throws `SEAT_NOT_FOUND`.
    public func seat(_ id: String) throws -> Seat {
        guard let seat = try seats(rows(Self.seatSQL + " WHERE s.id = ?", [id])).first else {
            throw NodeError(
                .seatNotFound, "there is no seat with that id",
                hint: "`node-cli seats list` shows the seats.", field: "seat_id")
        }
        return seat
    }

    /// The seats of a school that an origin holds and that are free, by id.
    func freeSeats(school: String, holder: OriginID, limit: Int) throws -> [String] {
        try rows(
            """
            SELECT id FROM seat WHERE school_id = ? AND state = 'FREE' AND holder = ? ORDER BY id LIMIT ?
            """, [school, holder.hex, limit]
        ).map { $0[0] }
    }

    /// What happened to a seat, oldest first: in the order in which the deltas were applied here, which
    /// never puts an effect before its cause, whatever the clocks said. Throws `SEAT_NOT_FOUND`.
    public func seatHistory(_ id: String) throws -> [SeatEvent] {
        let sql = """
            SELECT a.id, a.seat_id, a.action, a.previous_state, a.new_state, a.previous_learner_id,
              a.new_learner_id, a.previous_holder, a.new_holder, a.changed_by, a.reason, a.created_at
            FROM seat_audit a WHERE a.seat_id = ? ORDER BY a.sync_stamp, a.created_at, a.id
            """
        let holders = try seatHolders()
        let events = try rows(sql, [id])
        // One that was retired is gone, its history stays.
        if events.isEmpty { _ = try seat(id) }
        return events.map { row in
            SeatEvent(
                id: row[0], seatID: row[1], action: row[2] ?? "", previousState: row[3], newState: row[4],
                previousLearnerID: row[5], newLearnerID: row[6],
                previousHolder: (row[7] as String?).map { holders($0) },
                newHolder: (row[8] as String?).map { holders($0) }, changedBy: row[9] ?? "", reason: row[10],
                createdAt: row[11] ?? 0)
        }
    }

    private func seats(_ rows: [Row]) throws -> [Seat] {
        guard !rows.isEmpty else { return [] }
        let holders = try seatHolders()
        return rows.map { row in
            Seat(
                id: row[0], schoolID: row[1] ?? "", school: row[2] ?? "",
                state: (row[3] as String?).flatMap(Seat.State.init) ?? .free, learnerID: row[4],
                holder: holders(row[5] ?? ""), assignedAt: row[6], createdAt: row[7] ?? 0,
                reservedUntil: row[8],
                wish: (row[9] as String?).flatMap(SeatWish.Kind.init).map {
                    SeatWish(kind: $0, learnerID: row[10])
                })
        }
    }

    /// Names an origin id in hex as a holder.
    private func seatHolders() throws -> (String) -> SeatHolder {
        let origins = Dictionary(uniqueKeysWithValues: try origins().map { ($0.id.hex, $0) })
        return { text in
            let known = origins[text]
            return SeatHolder(origin: text, role: known?.role, nodeID: known?.nodeID, name: known?.name)
        }
    }
}

extension StoreReader {
    /// The version of all that may change of a seat.
    public func version(of seat: Seat) throws -> RecordVersion {
        let columns = Schema.seat.columns.map(\.name).filter { !["id", "created_at"].contains($0) }
        return try version(of: Schema.seat, id: seat.id, columns: columns)
    }
}
