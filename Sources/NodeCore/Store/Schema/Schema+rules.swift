// Conflict rules, and what people wrote about conflicts.

extension Schema {
    /// The hub's conflict rules for the tenant, one row a domain; they may lock entries.
    public static let rulePolicy = SyncedTable(
        "rule_policy", domain: "tenant", owner: .hub, since: 2,
        [("domain", .text, nil), ("version", .int, nil), ("document", .text, nil)])
    /// The district's own rules, one row a domain; a table that one names goes by it.
    public static let ruleSet = SyncedTable(
        "rule_set", domain: "tenant",
        [("domain", .text, nil), ("version", .int, nil), ("document", .text, nil)])
    /// What people wrote about conflicts.
    public static let conflictNote = SyncedTable(
        "conflict_note", domain: "audit", since: 2, appendOnly: true,
        [("conflict_id", .text, nil), ("note", .text, nil), ("author", .text, nil), ("at", .int, nil)],
        indexes: ["conflict_id"])

    static let rulesTables = [rulePolicy, ruleSet, conflictNote]
}
