import Foundation
import GRDB

/// An import that a safety rule held; kept in control.db of the installation that made it.
public struct HeldImport: Sendable, Equatable {
    public let id: String
    public let createdAt: Int64
    /// From then on it can't be approved any more, milliseconds since 1970.
    public let expiresAt: Int64
    public let year: String
    /// How many would have become inactive when it was held.
    public let deactivations: Int
}

extension RosterService {
    /// The tenant's held imports that can still be approved, newest first.
    public func held() throws -> [HeldImport] {
        let limit = installation.environment.clock.milliseconds() - Self.heldMilliseconds
        let sql = """
            SELECT id, created_at, year, deactivations FROM held_import WHERE tenant = ? AND created_at > ?
            ORDER BY created_at DESC, id
            """
        return try installation.control.read {
            try Row.fetchAll($0, sql: sql, arguments: [tenant.slug, limit])
        }.map {
            HeldImport(
                id: $0[0], createdAt: $0[1], expiresAt: ($0[1] as Int64) + Self.heldMilliseconds, year: $0[2],
                deactivations: $0[3])
        }
    }

    /// What a held import would do by now. Throws `IMPORT_NOT_FOUND`.
    public func previewHeld(_ id: String) throws -> Outcome {
        let (file, held) = try heldFile(id)
        var options = Options()
        options.year = held.year
        options.dryRun = true
        return try preview(file, options)
    }

    /// Throws `IMPORT_NOT_FOUND`, also for one that was held too long ago.
    func heldFile(_ id: String) throws -> (file: RosterFile, held: HeldImport) {
        guard let held = try held().first(where: { $0.id == id }) else {
            throw NodeError(
                .importNotFound, "there is no held import \(id)",
                hint: """
                    Held imports are kept for 14 days on the installation that made them; import the file again.
                    """)
        }
        let bytes = try installation.control.read {
            try Data.fetchOne($0, sql: "SELECT file FROM held_import WHERE id = ?", arguments: [id])
        }
        return (try RosterFile(Array(bytes ?? Data())), held)
    }

    func discard(_ id: String) throws {
        try installation.control.write {
            try $0.execute(sql: "DELETE FROM held_import WHERE id = ?", arguments: [id])
        }
    }

    /// Forgets what is held of a year: a full list of it has been applied since.
    func forget(_ year: AcademicYear) throws {
        try installation.control.write {
            try $0.execute(
                sql: "DELETE FROM held_import WHERE tenant = ? AND year = ?",
                arguments: [tenant.slug, year.description])
        }
    }

    func keep(_ bytes: [UInt8], _ outcome: Outcome) throws {
        try installation.control.write { db in
            let now = installation.environment.clock.milliseconds()
            try db.execute(
                sql: "DELETE FROM held_import WHERE created_at <= ?", arguments: [now - Self.heldMilliseconds]
            )
            try db.execute(
                sql: "INSERT INTO held_import VALUES (?, ?, ?, ?, ?, ?)",
                arguments: [
                    outcome.importID, tenant.slug, now, outcome.year.description,
                    outcome.plan.held?.deactivations ?? 0, Data(bytes),
                ])
        }
    }
}
