import GRDB
import NodeCore
import SyncEngine

/// What a tenant file holds, and what of it.
struct TenantSize: Codable {
    /// Bytes of pages in use, by table, its indexes among them.
    let tables: [String: Int]
    /// Bytes of pages that are free: the file doesn't shrink, it fills them again.
    let freeBytes: Int
    let deltas: Int
    /// Bytes of all bodies that are kept.
    let bodyBytes: Int
    /// Writes of teachers and their years in these bodies: they are what retention lets go.
    let teacherWrites: Int

    init(of tenant: OpenTenant) throws {
        var configuration = GRDB.Configuration()
        configuration.readonly = true
        let queue = try DatabaseQueue(path: tenant.store.path, configuration: configuration)
        (tables, freeBytes, deltas, bodyBytes) = try queue.read { db in
            let sql = """
                SELECT ifnull(s.tbl_name, d.name), sum(d.pgsize) FROM dbstat d
                LEFT JOIN sqlite_schema s ON s.name = d.name WHERE d.aggregate = TRUE GROUP BY 1
                """
            let pages = try Row.fetchAll(db, sql: sql).map { ($0[0] as String, $0[1] as Int) }
            func number(_ sql: String) throws -> Int { try Int.fetchOne(db, sql: sql) ?? 0 }
            return (
                Dictionary(pages) { $0 + $1 },
                try number("PRAGMA freelist_count") * number("PRAGMA page_size"),
                try number("SELECT count(*) FROM sync_delta"),
                try number("SELECT ifnull(sum(length(body)), 0) FROM sync_body")
            )
        }
        teacherWrites = try Self.teacherWrites(tenant)
    }

    var bytes: Int { tables.values.reduce(0, +) }

    func bytes(of names: [String]) -> Int { names.reduce(0) { $0 + (tables[$1] ?? 0) } }

    private static func teacherWrites(_ tenant: OpenTenant) throws -> Int {
        let names = [Schema.teacher.name, Schema.teacherYear.name]
        return try tenant.store.read { reader in
            try reader.deltas().reduce(0) { sum, delta in
                guard let frame = try reader.frame(delta.facts.stamp) else { return sum }
                let writes = try DeltaVerifier.verify(frame, in: reader).writes()
                return sum + writes.count { names.contains($0.table) }
            }
        }
    }
}
