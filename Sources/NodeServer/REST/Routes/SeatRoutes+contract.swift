import NodeCore

/// Reservations, and what a contract that shrinks asks of those who hold seats.
extension SeatRoutes {
    static let contract = [
        Route(
            .post, "/api/v1/seats/reserve", id: "reserve_seat", tag: "seats",
            "Keep a seat for a learner: the named one, or a free one of the named school. Of a seat that a "
                + "node holds the hub asks for it.",
            .tenant(.allocateSeats, .body([("seat_id", .seat), ("tenant_id", .school)])),
            body: .json(
                .object([
                    .optional("seat_id", .id), .optional("tenant_id", .id, "A school, instead of a seat."),
                    .init("learner_id", learner, "The district's opaque id, never a name or an e-mail."),
                    .optional("days", .integer(1...366), "Ends it after so many days."),
                ])), content: .json(Shapes.seat.schema), handler: reserve),
        Route(
            .post, "/api/v1/seats/retire", id: "retire_seats", tag: "seats",
            "Take seats of a school off the contract; at the hub. Those that aren't free there are owed.",
            .tenant(.purchaseSeats, .body([("tenant_id", .school)])),
            body: .json(
                .object([
                    .init("tenant_id", .id, "The school."), .init("count", count),
                    .optional("reason", reason),
                ])),
            content: .json(
                .named(
                    "RetiredSeats",
                    .object([
                        .init("retired", Shapes.seat.listSchema), .init("owed", Shapes.seat.listSchema),
                    ])))
        ) { call in
            let outcome = try service(call).retire(
                school: call.body.required("tenant_id"), count: call.body.integer("count") ?? 0,
                reason: call.body.text("reason"))
            return Answer([
                "retired": .array(outcome.retired.map(Shapes.seat.json)),
                "owed": .array(outcome.owed.map(Shapes.seat.json)),
            ])
        },
        Route(
            .post, "/api/v1/seats/{id}/ask", id: "ask_for_seat", tag: "seats",
            "Ask the node that holds a seat to give it back; at the hub.",
            .tenant(.moveSeats, .path("id", .seat)),
            body: .json(.object([.optional("reason", reason)])), content: .json(Shapes.seat.schema)
        ) { call in
            let seat = try service(call).ask(
                .init(kind: .release), seat: call.segment("id"), reason: call.body.text("reason"))
            return Answer(Shapes.seat.json(seat))
        },
        Route(
            .post, "/api/v1/seats/{id}/withdraw", id: "withdraw_from_seat", tag: "seats",
            "Take back what a seat's holder was asked for; at the hub.",
            .tenant(.moveSeats, .path("id", .seat)), content: .json(Shapes.seat.schema)
        ) { call in Answer(Shapes.seat.json(try service(call).withdraw(seat: call.segment("id")))) },
        Route(
            .get, "/api/v1/seats/requests", id: "list_seat_requests", tag: "seats",
            "Seats that nodes asked for, newest first.", .tenant(.readSeats, .query),
            parameters: [.tenant, .page, .perPage], content: Answer.pageSchema("requests", Shapes.seatRequest)
        ) { call in
            .page(
                "requests", try call.tenant.store.read { try $0.seatRequests() }, Shapes.seatRequest,
                call.page)
        },
        Route(
            .post, "/api/v1/seats/requests", id: "request_seats", tag: "seats",
            "Ask the hub for seats; at a node.", .tenant(.moveSeats, .body([("tenant_id", .school)])),
            body: .json(
                .object([
                    .init("tenant_id", .id, "The school."), .init("count", count), .optional("note", reason),
                ])), statuses: [201], content: .json(Shapes.seatRequest.schema)
        ) { call in
            let asked = try service(call).request(
                school: call.body.required("tenant_id"), count: call.body.integer("count") ?? 0,
                note: call.body.text("note"))
            return Answer(Shapes.seatRequest.json(asked))
        },
        decide("accept", true, "Purchase what was asked for and grant it to the node; at the hub."),
        decide("decline", false, "Say no to a request for seats; at the hub."),
    ]

    private static func decide(_ verb: String, _ accept: Bool, _ summary: String) -> Route {
        Route(
            .post, "/api/v1/seats/requests/{id}/\(verb)", id: "\(verb)_seat_request", tag: "seats", summary,
            .tenant(.purchaseSeats, .query), parameters: [.tenant],
            body: .json(.object([.optional("reason", reason)])), content: .json(Shapes.seatRequest.schema)
        ) { call in
            let decided = try service(call).decide(
                call.segment("id"), accept: accept, reason: call.body.text("reason"))
            return Answer(Shapes.seatRequest.json(decided))
        }
    }

    private static func reserve(_ call: Call) throws -> Answer {
        let seat = call.body.text("seat_id"), school = call.body.text("tenant_id")
        let days = call.body.integer("days")
        guard (seat == nil) != (school == nil) else {
            throw RequestProblem(
                NodeError(.validation, "name either a seat or a school", hint: "Send seat_id or tenant_id."),
                [FieldProblem(field: "seat_id", message: "or tenant_id, one of them", kind: .shape)])
        }
        let service = try service(call)
        let learner = call.body.required("learner_id")
        if let seat {
            try requireHeld(call, seat: seat, .allocateHeldSeats)
            if call.installation.role == .hub, try !service.isHeldHere(seat) {
                guard days == nil else {
                    throw NodeError(
                        .validation, "a seat that a node holds is asked for without an end",
                        hint: "Leave days out; the node may end it.", field: "days")
                }
                let wish = SeatWish(kind: .reserve, learnerID: learner)
                return Answer(Shapes.seat.json(try service.ask(wish, seat: seat)))
            }
        } else if call.installation.role == .node {
            try call.require(.allocateHeldSeats)
        }
        return Answer(
            Shapes.seat.json(
                try service.reserve(learner: learner, seat: seat, school: school, days: days)))
    }
}
