import GRDB

/// An audit entry as `audit list` shows it.
public struct AuditEntry: Sendable, Equatable {
    public let id: String
    public let at: Int64
    public let actor: String
    public let via: String
    public let action: String
    public let targetType: String
    public let targetID: String
    public let count: Int
    public let outcome: String
    public let reason: String?
    /// The support session that it was done under.
    public let supportID: String?
}

extension StoreReader {
    /// The newest entries, newest first.
    public func auditEntries(limit: Int, offset: Int = 0, action: String? = nil) throws -> [AuditEntry] {
        let sql = """
            SELECT id, at, actor, via, action, target_type, target_id, count, outcome, reason,
              support_id FROM audit_entry
            WHERE ? IS NULL OR action = ? ORDER BY at DESC, id DESC LIMIT ? OFFSET ?
            """
        return try rows(sql, [action, action, limit, offset]).map { row in
            AuditEntry(
                id: row[0], at: row[1] ?? 0, actor: row[2] ?? "", via: row[3] ?? "", action: row[4] ?? "",
                targetType: row[5] ?? "", targetID: row[6] ?? "", count: row[7] ?? 0, outcome: row[8] ?? "",
                reason: row[9], supportID: row[10])
        }
    }

    /// How many entries there are.
    public func auditCount(action: String? = nil) throws -> Int {
        try count("SELECT count(*) FROM audit_entry WHERE ? IS NULL OR action = ?", [action, action])
    }
}
