import CSQLite
import GRDB

/// A prepared statement for what imports and merges do once a row: values are bound as they are and
/// nothing is allocated, where GRDB's arguments and cursors cost as much as SQLite's own work.
///
/// Belongs to one connection (`RowStatements`) and is used by whoever has that to itself.
final class RowStatement {
    private let statement: OpaquePointer
    private let sql: String

    /// Throws GRDB's `DatabaseError`, as all access to the store does.
    init(_ sql: String, in db: Database) throws {
        var prepared: OpaquePointer?
        let status = sqlite3_prepare_v2(db.sqliteConnection, sql, -1, &prepared, nil)
        guard status == SQLITE_OK, let prepared else {
            throw Self.error(status, db.sqliteConnection, sql)
        }
        statement = prepared
        self.sql = sql
    }

    deinit { sqlite3_finalize(statement) }

    /// `index` counts from 1. What SQLite has to say about it, it says when the statement is run.
    func bind(_ value: Value, at index: Int32) {
        switch value {
        case .null: sqlite3_bind_null(statement, index)
        case .int(let number): sqlite3_bind_int64(statement, index, number)
        case .text(let text): bind(text, at: index)
        case .bytes(let bytes) where bytes.isEmpty: sqlite3_bind_zeroblob(statement, index, 0)
        case .bytes(let bytes): sqlite3_bind_blob64(statement, index, bytes, UInt64(bytes.count), Self.copied)
        }
    }

    /// `bind(_:at:)` for a text.
    func bind(_ text: String, at index: Int32) {
        var text = text
        text.withUTF8 { utf8 in
            _ = utf8.withMemoryRebound(to: CChar.self) {
                sqlite3_bind_text64(
                    statement, index, $0.baseAddress, UInt64($0.count), Self.copied, UInt8(SQLITE_UTF8))
            }
        }
    }

    /// Runs it to its end; answers the integer in the first column of the first row, 0 when there is
    /// none. Bindings stay for the next run.
    @discardableResult
    func run() throws -> Int64 {
        var status = sqlite3_step(statement)
        let answer = status == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0
        while status == SQLITE_ROW { status = sqlite3_step(statement) }
        guard status == SQLITE_DONE else {
            let error = Self.error(status, sqlite3_db_handle(statement), sql)
            sqlite3_reset(statement)
            throw error
        }
        sqlite3_reset(statement)
        return answer
    }

    /// Runs it to its end and shows each row. `body` doesn't run this statement again.
    func each(_ body: (RowColumns) throws -> Void) throws {
        defer { sqlite3_reset(statement) }
        var status = sqlite3_step(statement)
        while status == SQLITE_ROW {
            try body(RowColumns(statement: statement))
            status = sqlite3_step(statement)
        }
        guard status == SQLITE_DONE else {
            throw Self.error(status, sqlite3_db_handle(statement), sql)
        }
    }

    /// Runs it to its end; answers the value in the first column of the first row, nil when there is none.
    func value() throws -> Value? {
        var value: Value?
        try each { row in if value == nil { value = row.value(0) } }
        return value
    }

    /// SQLITE_TRANSIENT, a cast that Swift doesn't import: SQLite copies what is bound.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    private static func error(_ status: Int32, _ connection: OpaquePointer?, _ sql: String) -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: status), message: String(cString: sqlite3_errmsg(connection)),
            sql: sql)
    }
}

/// The row that a statement stands on; of no use after it has gone on. Columns count from 0.
struct RowColumns {
    fileprivate let statement: OpaquePointer

    func int(_ index: Int32) -> Int64 { sqlite3_column_int64(statement, index) }

    /// Empty for null.
    func text(_ index: Int32) -> String { String(decoding: utf8(index), as: UTF8.self) }

    /// The bytes of a text, for as long as the statement stands here; without an address for null.
    func utf8(_ index: Int32) -> UnsafeBufferPointer<UInt8> {
        guard let utf8 = sqlite3_column_text(statement, index) else {
            return UnsafeBufferPointer(start: nil, count: 0)
        }
        return UnsafeBufferPointer(start: utf8, count: Int(sqlite3_column_bytes(statement, index)))
    }

    /// Empty for null.
    func bytes(_ index: Int32) -> [UInt8] {
        let start = sqlite3_column_blob(statement, index)
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, index))))
    }

    func value(_ index: Int32) -> Value {
        switch sqlite3_column_type(statement, index) {
        case SQLITE_INTEGER: return .int(int(index))
        case SQLITE_TEXT: return .text(text(index))
        case SQLITE_BLOB: return .bytes(bytes(index))
        default: return .null
        }
    }
}
