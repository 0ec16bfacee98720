/// The synced tables of one version. Adding a column or table raises `version` and needs a migration; wire
/// names are these names.
///
/// A value, so that a store can be opened as an earlier or a later program would: versions meet in every
/// district, since hub and nodes are upgraded on different days. A class, because it is handed around for
/// every row and never changes.
public final class Schema: Sendable {
    /// Written in every delta's header; a newer one than ours may name columns we don't know.
    public let version: Int
    /// All synced tables, sorted by name.
    public let tables: [SyncedTable]
    private let byName: [String: SyncedTable]

    init(version: Int, tables: [SyncedTable]) {
        self.version = version
        self.tables = tables.sorted { $0.name < $1.name }
        byName = Dictionary(uniqueKeysWithValues: tables.map { ($0.name, $0) })
    }

    /// The table of a wire name, or nil when this schema doesn't know it.
    public func table(_ name: String) -> SyncedTable? { byName[name] }
}

// What this program knows. Stores are asked for theirs (`StoreReader.schema`).
extension Schema {
    public static let current = Schema(
        version: 3,
        tables: [
            tenantTables, rulesTables, rosterTables, seatsTables, peopleTables, sessionsTables, eventsTables,
            auditTables,
        ].flatMap { $0 })
    /// The version of the ownership policy that `Column.owner` and `SyncedTable.hubValues` state.
    public static let policyVersion = 2

    public static var version: Int { current.version }
    public static var tables: [SyncedTable] { current.tables }
    public static func table(_ name: String) -> SyncedTable? { current.table(name) }
}
