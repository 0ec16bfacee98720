// Events that a district publishes.

extension Schema {
    /// An event of the district. Times are local as written, `2026-03-05T10:00`; `status` is draft, published or
    /// cancelled.
    public static let event = SyncedTable(
        "event", domain: "tenant", since: 3,
        [
            ("title", .text, nil), ("description", .text, nil), ("starts_at", .text, nil),
            ("ends_at", .text, nil), ("format", .text, nil), ("location", .text, nil), ("url", .text, nil),
            ("school_id", .text, nil), ("status", .text, nil), ("created_at", .int, nil),
        ], indexes: ["starts_at"])

    static let eventsTables = [event]
}
