// Users, their credentials, roles and support access.

extension Schema {
    static let peopleTables: [SyncedTable] = []
}
