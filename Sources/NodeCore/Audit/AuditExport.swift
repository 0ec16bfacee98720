/// Audit entries for other programs: the same fields in both forms, oldest first.
public enum AuditExport {
    public enum Format: String, Sendable, CaseIterable { case csv, jsonl }

    static let fields = [
        "id", "at", "actor", "via", "tenant", "action", "target_type", "target_id", "count", "ids", "outcome",
        "reason", "support_id", "support_staff", "support_reason",
    ]

    /// One entry as JSON; what `audit list` shows.
    public static func json(_ entry: AuditEntry, tenant: String) -> JSONValue {
        [
            "id": .string(entry.id), "at": JSONValue(milliseconds: entry.at), "actor": .string(entry.actor),
            "via": .string(entry.via), "tenant": .string(tenant), "action": .string(entry.action),
            "target_type": .string(entry.targetType), "target_id": .string(entry.targetID),
            "count": JSONValue(entry.count), "ids": .array(entry.ids.map(JSONValue.string)),
            "outcome": .string(entry.outcome),
            "reason": JSONValue(entry.reason),
            "support_id": JSONValue(entry.supportID), "support_staff": JSONValue(entry.supportStaff),
            "support_reason": JSONValue(entry.supportReason),
        ]
    }

    /// Appends what a filter lets through as UTF-8, oldest first: CSV (RFC 4180) with a header, or JSON Lines. Takes
    /// no more memory however much there is. Returns how many entries.
    @discardableResult
    public static func write(
        _ filter: AuditFilter, of tenant: OpenTenant, as format: Format, to append: ([UInt8]) throws -> Void
    ) throws -> Int {
        var count = 0
        if format == .csv { try append(line(fields)) }
        try tenant.store.read { reader in
            try reader.forEachAuditEntry(filter) { entry in
                let record = json(entry, tenant: tenant.slug)
                try append(
                    format == .csv ? line(fields.map { cell(record[$0]) }) : Array((record.text + "\n").utf8))
                count += 1
            }
        }
        return count
    }

    private static func line(_ cells: [String]) -> [UInt8] {
        Array((cells.joined(separator: ",") + "\r\n").utf8)
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
        case .array(let items): return items.map { cell($0) }.joined(separator: " ")
        default: return ""
        }
    }
}
