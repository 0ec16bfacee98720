import GRDB

// Retention of the audit. By an order of the hub, signed and synced as every write, old entries leave the table of
// every installation; the chain of deltas, their bodies and the hub's log stay as they are.
//
// - An order takes the entries before an instant whose delta its author had seen. That follows from the entry, its
//   delta and the order alone, so every installation takes the same ones, whatever came first; an entry that comes
//   late, from a node that was away, stays.
// - The order carries the SHA-256 of the archive's lines. Any installation makes the same lines again from its
//   bodies, so a district needn't trust the hub's file (`AuditArchiveService.verify`).

/// An order to archive, for listings.
public struct AuditArchive: Sendable, Equatable {
    public let id: String
    /// When it was given; milliseconds since 1970.
    public let at: Int64
    /// Entries before this instant were taken; milliseconds since 1970.
    public let before: Int64
    public let entries: Int
    /// SHA-256 of the archive's lines, in hex.
    public let digest: String
}

/// What an order takes.
struct ArchiveOrder {
    let facts: DeltaFacts
    let before: Int64

    func takes(_ values: [String: Value], of author: DeltaFacts) -> Bool {
        guard let at = values["at"]?.int, at < before else { return false }
        return author.stamp != facts.stamp && facts.hadSeen(author)
    }
}

extension StoreReader {
    /// The orders of the tenant, oldest first.
    public func auditArchives() throws -> [AuditArchive] {
        try rows("SELECT id, at, before, entries, digest FROM audit_archive ORDER BY at, id").map {
            AuditArchive(
                id: $0[0], at: $0[1] ?? 0, before: $0[2] ?? 0, entries: $0[3] ?? 0, digest: $0[4] ?? "")
        }
    }

    /// The order of a row; nil when there is none.
    func archiveOrder(_ id: String) throws -> ArchiveOrder? {
        guard let write = try loadRow(Schema.auditArchive.name, id: id).writes.first,
            let before = write.values["before"]?.int
        else { return nil }
        return ArchiveOrder(facts: try facts(write.stamp), before: before)
    }

    func archiveOrders() throws -> [ArchiveOrder] {
        let sql = "SELECT id FROM audit_archive UNION SELECT id FROM sync_row WHERE tbl = 'audit_archive'"
        return try rows(sql).compactMap { try archiveOrder($0[0]) }
    }
}

extension ReplicaTransaction {
    /// An entry as it was before it was archived: whether it may be written again is judged by that, as where
    /// it is still there. Nil for one that wasn't.
    func archivedEntry(_ row: RowID) throws -> RowState? {
        guard try isCollected(row.table, id: row.id) else { return nil }
        archivesChanged = true
        return try replayed(row)
    }

    /// Takes out what orders name, when some came in this transaction.
    func enforceArchives() throws {
        guard archivesChanged else { return }
        archivesChanged = false
        let orders = try archiveOrders(), table = Schema.auditEntry.name
        guard let before = orders.map(\.before).max() else { return }
        let sql = """
            SELECT id FROM audit_entry WHERE at < ?
            UNION SELECT id FROM sync_row WHERE tbl = 'audit_entry'
            """
        for row in try rows(sql, [before]) {
            let id: String = row[0]
            let old = try loadRow(table, id: id)
            var left = old
            try left.writes.removeAll { write in
                let author = try facts(write.stamp)
                return orders.contains { $0.takes(write.values, of: author) }
            }
            guard left.writes.count < old.writes.count else { continue }
            try saveRow(table, id: id, left, replacing: old)
            try db.execute(sql: "INSERT OR IGNORE INTO sync_collected VALUES (?, ?)", arguments: [table, id])
        }
    }
}
