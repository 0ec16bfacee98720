import NodeCore

extension Shapes {
    public static let seat = Shape<Seat>(
        "Seat",
        [
            .text("id") { $0.id }, .text("tenant_id") { $0.schoolID }, .text("school") { $0.school },
            .init("state", .choice(Seat.State.allCases.map(\.rawValue))) { .string($0.state.rawValue) },
            .optional("learner_id") { $0.learnerID }, .text("holder") { $0.holder.id },
            .optional("holder_name") { $0.holder.name }, .text("holder_origin") { $0.holder.origin },
            .time("assigned_at") { $0.assignedAt }, .time("created_at") { $0.createdAt },
            .time("reserved_until") { $0.reservedUntil },
            .init("wish", .nullable(seatWish.schema)) { $0.wish.map(seatWish.json) ?? nil },
        ])

    /// What the hub asks of the holder.
    public static let seatWish = Shape<SeatWish>(
        "SeatWish",
        [
            .init("kind", .choice(SeatWish.Kind.allCases.map(\.rawValue))) { .string($0.kind.rawValue) },
            .optional("learner_id") { $0.learnerID },
        ])

    public static let seatEvent = Shape<SeatEvent>(
        "SeatEvent",
        [
            .text("id") { $0.id }, .text("seat_id") { $0.seatID }, .text("action") { $0.action },
            .optional("previous_state") { $0.previousState }, .optional("new_state") { $0.newState },
            .optional("previous_learner_id") { $0.previousLearnerID },
            .optional("new_learner_id") { $0.newLearnerID },
            .optional("previous_holder") { $0.previousHolder?.id },
            .optional("new_holder") { $0.newHolder?.id }, .text("changed_by") { $0.changedBy },
            .optional("reason") { $0.reason }, .time("created_at") { $0.createdAt },
        ])

    public static let seatSummary = Shape<SeatSummary>(
        "SeatSummary",
        [
            .text("tenant_id") { $0.tenantID }, .text("tenant_name") { $0.name },
            .count("total_seats") { $0.counts.total }, .count("free_seats") { $0.counts.free },
            .count("reserved_seats") { $0.counts.reserved }, .count("assigned_seats") { $0.counts.assigned },
            .init("utilization_percentage", .number) {
                .double(Double($0.counts.utilizationBasisPoints) / 100)
            },
            .count("free_seats_held_here") { $0.freeHere }, .count("owed_seats") { $0.owed },
        ])

    public static let seatCounts = Shape<SeatCounts>(
        "SeatCounts",
        [
            .count("total") { $0.total }, .count("free") { $0.free }, .count("reserved") { $0.reserved },
            .count("assigned") { $0.assigned },
        ])
}
