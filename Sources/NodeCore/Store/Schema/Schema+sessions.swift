// Virtual sessions, who attended, and what people decided about unmatched names.

extension Schema {
    /// A virtual session of a Pathful export. `date` is the district's local date as written, `2025-09-15`.
    public static let session = SyncedTable(
        "session", domain: "roster", since: 3,
        [
            ("external_id", .text, nil), ("title", .text, nil), ("date", .text, nil), ("status", .text, nil),
            ("duration", .text, nil), ("career_cluster", .text, nil), ("series", .text, nil),
        ], indexes: ["date"])
    /// One record of an export: somebody who signed up for a session. Name, address and user id are kept of
    /// educators alone.
    public static let attendance = SyncedTable(
        "attendance", domain: "roster", since: 3,
        [
            ("session_id", .text, nil), ("role", .text, nil), ("name", .text, nil), ("email", .text, nil),
            ("user_id", .text, nil), ("school", .text, nil), ("organization", .text, nil),
            ("students_registered", .int, nil), ("students_attended", .int, nil),
            ("educators_registered", .int, nil), ("educators_attended", .int, nil),
        ], indexes: ["session_id"])
    /// What somebody decided about an educator whom nothing else matches: `user_id`, else `email`, else
    /// `name` and `school` say whom it is about; `teacher_id` is who it is, unless `ignored`.
    public static let sessionMatch = SyncedTable(
        "session_match", domain: "roster", since: 3,
        [
            ("user_id", .text, nil), ("email", .text, nil), ("name", .text, nil), ("school", .text, nil),
            ("teacher_id", .text, nil), ("ignored", .int, nil),
        ])

    static let sessionsTables = [session, attendance, sessionMatch]
}
