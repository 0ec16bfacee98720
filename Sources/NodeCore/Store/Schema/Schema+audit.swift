// What was done, by whom.

extension Schema {
    public static let auditEntry = SyncedTable(
        "audit_entry", domain: "audit", appendOnly: true,
        [
            ("at", .int, nil), ("actor", .text, nil), ("via", .text, nil), ("action", .text, nil),
            ("target_type", .text, nil), ("target_id", .text, nil), ("count", .int, nil), ("ids", .text, nil),
            ("outcome", .text, nil), ("reason", .text, nil),
        ], added: [("support_id", .text, nil, since: 3)], indexes: ["at"])

    /// Orders to erase a person: which rows, and what the person is known by as derived ids; see `ErasureOrder`.
    public static let erasure = SyncedTable(
        "erasure", domain: "audit", since: 3, appendOnly: true,
        [("kind", .text, nil), ("at", .int, nil), ("rows", .text, nil), ("keys", .text, nil)])

    static let auditTables = [auditEntry, erasure]
}
