import GRDB

@testable import NodeCore

extension World.Site {
    /// Every row that is shown of what a schema knows, with its values, as an admin with `sqlite3` sees it
    /// but for local numbers.
    public func shownRows(of schema: Schema = .current) throws -> [String: [Value]] {
        try store.read { reader in
            var result: [String: [Value]] = [:]
            for table in schema.tables {
                for row in try reader.rows("SELECT * FROM \"\(table.name)\"") {
                    let id: String = row["id"]
                    result["\(table.name) \(id)"] = table.columns.map { row[$0.name] as Value }
                }
            }
            return result
        }
    }
}

extension Ledger {
    /// The hub's log holds every delta once, in the order in which the hub applied them, which was
    /// causal, and the certificate of each key before its first delta.
    public func checkHubLog() throws {
        let stamps = try world.hub.store.read { reader in
            try reader.rows("SELECT kind, delta FROM sync_log ORDER BY position").map { row in
                row["kind"] as String == "certificate" ? nil : row["delta"] as Int64?
            }
        }
        let inLog = stamps.compactMap { $0 }
        let applied = try world.hub.store.read { try $0.deltas().map(\.facts) }
        try require(inLog == applied.map(\.stamp), "the hub's log isn't what the hub applied, in its order")
        let certificates = try world.hub.store.read { reader in
            try (1...Int64(stamps.count)).compactMap { position -> (Int64, OriginID)? in
                guard case .document(let bytes)? = try reader.logEntry(position) else { return nil }
                let origin = try reader.origins().first { $0.certificate == bytes }
                return origin.map { (position, $0.id) }
            }
        }
        for origin in Set(applied.map(\.originID)) {
            let first = stamps.firstIndex(of: applied.first { $0.originID == origin }!.stamp)! + 1
            try require(
                certificates.contains { $0.1 == origin && $0.0 < first },
                "the log has deltas of a key before its certificate")
        }
    }
}
