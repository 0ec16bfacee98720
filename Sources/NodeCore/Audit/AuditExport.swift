/// Audit entries for other programs: the same fields in both forms, oldest first.
public enum AuditExport {
    public enum Format: String, Sendable, CaseIterable { case csv, jsonl }

    static let fields = [
        "id", "at", "actor", "via", "tenant", "action", "target_type", "target_id", "count", "outcome",
        "reason",
        "support_id", "support_staff", "support_reason",
    ]

    /// One entry as JSON; what `audit list` shows.
    public static func json(_ entry: AuditEntry, tenant: String) -> JSONValue {
        [
            "id": .string(entry.id), "at": JSONValue(milliseconds: entry.at), "actor": .string(entry.actor),
            "via": .string(entry.via), "tenant": .string(tenant), "action": .string(entry.action),
            "target_type": .string(entry.targetType), "target_id": .string(entry.targetID),
            "count": JSONValue(entry.count), "outcome": .string(entry.outcome),
            "reason": JSONValue(entry.reason),
            "support_id": JSONValue(entry.supportID), "support_staff": JSONValue(entry.supportStaff),
            "support_reason": JSONValue(entry.supportReason),
        ]
    }

    /// UTF-8: CSV (RFC 4180) with a header, or JSON Lines.
    public static func text(_ entries: [AuditEntry], tenant: String, format: Format) -> String {
        let records = entries.map { json($0, tenant: tenant) }
        switch format {
        case .jsonl: return records.map { $0.text + "\n" }.joined()
        case .csv:
            let lines = records.map { record in fields.map { cell(record[$0]) }.joined(separator: ",") }
            return ([fields.joined(separator: ",")] + lines).map { $0 + "\r\n" }.joined()
        }
    }

    /// Quoted where needed. A text that a spreadsheet would take for a formula gets an apostrophe before it:
    /// reasons are typed by people.
    private static func cell(_ value: JSONValue?) -> String {
        switch value {
        case .string(let text):
            let isFormula = text.utf8.first.map { "=+-@\t\r".utf8.contains($0) } ?? false
            let safe = isFormula ? "'" + text : text
            guard safe.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else { return safe }
            return "\"" + safe.replacing("\"", with: "\"\"") + "\""
        case .int(let number): return String(number)
        default: return ""
        }
    }
}
