import Foundation
import GRDB

extension StoreReader {
    /// What SQLite's own check finds; empty when the file is sound.
    public func integrityProblems() throws -> [String] {
        try String.fetchAll(db, sql: "PRAGMA integrity_check(20)").filter { $0 != "ok" }
    }

    /// Rows of all synced tables as shown.
    public func rowCount() throws -> Int {
        try schema.tables.reduce(0) { try $0 + count("SELECT count(*) FROM \"\($1.name)\"") }
    }

    /// Rows whose domain table shows something else than their state gives, rows that name deltas that aren't
    /// there, and rows that are kept lean and full.
    public func projectionProblems() throws -> [String] {
        var problems: [String] = []
        for table in schema.tables {
            let lost = try rows(
                """
                SELECT id FROM "\(table.name)" t WHERE sync_stamp > 0
                AND NOT EXISTS (SELECT 1 FROM sync_delta d WHERE d.number = t.sync_stamp) LIMIT 20
                """)
            problems += lost.map { "\(table.name) \($0[0] as String) names a delta that isn't there" }
            let twice = try rows(
                """
                SELECT r.id FROM sync_row r JOIN "\(table.name)" t ON t.id = r.id
                WHERE r.tbl = ? AND t.sync_stamp > 0 LIMIT 20
                """, [table.name])
            problems += twice.map { "\(table.name) \($0[0] as String) is kept in both ways" }
        }
        problems += try seatCountProblems()
        // Null where no column was written apart.
        let special = try rows(
            """
            SELECT tbl, id, max(rivals) FROM (
              SELECT tbl, id, NULL AS rivals FROM sync_row UNION ALL SELECT tbl, id, rivals FROM sync_cell)
            GROUP BY tbl, id
            """)
        for row in special where problems.count < 50 {
            let name: String = row[0], id: String = row[1], rivals: Bool? = row[2]
            let state = try loadRow(name, id: id)
            if rivals != (state.cells.isEmpty ? nil : state.cells.hasRivals) {
                problems.append("\(name) \(id) has other siblings than the file says")
            }
            guard let table = schema.table(name) else { continue }
            let expected = try ruleBook().project(table: name, state: state, causality: self)
            let shown = try shown(table, id: id)
            let same =
                (expected == nil) == (shown == nil)
                && table.columns.allSatisfy { $0.storable(expected?[$0.name]) == shown?[$0.name] ?? .null }
            if !same { problems.append("\(name) \(id) shows something else than its writes and rules give") }
        }
        return problems
    }
}

extension TenantStore {
    /// Brings the write-ahead log into the file and closes it, so that the file alone is whole; every
    /// later use fails. Throws when the log can't be emptied.
    func close() throws {
        do {
            closeAside()
            let busy = try queue.writeWithoutTransaction {
                statements.removeAll()
                return try Int.fetchOne($0, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            }
            guard busy == 0 else {
                throw NodeError(.locked, "\(fileName) is in use", hint: "Repeat the command.")
            }
            try queue.close()
        } catch { throw ConnectionSetup.translate(error, file: fileName) }
    }

    /// What SQLite answers for a numeric PRAGMA on this store's connection.
    public func setting(_ name: String) throws -> Int? {
        guard
            name.utf8.allSatisfy({
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "_")
            })
        else { throw NodeError(.validation, "'\(name)' is no setting of SQLite") }
        do { return try queue.unsafeRead { try Int.fetchOne($0, sql: "PRAGMA \(name)") } } catch {
            throw ConnectionSetup.translate(error, file: fileName)
        }
    }

    /// Closes the store and removes its files; for scratch stores.
    public func remove() {
        do { try close() } catch { return }
        Self.removeFiles(path)
    }

    /// Removes a database that nobody has open, with its log.
    public static func removeFiles(_ path: String) {
        for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
    }
}
