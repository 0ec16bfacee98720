import Foundation
import GRDB

// The digest of a tenant's state: SHA-256 over every row of every synced table as it stands in the
// file. Equal state, equal digest, on every installation (CONTRACT, `verify`).
//
// For each table by name, each row by id (both in byte order), CBOR of
//   [table, id, alive, [stamps of the row's life], [[column, [[delta hash, value] ...]] ...]]
// where a stamp is [delta hash, kind] (1 row write, 0 delete, 2 column write), lists are sorted by
// hash, absent values are left out, and a dead row has neither columns nor the stamps that its
// deletes had seen. Local numbers, heads, waiting deltas, receipts and local history are not in it.

extension StoreReader {
    /// The digest, computed from the stored rows.
    public func stateDigest() throws -> Hash {
        var hash = StreamingSHA256()
        let stored = try String.fetchAll(
            db, sql: "SELECT DISTINCT tbl FROM sync_row UNION SELECT DISTINCT tbl FROM sync_cell")
        let names = Set(stored).union(schema.tables.map(\.name))
        for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            try addTable(name, to: &hash)
        }
        return hash.finalize()
    }

    private func addTable(_ name: String, to hash: inout StreamingSHA256) throws {
        let table = schema.table(name)
        let special = Set(
            try String.fetchAll(
                db, sql: "SELECT id FROM sync_row WHERE tbl = ? UNION SELECT id FROM sync_cell WHERE tbl = ?",
                arguments: [name, name]))
        var pending = special.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) })[...]
        if let table {
            let cursor = try Row.fetchCursor(db, sql: "SELECT * FROM \"\(name)\" ORDER BY id")
            while let row = try cursor.next() {
                let id: String = row["id"]
                while let next = pending.first, next.utf8.lexicographicallyPrecedes(id.utf8) {
                    try addSpecial(name, next, to: &hash)
                    pending.removeFirst()
                }
                if pending.first?.utf8.elementsEqual(id.utf8) == true {
                    try addSpecial(name, id, to: &hash)
                    pending.removeFirst()
                } else {
                    try addLean(table, id, row, to: &hash)
                }
            }
        }
        for id in pending { try addSpecial(name, id, to: &hash) }
    }

    /// A row that one row write made, straight from the domain table.
    private func addLean(_ table: SyncedTable, _ id: String, _ row: Row, to hash: inout StreamingSHA256)
        throws
    {
        let stamp: Int64 = row["sync_stamp"]
        guard stamp > 0 else {
            throw NodeError(
                .corrupt, "\(store.fileName): \(table.name) \(id) has lost its sync rows",
                hint: "The file was changed from outside; restore a backup or enrol again.")
        }
        var state = RowState()
        let values = try leanValues(table, by: stamp) { row[table.columns[$0].name] }
        state.writes = [.init(stamp: stamp, values: values)]
        try add(table.name, id, state, alive: true, to: &hash)
    }

    private func addSpecial(_ table: String, _ id: String, to hash: inout StreamingSHA256) throws {
        let state = try loadRow(table, id: id)
        let alive = try ruleBook().project(table: table, state: state, causality: self) != nil
        try add(table, id, state, alive: alive, to: &hash)
    }

    private func add(
        _ table: String, _ id: String, _ state: RowState, alive: Bool, to hash: inout StreamingSHA256
    ) throws {
        let covers: (RowState.Stamp, RowState.Stamp) -> Bool =
            state.isPlain ? { _, _ in false } : try covering(state)
        var writer = CBORWriter(reserving: 512)
        writer.arrayHeader(5)
        writer.text(table)
        writer.text(id)
        writer.bool(alive)
        try addLife(state, alive: alive, covers: covers, to: &writer)
        if alive { try addCells(state, covers: covers, to: &writer) } else { writer.arrayHeader(0) }
        hash.update(writer.bytes)
    }

    private func addLife(
        _ state: RowState, alive: Bool, covers: (RowState.Stamp, RowState.Stamp) -> Bool,
        to writer: inout CBORWriter
    ) throws {
        var stamps = state.writes.map { ($0.stamp, Int64(1)) }
        if !alive {
            let cells = Set(state.cells.siblings.map(\.stamp)).subtracting(state.writes.map(\.stamp))
            stamps += cells.map { ($0, 2) }
            stamps.removeAll { one in state.deletes.contains { covers($0, one.0) } }
        }
        stamps += state.deletes.map { ($0, 0) }
        let named = try stamps.map { (try facts($0.0).hash, $0.1) }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
        writer.arrayHeader(named.count)
        for (hash, kind) in named {
            writer.arrayHeader(2)
            writer.bytes(hash.bytes)
            writer.int(kind)
        }
    }

    private func addCells(
        _ state: RowState, covers: (RowState.Stamp, RowState.Stamp) -> Bool, to writer: inout CBORWriter
    ) throws {
        var cells: [(String, [(Hash, Value)])] = []
        for column in state.columns {
            let present = try state.siblings(of: column, covers: covers).compactMap { sibling in
                try sibling.value.map { (try facts(sibling.stamp).hash, $0) }
            }
            if !present.isEmpty { cells.append((column, present.sorted { $0.0 < $1.0 })) }
        }
        writer.arrayHeader(cells.count)
        for (column, siblings) in cells {
            writer.arrayHeader(2)
            writer.text(column)
            writer.arrayHeader(siblings.count)
            for (hash, value) in siblings {
                writer.arrayHeader(2)
                writer.bytes(hash.bytes)
                value.write(to: &writer)
            }
        }
    }
}
