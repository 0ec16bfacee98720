/// Purchases at the hub, and the way of a seat from one holder to another.
extension SeatService {
    /// Adds free seats at a school, held by the hub, or by a node when one is named. At the hub only.
    /// Throws `HUB_OWNED`, `SCHOOL_REQUIRED`, `SCHOOL_NOT_FOUND`, `NODE_NOT_FOUND`, `VALIDATION_ERROR`.
    public func purchase(school: String, count: Int, grant node: String? = nil, dryRun: Bool = false) throws
        -> [Seat]
    {
        try run(dryRun: dryRun) { transaction in
            try requireHub("seats are purchased")
            let count = try SeatFields.count(count)
            let school = try SeatFields.school(school, transaction.replica)
            let holder = try node.map { try findNode($0, transaction.replica) } ?? transaction.own
            transaction.audit(AuditAction("seats.purchase", targetType: "tenant", targetID: school))
            return try transaction.purchase(school: school, count: count, holder: holder)
        }
    }

    /// Hands seats that the hub holds to a node. Throws `HUB_OWNED`, `NODE_NOT_FOUND`, `NOT_SEAT_HOLDER`,
    /// `SEAT_NOT_FREE` when the hub holds fewer.
    public func grant(node: String, _ selection: Selection, dryRun: Bool = false) throws -> [Seat] {
        try run(dryRun: dryRun) { transaction in
            try requireHub("seats are granted")
            let node = try findNode(node, transaction.replica)
            return try move(selection, to: node, "grant", in: transaction)
        }
    }

    // MARK: A node

    /// Hands seats that this node holds back to the hub. Throws `NODE_ONLY`, `NOT_SEAT_HOLDER`,
    /// `SEAT_NOT_FREE` when the node holds fewer.
    public func release(_ selection: Selection, dryRun: Bool = false) throws -> [Seat] {
        try run(dryRun: dryRun) { transaction in
            guard transaction.own.role == .node, let hub = try transaction.replica.hubOrigin() else {
                throw NodeError(
                    .nodeOnly, "seats are released by the node that holds them, and this is the hub",
                    hint: "Run the command at that node.")
            }
            return try move(selection, to: hub, "release", in: transaction)
        }
    }

    private func move(
        _ selection: Selection, to holder: OriginRecord, _ action: String, in transaction: LocalTransaction
    ) throws -> [Seat] {
        let ids: [String]
        let target: AuditAction
        switch selection {
        case .seat(let id):
            ids = [try transaction.replica.seat(id).id]
            target = AuditAction("seats.\(action)", targetType: "seat", targetID: id)
        case .free(let school, let count):
            let count = try SeatFields.count(count)
            let school = try SeatFields.school(school, transaction.replica)
            ids = try transaction.replica.freeSeats(
                school: school, holder: transaction.own.life, limit: count)
            guard ids.count == count else { throw Self.tooFew(ids.count, wanted: count) }
            target = AuditAction("seats.\(action)", targetType: "tenant", targetID: school)
        }
        transaction.audit(target)
        return try ids.map { id in
            try transaction.change(id, action) { _ in [SyncedTable.holderColumn: .text(holder.life.hex)] }
        }
    }

    private static func tooFew(_ held: Int, wanted: Int) -> NodeError {
        let found =
            switch held {
            case 0: "no free seat of that school is held here"
            case 1: "only 1 free seat of that school is held here"
            default: "only \(held) free seats of that school are held here"
            }
        return NodeError(
            .seatNotFree, "\(found), and \(wanted) \(wanted == 1 ? "is" : "are") to be moved",
            hint: "`node-cli seats list` shows who holds which.", field: "count")
    }

    // MARK: Steps

    func requireHub(_ what: String) throws {
        guard tenant.origin.role == .hub else {
            throw NodeError(
                .hubOwned, "\(what) at the hub, and this is a node",
                hint: "Ask PrepKC; the seats reach this node with the next sync.")
        }
    }

    /// The present origin of a node, by installation id, name or origin id.
    func findNode(_ text: String, _ reader: StoreReader) throws -> OriginRecord {
        let nodes = try reader.origins().filter {
            try $0.role == .node && reader.isInUse($0)
        }
        let matches = nodes.filter { $0.nodeID == text || $0.id.hex == text || $0.name == text }
        guard let found = matches.last else {
            throw NodeError(
                .nodeNotFound, "no enrolled node is called '\(text)'",
                hint: "`node-cli nodes list` shows the nodes.", field: "node")
        }
        guard Set(matches.map(\.nodeID)).count == 1 else {
            throw NodeError(
                .conflict, "\(matches.count) nodes are called '\(text)'",
                hint: "Name the one you mean by its node id.", field: "node")
        }
        return found
    }
}

extension StoreReader {
    /// The hub's present origin.
    func hubOrigin() throws -> OriginRecord? { try origins().last { $0.role == .hub } }
}

extension LocalTransaction {
    /// Makes free seats and their audit rows.
    func purchase(school: String, count: Int, holder: OriginRecord) throws -> [Seat] {
        try (0..<count).map { _ in
            let id = try freshID()
            try put(
                Schema.seat, id: id,
                [
                    "school_id": .text(school), "holder": .text(holder.life.hex),
                    "state": .text(Seat.State.free.rawValue), "created_at": .int(now),
                ])
            let seat = try replica.seat(id)
            try noteSeat("purchase", from: nil, to: seat)
            return seat
        }
    }
}
