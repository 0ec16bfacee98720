import CBaselines
import Foundation
import GRDB

/// The rows of a measured tenant file inserted through GRDB into plain tables: what an application without
/// sync would do. One transaction, cached statements, WAL, `synchronous=FULL`, the same page cache.
struct GRDBBaseline {
    private static let tables = ["teacher", "teacher_year"]
    private let rows: [(table: String, values: [DatabaseValue])]
    private let schema: [String]

    /// `tenantFile` must be at rest. Rows in the order of their ids, as the baseline in C has them.
    init(rowsOf tenantFile: String) throws {
        var rows: [(String, [DatabaseValue])] = []
        var schema: [String] = []
        var configuration = Configuration()
        configuration.readonly = true
        try DatabaseQueue(path: tenantFile, configuration: configuration).read { db in
            for table in Self.tables {
                schema += try String.fetchAll(
                    db,
                    sql: "SELECT sql FROM sqlite_schema WHERE tbl_name = ? AND type IN ('table', 'index')"
                        + " AND sql IS NOT NULL ORDER BY type DESC", arguments: [table])
                let cursor = try Row.fetchCursor(db, sql: "SELECT * FROM \(table)")
                while let row = try cursor.next() { rows.append((table, Array(row.databaseValues))) }
            }
        }
        self.rows = rows
        self.schema = schema
    }

    /// Seconds and CPU seconds of the inserts and their commit.
    func insert(in folder: Folder) throws -> (seconds: Double, cpu: Double) {
        let path = folder.path + "/grdb-baseline.db"
        for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL")
            try db.execute(sql: "PRAGMA synchronous = FULL")
            try db.execute(sql: "PRAGMA cache_size = -\(RunOptions.cacheKiB)")
            for sql in schema { try db.execute(sql: sql) }
        }
        let cpu = process_cpu_seconds(0)
        let time = try seconds {
            try queue.writeWithoutTransaction { db in
                try db.inTransaction(.immediate) {
                    for (table, values) in rows {
                        let marks = values.map { _ in "?" }.joined(separator: ", ")
                        try db.cachedStatement(sql: "INSERT INTO \(table) VALUES (\(marks))")
                            .execute(arguments: StatementArguments(values))
                    }
                    return .commit
                }
            }
        }
        return (time, process_cpu_seconds(0) - cpu)
    }
}
