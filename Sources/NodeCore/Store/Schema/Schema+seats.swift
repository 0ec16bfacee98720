// Seats and their history.

extension Schema {
    /// A learner's place at a school. `state` is FREE, RESERVED or ASSIGNED; `learner_id` is the district's
    /// opaque id; `holder` is the origin that may change it. `free_order` is the hub's word to the holder: the
    /// hash of the delta whose assignment is to be freed. `wish` is what the hub asks of a seat that a node
    /// holds (reserve, release, retire); the holder does it or puts the hash of the wish's delta into
    /// `wish_answered`.
    public static let seat = SyncedTable(
        "seat", domain: "seat", owner: .hub, since: 2,
        [
            ("school_id", .text, nil), ("holder", .text, .holder), ("state", .text, .holder),
            ("learner_id", .text, .holder), ("assigned_at", .int, .holder), ("created_at", .int, nil),
            ("free_order", .text, .hub),
        ],
        added: [
            ("reserved_until", .int, .holder, since: 3), ("wish", .text, .hub, since: 3),
            ("wish_learner", .text, .hub, since: 3), ("wish_answered", .text, .holder, since: 3),
        ], parents: ["school_id": "tenant"], indexes: ["school_id, state", "learner_id"])
    /// One row a change of a seat, made in the same transaction.
    public static let seatAudit = SyncedTable(
        "seat_audit", domain: "seat", since: 2, appendOnly: true,
        [
            ("seat_id", .text, nil), ("action", .text, nil), ("previous_state", .text, nil),
            ("new_state", .text, nil), ("previous_learner_id", .text, nil), ("new_learner_id", .text, nil),
            ("previous_holder", .text, nil), ("new_holder", .text, nil), ("changed_by", .text, nil),
            ("reason", .text, nil), ("created_at", .int, nil),
        ], indexes: ["seat_id"])

    /// Seats that a district asks the hub for.
    public static let seatRequest = SyncedTable(
        "seat_request", domain: "seat", since: 3, appendOnly: true,
        [
            ("school_id", .text, nil), ("count", .int, nil), ("node_id", .text, nil), ("note", .text, nil),
            ("at", .int, nil),
        ])
    /// The hub's answer; the id is derived from the request's, so there is one.
    public static let seatDecision = SyncedTable(
        "seat_decision", domain: "seat", owner: .hub, since: 3,
        [("request_id", .text, nil), ("accepted", .int, nil), ("reason", .text, nil), ("at", .int, nil)],
        indexes: ["request_id"])

    /// A holder's life that is over, as the hub found it: the id is the life's first origin. Whoever had seen it
    /// and is the hub may take its seats.
    public static let endedLife = SyncedTable(
        "ended_life", domain: "seat", owner: .hub, since: 3, appendOnly: true,
        [("reason", .text, nil), ("at", .int, nil)])

    static let seatsTables = [seat, seatAudit, seatRequest, seatDecision, endedLife]
}
