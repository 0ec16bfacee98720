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

    /// Orders to take old entries out of the files; see `AuditArchive`. `digest` is what the file of these entries
    /// hashes to, in hex.
    public static let auditArchive = SyncedTable(
        "audit_archive", domain: "audit", owner: .hub, since: 3, appendOnly: true,
        [("at", .int, nil), ("before", .int, nil), ("entries", .int, nil), ("digest", .text, nil)])

    static let auditTables = [auditEntry, erasure, auditArchive]
}
