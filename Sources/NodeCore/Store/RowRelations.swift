import GRDB

// What merging can break between rows, read from the rows that are shown: a key that two rows share, a row
// whose parent is gone. Everything is answered for all rows, or for some and what hangs on them.

extension StoreReader {
    /// The rows of a table among those that were touched; nil where looking through all is cheaper than looking at so
    /// many one by one, and for all of them.
    public func fewRows(of table: SyncedTable, among touched: TouchedRows) throws -> Set<String>? {
        guard let writes = touched.writes(of: table) else { return nil }
        if writes > TouchedRows.few, try 4 * writes > count("SELECT count(*) FROM \"\(table.name)\"") {
            return nil
        }
        return touched.ids(of: table)
    }

    /// Groups of two rows or more that share a natural key, each in order of ids; of some rows only those
    /// groups that one of them is in. Rows that were merged into others don't count.
    public func duplicates(of table: SyncedTable, among ids: Set<String>? = nil) throws -> [[String]] {
        guard let key = table.naturalKey.first else { return [] }
        let unmerged = table.column(SyncedTable.mergeColumn) == nil ? "" : " AND merged_into IS NULL"
        let name = "\"\(table.name)\""
        var keys: [String] = []
        if let ids {
            let shared = try RowStatement(
                """
                SELECT t."\(key)" FROM \(name) t WHERE t.id = ?1 AND EXISTS (
                  SELECT 1 FROM \(name) WHERE "\(key)" = t."\(key)" AND id <> t.id\(unmerged))
                """, in: db)
            for id in ids {
                shared.bind(id, at: 1)
                try shared.each { keys.append($0.text(0)) }
            }
            keys = Set(keys).sorted()
        } else {
            keys = try rows(
                """
                SELECT "\(key)" FROM \(name) WHERE "\(key)" IS NOT NULL\(unmerged)
                GROUP BY "\(key)" HAVING count(*) > 1 ORDER BY "\(key)"
                """
            ).map { $0[0] }
        }
        return try keys.map { value in
            try rows("SELECT id FROM \(name) WHERE \"\(key)\" = ?\(unmerged) ORDER BY id", [value])
                .map { $0[0] as String }
        }.filter { $0.count > 1 }
    }

    /// Rows that name a parent which isn't there.
    public struct Orphan: Sendable, Hashable {
        public let table: String
        public let id: String
        /// The column that names the parent.
        public let column: String
        public let parentTable: String
        public let parent: String
    }

    /// Orphans of a table, by column and id; of some rows only those that are among them or that name a
    /// parent among them.
    public func orphans(of table: SyncedTable, among touched: TouchedRows = .all) throws -> [Orphan] {
        guard !table.parents.isEmpty else { return [] }
        let own = try fewRows(of: table, among: touched)
        return try table.parents.sorted { $0.key < $1.key }.flatMap { column, parentName -> [Orphan] in
            guard let parent = schema.table(parentName) else { return [] }
            let sql = """
                SELECT c.id, c."\(column)" FROM "\(table.name)" c WHERE c."\(column)" IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM "\(parentName)" p WHERE p.id = c."\(column)")
                """
            func orphan(_ id: String, _ parent: String) -> Orphan {
                Orphan(table: table.name, id: id, column: column, parentTable: parentName, parent: parent)
            }
            guard let own, let parents = try fewRows(of: parent, among: touched) else {
                return try rows(sql + " ORDER BY c.id").map { orphan($0[0], $0[1]) }
            }
            var found: Set<Orphan> = []
            if !own.isEmpty {
                let lost = try RowStatement(sql + " AND c.id = ?1", in: db)
                for id in own {
                    lost.bind(id, at: 1)
                    try lost.each { found.insert(orphan($0.text(0), $0.text(1))) }
                }
            }
            if !parents.isEmpty {
                let isThere = try RowStatement("SELECT 1 FROM \"\(parentName)\" WHERE id = ?1", in: db)
                let children = try RowStatement(
                    "SELECT id FROM \"\(table.name)\" WHERE \"\(column)\" = ?1", in: db)
                for gone in parents {
                    isThere.bind(gone, at: 1)
                    guard try isThere.run() == 0 else { continue }
                    children.bind(gone, at: 1)
                    try children.each { found.insert(orphan($0.text(0), gone)) }
                }
            }
            return found.sorted { $0.id < $1.id }
        }
    }

    /// The first write of a row that is still there, by (HLC, hash): which of several rows is the earlier.
    public func birth(of table: SyncedTable, id: String) throws -> RowBirth? {
        let state = try loadRow(table.name, id: id)
        return try (state.writes.map(\.stamp) + state.cells.siblings.map(\.stamp))
            .map { try facts($0) }.map { RowBirth(hlc: $0.hlc, hash: $0.hash) }.min()
    }

    /// Whether a person said that a row is not merged: its merge column was written apart, as null.
    public func isKeptApart(_ table: SyncedTable, id: String) throws -> Bool {
        try loadRow(table.name, id: id).cells[SyncedTable.mergeColumn]?.contains { $0.value?.isNull == true }
            ?? false
    }
}

/// When a row began, for "the earlier one stays".
public struct RowBirth: Comparable, Sendable {
    let hlc: HLC
    let hash: Hash
    public static func < (left: RowBirth, right: RowBirth) -> Bool {
        (left.hlc, left.hash) < (right.hlc, right.hash)
    }
}
