import GRDB

/// The recorded, atomic steps that make a tenant file. A step that has shipped never changes.
enum TenantMigrations {
    private static let names = [2: "2 seats, rule policy, notes", 3: "3 people, sessions, events"]

    /// The steps up to a schema; a file with more of them was written by a later program.
    static func migrator(_ schema: Schema) -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 sync tables") { db in try db.execute(sql: syncTables) }
        migrator.registerMigration("1 domain tables") { db in
            try createTables(of: schema, since: 1, in: db)
        }
        for version in 1..<schema.version {
            let version = version + 1
            migrator.registerMigration(names[version] ?? "\(version)") { db in
                try createTables(of: schema, since: version, in: db)
                try addColumns(of: schema, since: version, in: db)
                if version == 2 { try db.execute(sql: seatCounters) }
                if version == 3 {
                    try db.execute(sql: tombstones + partialIndexes + policyHistory + redactions)
                }
                try materialiseLater(since: version, db)
            }
        }
        migrator.registerMigration("3 succession") { db in try db.execute(sql: succession) }
        migrator.registerMigration("3 transparency") { db in try db.execute(sql: transparency) }
        migrator.registerMigration("3 retention") { db in try db.execute(sql: retention) }
        migrator.registerMigration("3 cells by row", migrate: gatherCells)
        return migrator
    }

    private static func createTables(of schema: Schema, since version: Int, in db: Database) throws {
        for table in schema.tables where table.since == version { try createTable(table, in: db) }
    }

    /// Columns that came later. Nothing is written into them: rows of before have them as absent, so
    /// that no delta is needed.
    private static func addColumns(of schema: Schema, since version: Int, in db: Database) throws {
        for table in schema.tables where table.since < version {
            for column in table.columns where column.since == version {
                try db.execute(
                    sql: "ALTER TABLE \"\(table.name)\" ADD COLUMN \"\(column.name)\" \(column.kind.rawValue)"
                )
            }
        }
    }

    /// A domain table: readable columns, the row's stamp last, and triggers that refuse an edit by
    /// another program: they call a function that nobody has. Our own connections run no triggers
    /// (`ConnectionSetup`), so the guard costs us nothing; run, it would cost 30 % of an insert
    /// (`Guard:Insert` in Benchmarks).
    static func createTable(_ table: SyncedTable, in db: Database) throws {
        let columns = table.columns.filter { $0.since == table.since }
            .map { "\"\($0.name)\" \($0.kind.rawValue)" }.joined(separator: ", ")
        try db.execute(
            sql: """
                CREATE TABLE "\(table.name)" (
                  id TEXT PRIMARY KEY NOT NULL, \(columns), sync_stamp INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID
                """)
        for (number, columns) in table.indexes.enumerated() {
            try db.execute(sql: "CREATE INDEX \"\(table.name)_\(number)\" ON \"\(table.name)\"(\(columns))")
        }
        for event in ["INSERT", "UPDATE", "DELETE"] {
            try db.execute(
                sql: """
                    CREATE TRIGGER "\(table.name)_guard_\(event.lowercased())" BEFORE \(event) ON "\(table.name)"
                    BEGIN SELECT \(ConnectionSetup.guardFunction)(); END
                    """)
        }
    }

    /// What an older version kept of tables and columns that it didn't know is put into them when the file
    /// is opened; noted here, in the same transaction, so that a stop in between loses nothing.
    private static func materialiseLater(since version: Int, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO sync_state SELECT ?1, ?2
                WHERE EXISTS (SELECT 1 FROM sync_row) OR EXISTS (SELECT 1 FROM sync_cell)
                  OR EXISTS (SELECT 1 FROM sync_delta WHERE schema_version >= ?2)
                ON CONFLICT (key) DO UPDATE SET value = ifnull(value, excluded.value)
                """, arguments: [StateKey.materialise.rawValue, version])
    }

    /// Few rows have these.
    private static let partialIndexes = """
        CREATE INDEX teacher_merged ON teacher(merged_into) WHERE merged_into IS NOT NULL;
        CREATE INDEX seat_wish ON seat(holder) WHERE wish IS NOT NULL;
        CREATE INDEX seat_reserved ON seat(reserved_until) WHERE reserved_until IS NOT NULL;
        """

    private static let tombstones = """
        -- At the hub: how far in its log each node has come. Everywhere: how far all have passed a chain.
        CREATE TABLE sync_passed (
          origin INTEGER PRIMARY KEY, position INTEGER NOT NULL, seq INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX sync_row_deleted ON sync_row(stamp) WHERE deleted = 1;
        -- Dead rows whose values have gone.
        CREATE TABLE sync_collected (
          tbl TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (tbl, id)
        ) STRICT, WITHOUT ROWID;
        """

    private static let policyHistory = """
        -- Every document of the hub's policy that says who owns what, by the delta that wrote it: a write is
        -- judged by the one that its author had seen.
        CREATE TABLE sync_policy (
          row TEXT NOT NULL, stamp INTEGER NOT NULL, domain TEXT NOT NULL, document TEXT NOT NULL,
          PRIMARY KEY (row, stamp)
        ) STRICT, WITHOUT ROWID;
        """

    private static let seatCounters = """
        -- Seats by school, holder and state, kept by every write of a seat; `verify` counts again.
        CREATE TABLE seat_count (
          school_id TEXT NOT NULL, holder TEXT NOT NULL, state TEXT NOT NULL, seats INTEGER NOT NULL,
          PRIMARY KEY (school_id, holder, state)
        ) STRICT, WITHOUT ROWID;
        -- When this installation first found a conflict open; the hub's deadlines run from it.
        CREATE TABLE sync_review (
          id TEXT PRIMARY KEY NOT NULL, since INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    /// Origins that follow others, chains that fork (`SeenVector`), own chains to be handed in.
    private static let succession = """
        ALTER TABLE sync_origin ADD COLUMN predecessor BLOB;
        ALTER TABLE sync_origin ADD COLUMN reason TEXT;
        ALTER TABLE sync_origin ADD COLUMN life BLOB;
        ALTER TABLE sync_origin ADD COLUMN revocation BLOB;
        ALTER TABLE sync_delta ADD COLUMN branch INTEGER NOT NULL DEFAULT 0;
        -- Branches of origins that two machines wrote to; the chain that came first has no row here.
        CREATE TABLE sync_branch (
          number INTEGER PRIMARY KEY, origin INTEGER NOT NULL, parent INTEGER NOT NULL,
          fork_seq INTEGER NOT NULL, head_seq INTEGER NOT NULL, head_hash BLOB NOT NULL
        ) STRICT;
        CREATE INDEX sync_branch_origin ON sync_branch(origin);
        -- At a node: deltas of own former origins, by stamp, that the hub may lack.
        CREATE TABLE sync_handover (
          origin INTEGER PRIMARY KEY, after_stamp INTEGER NOT NULL, through_stamp INTEGER NOT NULL
        ) STRICT;
        """

    /// The tree over the hub's log, its signed checkpoints, and what contradicts them.
    private static let transparency = """
        -- Whole subtrees: `level` 0 are the leaves, in the order of the hub's log.
        CREATE TABLE sync_tree (
          level INTEGER NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, idx)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE sync_checkpoint (
          size INTEGER PRIMARY KEY, root BLOB NOT NULL, received_at INTEGER NOT NULL, checkpoint BLOB NOT NULL
        ) STRICT;
        -- At a node: signed checkpoints of the hub that don't fit together.
        CREATE TABLE sync_evidence (
          number INTEGER PRIMARY KEY, at INTEGER NOT NULL, reason TEXT NOT NULL, known BLOB, found BLOB NOT NULL
        ) STRICT;
        """

    /// Bodies that lack what was replaced long ago (`BodyRetention`).
    private static let retention = """
        -- When a delta was applied here, milliseconds since 1970; null for those of before.
        ALTER TABLE sync_delta ADD COLUMN received_at INTEGER;
        -- Bodies of which writes were let go, with the hash of what is left.
        CREATE TABLE sync_trimmed (number INTEGER PRIMARY KEY, hash BLOB NOT NULL) STRICT;
        -- Of each chain: up to where nobody will ask for its bodies any more, up to where what its writes replaced was
        -- let go, and up to where that has begun.
        CREATE TABLE sync_retention (
          origin INTEGER PRIMARY KEY, settled INTEGER NOT NULL, swept INTEGER NOT NULL, sweeping INTEGER NOT NULL
        ) STRICT;
        """

    /// Columns that were written apart from their row, which stood one in a row of `sync_cell`, stand together
    /// (`CellMap`).
    private static func gatherCells(in db: Database) throws {
        try db.execute(
            sql: """
                ALTER TABLE sync_cell RENAME TO sync_cell_former;
                -- `rivals`: whether a column has more than one sibling.
                CREATE TABLE sync_cell (
                  tbl TEXT NOT NULL, id TEXT NOT NULL, rivals INTEGER NOT NULL, cells BLOB NOT NULL,
                  PRIMARY KEY (tbl, id)
                ) STRICT, WITHOUT ROWID;
                """)
        let insert = try RowStatement(
            "INSERT INTO sync_cell (tbl, id, rivals, cells) VALUES (?, ?, ?, ?)", in: db)
        let former = try RowStatement(
            "SELECT tbl, id, col, stamp, value, absent FROM sync_cell_former ORDER BY tbl, id",
            in: db)
        var table = "", id = "", cells = CellMap()
        func put() throws {
            if cells.isEmpty { return }
            insert.bind(table, at: 1)
            insert.bind(id, at: 2)
            insert.bind(.bool(cells.hasRivals), at: 3)
            insert.bind(.bytes(cells.encoded()), at: 4)
            try insert.run()
        }
        try former.each { row in
            if !NormalForm.same(row.text(1), id) || !NormalForm.same(row.text(0), table) {
                try put()
                (table, id, cells) = (row.text(0), row.text(1), CellMap())
            }
            cells.put(row.text(2), .init(stamp: row.int(3), value: row.int(5) == 0 ? row.value(4) : .none)) {
                _ in
                false
            }
        }
        try put()
        try db.execute(sql: "DROP TABLE sync_cell_former")
    }

    private static let redactions = """
        -- Bodies that stand for others, from which a person was erased. `statement`: the hub's signed word for it;
        -- null for one that was made here, and is signed when it is given away.
        CREATE TABLE sync_redaction (number INTEGER PRIMARY KEY, statement BLOB) STRICT;
        -- By whose word a waiting substitute is taken; empty for this installation's own.
        ALTER TABLE sync_waiting ADD COLUMN statement BLOB;
        """

    private static let syncTables = """
        CREATE TABLE sync_state (key TEXT PRIMARY KEY NOT NULL, value ANY) STRICT, WITHOUT ROWID;
        -- One signing key that writes to this tenant.
        CREATE TABLE sync_origin (
          number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, key_id BLOB NOT NULL,
          public_key BLOB NOT NULL, role TEXT NOT NULL, node_id TEXT NOT NULL, name TEXT NOT NULL,
          certificate BLOB NOT NULL, head_seq INTEGER NOT NULL DEFAULT 0, head_hash BLOB
        ) STRICT;
        CREATE INDEX sync_origin_key ON sync_origin(key_id);
        -- Every applied delta; `number` is the stamp that rows and cells carry.
        CREATE TABLE sync_delta (
          number INTEGER PRIMARY KEY, origin INTEGER NOT NULL, seq INTEGER NOT NULL,
          hash BLOB NOT NULL, hlc INTEGER NOT NULL, wall INTEGER NOT NULL,
          schema_version INTEGER NOT NULL, part INTEGER NOT NULL, parts INTEGER NOT NULL,
          writes INTEGER NOT NULL, body_bytes INTEGER NOT NULL, author TEXT NOT NULL,
          author_role TEXT NOT NULL, seen BLOB NOT NULL, envelope BLOB NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX sync_delta_chain ON sync_delta(origin, seq, hash);
        CREATE TABLE sync_body (number INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
        -- Deltas that came before what they build on.
        CREATE TABLE sync_waiting (
          hash BLOB PRIMARY KEY NOT NULL, origin BLOB NOT NULL, seq INTEGER NOT NULL,
          envelope BLOB NOT NULL, body BLOB NOT NULL, received_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX sync_waiting_chain ON sync_waiting(origin, seq);
        -- At the hub: certificates and deltas in the order in which they became part of the log.
        CREATE TABLE sync_log (
          position INTEGER PRIMARY KEY, kind TEXT NOT NULL, delta INTEGER, entry BLOB
        ) STRICT;
        -- At a node: the hub's signed receipts for its own chain, up to and with `seq`.
        CREATE TABLE sync_receipt (
          origin INTEGER NOT NULL, seq INTEGER NOT NULL, received_at INTEGER NOT NULL,
          receipt BLOB NOT NULL, PRIMARY KEY (origin, seq)
        ) STRICT, WITHOUT ROWID;
        -- Rows that are more than one row write: twins, deletes, concurrent writes.
        CREATE TABLE sync_row (
          tbl TEXT NOT NULL, id TEXT NOT NULL, stamp INTEGER NOT NULL, deleted INTEGER NOT NULL,
          vals BLOB, PRIMARY KEY (tbl, id, stamp, deleted)
        ) STRICT, WITHOUT ROWID;
        -- Columns that were written apart from their row, with every sibling.
        CREATE TABLE sync_cell (
          tbl TEXT NOT NULL, id TEXT NOT NULL, col TEXT NOT NULL, stamp INTEGER NOT NULL,
          value ANY, absent INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (tbl, id, col, stamp)
        ) STRICT, WITHOUT ROWID;
        -- Writes whose author had no right to them: listed, never in a cell.
        CREATE TABLE sync_refused (
          stamp INTEGER NOT NULL, tbl TEXT NOT NULL, id TEXT NOT NULL, col TEXT NOT NULL, value ANY,
          reason TEXT NOT NULL, PRIMARY KEY (tbl, id, col, stamp)
        ) STRICT, WITHOUT ROWID;
        -- This installation's history of conflicts that are over.
        CREATE TABLE sync_conflict_history (
          id TEXT NOT NULL, tbl TEXT NOT NULL, row TEXT NOT NULL, col TEXT NOT NULL,
          siblings BLOB NOT NULL, resolved_stamp INTEGER NOT NULL, resolved_at INTEGER NOT NULL,
          PRIMARY KEY (id, resolved_stamp)
        ) STRICT, WITHOUT ROWID;
        """
}
