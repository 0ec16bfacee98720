import Foundation
import GRDB

// Pages of bytes kept beside a tenant's file for as long as its connection is open, in a temporary table.
// SQLite keeps that in memory or in a file of its own that has no name: nothing of it reaches the tenant's
// file, and nothing is left when the process is killed.

extension TenantStore {
    /// Adds a page behind the others.
    public func setAside(_ page: [UInt8]) throws {
        try scratch { db in
            try db.execute(
                sql: "CREATE TEMP TABLE IF NOT EXISTS page (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL)")
            try db.execute(sql: "INSERT INTO temp.page (bytes) VALUES (?)", arguments: [Data(page)])
        }
    }

    public func clearPages() throws {
        try scratch { try $0.execute(sql: "DROP TABLE IF EXISTS temp.page") }
    }

    private func scratch(_ body: (Database) throws -> Void) throws {
        do { try queue.writeWithoutTransaction(body) } catch {
            throw ConnectionSetup.translate(error, file: fileName)
        }
    }
}

extension StoreReader {
    /// The pages that were set aside, in order, one at a time. There must be one.
    public func forEachPage(_ body: ([UInt8]) throws -> Void) throws {
        let cursor = try Data.fetchCursor(db, sql: "SELECT bytes FROM temp.page ORDER BY number")
        while let page = try cursor.next() { try body(Array(page)) }
    }
}
