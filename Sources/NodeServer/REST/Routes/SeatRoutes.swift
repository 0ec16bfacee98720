import NodeCore

/// Seats: purchase, moves between hub and nodes, allocation, totals and history.
enum SeatRoutes {
    static let all = changes + contract + reading

    static let learner = DataSchema.text(1...128)
    static let count = DataSchema.integer(1...1000)
    static let reason = DataSchema.nullable(.text(0...255))

    // MARK: Changes

    private static let changes = [
        Route(
            .post, "/api/v1/seats/purchase", id: "purchase_seats", tag: "seats",
            "Add free seats at a school; at the hub.",
            .tenant(.purchaseSeats, .body([("tenant_id", .school)])),
            body: .json(
                .object([
                    .init("tenant_id", .id, "The school."), .init("count", count),
                    .optional("grant", .id, "The node that is to hold them, by id or name."),
                ])), statuses: [201], content: .json(Shapes.seat.listSchema)
        ) { call in
            let seats = try service(call).purchase(
                school: call.body.required("tenant_id"), count: call.body.integer("count") ?? 0,
                grant: call.body.text("grant"))
            return Answer(.array(seats.map(Shapes.seat.json)))
        },
        move("grant", .init("node", .id, "The node, by id or name."), "Hand seats to a node; at the hub.") {
            try service($0).grant(node: $0.body.required("node"), $1)
        },
        move("release", nil, "Hand seats that this node holds back to the hub.") {
            try service($0).release($1)
        },
        Route(
            .post, "/api/v1/seats/allocate", id: "allocate_seat", tag: "seats",
            "Give a learner a seat: the named one, or a free one of the named school. The same again "
                + "changes nothing.",
            .tenant(.allocateSeats, .body([("seat_id", .seat), ("tenant_id", .school)])),
            body: .json(
                .object([
                    .optional("seat_id", .id), .optional("tenant_id", .id, "A school, instead of a seat."),
                    .init("learner_id", learner, "The district's opaque id, never a name or an e-mail."),
                ])), content: .json(Shapes.seat.schema), handler: allocate),
        Route(
            .post, "/api/v1/seats/reclaim", id: "reclaim_seat", tag: "seats", "Free a seat.",
            .tenant(.allocateSeats, .body([("seat_id", .seat)])),
            body: .json(.object([.init("seat_id", .id), .optional("reason", reason)])),
            content: .json(Shapes.seat.schema)
        ) { call in
            let id = call.body.required("seat_id")
            try requireHeld(call, seat: id, .allocateHeldSeats)
            let seat = try service(call).reclaim(seat: id, reason: call.body.text("reason"))
            return Answer(Shapes.seat.json(seat))
        },
    ]

    private static func allocate(_ call: Call) throws -> Answer {
        let seat = call.body.text("seat_id"), school = call.body.text("tenant_id")
        guard (seat == nil) != (school == nil) else {
            throw RequestProblem(
                NodeError(.validation, "name either a seat or a school", hint: "Send seat_id or tenant_id."),
                [FieldProblem(field: "seat_id", message: "or tenant_id, one of them", kind: .shape)])
        }
        if let seat { try requireHeld(call, seat: seat, .allocateHeldSeats) }
        if seat == nil, call.installation.role == .node { try call.require(.allocateHeldSeats) }
        let given = try service(call).allocate(
            learner: call.body.required("learner_id"), seat: seat, school: school)
        return Answer(Shapes.seat.json(given))
    }

    private static func move(
        _ verb: String, _ member: DataSchema.Member?, _ summary: String,
        _ body: @escaping @Sendable (Call, SeatService.Selection) throws -> [Seat]
    ) -> Route {
        Route(
            .post, "/api/v1/seats/\(verb)", id: "\(verb)_seats", tag: "seats", summary,
            .tenant(.moveSeats, .body([("seat_id", .seat), ("tenant_id", .school)])),
            body: .json(
                .object(
                    (member.map { [$0] } ?? []) + [
                        .optional("seat_id", .id, "One seat, free or not."),
                        .optional("tenant_id", .id, "A school whose free seats are moved, instead."),
                        .optional("count", count, "How many; with tenant_id."),
                    ])), content: .json(Shapes.seat.listSchema)
        ) { call in
            Answer(.array(try body(call, selection(call)).map(Shapes.seat.json)))
        }
    }

    private static func selection(_ call: Call) throws -> SeatService.Selection {
        let seat = call.body.text("seat_id"), school = call.body.text("tenant_id")
        let count = call.body.integer("count")
        if let seat, school == nil, count == nil { return .seat(seat) }
        if let school, let count, seat == nil { return .free(school: school, count: count) }
        throw RequestProblem(
            NodeError(.validation, "name either one seat, or a school and a count"),
            [FieldProblem(field: "seat_id", message: "or tenant_id with count", kind: .shape)])
    }

    // MARK: Reading

    private static let reading = [
        Route(
            .get, "/api/v1/seats/summary", id: "summarise_seats", tag: "seats",
            "How many seats are free, reserved and assigned; a district sums its schools.",
            .tenant(.summariseSeats, .query), parameters: [.tenant],
            content: .json(
                .named(
                    "SeatTotals",
                    .object(
                        Shapes.seatSummary.members + [.optional("schools", Shapes.seatSummary.listSchema)],
                        isOpen: true))), handler: summary),
        Route(
            .get, "/api/v1/seats/activity", id: "list_seat_activity", tag: "seats",
            "How many seats were allocated and reclaimed, by day and school, newest first.",
            .tenant(.summariseSeats, .query),
            parameters: [
                .tenant, .page, .perPage,
                .init(name: "days", schema: .integer(1...3660), about: "So far back; 30 unless told."),
            ], content: Answer.pageSchema("activity", Shapes.seatActivity)
        ) { call in
            let all = try call.tenant.store.read {
                try $0.seatActivity(days: call.integer("days") ?? 30, now: call.now)
            }
            return .page("activity", all, Shapes.seatActivity, call.page)
        },
        Route(
            .get, "/api/v1/seats", id: "list_seats", tag: "seats",
            "Single seats. Without the right to see those that nodes hold, the hub's alone.",
            .tenant(.readSeats, .query),
            parameters: [
                .tenant, .page, .perPage,
                .init(name: "school", schema: .id, about: "Only those of this school, by id or name."),
                .init(
                    name: "state", schema: .choice(Seat.State.allCases.map(\.rawValue)),
                    about: "Only those in this state."),
                .init(name: "learner_id", schema: learner, about: "Only that of this learner."),
            ], content: Answer.pageSchema("seats", Shapes.seat)
        ) { call in
            let filter = SeatFilter(
                school: call.query["school"], state: call.query["state"].flatMap(Seat.State.init),
                learner: call.query["learner_id"])
            let seesHeld = try call.may(.readHeldSeats)
            let seats = try service(call).list(filter).filter { seesHeld || $0.holder.role == .hub }
            return .page("seats", seats, Shapes.seat, call.page)
        },
        Route(
            .get, "/api/v1/seats/{id}", id: "get_seat", tag: "seats", "One seat.",
            .tenant(.readSeats, .path("id", .seat)), content: .json(Shapes.seat.schema), hasVersion: true
        ) { call in
            try requireHeld(call, seat: call.segment("id"), .readHeldSeats)
            return try call.tenant.store.read { reader in
                let seat = try reader.seat(call.segment("id"))
                return Answer(Shapes.seat.json(seat)).tagged(try reader.version(of: seat))
            }
        },
        Route(
            .get, "/api/v1/seats/{id}/history", id: "list_seat_history", tag: "seats",
            "What happened to a seat, oldest first.", .tenant(.readSeats, .path("id", .seat)),
            content: .json(Shapes.seatEvent.listSchema)
        ) { call in
            try requireHeld(call, seat: call.segment("id"), .readHeldSeats)
            let events = try call.tenant.store.read { try $0.seatHistory(call.segment("id")) }
            return Answer(.array(events.map(Shapes.seatEvent.json)))
        },
    ]

    private static func summary(_ call: Call) throws -> Answer {
        try call.tenant.store.read { reader in
            let district = try reader.tenant()
            guard let id = call.query["tenantId"], id != district.id, id != district.slug else {
                let (all, schools) = try reader.seatSummary()
                return Answer(
                    Shapes.seatSummary.json(all).adding(
                        "schools", .array(schools.map(Shapes.seatSummary.json))))
            }
            return Answer(Shapes.seatSummary.json(try reader.seatSummary(of: id)))
        }
    }

    static func service(_ call: Call) throws -> SeatService {
        SeatService(try call.tenant, actor: try call.actor)
    }

    /// A seat that a node holds takes a right more. Throws `SEAT_NOT_FOUND`.
    static func requireHeld(_ call: Call, seat id: String, _ permission: Permission) throws {
        let seat = try call.tenant.store.read { try $0.seat(id) }
        if seat.holder.role != .hub { try call.require(permission) }
    }
}
