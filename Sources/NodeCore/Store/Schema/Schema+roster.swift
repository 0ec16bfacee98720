// Teachers and their imports.

extension Schema {
    /// A person. One who was merged into another counts as that one, with everything that names either.
    public static let teacher = SyncedTable(
        "teacher", domain: "roster", [("email", .text, nil), ("name", .text, nil)],
        added: [
            (SyncedTable.mergeColumn, .text, nil, since: 3), ("former_names", .text, nil, since: 3),
            ("former_emails", .text, nil, since: 3),
        ], naturalKey: ["email"], memories: ["name": "former_names", "email": "former_emails"],
        indexes: ["email"])
    public static let teacherYear = SyncedTable(
        "teacher_year", domain: "roster",
        [
            ("teacher_id", .text, nil), ("year", .text, nil), ("school_id", .text, nil),
            ("grade", .text, nil),
            ("active", .int, nil), ("source", .text, nil), ("hand_deactivated", .int, nil),
        ], parents: ["teacher_id": "teacher", "school_id": "tenant"],
        indexes: ["teacher_id", "year, school_id"])
    public static let rosterImport = SyncedTable(
        "roster_import", domain: "roster", appendOnly: true,
        [
            ("at", .int, nil), ("year", .text, nil), ("additive", .int, nil), ("records", .int, nil),
            ("created", .int, nil), ("updated", .int, nil), ("unchanged", .int, nil),
            ("deactivated", .int, nil), ("skipped", .int, nil), ("row_errors", .int, nil),
        ],
        added: [("source", .text, nil, since: 3), ("undoes", .text, nil, since: 3)])
    /// Another name by which rosters call a school. The id is derived from the name, so that two sides that
    /// remember it apart meet in one row.
    public static let schoolAlias = SyncedTable(
        "school_alias", domain: "roster", since: 3, [("school_id", .text, nil), ("alias", .text, nil)])

    static let rosterTables = [teacher, teacherYear, rosterImport, schoolAlias]
}
