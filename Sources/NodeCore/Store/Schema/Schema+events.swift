// Events that a district publishes.

extension Schema {
    static let eventsTables: [SyncedTable] = []
}
