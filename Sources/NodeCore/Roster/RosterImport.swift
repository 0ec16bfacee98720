import GRDB

/// One import, rollover or undo that changed something, as the history shows it.
public struct RosterImport: Sendable, Equatable {
    /// What it did with the records: `created + updated + unchanged + skipped + rowErrors = records`.
    public struct Counts: Sendable, Equatable {
        public var records = 0
        public var created = 0
        public var updated = 0
        public var unchanged = 0
        /// Teachers who became inactive; of an undo, teachers who were taken out again.
        public var deactivated = 0
        /// Of an undo: rows that were left alone.
        public var skipped = 0
        public var rowErrors = 0

        public init(
            records: Int = 0, created: Int = 0, updated: Int = 0, unchanged: Int = 0, deactivated: Int = 0,
            skipped: Int = 0, rowErrors: Int = 0
        ) {
            self.records = records
            self.created = created
            self.updated = updated
            self.unchanged = unchanged
            self.deactivated = deactivated
            self.skipped = skipped
            self.rowErrors = rowErrors
        }
    }

    public let id: String
    /// Milliseconds since 1970, by the clock of the installation that made it.
    public let at: Int64
    public let year: String
    public let additive: Bool
    /// csv, oneroster, sheet, rollover or undo; empty for one made by an older version.
    public let source: String
    /// The import that this one undoes.
    public let undoes: String?
    /// The import that undid this one.
    public let undoneBy: String?
    /// The installation where it was made.
    public let node: String
    public let counts: Counts
}

extension StoreReader {
    /// The history of imports of all installations, newest first.
    public func rosterImports() throws -> [RosterImport] {
        let sql = """
            SELECT i.*, (SELECT max(u.id) FROM roster_import u WHERE u.undoes = i.id) AS undone_by
            FROM roster_import i ORDER BY i.at DESC, i.id DESC
            """
        return try rows(sql).map { row in
            let stamp: Int64 = row["sync_stamp"]
            return RosterImport(
                id: row["id"], at: row["at"] ?? 0, year: row["year"] ?? "",
                additive: (row["additive"] as Int?) == 1, source: row["source"] ?? "",
                undoes: row["undoes"], undoneBy: row["undone_by"],
                node: stamp > 0 ? try facts(stamp).node : "",
                counts: .init(
                    records: row["records"] ?? 0, created: row["created"] ?? 0, updated: row["updated"] ?? 0,
                    unchanged: row["unchanged"] ?? 0, deactivated: row["deactivated"] ?? 0,
                    skipped: row["skipped"] ?? 0, rowErrors: row["row_errors"] ?? 0))
        }
    }

    /// Throws `IMPORT_NOT_FOUND`.
    public func rosterImport(_ id: String) throws -> RosterImport {
        guard let found = try rosterImports().first(where: { $0.id == id }) else {
            throw NodeError(
                .importNotFound, "there is no import \(id)",
                hint: "`node-cli roster imports` lists them; one that changed nothing isn't kept.")
        }
        return found
    }
}
