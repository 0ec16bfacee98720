import Foundation
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
    /// The first ids that it is about.
    public let ids: [String]
    public let outcome: String
    public let reason: String?
    /// The support session that it was done under, with who and why.
    public let supportID: String?
    public let supportStaff: String?
    public let supportReason: String?
}

/// Which entries are asked for; nil asks for all.
public struct AuditFilter: Sendable {
    /// An action, or `noun.*` for all of a noun.
    public var action: String?
    public var actor: String?
    /// An id that the entry is about.
    public var target: String?
    /// From this instant, milliseconds since 1970.
    public var since: Int64?
    /// Before this instant.
    public var until: Int64?
    /// Only what was done under support access.
    public var supportOnly = false

    public init(
        action: String? = nil, actor: String? = nil, target: String? = nil, since: Int64? = nil,
        until: Int64? = nil, supportOnly: Bool = false
    ) {
        self.action = action
        self.actor = actor
        self.target = target
        self.since = since
        self.until = until
        self.supportOnly = supportOnly
    }

    /// A day or an RFC 3339 instant, in milliseconds since 1970. Throws `VALIDATION_ERROR` with the field.
    public static func instant(_ text: String, _ field: String) throws -> Int64 {
        guard let at = RFC3339.milliseconds(text.utf8.count == 10 ? text + "T00:00:00Z" : text) else {
            throw NodeError(
                .validation, "'\(text)' is no instant", hint: "Write 2025-10-01 or 2025-10-01T08:00:00Z.",
                field: field)
        }
        return at
    }
}

extension StoreReader {
    /// The newest entries, newest first.
    public func auditEntries(limit: Int, offset: Int = 0, action: String? = nil) throws -> [AuditEntry] {
        try auditEntries(AuditFilter(action: action), limit: limit, offset: offset)
    }

    /// The newest entries that a filter lets through, newest first.
    public func auditEntries(_ filter: AuditFilter, limit: Int, offset: Int = 0) throws -> [AuditEntry] {
        let sql = AuditFilter.query + " ORDER BY e.at DESC, e.id DESC LIMIT :limit OFFSET :offset"
        let arguments = filter.arguments.merging(["limit": limit, "offset": offset]) { $1 }
        return try rows(sql, StatementArguments(arguments)).map(AuditEntry.init)
    }

    /// Hands over every entry that a filter lets through, oldest first, holding one at a time.
    func forEachAuditEntry(_ filter: AuditFilter, _ body: (AuditEntry) throws -> Void) throws {
        let cursor = try Row.fetchCursor(
            db.cachedStatement(sql: AuditFilter.query + " ORDER BY e.at, e.id"),
            arguments: StatementArguments(filter.arguments))
        while let row = try cursor.next() { try body(AuditEntry(row: row)) }
    }

    /// How many entries a filter lets through.
    public func auditCount(_ filter: AuditFilter = AuditFilter()) throws -> Int {
        try count(
            "SELECT count(*) FROM audit_entry e WHERE \(AuditFilter.condition)",
            StatementArguments(filter.arguments))
    }
}

extension AuditEntry {
    fileprivate init(row: Row) {
        self.init(
            id: row[0], at: row[1] ?? 0, actor: row[2] ?? "", via: row[3] ?? "", action: row[4] ?? "",
            targetType: row[5] ?? "", targetID: row[6] ?? "", count: row[7] ?? 0, ids: Self.ids(row[13]),
            outcome: row[8] ?? "",
            reason: row[9], supportID: row[10], supportStaff: row[11], supportReason: row[12])
    }

    /// What a foreign program wrote there shows nothing.
    private static func ids(_ text: String?) -> [String] {
        (try? JSONDecoder().decode([String].self, from: Data((text ?? "[]").utf8))) ?? []
    }
}

extension AuditFilter {
    fileprivate static let query = """
        SELECT e.id, e.at, e.actor, e.via, e.action, e.target_type, e.target_id, e.count, e.outcome, e.reason,
          e.support_id, s.staff_name, s.reason, e.ids
        FROM audit_entry e LEFT JOIN support_session s ON s.id = e.support_id
        WHERE \(condition)
        """

    fileprivate static let condition = """
        (:noun IS NULL OR substr(e.action, 1, length(:noun)) = :noun)
          AND (:action IS NULL OR e.action = :action) AND (:actor IS NULL OR e.actor = :actor)
          AND (:target IS NULL OR e.target_id = :target OR instr(e.ids, '"' || :target || '"') > 0)
          AND (:since IS NULL OR e.at >= :since) AND (:until IS NULL OR e.at < :until)
          AND (NOT :support OR e.support_id IS NOT NULL)
        """

    fileprivate var arguments: [String: (any DatabaseValueConvertible)?] {
        let isNoun = action?.hasSuffix(".*") == true
        return [
            "noun": isNoun ? action.map { String($0.dropLast()) } : nil, "action": isNoun ? nil : action,
            "actor": actor, "target": target, "since": since, "until": until, "support": supportOnly,
        ]
    }
}
