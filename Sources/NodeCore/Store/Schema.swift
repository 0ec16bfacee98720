/// The synced tables of this version. Adding a column or table raises `version` and needs a
/// migration; wire names are these names.
public enum Schema {
    /// Written in every delta's header; a newer one than ours may name columns we don't know.
    public static let version = 2
    /// The version of the ownership policy that `Column.owner` states.
    public static let policyVersion = 1

    public static let tenant = SyncedTable(
        "tenant", domain: "tenant", owner: .hub,
        [
            ("kind", .text, nil), ("parent_id", .text, nil), ("name", .text, nil), ("slug", .text, nil),
            ("nces_lea_id", .text, nil), ("nces_school_id", .text, nil), ("active", .int, nil),
            ("flag_events", .int, nil), ("flag_volunteers", .int, nil), ("flag_recruitment", .int, nil),
            ("flag_prepkc_visibility", .int, nil), ("cors_origins", .text, .either),
            ("time_zone", .text, .either), ("created_at", .int, nil),
        ], indexes: ["kind"])
    public static let skill = SyncedTable("skill", domain: "tenant", owner: .hub, [("name", .text, nil)])
    public static let careerType = SyncedTable(
        "career_type", domain: "tenant", owner: .hub, [("name", .text, nil)])
    public static let apiKey = SyncedTable(
        "api_key", domain: "tenant",
        [
            ("hash", .text, nil), ("prefix", .text, nil), ("created_at", .int, nil),
            ("revoked_at", .int, nil),
        ])
    /// The hub's conflict rules for the tenant, one row a domain; they may lock entries.
    public static let rulePolicy = SyncedTable(
        "rule_policy", domain: "tenant", owner: .hub, since: 2,
        [("domain", .text, nil), ("version", .int, nil), ("document", .text, nil)])
    /// The district's own rules, one row a domain; a table that one names goes by it.
    public static let ruleSet = SyncedTable(
        "rule_set", domain: "tenant",
        [("domain", .text, nil), ("version", .int, nil), ("document", .text, nil)])
    public static let teacher = SyncedTable(
        "teacher", domain: "roster", [("email", .text, nil), ("name", .text, nil)], indexes: ["email"])
    public static let teacherYear = SyncedTable(
        "teacher_year", domain: "roster",
        [
            ("teacher_id", .text, nil), ("year", .text, nil), ("school_id", .text, nil),
            ("grade", .text, nil),
            ("active", .int, nil), ("source", .text, nil), ("hand_deactivated", .int, nil),
        ], indexes: ["teacher_id", "year, school_id"])
    public static let rosterImport = SyncedTable(
        "roster_import", domain: "roster", appendOnly: true,
        [
            ("at", .int, nil), ("year", .text, nil), ("additive", .int, nil), ("records", .int, nil),
            ("created", .int, nil), ("updated", .int, nil), ("unchanged", .int, nil),
            ("deactivated", .int, nil), ("skipped", .int, nil), ("row_errors", .int, nil),
        ])
    /// A learner's place at a school. `state` is FREE, RESERVED or ASSIGNED; `learner_id` is the district's
    /// opaque id; `holder` is the origin that may change it. `free_order` is the hub's word to the holder: the
    /// hash of the delta whose assignment is to be freed.
    public static let seat = SyncedTable(
        "seat", domain: "seat", owner: .hub, since: 2,
        [
            ("school_id", .text, nil), ("holder", .text, .holder), ("state", .text, .holder),
            ("learner_id", .text, .holder), ("assigned_at", .int, .holder), ("created_at", .int, nil),
            ("free_order", .text, .hub),
        ], indexes: ["school_id, state", "learner_id"])
    /// One row a change of a seat, made in the same transaction.
    public static let seatAudit = SyncedTable(
        "seat_audit", domain: "seat", since: 2, appendOnly: true,
        [
            ("seat_id", .text, nil), ("action", .text, nil), ("previous_state", .text, nil),
            ("new_state", .text, nil), ("previous_learner_id", .text, nil), ("new_learner_id", .text, nil),
            ("previous_holder", .text, nil), ("new_holder", .text, nil), ("changed_by", .text, nil),
            ("reason", .text, nil), ("created_at", .int, nil),
        ], indexes: ["seat_id"])
    /// What people wrote about conflicts.
    public static let conflictNote = SyncedTable(
        "conflict_note", domain: "audit", since: 2, appendOnly: true,
        [("conflict_id", .text, nil), ("note", .text, nil), ("author", .text, nil), ("at", .int, nil)],
        indexes: ["conflict_id"])
    public static let auditEntry = SyncedTable(
        "audit_entry", domain: "audit", appendOnly: true,
        [
            ("at", .int, nil), ("actor", .text, nil), ("via", .text, nil), ("action", .text, nil),
            ("target_type", .text, nil), ("target_id", .text, nil), ("count", .int, nil), ("ids", .text, nil),
            ("outcome", .text, nil), ("reason", .text, nil),
        ], indexes: ["at"])

    /// All synced tables, sorted by name.
    public static let tables: [SyncedTable] = [
        apiKey, auditEntry, careerType, conflictNote, rosterImport, rulePolicy, ruleSet, seat, seatAudit,
        skill, teacher, teacherYear,
        tenant,
    ].sorted { $0.name < $1.name }

    private static let byName = Dictionary(uniqueKeysWithValues: tables.map { ($0.name, $0) })
    /// The table of a wire name, or nil when this schema doesn't know it.
    public static func table(_ name: String) -> SyncedTable? { byName[name] }
}
