import Foundation
import GRDB

/// How far a file of an installation has come, read without changing it.
public struct SchemaStanding: Sendable, Equatable {
    public enum Standing: String, Sendable { case current, older, newer }

    public let file: String
    public let standing: Standing
    /// The steps that this program would run, in their order.
    public let steps: [String]
}

extension DataDirectory {
    /// `control.db` and every tenant file. Throws `NOT_INITIALISED`, `STORAGE`, `CORRUPT`.
    public func schemaStandings(_ schema: Schema = .current) throws -> [SchemaStanding] {
        guard isInitialised else {
            throw NodeError(
                .notInitialised, "\(path) holds no installation",
                hint: "Run `node-cli init --role hub|node --data \(path)` first.")
        }
        let tenant = TenantMigrations.migrator(schema)
        return try [standing(of: control, ControlStore.migrator)]
            + tenantFiles().map { try standing(of: "\(tenants)/\($0)", tenant) }
    }

    private func standing(of path: String, _ migrator: DatabaseMigrator) throws -> SchemaStanding {
        let name = (path as NSString).lastPathComponent
        do {
            let queue = try DatabaseQueue(
                path: path, configuration: ConnectionSetup.configuration(label: name, readOnly: true))
            return try queue.read { db in
                let applied = try migrator.appliedIdentifiers(db)
                let steps = migrator.migrations.filter { !applied.contains($0) }
                let isNewer = try migrator.hasBeenSuperseded(db)
                return SchemaStanding(
                    file: name, standing: isNewer ? .newer : steps.isEmpty ? .current : .older, steps: steps)
            }
        } catch { throw ConnectionSetup.translate(error, file: name) }
    }
}
