import GRDB

/// How many seats there are in which state.
public struct SeatCounts: Sendable, Equatable {
    public var free = 0
    public var reserved = 0
    public var assigned = 0
    public var total: Int { free + reserved + assigned }

    public init(free: Int = 0, reserved: Int = 0, assigned: Int = 0) {
        self.free = free
        self.reserved = reserved
        self.assigned = assigned
    }

    /// (reserved + assigned) / total in hundredths of a percent, rounded half up; 0 without seats.
    public var utilizationBasisPoints: Int {
        total == 0 ? 0 : ((reserved + assigned) * 10_000 + total / 2) / total
    }

    mutating func add(_ state: String, _ seats: Int) {
        switch Seat.State(rawValue: state) {
        case .reserved: reserved += seats
        case .assigned: assigned += seats
        case .free, nil: free += seats
        }
    }

    public static func + (left: SeatCounts, right: SeatCounts) -> SeatCounts {
        SeatCounts(
            free: left.free + right.free, reserved: left.reserved + right.reserved,
            assigned: left.assigned + right.assigned)
    }
}

/// The seats of a district or school.
public struct SeatSummary: Sendable, Equatable {
    public let tenantID: String
    public let name: String
    public let counts: SeatCounts
    /// Free seats that this installation holds and so may allocate.
    public let freeHere: Int
    /// Seats that are off the contract and not back yet.
    public let owed: Int
}

extension StoreReader {
    /// The counters, by school id.
    func seatCounts(holder: OriginID? = nil) throws -> [String: SeatCounts] {
        var result: [String: SeatCounts] = [:]
        let sql = """
            SELECT school_id, state, sum(seats) FROM seat_count WHERE ?1 IS NULL OR holder = ?1
            GROUP BY school_id, state
            """
        for row in try rows(sql, [holder?.hex]) { result[row[0], default: .init()].add(row[1], row[2]) }
        return result
    }

    /// The counters of all schools together.
    public func seatTotals() throws -> SeatCounts { try seatCounts().values.reduce(.init(), +) }

    /// The district's seats, and those of each school that has any, by name.
    public func seatSummary() throws -> (district: SeatSummary, schools: [SeatSummary]) {
        let counts = try seatCounts()
        let own = try ownOrigin().map { try seatCounts(holder: $0.id) } ?? [:]
        let owed = try seatsOwed()
        let names = Dictionary(uniqueKeysWithValues: try schools().map { ($0.id, $0.name) })
        let schools = counts.filter { $0.value.total > 0 }.map { id, counts in
            SeatSummary(
                tenantID: id, name: names[id] ?? "", counts: counts, freeHere: own[id]?.free ?? 0,
                owed: owed[id] ?? 0)
        }.sorted { ($0.name, $0.tenantID) < ($1.name, $1.tenantID) }
        let tenant = try tenant()
        let district = SeatSummary(
            tenantID: tenant.id, name: tenant.name, counts: counts.values.reduce(.init(), +),
            freeHere: own.values.reduce(0) { $0 + $1.free }, owed: owed.values.reduce(0, +))
        return (district, schools)
    }

    /// The seats of one school, or of the whole district for its own id. Throws `TENANT_NOT_FOUND`.
    public func seatSummary(of id: String) throws -> SeatSummary {
        let all = try seatSummary()
        if let known = ([all.district] + all.schools).first(where: { $0.tenantID == id }) { return known }
        guard let school = try schools().first(where: { $0.id == id }) else {
            throw NodeError(.tenantNotFound, "there is no district or school with that id")
        }
        return SeatSummary(tenantID: id, name: school.name, counts: SeatCounts(), freeHere: 0, owed: 0)
    }

    /// How many seats had something happen to them, such as `purchase`.
    public func seatEventCount(_ action: String) throws -> Int {
        try count("SELECT count(*) FROM seat_audit WHERE action = ?", [action])
    }

    /// Counters that say something else than the rows.
    func seatCountProblems() throws -> [String] {
        let counted = """
            SELECT ifnull(school_id, '') a, ifnull(holder, '') b, ifnull(state, '') c, count(*) FROM seat
            GROUP BY a, b, c
            """
        let kept = "SELECT school_id, holder, state, seats FROM seat_count WHERE seats <> 0"
        let differing = try rows(
            "SELECT * FROM (\(counted) EXCEPT \(kept)) UNION SELECT * FROM (\(kept) EXCEPT \(counted))")
        return differing.map {
            "the counter of \($0[2] as String) seats at school \($0[0] as String) is wrong"
        }
    }
}

extension ReplicaTransaction {
    /// Moves the counters when a seat's shown row is about to change; nil removes it.
    func recountSeat(_ id: String, becoming values: [String: Value]?) throws {
        if let old = try row("SELECT school_id, holder, state FROM seat WHERE id = ?", [id]) {
            try count(old[0], old[1], old[2], -1)
        }
        guard let values else { return }
        func text(_ name: String) -> String? { Schema.seat.column(name)?.storable(values[name]).text }
        try count(text("school_id"), text("holder"), text("state"), 1)
    }

    private func count(_ school: String?, _ holder: String?, _ state: String?, _ change: Int) throws {
        let sql = """
            INSERT INTO seat_count VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET seats = seats + excluded.seats
            """
        try db.cachedStatement(sql: sql).execute(arguments: [school ?? "", holder ?? "", state ?? "", change])
    }
}
