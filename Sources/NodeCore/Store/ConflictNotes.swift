import GRDB

extension StoreReader {
    /// What was written about a conflict, oldest first.
    public func conflictNotes(_ id: String) throws -> [(text: String, author: String, at: Int64)] {
        try rows(
            "SELECT note, author, at FROM conflict_note WHERE conflict_id = ? ORDER BY sync_stamp, id", [id]
        ).map { ($0[0] ?? "", $0[1] ?? "", $0[2] ?? 0) }
    }
}

extension LocalTransaction {
    public func addNote(conflict id: String, _ text: String) throws {
        try put(
            Schema.conflictNote, id: try freshID(),
            ["conflict_id": .text(id), "note": .text(text), "author": .text(actor.id), "at": .int(now)])
    }
}

extension StoreReader {
    /// Whether something comes due by itself: a conflict's deadline, the end of a reservation.
    public func hasDeadlines() throws -> Bool {
        try count(
            """
            SELECT EXISTS (SELECT 1 FROM sync_review)
              OR EXISTS (SELECT 1 FROM seat WHERE reserved_until IS NOT NULL)
            """) == 1
    }

    /// When this installation first found each open conflict, by conflict id.
    public func reviewsSince() throws -> [String: Int64] {
        Dictionary(uniqueKeysWithValues: try rows("SELECT id, since FROM sync_review").map { ($0[0], $0[1]) })
    }
}

extension ReplicaTransaction {
    /// Notes which conflicts are open now; those noted before keep their time.
    public func noteReviews(_ ids: Set<String>, at now: Int64) throws {
        let known = try reviewsSince()
        for id in known.keys where !ids.contains(id) {
            try db.cachedStatement(sql: "DELETE FROM sync_review WHERE id = ?").execute(arguments: [id])
        }
        for id in ids where known[id] == nil {
            try db.cachedStatement(sql: "INSERT INTO sync_review VALUES (?, ?)").execute(arguments: [id, now])
        }
    }
}
