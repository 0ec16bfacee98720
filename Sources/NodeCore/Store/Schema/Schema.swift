/// The synced tables of this version. Adding a column or table raises `version` and needs a
/// migration; wire names are these names.
public enum Schema {
    /// Written in every delta's header; a newer one than ours may name columns we don't know.
    public static let version = 3
    /// The version of the ownership policy that `Column.owner` and `SyncedTable.hubValues` state.
    public static let policyVersion = 2

    /// All synced tables, sorted by name.
    public static let tables = [
        tenantTables, rulesTables, rosterTables, seatsTables, peopleTables, sessionsTables, eventsTables,
        auditTables,
    ].flatMap { $0 }.sorted { $0.name < $1.name }

    /// Columns whose values nobody is shown, though they travel and merge as any.
    public static func isSecret(_ table: String, _ column: String) -> Bool {
        (table == credential.name && column == "password") || (table == apiKey.name && column == "hash")
    }

    private static let byName = Dictionary(uniqueKeysWithValues: tables.map { ($0.name, $0) })
    /// The table of a wire name, or nil when this schema doesn't know it.
    public static func table(_ name: String) -> SyncedTable? { byName[name] }
}
