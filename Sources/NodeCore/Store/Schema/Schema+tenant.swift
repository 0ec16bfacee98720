// What a tenant is: its schools, settings, reference data and API key.

extension Schema {
    public static let tenant = SyncedTable(
        "tenant", domain: "tenant", owner: .hub,
        [
            ("kind", .text, nil), ("parent_id", .text, nil), ("name", .text, nil), ("slug", .text, nil),
            ("nces_lea_id", .text, nil), ("nces_school_id", .text, nil), ("active", .int, nil),
            ("flag_events", .int, nil), ("flag_volunteers", .int, nil), ("flag_recruitment", .int, nil),
            ("flag_prepkc_visibility", .int, nil), ("cors_origins", .text, .either),
            ("time_zone", .text, .either), ("created_at", .int, nil),
        ], parents: ["parent_id": "tenant"], indexes: ["kind"])
    public static let skill = SyncedTable("skill", domain: "tenant", owner: .hub, [("name", .text, nil)])
    public static let careerType = SyncedTable(
        "career_type", domain: "tenant", owner: .hub, [("name", .text, nil)])
    public static let apiKey = SyncedTable(
        "api_key", domain: "tenant",
        [
            ("hash", .text, nil), ("prefix", .text, nil), ("created_at", .int, nil),
            ("revoked_at", .int, nil),
        ])

    /// A school that a district asks the hub for; the answer is a `school_decision`.
    public static let schoolRequest = SyncedTable(
        "school_request", domain: "tenant", since: 3, appendOnly: true,
        [("name", .text, nil), ("nces_school_id", .text, nil), ("note", .text, nil), ("at", .int, nil)])
    /// The hub's answer; the id is derived from the request's, so there is one.
    public static let schoolDecision = SyncedTable(
        "school_decision", domain: "tenant", owner: .hub, since: 3,
        [
            ("request_id", .text, nil), ("accepted", .int, nil), ("school_id", .text, nil),
            ("reason", .text, nil), ("at", .int, nil),
        ])

    static let tenantTables = [tenant, skill, careerType, apiKey, schoolRequest, schoolDecision]
}
