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

    func value(_ index: Int32) -> Value {
        switch sqlite3_column_type(statement, index) {
        case SQLITE_INTEGER: return .int(int(index))
        case SQLITE_TEXT: return .text(text(index))
        case SQLITE_BLOB:
            let start = sqlite3_column_blob(statement, index)
            let count = Int(sqlite3_column_bytes(statement, index))
            return .bytes(Array(UnsafeRawBufferPointer(start: start, count: count)))
        default: return .null
        }
    }
}

/// What is asked and written for every column that is written apart from its row.
struct CellStatements {
    let select: RowStatement
    let delete: RowStatement
    let insert: RowStatement
    /// Every column of a row.
    let clear: RowStatement

    init(in db: Database) throws {
        select = try RowStatement(
            """
            SELECT col, stamp, value, absent FROM sync_cell WHERE tbl = ? AND id = ? ORDER BY col, stamp
            """, in: db)
        delete = try RowStatement(
            "DELETE FROM sync_cell WHERE tbl = ? AND id = ? AND col = ? AND stamp = ?", in: db)
        insert = try RowStatement("INSERT INTO sync_cell VALUES (?, ?, ?, ?, ?, ?)", in: db)
        clear = try RowStatement("DELETE FROM sync_cell WHERE tbl = ? AND id = ?", in: db)
    }
}

/// What is asked and written for every row that is kept full.
struct FullStatements {
    let select: RowStatement
    let insert: RowStatement
    let clear: RowStatement

    init(in db: Database) throws {
        select = try RowStatement(
            "SELECT stamp, deleted, vals FROM sync_row WHERE tbl = ? AND id = ? ORDER BY stamp, deleted",
            in: db)
        insert = try RowStatement("INSERT INTO sync_row VALUES (?, ?, ?, ?, ?)", in: db)
        clear = try RowStatement("DELETE FROM sync_row WHERE tbl = ? AND id = ?", in: db)
    }
}

/// What is asked and written for every row of a table.
struct TableStatements {
    /// `SyncedTable.selectSQL`.
    let select: RowStatement
    /// `SyncedTable.existsSQL`.
    let exists: RowStatement
    /// `SyncedTable.insertSQL`.
    let insert: RowStatement
    let delete: RowStatement
    let updates: UpdateStatements

    init(_ table: SyncedTable, in db: Database) throws {
        select = try RowStatement(table.selectSQL, in: db)
        exists = try RowStatement(table.existsSQL, in: db)
        insert = try RowStatement(table.insertSQL, in: db)
        delete = try RowStatement("DELETE FROM \"\(table.name)\" WHERE id = ?1", in: db)
        updates = UpdateStatements(table)
    }
}

/// Updates of some columns of a row and its stamp. SQLite touches the indexes of the columns that a statement names,
/// so there is one for each set of columns; what is edited together are few sets.
final class UpdateStatements {
    static let kept = 32

    private let table: SyncedTable
    private var known: [[Int]: RowStatement] = [:]

    init(_ table: SyncedTable) { self.table = table }

    /// `columns`: positions in the table, in order. Bound are the id, the columns, the stamp.
    func of(_ columns: [Int], in db: Database) throws -> RowStatement {
        if let statement = known[columns] { return statement }
        let settings = columns.enumerated().map { "\"\(table.columns[$1].name)\" = ?\($0 + 2), " }.joined()
        let statement = try RowStatement(
            """
            UPDATE "\(table.name)" SET \(settings)sync_stamp = ?\(columns.count + 2) WHERE id = ?1
            """, in: db)
        if known.count >= Self.kept { known = [:] }
        known[columns] = statement
        return statement
    }
}

/// The row statements of one connection, each prepared once: preparing costs more than running.
final class RowStatements: Sendable {
    // Only who is inside a transaction asks for them, and a connection has one at a time.
    nonisolated(unsafe) private var tables: [String: TableStatements] = [:]
    nonisolated(unsafe) private var cells: CellStatements?
    nonisolated(unsafe) private var fullRows: FullStatements?
    nonisolated(unsafe) private var state: RowStatement?

    /// Found by the table's short name, since hashing their SQL a row shows.
    func of(_ table: SyncedTable, in db: Database) throws -> TableStatements {
        if let known = tables[table.name] { return known }
        let prepared = try TableStatements(table, in: db)
        tables[table.name] = prepared
        return prepared
    }

    func ofCells(in db: Database) throws -> CellStatements {
        if let cells { return cells }
        let prepared = try CellStatements(in: db)
        cells = prepared
        return prepared
    }

    func ofFullRows(in db: Database) throws -> FullStatements {
        if let fullRows { return fullRows }
        let prepared = try FullStatements(in: db)
        fullRows = prepared
        return prepared
    }

    /// What gives a value of `sync_state`.
    func ofState(in db: Database) throws -> RowStatement {
        if let state { return state }
        let prepared = try RowStatement("SELECT value FROM sync_state WHERE key = ?", in: db)
        state = prepared
        return prepared
    }

    /// Before the connection is closed, or anything that minds open statements.
    func removeAll() {
        tables = [:]
        cells = nil
        fullRows = nil
        state = nil
    }
}
