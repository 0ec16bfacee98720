import GRDB

/// What is asked and written for every row of which columns were written apart.
struct CellStatements {
    let select: RowStatement
    /// In place of those that stand there.
    let put: RowStatement
    let delete: RowStatement

    init(in db: Database) throws {
        select = try RowStatement("SELECT cells FROM sync_cell WHERE tbl = ?1 AND id = ?2", in: db)
        put = try RowStatement(
            """
            INSERT INTO sync_cell (tbl, id, rivals, cells) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (tbl, id) DO UPDATE SET rivals = excluded.rivals, cells = excluded.cells
            """, in: db)
        delete = try RowStatement("DELETE FROM sync_cell WHERE tbl = ?1 AND id = ?2", in: db)
    }
}

/// What is asked and written for every row that is kept full.
struct FullStatements {
    let select: RowStatement
    let insert: RowStatement
    let delete: RowStatement

    init(in db: Database) throws {
        select = try RowStatement(
            "SELECT stamp, deleted, vals FROM sync_row WHERE tbl = ? AND id = ? ORDER BY stamp, deleted",
            in: db)
        insert = try RowStatement("INSERT INTO sync_row VALUES (?, ?, ?, ?, ?)", in: db)
        delete = try RowStatement("DELETE FROM sync_row WHERE tbl = ? AND id = ?", in: db)
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
    nonisolated(unsafe) private var facts: RowStatement?

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

    /// `DeltaFacts.sql`.
    func ofFacts(in db: Database) throws -> RowStatement {
        if let facts { return facts }
        let prepared = try RowStatement(DeltaFacts.sql, in: db)
        facts = prepared
        return prepared
    }

    /// Before the connection is closed, or anything that minds open statements.
    func removeAll() {
        tables = [:]
        cells = nil
        fullRows = nil
        state = nil
        facts = nil
    }
}
